"""What the stages hand to each other; none of it is changed afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..features.store import settings_key
from ..problems import Problem
from ..recordings.cell import Cell
from ..recordings.recording import Recording
from ..targets.matching import Match
from ..targets.targets import EFeatureTarget
from .inputs import Target
from .values import Frozen, Value

#: A protocol and an amplitude (% of rheobase, or nA)
Item = tuple[str, float]


@dataclass(frozen=True)
class FileRead:
    """The recordings of a file, as it was read by itself."""

    recordings: tuple[Recording, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Agreed:
    """The recordings of one protocol of one cell, file by file, after they have settled their timings."""

    files: tuple[tuple[Recording, ...], ...]
    problems: tuple[Problem, ...]

    @property
    def recordings(self) -> list[Recording]:
        """All recordings, in the order of the files."""
        return [recording for file in self.files for recording in file]


@dataclass(frozen=True)
class Used:
    """The recordings of one protocol of one cell that are neither excluded nor without a stimulus.

    Parameters
    ----------
    recordings : tuple of Recording, length n
    levels : np.ndarray, shape (n,), or None
        What targets are compared with, nA; None if that is not the same for all, or not to be had in % of rheobase.
    serials : np.ndarray of int, shape (n,)
        Serial numbers of the recordings.
    names : tuple of str
        Names of the parameters of the stimulus; empty if the recordings are of several families.
    parameters : list of tuple, length n
        The parameters of each.
    """

    recordings: tuple[Recording, ...]
    levels: np.ndarray | None
    serials: np.ndarray
    names: tuple[str, ...]
    parameters: list[tuple[Any, ...]]


@dataclass(frozen=True)
class UsedCell:
    """A cell with the recordings that are used, and these protocol by protocol.

    `refused` says, by their serial numbers, why others aren't, since the unit of their file can't be.
    """

    cell: Cell
    used: dict[str, Used]
    refused: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweeps:
    """All recordings of a protocol that targets may take.

    Parameters
    ----------
    recordings : list of Recording, length n
    levels : np.ndarray, shape (n,)
        What is compared with the targets' amplitudes, % of rheobase or nA.
    rheobases : list of float or None, length n
        Rheobase of each one's cell, nA.
    cells : list of str, length n
        Name of each one's cell.
    serials : np.ndarray of int, shape (n,)
        Serial numbers of the recordings.
    names, parameters : tuple of str, list of tuple (length n)
        Parameters of the stimulus; without names if the recordings are of several families.
    """

    recordings: list[Recording]
    levels: np.ndarray
    rheobases: list[Any]
    cells: list[str]
    serials: np.ndarray
    names: tuple[str, ...]
    parameters: list[tuple[Any, ...]]

    @cached_property
    def marks(self) -> np.ndarray:
        """What tells one recording, and its rheobase, from another; array (n, 2)."""
        return np.column_stack([self.serials, np.array(self.rheobases, dtype=float)])  # None becomes nan


@dataclass(frozen=True)
class Matched:
    """The recordings that fall into the targets of one protocol and amplitude."""

    sweeps: Sweeps
    match: Match

    def _chosen(self, values: list[Any]) -> list[Any]:
        return [values[index] for index in self.match.indexes.tolist()]

    @cached_property
    def recordings(self) -> list[Recording]:
        """The recordings."""
        return self._chosen(self.sweeps.recordings)

    @cached_property
    def rheobases(self) -> list[Any]:
        """Rheobase of each one's cell, nA."""
        return self._chosen(self.sweeps.rheobases)

    @cached_property
    def cells(self) -> list[str]:
        """Name of each one's cell."""
        return self._chosen(self.sweeps.cells)

    @cached_property
    def serials(self) -> list[int]:
        """Serial numbers of the recordings."""
        return self.sweeps.serials[self.match.indexes].tolist()

    @property
    def parameters(self) -> dict[str, tuple[Any, ...]]:
        """Parameters of the stimulus, each of all recordings, by their names."""
        rows = self._chosen(self.sweeps.parameters) if self.sweeps.names else []
        return dict(zip(self.sweeps.names, zip(*rows, strict=True), strict=True)) if rows else {}


@dataclass(frozen=True)
class WantedFeatures(Value):
    """Features wanted under the same eFEL settings; `key` is that of the settings in a feature store."""

    settings: Frozen
    key: tuple[Any, ...] = field(compare=False, repr=False)
    names: tuple[str, ...]

    @cached_property
    def complete(self) -> dict[int, tuple[float, ...]]:
        """Values of the recordings that are known to hold all of them, by serial number; values never go away."""
        return {}

    @cached_property
    def troubled(self) -> set[int]:
        """Serial numbers of those among them on which something went wrong."""
        return set()

    def note(self, recordings: Iterable[Recording]) -> None:
        """Note that recordings hold all of the features."""
        for recording in recordings:
            known = recording.feature_store.known(self.key)
            self.complete[recording.serial] = tuple(known[name] for name in self.names)
            if recording.feature_store.failures(self.key):
                self.troubled.add(recording.serial)

    def columns(self, matched: Matched) -> dict[tuple[Any, ...], tuple[float, ...]]:
        """Return the values of recordings that hold all of the features, by the key of the settings and the feature."""
        self.note(recording for recording in matched.recordings if recording.serial not in self.complete)
        rows = [self.complete[serial] for serial in matched.serials]
        values = zip(*rows, strict=True) if rows else [()] * len(self.names)
        return {(self.key, name): column for name, column in zip(self.names, values, strict=True)}


@dataclass(frozen=True)
class Wanted(Value):
    """The targets of one protocol and amplitude, and the eFEL settings that hold for each."""

    targets: tuple[Target, ...]
    settings: tuple[Frozen, ...]

    @cached_property
    def keys(self) -> dict[Frozen, tuple[Any, ...]]:
        """Keys of the settings in the recordings' feature stores."""
        return {settings: settings_key(settings) for settings in dict.fromkeys(self.settings)}

    @cached_property
    def features(self) -> tuple[WantedFeatures, ...]:
        """Which features are wanted under which settings."""
        return tuple(
            WantedFeatures(
                settings,
                key,
                tuple(
                    dict.fromkeys(
                        target.efeature
                        for target, own in zip(self.targets, self.settings, strict=True)
                        if own == settings
                    )
                ),
            )
            for settings, key in self.keys.items()
        )

    def empty(self) -> list[EFeatureTarget]:
        """Return the targets as the engine has them, without values."""
        found = []
        for target, settings in zip(self.targets, self.settings, strict=True):
            place = (target.protocol, target.amplitude, target.tolerance)
            more = (settings.as_dict(), target.location, target.min_values)
            found.append(EFeatureTarget(target.name, target.efeature, *place, *more))
            found[-1].settings_key = self.keys[settings]  # known already
        return found

    @property
    def tolerance(self) -> float:
        """Largest tolerance."""
        return max(target.tolerance for target in self.targets)


@dataclass(frozen=True)
class Chosen:
    """The targets in force, by protocol and amplitude in the order of their first appearance."""

    groups: dict[Item, Wanted]
    targets: tuple[Target, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """What the three output files hold."""

    features: dict[str, Any]
    protocols: dict[str, Any]
    currents: dict[str, Any]
