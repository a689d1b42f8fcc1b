"""Which recordings fall into which target, and the stimulus that stands for them."""

from __future__ import annotations

import copy
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..averages import mean
from ..problems import EfeError, Problem, nearest
from ..recordings.families.family import percent_of
from .targets import EFeatureTarget

if TYPE_CHECKING:
    from ..recordings.cell import Cell
    from ..recordings.recording import Recording

OPERATORS: dict[str, Callable[..., Any]] = {
    "mean": mean,
    "median": np.nanmedian,
    "min": np.nanmin,
    "max": np.nanmax,
}
MODES = (*OPERATORS, "lnmc")


def check_mode(mode: str) -> None:
    """Raise EfeError if there is no such protocol mode."""
    if mode not in MODES:
        raise EfeError(
            f"there is no protocol_mode {mode!r}.{nearest(mode, MODES)} Use one of {', '.join(MODES)}."
        )


class Protocol:
    """A protocol at one amplitude: its targets, the recordings that fall into them, and a stimulus for models.

    Parameters
    ----------
    name : str
    amplitude, tolerance : float
        % of rheobase, or nA.
    feature_targets : list of EFeatureTarget
    global_rheobase : float or None
        Mean rheobase of the cells, nA; the stimulus is given at this many % of it.
    mode : {"mean", "median", "min", "max", "lnmc"}
        How the stimulus is had from the recordings. "lnmc" is the nominal protocol: the target's own amplitude (its %
        of the global rheobase, or its nA), each timing the most frequent value rounded to the sampling step; what a
        target does not name (holding current, a second amplitude) is the mean.
    """

    def __init__(
        self,
        name: str,
        amplitude: float,
        tolerance: float,
        feature_targets: Sequence[EFeatureTarget] | None = None,
        global_rheobase: float | None = None,
        mode: str = "mean",
    ):
        check_mode(mode)
        self.name = name
        self.amplitude = amplitude
        self.tolerance = tolerance
        self.feature_targets = list(feature_targets or [])
        self.global_rheobase = global_rheobase
        self.mode = mode
        self.recordings: list[Recording] = []
        self.rheobases: list[float | None] = []
        self.parameters: Mapping[str, Sequence[Any]] = {}  # of the recordings, where they are at hand

    @property
    def stimulus_name(self) -> str:
        """Name of the protocol in the output files."""
        return f"{self.name}_{self.amplitude}"

    @property
    def largest_tolerance(self) -> float:
        """Largest tolerance of the targets, % of rheobase, or nA."""
        return max((target.tolerance for target in self.feature_targets), default=0.0)

    @property
    def n_match(self) -> int:
        """Number of values, over all targets."""
        return sum(target.sample_size for target in self.feature_targets)

    def append(self, recording: Recording, targets: Sequence[EFeatureTarget] | None = None) -> None:
        """Add a recording to the targets it falls into (all of them, if not said)."""
        for target in self.feature_targets if targets is None else targets:
            value = recording.feature_value(
                target.efeature_name, target.efel_feature_name, target.efel_settings
            )
            target.append(value, recording.files)
            if "Threshold" not in target.efel_settings:
                target.append_auto_threshold(recording.auto_threshold)
        self.recordings.append(recording)

    def fill(
        self,
        recordings: Sequence[Recording],
        match: Match,
        rheobases: Sequence[float | None] | None = None,
        columns: Mapping[tuple[Any, ...], Sequence[float | None]] | None = None,
    ) -> None:
        """Add recordings all at once, whose features have been computed; as `append` does one by one.

        Parameters
        ----------
        recordings : list of Recording, length n
        match : Match
            How far each is from the amplitude, arrays (n,).
        rheobases : list of float, length n, optional
            Rheobase of each one's cell (nA), if the recordings themselves don't know their relative amplitudes.
        columns : dict, optional
            Their values (n,) by the key of the settings and the feature, if they are at hand.
        """
        files = [recording.files for recording in recordings]
        columns = self._columns(recordings) if columns is None else columns
        inside_of = {
            tolerance: match.within(tolerance).tolist()
            for tolerance in {target.tolerance for target in self.feature_targets}
        }
        for target in self.feature_targets:
            near = inside_of[target.tolerance]
            values = columns[target.settings_key, target.efel_feature_name]
            if not all(near):
                values = [value if inside else None for value, inside in zip(values, near, strict=True)]
            target.extend(values, files)
            if "Threshold" not in target.efel_settings:
                for recording, inside in zip(recordings, near, strict=True):
                    target.append_auto_threshold(recording.auto_threshold if inside else None)
        self.recordings += recordings
        self.rheobases += rheobases or []

    def _columns(self, recordings: Sequence[Recording]) -> dict[tuple[Any, ...], Sequence[float | None]]:
        """Return the recordings' values by the key of the settings and the feature."""
        wanted: dict[tuple[Any, ...], dict[str, None]] = {}
        for target in self.feature_targets:
            wanted.setdefault(target.settings_key, {})[target.efel_feature_name] = None
        columns: dict[tuple[Any, ...], Sequence[float | None]] = {}
        for key, names in wanted.items():
            rows = [recording.feature_store.known(key) for recording in recordings]
            columns |= {(key, name): [row.get(name) for row in rows] for name in names}
        return columns

    def standing_for(self, global_rheobase: float | None, mode: str) -> Protocol:
        """Return a copy of the protocol whose stimulus is had in another way."""
        other = copy.copy(self)
        other.global_rheobase, other.mode = global_rheobase, mode
        return other

    @property
    def ecode(self) -> Recording | None:
        """The stimulus that stands for all recordings; None without any."""
        if not self.recordings:
            return None
        first = self._first()
        stimulus = type(first)({}, {}, self.name)
        for name in first.export_attr:
            setattr(stimulus, name, self._reduced(name, first))
        if self.mode == "lnmc":
            self._set_nominal(stimulus)
        return stimulus

    def reduce_ecode(self, ecode: Recording, operator: Callable[..., Any]) -> Recording:
        """Give `ecode` the parameters of the recordings, reduced by `operator` (e.g. ``np.nanmean``)."""
        if self.recordings:
            first = self._first()
            for name in first.export_attr:
                setattr(ecode, name, self._reduced(name, first, operator))
        return ecode

    def _first(self) -> Recording:
        """Return the recording that gives what can't be averaged, whatever the order they were read in."""
        first = self.recordings[0]
        alike = len({type(recording) for recording in self.recordings}) == 1
        if alike and not first.extra_params and self.mode != "lnmc":
            return first
        return min(self.recordings, key=_place)

    def _reduced(self, name: str, first: Recording, operator: Callable[..., Any] | None = None) -> Any:
        if isinstance(value := getattr(first, name), (list, np.ndarray)):
            return value
        if self.mode == "lnmc" and name in (*first.timings, "tend", "dt"):
            return _most_frequent(self._values(name), first.dt)
        operator = operator or OPERATORS.get(self.mode, mean)
        if name in ("amp", "amp2") and self.global_rheobase:
            relative = _reduce(operator, self._values(f"{name}_rel"))
            return None if relative is None else float(relative) * self.global_rheobase / 100.0
        return _reduce(operator, self._values(name))

    def _values(self, name: str) -> list[Any]:
        """Return a parameter of each recording; with rheobases of their own the relative ones are in % of those."""
        relative = bool(self.rheobases) and name.endswith("_rel")
        wanted = name[: -len("_rel")] if relative else name
        values = self.parameters.get(wanted)
        if values is None:
            values = [getattr(recording, wanted, None) for recording in self.recordings]
        if not relative:
            return list(values)
        if {type(value) for value in (*values, *self.rheobases)} <= {float, np.float64}:
            return list(100.0 * np.array(values) / np.array(self.rheobases))
        return [percent_of(value, of) for value, of in zip(values, self.rheobases, strict=True)]

    def _set_nominal(self, stimulus: Recording) -> None:
        name = stimulus.target_amplitude
        if name not in ("amp", "amp2"):
            setattr(stimulus, name, self.amplitude)
        elif self.global_rheobase:
            setattr(stimulus, name, self.amplitude * self.global_rheobase / 100.0)
            setattr(stimulus, f"{name}_rel", self.amplitude)
        else:
            setattr(stimulus, name, self.amplitude)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return the protocol as it stands in protocols.json (ms, nA)."""
        stimulus = self.ecode
        if stimulus is None:
            raise EfeError(f"no recording falls into {self.stimulus_name}, so that it has no stimulus.")
        holding = {
            "delay": 0.0,
            "amp": stimulus.hypamp,
            "duration": stimulus.tend,
            "totduration": stimulus.tend,
        }
        return {"holding": holding, "step": stimulus.get_stimulus_parameters()}

    def __repr__(self) -> str:
        return f"Protocol({self.stimulus_name}: {len(self.recordings)} recordings, {self.n_match} values)"


def _place(recording: Recording) -> tuple[Any, ...]:
    """Sort recordings by file and sweep, in whatever folder and order they were read."""
    name = os.path.basename(recording.file)
    parts = [int(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", name))]
    return parts, recording.source.index if recording.source else 0


def _reduce(operator: Callable[..., Any], values: Sequence[Any]) -> Any:
    if operator is not mean:
        known = np.array([np.nan if value is None else value for value in values])
        return None if np.isnan(known).all() else operator(known)
    average = mean(values)
    return None if np.isnan(average) else average


def _most_frequent(values: Sequence[Any], dt: float) -> float:
    steps = Counter(round(float(value / dt)) for value in values)
    return max(steps, key=lambda step: (steps[step], -step)) * float(dt)


def build_protocols(
    targets: Sequence[Mapping[str, Any]],
    global_rheobase: float | None,
    protocol_mode: str,
    efel_settings: Mapping[str, Any] | None = None,
) -> list[Protocol]:
    """Gather targets of the same protocol and amplitude, in the order of their first appearance."""
    protocols: dict[tuple[str, float], Protocol] = {}
    for target in targets:
        key = (target["protocol"], target["amplitude"])
        if key not in protocols:
            protocols[key] = Protocol(
                *key, target["tolerance"], global_rheobase=global_rheobase, mode=protocol_mode
            )
        protocols[key].feature_targets.append(
            EFeatureTarget(
                target.get("efeature_name") or target["efeature"],
                target["efeature"],
                target["protocol"],
                target["amplitude"],
                target["tolerance"],
                {**(efel_settings or {}), **(target.get("efel_settings") or {})},
                target.get("location") or "soma",
                target.get("min_values"),
            )
        )
    return list(protocols.values())


@dataclass(frozen=True)
class Match:
    """The recordings of a protocol that fall into a target of it, the largest tolerance taken.

    Parameters
    ----------
    indexes : np.ndarray of int, shape (n,)
        Which of the recordings that were looked at.
    distances : np.ndarray, shape (n,)
        How far each is from the amplitude of the targets (% of rheobase, or nA).
    """

    indexes: np.ndarray
    distances: np.ndarray

    def within(self, tolerance: float) -> np.ndarray:
        """Which of these recordings are less than `tolerance` away, array (n,) of bool."""
        return self.distances < tolerance


def target_levels(
    recordings: Sequence[Recording], absolute_amplitude: bool = False, rheobase: float | None = None
) -> np.ndarray:
    """Return what targets are compared with, array (n,): % of rheobase, or nA; nan where it is not known."""
    levels = [recording.target_level(absolute_amplitude, rheobase) for recording in recordings]
    return np.array([np.nan if level is None else level for level in levels], dtype=float)


def match_levels(levels: np.ndarray, amplitude: float, tolerance: float) -> Match:
    """Find the levels (n,) that are less than `tolerance` away from `amplitude`."""
    distances = np.abs(amplitude - levels)
    indexes = np.flatnonzero(distances < tolerance)
    return Match(indexes, distances[indexes])


def match(
    cells: Sequence[Cell], protocols: Sequence[Protocol], absolute_amplitude: bool = False
) -> list[tuple[Protocol, Recording, list[EFeatureTarget]]]:
    """Return which recordings fall into which targets of which protocol, cell by cell.

    Each target has its own tolerance; the amplitude must be less than that away.
    """
    by_protocol: dict[str, list[Recording]] = {}
    for cell in cells:
        if cell.rheobase is not None or absolute_amplitude:
            for recording in cell.recordings:
                by_protocol.setdefault(recording.protocol_name, []).append(recording)
    wanted = {protocol.name for protocol in protocols}
    levels = {
        name: target_levels(found, absolute_amplitude)
        for name, found in by_protocol.items()
        if name in wanted
    }
    matches = []
    for protocol in protocols:
        if protocol.name in levels:
            near = match_levels(levels[protocol.name], protocol.amplitude, protocol.largest_tolerance)
            for index, distance in zip(near.indexes, near.distances, strict=True):
                chosen = [target for target in protocol.feature_targets if distance < target.tolerance]
                matches.append((protocol, by_protocol[protocol.name][index], chosen))
    return matches


def unmatched_problems(cells: Sequence[Cell], protocols: Sequence[Protocol]) -> list[Problem]:
    """Say which protocols of the targets no cell has, and which amplitudes no recording falls into."""
    names = {name: None for cell in cells for name in cell.get_protocol_names()}
    problems = []
    for name in dict.fromkeys(protocol.name for protocol in protocols if protocol.name not in names):
        there = ", ".join(names) or "none"
        message = f"no cell has recordings of this protocol.{nearest(name, names)} There are: {there}."
        problems.append(Problem(message, "warning", "target", protocol=name))
    for protocol in protocols:
        if protocol.name in names and not protocol.recordings:
            message = "no recording falls into this target; see its amplitude and tolerance, and the cells' rheobases."
            problems.append(
                Problem(message, "warning", "target", protocol=protocol.name, target=protocol.stimulus_name)
            )
    return problems
