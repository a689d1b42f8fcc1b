"""What follows from one set of inputs, by name; computed when first asked for, and never half of an update."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from types import MappingProxyType
from typing import Any

import numpy as np

from ...engine.problems import EfeError, Problem, nearest
from ...engine.recordings.cell import Cell
from ...engine.recordings.recording import Recording
from ...engine.stages.computed import Computed
from ...engine.stages.graph import Evaluation
from ...engine.stages.inputs import Target
from ...engine.stages.parts import Outputs
from ...engine.stages.work import Work
from ...engine.targets.rheobase import STRATEGIES, Decision, decide
from ...engine.traces.trace import Trace
from ..cache.stored import Store
from .members import Member, Members

#: Empty results say so
NO_FEATURE = (
    "no feature is in the output. See whether the recordings could be read, each cell has a rheobase, and the "
    "targets' protocols, amplitudes and tolerances fit the recordings."
)


@dataclass(frozen=True)
class Rheobase:
    """A cell's rheobase.

    Parameters
    ----------
    value : float or None
        nA.
    recording : str or None
        Id of the recording that decided, where one did.
    reason : str
        How it came about, or why there is none.
    by_hand : bool
        Whether a person set it.
    """

    value: float | None
    recording: str | None
    reason: str
    by_hand: bool


class Found(Computed):
    """What follows from one set of inputs, as values. All that is got from one of these belongs together.

    Parameters
    ----------
    evaluation : Evaluation
    """

    _evaluation: Evaluation

    def store(self, store: Store, work: Work) -> None:
        """Keep the recordings that were read in a cache on disk, with the features they have.

        Raises
        ------
        Cancelled
        """
        for cell in self.inputs.cells:
            for protocol, group in cell.groups.items():
                work.check()
                found = self._evaluation.known(("agree", (cell.name, protocol)))
                if found is not None:
                    store.save(self.context, group, found.value)

    def trim(self) -> None:
        """Drop old results of the graph, none of these."""
        self._evaluation.trim()

    # --- recordings

    @property
    def members(self) -> Mapping[str, Member]:
        """All recordings that could be read, by their ids; the excluded ones too."""
        return MappingProxyType(self._members)

    @cached_property
    def _members(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        for cell in self.inputs.cells:
            found.update(self._members_of(cell.name).by_id)
        return found

    def _members_of(self, cell: str) -> Members:
        members: Members = self.get("members", cell)
        return members

    @cached_property
    def doubtful(self) -> tuple[Member, ...]:
        """The recordings of which something is told that a person should look at, the excluded ones too."""
        return tuple(one for cell in self.inputs.cells for one in self._members_of(cell.name).doubtful)

    @cached_property
    def usual_size(self) -> float:
        """The median of how large the amplitudes (nA) of all recordings are; 0 if there are none."""
        sizes = [one for cell in self.inputs.cells for one in self._members_of(cell.name).sizes]
        return median(sizes) if sizes else 0.0

    @cached_property
    def excluded(self) -> int:
        """How many recordings are left out."""
        return sum(self._members_of(cell.name).excluded for cell in self.inputs.cells)

    @cached_property
    def _ids(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for cell in self.inputs.cells:
            found.update(self._members_of(cell.name).ids)
        return found

    def id_of(self, recording: Recording) -> str:
        """Return the id of a recording of these results."""
        return self._ids[recording.serial]

    def recording(self, identity: str) -> Recording:
        """Return a recording, with its stimulus, spikes and features.

        Raises
        ------
        EfeError
            If there is no recording of this id.
        """
        if identity not in self.members:
            raise EfeError(f"there is no recording {identity!r}.{nearest(identity, self.members)}")
        return self.members[identity].recording

    def trace(self, identity: str) -> Trace:
        """Return the samples of a recording (ms, mV, nA), read anew and not kept; they can't be changed."""
        trace = self.recording(identity).samples()
        for samples in (trace.voltage, trace.current, trace.time):
            if isinstance(samples, np.ndarray):  # a long one can't be changed anyway
                samples.flags.writeable = False
        return trace

    @property
    def windows(self) -> dict[str, dict[str, float]]:
        """Timings of the stimulus of each recording (ms), by its id."""
        return {
            identity: {name: getattr(m.recording, name) for name in (*m.recording.timings, "tend")}
            for identity, m in self.members.items()
            if not m.lost
        }

    @property
    def spikes(self) -> dict[str, np.ndarray]:
        """When the spikes of each recording peak (ms), by its id."""
        return {
            identity: _read_only(m.recording.peak_time) for identity, m in self.members.items() if not m.lost
        }

    @property
    def auto_thresholds(self) -> dict[str, float]:
        """Automatic spike threshold of each recording (mV), by its id; it reads those that weren't needed so far."""
        return {
            identity: float(m.recording.auto_threshold) for identity, m in self.members.items() if not m.lost
        }

    # --- cells

    @property
    def cells(self) -> dict[str, Cell]:
        """The cells with the recordings that are used; they must not be changed."""
        return {cell.name: self.get("cell", cell.name).cell for cell in self.inputs.cells}

    @property
    def rheobases(self) -> dict[str, Rheobase]:
        """Rheobase of each cell."""
        return dict(self._rheobases)

    @cached_property
    def _rheobases(self) -> dict[str, Rheobase]:
        return {
            cell.name: self._rheobase(self.get("rheobase", cell.name), cell.name)
            for cell in self.inputs.cells
        }

    def rheobases_by(self, strategy: str) -> dict[str, Rheobase]:
        """Return what another rule, with its usual settings, would say, for comparison."""
        protocols = self.context.rule.protocols
        if strategy not in STRATEGIES:
            raise EfeError(f"there is no rheobase strategy {strategy!r}.{nearest(strategy, STRATEGIES)}")
        return {
            name: self._rheobase(decide(cell, protocols, strategy), None) for name, cell in self.cells.items()
        }

    def _rheobase(self, decision: Decision, cell: str | None) -> Rheobase:
        decided = None if decision.recording is None else self.id_of(decision.recording)
        value = None if decision.rheobase is None else float(decision.rheobase)
        return Rheobase(value, decided, decision.reason, cell in self.inputs.rheobase_values)

    @property
    def relative_amps(self) -> dict[str, dict[str, float | None]]:
        """Amplitudes of each recording in % of its cell's rheobase, by its id; none without a rheobase."""
        found = {}
        for identity, member in self.members.items():
            rheobase = self.get("threshold", member.cell)
            if rheobase is not None and not member.lost:
                found[identity] = member.recording.relative_amps(rheobase)
        return found

    # --- targets

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets in force: those of a person, or those chosen automatically."""
        return self._chosen.targets

    # --- outputs

    @property
    def outputs(self) -> Outputs:
        """The three output dictionaries; they must not be changed."""
        found: Outputs = self.get("outputs")
        return found

    @property
    def features(self) -> dict[str, Any]:
        """What features.json holds; a copy."""
        return copy.deepcopy(self.outputs.features)

    @property
    def protocols(self) -> dict[str, Any]:
        """What protocols.json holds; a copy."""
        return copy.deepcopy(self.outputs.protocols)

    @property
    def currents(self) -> dict[str, Any]:
        """What holding_threshold_currents.json holds; a copy."""
        return copy.deepcopy(self.outputs.currents)

    @property
    def texts(self) -> dict[str, str]:
        """The contents of the three output files."""
        return dict(zip(("features", "protocols", "currents"), self.get("texts"), strict=True))

    # --- what is wrong

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know about files, recordings, rheobases, features and targets."""
        found: tuple[Problem, ...] = self.get("problems")
        if self.inputs.cells and not self.outputs.features:
            found += (Problem(NO_FEATURE, "warning", "output"),)
        return found


def _read_only(values: Any) -> np.ndarray:
    found = np.array(values)
    found.flags.writeable = False
    return found
