"""Formats in which a file is a list of sweeps of channels: WinWCP, AxoGraph, Igor's packed experiments, Axon text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kinds import NAME_OR_INDEX, Kind
from ..problems import NoSweepError, Problem, ReadError
from ..units import is_current_unit, is_voltage_unit
from . import wcp
from .abf import choose_channels
from .abf_header import Channel
from .atf import read_atf
from .extras import need
from .files import existing_file, main_path
from .inspection import Contents, Sweep, SweepInfo, known_sweep, step_in_ms
from .outline import Episode, Outline, Part
from .vouched import ask_about

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {"v_channel": NAME_OR_INDEX, "i_channel": NAME_OR_INDEX}

# From 1 µs to 1 ms: a step without a unit is in seconds
_SECONDS = (1e-6, 1e-3)


@dataclass(frozen=True)
class Source:
    """A format: what it is called, how a file is gone through, and how its samples are read."""

    name: str
    outline: Callable[[str], Outline]
    samples: Callable[[str, list[tuple]], list[np.ndarray]]

    def open(self, metadata: Mapping[str, Any]) -> AbstractContextManager[Contents]:
        """Yield the sweeps of a file; channels are chosen as in Axon files."""
        return _open(self, metadata)

    def open_for_inspection(self, path: str) -> AbstractContextManager[Contents]:
        """Yield the sweeps of a file even if it lacks a voltage or a current."""
        return _inspect(self, path)


@contextmanager
def _open(source: Source, metadata: Mapping[str, Any]) -> Iterator[Contents]:
    path = existing_file(main_path(metadata))
    found = source.outline(path)
    first = _first(found, path)
    v, i, note = choose_channels(_channels(first), metadata, os.path.basename(path))
    contents = _contents(source, path, found, v, i)
    contents.problems += [Problem(note, "note", "file")] if note else []
    yield contents


@contextmanager
def _inspect(source: Source, path: str) -> Iterator[Contents]:
    found = source.outline(existing_file(path))
    first = _first(found, path)
    try:
        v, i, note = choose_channels(_channels(first), {}, os.path.basename(path))
        problem = Problem(note, "note", "file") if note else None
        contents = _contents(source, path, found, v, i)
    except ReadError as error:
        problem = Problem(str(error), "error", "file")
        able = (is_voltage_unit, is_current_unit)
        v, i = (next((k for k, one in enumerate(first.parts) if is_able(one.unit)), -1) for is_able in able)
        contents = _contents(source, path, found, v, i)
    contents.problems += [problem] if problem else []
    yield contents


def _first(found: Outline, path: str) -> Episode:
    if not found.episodes:
        raise NoSweepError(f"{os.path.basename(path)} holds no sweep.")
    return found.episodes[0]


def _channels(episode: Episode) -> list[Channel]:
    return [Channel(part.name, part.unit, 1.0, 0.0) for part in episode.parts]


def _contents(source: Source, path: str, found: Outline, v: int, i: int) -> Contents:
    contents = Contents(source.name, found.dialect)
    contents.problems += [Problem(reason, "warning", "file", recording=label) for label, reason in found.lost]
    contents.problems += [Problem(words, "note", "file", recording=label) for label, words in found.remarks]
    for episode in found.episodes:
        voltage, current = (_part(episode, k) for k in (v, i))
        one = voltage or current or Part("", "", 0, 0.0)
        info = SweepInfo(
            episode.label,
            found.protocol,
            None,
            one.n,
            step_in_ms(one.step, _t_unit(one)),
            voltage.unit or None if voltage else None,
            current.unit or None if current else None,
        )
        contents.sweeps.append(known_sweep(info, _loader(source, path, voltage, current, found.protocol)))
    return contents


def _part(episode: Episode, k: int) -> Part | None:
    return episode.parts[k] if 0 <= k < len(episode.parts) else None


def _t_unit(part: Part) -> str | None:
    return part.t_unit or ("s" if _SECONDS[0] <= part.step <= _SECONDS[1] else None)


def _loader(
    source: Source, path: str, voltage: Part | None, current: Part | None, protocol: str | None
) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        if voltage is None or current is None:
            raise ReadError("it lacks a voltage or a current.")
        if abs(voltage.step - current.step) > 1e-6 * voltage.step:
            raise ReadError(
                f"its voltage has a sampling step of {voltage.step:g}, its current of {current.step:g}: resample one."
            )
        v, i = source.samples(path, [voltage.place, current.place])
        sweep: Sweep = {"voltage": v, "current": i, "dt": voltage.step}
        named = {
            "v_unit": voltage.unit,
            "i_unit": current.unit,
            "t_unit": _t_unit(voltage),
            "protocol": protocol,
        }
        if not voltage.t_unit and named["t_unit"]:
            words = f"it has no unit of time: its step of {voltage.step:g} is taken as seconds."
            problems.append(Problem(words, "note", "unit"))
        return sweep | {key: value for key, value in named.items() if value}

    return load


# --- the formats


def _axograph_outline(path: str) -> Outline:
    need("neo", path, "AxoGraph", "axograph")
    found: Outline = ask_about(path, "readers.axograph:outline")
    return found


def _axograph_samples(path: str, places: list[tuple]) -> list[np.ndarray]:
    found: list[np.ndarray] = ask_about(path, "readers.axograph:samples", places)
    return found


def _packed_outline(path: str) -> Outline:
    need("igor2", path, "an Igor packed experiment", "igor")
    found: Outline = ask_about(path, "readers.packed_igor:outline")
    return found


def _packed_samples(path: str, places: list[tuple]) -> list[np.ndarray]:
    found: list[np.ndarray] = ask_about(path, "readers.packed_igor:samples", places)
    return found


def _text_outline(path: str) -> Outline:
    """Return the sweeps of an Axon text file: the columns of each signal are its sweeps, one after the other."""
    text = read_atf(path)
    names = [signal or unit for signal, unit in zip(text.signals, text.units[1:], strict=True)]
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(names, start=1):
        columns.setdefault(name, []).append(column)
    step, t_unit = text.step, text.units[0]
    episodes = []
    for k in range(max(map(len, columns.values()))):
        parts = [
            Part(name, text.units[of[k]], len(text.numbers), step, t_unit, (of[k],))
            for name, of in columns.items()
            if k < len(of)
        ]
        episodes.append(Episode(f"sweep {k + 1}", tuple(parts)))
    return Outline("", tuple(episodes))


def _text_samples(path: str, places: list[tuple]) -> list[np.ndarray]:
    numbers = read_atf(path).numbers
    return [numbers[:, column] for (column,) in places]


WINWCP = Source("WinWCP", wcp.outline, wcp.samples)
AXOGRAPH = Source("AxoGraph", _axograph_outline, _axograph_samples)
PACKED_IGOR = Source("Igor experiment", _packed_outline, _packed_samples)
AXON_TEXT = Source("ATF", _text_outline, _text_samples)
