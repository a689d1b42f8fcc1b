"""What is in a file: its format, its sweeps and their properties, known without loading the samples."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..kinds import Kind
from ..problems import Problem, ReadError
from ..units import to_ms

Sweep = dict[str, Any]


class LeftOutError(ReadError):
    """A sweep that isn't wanted, though nothing is wrong with it."""


@dataclass(frozen=True)
class SweepInfo:
    """One sweep of a file, without its samples.

    Parameters
    ----------
    id : str
        The sweep's name in the file, or its position ("sweep 3") if the file doesn't name its sweeps.
    protocol : str or None
        Name of the stimulus, if the file says it.
    repetition : int or None
    n_samples : int or None
        None if the file doesn't say it without being read.
    dt_ms : float or None
        Sampling step, ms.
    v_unit, i_unit : str or None
        As they stand in the file.
    cell : str or None
        The cell (or its electrode) as the file calls it.
    other_names : tuple of str
        Further names under which the stimulus is found.
    current_from : str
        "measured", or "command" if the current is what was commanded.
    condition : str or None
        The experimental condition, as the file calls it.
    v_channel, i_channel : str or None
        The channels (or what else gave the current) as the file calls them, in formats with channels.
    """

    id: str
    protocol: str | None = None
    repetition: int | None = None
    n_samples: int | None = None
    dt_ms: float | None = None
    v_unit: str | None = None
    i_unit: str | None = None
    cell: str | None = None
    other_names: tuple[str, ...] = ()
    current_from: str = "measured"
    condition: str | None = None
    v_channel: str | None = None
    i_channel: str | None = None

    def is_of(self, protocol: str) -> bool:
        """Whether the sweep is found under a protocol's name, without regard to case."""
        return protocol.lower() in {name.lower() for name in (self.protocol or "", *self.other_names)}

    @property
    def duration_ms(self) -> float | None:
        """Duration, ms."""
        if self.n_samples is None or self.dt_ms is None:
            return None
        return self.n_samples * self.dt_ms

    @property
    def rate_hz(self) -> float | None:
        """Samples per second."""
        return 1e3 / self.dt_ms if self.dt_ms else None


@dataclass(frozen=True)
class FileSummary:
    """What `inspect` says about a file.

    Parameters
    ----------
    path : str
    format : str
        "ABF", "Igor", "NWB", "MATLAB", "lccr text", "CSV", or the name of a registered reader.
    dialect : str
        Version or house style within the format ("ABF2", "BBP", "AIBS", …); "" if there is only one.
    sweeps : tuple of SweepInfo
    problems : tuple of Problem
        What a person should know before reading the file.
    listened : tuple of str
        Voltage channels whose cells got no stimulus: they were only listened to.
    choices : dict of tuple
        What of the file can be chosen, by the key of metadata that chooses it: names (or numbers) of channels, columns.
    """

    path: str
    format: str
    dialect: str = ""
    sweeps: tuple[SweepInfo, ...] = ()
    problems: tuple[Problem, ...] = ()
    listened: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict, hash=False)

    def of(self, path: str) -> FileSummary:
        """Return the same of a file by another path: where it is, rather than the copy that was looked into."""
        if path == self.path:
            return self
        problems = tuple(dataclasses.replace(problem, file=path) for problem in self.problems)
        return dataclasses.replace(self, path=path, problems=problems)

    @property
    def unit(self) -> str | None:
        """The unit of a wave (the first that the file names), if it has one."""
        return next((unit for found in self.units.values() for unit in found), None)

    def _distinct(self, name: str) -> list[Any]:
        values = (getattr(sweep, name) for sweep in self.sweeps)
        return list(dict.fromkeys(v for v in values if v is not None))

    @property
    def protocols(self) -> list[str]:
        """Names of the protocols, in the order of the file."""
        return self._distinct("protocol")

    @property
    def cells(self) -> list[str]:
        """Names of the cells, in the order of the file; several, if it holds the sweeps of several."""
        return self._distinct("cell")

    def cells_of(self, protocol: str) -> list[str]:
        """Return the cells that have a protocol."""
        found = (sweep.cell for sweep in self.sweeps if sweep.protocol == protocol)
        return list(dict.fromkeys(cell for cell in found if cell is not None))

    def channels_of(self, cell: str | None, protocol: str = "") -> list[tuple[str, str]]:
        """Return the voltage channels of a cell (and a protocol), each with what gave its current, as far as known."""
        there = (
            sweep
            for sweep in self.sweeps
            if (cell is None or sweep.cell == cell) and (not protocol or sweep.is_of(protocol))
        )
        found = ((sweep.v_channel, sweep.i_channel or "") for sweep in there)
        return list(dict.fromkeys((v, i) for v, i in found if v))

    def has_protocol(self, name: str) -> bool:
        """Whether the file names the protocols of its sweeps, and any is found under this name."""
        return any(sweep.is_of(name) for sweep in self.sweeps if sweep.protocol is not None)

    def choices_of(self, key: str) -> tuple[str | int, ...]:
        """Return what a key of metadata can choose of the file, as far as it is known."""
        found: dict[str, list[Any]] = {
            "protocol_name": self.protocols,
            "cell_name": self.cells,
            "repetition": self.repetitions,
            "condition": self._distinct("condition"),
        }
        return self.choices.get(key) or tuple(found.get(key, ()))

    @property
    def repetitions(self) -> list[int]:
        """Repetitions that occur."""
        return sorted(self._distinct("repetition"))

    @property
    def durations(self) -> list[float]:
        """Durations that occur, ms."""
        return self._distinct("duration_ms")

    @property
    def sampling_rates(self) -> list[float]:
        """Sampling rates that occur, Hz."""
        return self._distinct("rate_hz")

    @property
    def units(self) -> dict[str, list[str]]:
        """Units that occur: ``{"voltage": [...], "current": [...]}``."""
        return {"voltage": self._distinct("v_unit"), "current": self._distinct("i_unit")}

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "path": self.path,
            "format": self.format,
            "dialect": self.dialect,
            "protocols": self.protocols,
            "cells": self.cells,
            "listened_to": list(self.listened),
            "repetitions": self.repetitions,
            "durations_ms": self.durations,
            "sampling_rates_hz": self.sampling_rates,
            "units": self.units,
            "sweeps": [dataclasses.asdict(sweep) for sweep in self.sweeps],
            "problems": [problem.as_dict() for problem in self.problems],
        }


@dataclass(frozen=True)
class Stored:
    """The numbers of a channel as they stand in the file: value = number · factor + offset, in the sweep's unit."""

    numbers: np.ndarray
    factor: float
    offset: float = 0.0


@dataclass(frozen=True)
class LazySweep:
    """A sweep that is known but not loaded.

    Parameters
    ----------
    label : str
        What people call it.
    load : callable
        Reads its samples, adds to the list what should be known, raises EfeError if the sweep can't be used.
    describe : callable
        Returns what is known of it without its samples, adds to the list why it can't be used where that is seen then.
    stored : callable, optional
        Returns the numbers of "voltage" and "current" as they stand in the file, where it holds such.
    """

    label: str
    load: Callable[[list[Problem]], Sweep]
    describe: Callable[[list[Problem]], SweepInfo]
    stored: Callable[[], dict[str, Stored]] | None = None


def known_sweep(
    info: SweepInfo,
    load: Callable[[list[Problem]], Sweep],
    stored: Callable[[], dict[str, Stored]] | None = None,
) -> LazySweep:
    """Return a sweep whose properties are known already."""
    return LazySweep(info.id, load, lambda problems: info, stored)


@dataclass
class Contents:
    """The sweeps of an open file, not loaded yet.

    `holds` names all sweeps that were found in the file; what a reader neither delivers nor names is told by `lost`.
    `listened` names voltage channels that got no stimulus. `choices` are those of `FileSummary`.
    """

    format: str
    dialect: str = ""
    sweeps: list[LazySweep] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    listened: list[str] = field(default_factory=list)
    choices: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)

    def lost(self) -> list[Problem]:
        """Return a problem for each sweep of the file that is neither delivered nor named with a reason."""
        told = {sweep.label for sweep in self.sweeps} | {problem.recording for problem in self.problems}
        words = "it isn't used: its voltage and its current can't be put together."
        return [Problem(words, "error", "file", recording=name) for name in self.holds if name not in told]

    def summary(self, path: str | os.PathLike[str]) -> FileSummary:
        """Summarise what is known without loading."""
        found: list[Problem] = []
        sweeps = tuple(sweep.describe(found) for sweep in self.sweeps)
        problems = tuple(
            problem.at(file=os.fspath(path)) for problem in [*self.problems, *self.lost(), *found]
        )
        listened = tuple(dict.fromkeys(self.listened))
        return FileSummary(
            os.fspath(path), self.format, self.dialect, sweeps, problems, listened, self.choices
        )


@dataclass(frozen=True)
class Opening:
    """How the files of a format are opened: what the module of a reader declares, and the registry finds by its name.

    `keys` are the keys of metadata that only this format has. `finds` tells whether a file has sweeps of a protocol, in
    formats whose sweeps are chosen by its name.
    """

    open: Callable[[Mapping[str, Any]], AbstractContextManager[Contents]]
    keys: Mapping[str, Kind]
    open_for_inspection: Callable[[str], AbstractContextManager[Contents]] | None = None
    finds: Callable[[Mapping[str, Any], str], bool] | None = None


def step_in_ms(dt: float | None, unit: object) -> float | None:
    """Return a sampling step in ms, or None if it or its unit isn't known."""
    try:
        return None if dt is None else float(to_ms(dt, unit))
    except ValueError:
        return None
