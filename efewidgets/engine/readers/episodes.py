"""Files that are lists of sweeps of channels: WinWCP, AxoGraph, Spike2, Igor's packed experiments, Axon text."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..kinds import Kind
from ..problems import NoSweepError, Problem, ReadError, nearest
from ..units import is_current_unit, is_voltage_unit
from . import channels, wcp
from .abf_header import Channel
from .atf import read_atf
from .channels import Pairing, choose_channels, pairings
from .extras import need
from .files import existing_file, main_path
from .inspection import Contents, Opening, Sweep, SweepInfo, known_sweep, step_in_ms
from .nwb_selection import CELL, asked_names
from .outline import Episode, Outline, Part
from .vouched import ask_about

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = channels.KEYS

# From 1 µs to 1 ms: a step without a unit is in seconds
_SECONDS = (1e-6, 1e-3)


@dataclass(frozen=True)
class Source:
    """A format: what it is called, how a file is gone through, and how its samples are read."""

    name: str
    outline: Callable[[str], Outline]
    samples: Callable[[str, list[tuple[Any, ...]]], list[np.ndarray]]

    @property
    def opening(self) -> Opening:
        """How its files are opened: channels are chosen as in Axon files; to look in, even without a current."""
        return Opening(partial(_open, self), KEYS, partial(_inspect, self))


@dataclass(frozen=True)
class _Cell:
    """Which columns are voltage and current, -1 for none; the cell's name if there are several, why it isn't read."""

    v: int
    i: int
    name: str | None = None
    is_first: bool = True
    why: str = ""


@contextmanager
def _open(source: Source, metadata: Mapping[str, Any]) -> Iterator[Contents]:
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    found, told, metadata = _of_cells(source.outline(path), metadata, name)
    there = _channels(_first(found, path))
    cells = pairings(there)
    wanted = channels.wanted_cells(cells, metadata, name)
    if wanted is not None:
        if all(cell.current is None for cell in wanted):
            raise ReadError(f"{name}, cell {wanted[0].name!r}: {channels.NO_CURRENT}")
        contents = _contents(source, path, found, _of_pairings(wanted, cells))
        contents.problems += told
        yield contents
        return
    v, i, note = choose_channels(there, metadata, name)
    several = len(cells) > 1
    mine = next((cell for cell in cells if cell.voltage == v and several), None)
    chosen = [_Cell(v, i, mine.name if mine else None)]
    if mine is not None and not any(metadata.get(key) is not None for key in ("v_channel", "i_channel")):
        others = [cell for cell in cells if cell is not mine]
        chosen += [_Cell(c.voltage, -1, c.name, False, channels.of_another_cell(mine, c)) for c in others]
    contents = _contents(source, path, found, chosen)
    contents.problems += [*told, *([Problem(note, "note", "file")] if note else [])]
    yield contents


def _of_cells(
    found: Outline, metadata: Mapping[str, Any], name: str
) -> tuple[Outline, list[Problem], Mapping[str, Any]]:
    """Return the sweeps of the cells that ``cell_name`` names, where folders or names tell cells and not channels.

    With them come what is to be said, and the metadata without the choice.
    """
    there = list(dict.fromkeys(episode.cell for episode in found.episodes))
    if len(there) < 2:
        return found, [], metadata
    rest = {key: value for key, value in metadata.items() if key != CELL}
    names = asked_names(metadata, CELL)
    if names is None:
        counts = Counter(episode.cell for episode in found.episodes)
        words = ", ".join(f"{cell!r} ({n} sweeps)" for cell, n in list(counts.items())[:8])
        more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
        message = (
            f"it holds sweeps of {len(counts)} cells, by its folders and names, and all are taken together: "
            f"{words}{more}. Choose one by {CELL!r} in the metadata."
        )
        return found, [Problem(message, "warning", "file")], rest
    for one in names:
        if one.lower() not in {cell.lower() for cell in there}:
            has = ", ".join(map(repr, there[:12]))
            raise ReadError(f"{name} has no cell {one!r} ({CELL}). It has {has}.{nearest(one, there)}")
    wanted = {one.lower() for one in names}
    chosen = tuple(episode for episode in found.episodes if episode.cell.lower() in wanted)
    return dataclasses.replace(found, episodes=chosen), [], rest


def _of_pairings(wanted: Sequence[Pairing], cells: Sequence[Pairing]) -> list[_Cell]:
    several = len(cells) > 1
    return [
        _Cell(
            cell.voltage,
            -1 if cell.current is None else cell.current,
            cell.name if several else None,
            cell is cells[0],
            channels.NO_CURRENT if cell.current is None else "",
        )
        for cell in wanted
    ]


@contextmanager
def _inspect(source: Source, path: str) -> Iterator[Contents]:
    found = source.outline(existing_file(path))
    first = _first(found, path)
    problem: Problem | None = None
    cells = pairings(_channels(first))
    if len(cells) > 1 and any(cell.current is not None for cell in cells):
        yield _contents(source, path, found, _of_pairings(cells, cells))
        return
    try:
        v, i, note = choose_channels(_channels(first), {}, os.path.basename(path))
        problem = Problem(note, "note", "file") if note else None
    except ReadError as error:
        problem = Problem(str(error), "error", "file")
        able = (is_voltage_unit, is_current_unit)
        v, i = (next((k for k, one in enumerate(first.parts) if is_able(one.unit)), -1) for is_able in able)
    contents = _contents(source, path, found, [_Cell(v, i)])
    contents.problems += [problem] if problem else []
    yield contents


def _first(found: Outline, path: str) -> Episode:
    if not found.episodes:
        raise NoSweepError(f"{os.path.basename(path)} holds no sweep.")
    return found.episodes[0]


def _channels(episode: Episode) -> list[Channel]:
    return [Channel(part.name, part.unit, 1.0, 0.0) for part in episode.parts]


def _contents(source: Source, path: str, found: Outline, cells: Sequence[_Cell]) -> Contents:
    there = channels.choices(_channels(found.episodes[0])) if found.episodes else {}
    contents = Contents(source.name, found.dialect, choices=there)
    contents.problems += [Problem(reason, "warning", "file", recording=label) for label, reason in found.lost]
    contents.problems += [Problem(words, "note", "file", recording=label) for label, words in found.remarks]
    contents.problems += [Problem(words, "note", "file") for words in found.notes]
    for cell in cells:
        for episode in found.episodes:
            label = channels.sweep_name(episode.label, cell.name, cell.is_first)
            contents.holds.append(label)
            if cell.why:
                contents.problems.append(Problem(cell.why, "note", "file", recording=label))
                continue
            info, voltage, current = _info(found, episode, cell, label)
            load = _loader(source, path, voltage, current, found.protocol)
            contents.sweeps.append(known_sweep(info, load))
        if cell.why == channels.NO_CURRENT and cell.name is not None:
            contents.listened.append(cell.name)
    return contents


def _info(
    found: Outline, episode: Episode, cell: _Cell, label: str
) -> tuple[SweepInfo, Part | None, Part | None]:
    voltage, current = (_part(episode, k) for k in (cell.v, cell.i))
    one = voltage or current or Part("", "", 0, 0.0)
    info = SweepInfo(
        label,
        found.protocol,
        None,
        one.n,
        step_in_ms(one.step, _t_unit(one)),
        voltage.unit or None if voltage else None,
        current.unit or None if current else None,
        cell.name or (episode.cell if len({one.cell for one in found.episodes}) > 1 else None),
        v_channel=voltage.name if voltage else None,
        i_channel=current.name if current else None,
    )
    return info, voltage, current


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


def _axograph_samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    found: list[np.ndarray] = ask_about(path, "readers.axograph:samples", places)
    return found


def _spike2_outline(path: str) -> Outline:
    from .spike2 import need_sonpy

    need("neo", path, "Spike2", "spike2")
    need_sonpy(path)
    found: Outline = ask_about(path, "readers.spike2:outline")
    return found


def _spike2_samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    found: list[np.ndarray] = ask_about(path, "readers.spike2:samples", places)
    return found


def _packed_outline(path: str) -> Outline:
    need("igor2", path, "an Igor packed experiment", "igor")
    found: Outline = ask_about(path, "readers.packed_igor:outline")
    return found


def _packed_samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
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


def _text_samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    numbers = read_atf(path).numbers
    return [numbers[:, column] for (column,) in places]


WINWCP = Source("WinWCP", wcp.outline, wcp.samples).opening
AXOGRAPH = Source("AxoGraph", _axograph_outline, _axograph_samples).opening
SPIKE2 = Source("Spike2", _spike2_outline, _spike2_samples).opening
PACKED_IGOR = Source("Igor experiment", _packed_outline, _packed_samples).opening
AXON_TEXT = Source("ATF", _text_outline, _text_samples).opening
