"""Axon Binary Format (.abf) of pCLAMP: every sweep of the channels that are the voltage and the current."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..kinds import Kind
from ..problems import Problem, ReadError
from ..units import is_current_unit, is_voltage_unit
from . import abf_command, channels, command
from .abf_command import Command, ListenedError, find_command
from .abf_header import Header, read_header
from .abf_outputs import read_outputs
from .channels import Pairing, choose_channels, choose_voltage, pairings, pairs
from .files import existing_file, main_path
from .inspection import Contents, Opening, Stored, Sweep, SweepInfo, known_sweep

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {**channels.KEYS, **abf_command.KEYS}


@dataclass(frozen=True)
class Cell:
    """One voltage and its current: a channel, a command, or nothing if a file is only looked into.

    `name` is None where the file has one voltage, `is_first` says whether it is the first of them; `why` says why it
    isn't read, with the severity of that, and `listened` that it got no current while others did.
    """

    voltage: int | None
    current: int | Command | None
    name: str | None = None
    is_first: bool = True
    why: str = ""
    severity: str = "error"
    listened: bool = False


@contextmanager
def open_abf(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps of a file.

    The channels are chosen by their units (by their names, if they have no unit); each voltage is a cell.
    ``cell_name`` (the name of its voltage), or ``v_channel`` and ``i_channel`` (name or index) in the metadata choose
    among several; without them it is the first. Where no current was recorded, or ``current_from`` asks for it, the
    current is the command.
    """
    header = read_header(existing_file(main_path(metadata)))
    name = os.path.basename(header.path)
    cells = pairings(header.channels)
    wanted = channels.wanted_cells(cells, metadata, name)
    if wanted is not None:
        found = [_cell(header, cell, cells, metadata) for cell in wanted]
        able = [cell for cell in found if not cell.why]
        if not able:
            raise ReadError(f"{name}, cell {wanted[0].name!r}: {found[0].why}")
        yield _contents(header, found)
        return
    v, i, problems = _chosen(header, metadata)
    mine = next((cell.name for cell in cells if cell.voltage == v and len(cells) > 1), None)
    contents = _contents(header, [Cell(v, i, mine), *_others(cells, v, metadata)])
    contents.problems[:0] = [problem for problem in problems if problem not in contents.problems]
    yield contents


def _others(cells: Sequence[Pairing], v: int, metadata: Mapping[str, Any]) -> list[Cell]:
    """Return the cells that aren't read because none was chosen; none if a person has chosen channels."""
    mine = next((cell for cell in cells if cell.voltage == v), None)
    if mine is None or any(metadata.get(key) is not None for key in ("v_channel", "i_channel")):
        return []
    why = channels.of_another_cell
    return [Cell(c.voltage, None, c.name, False, why(mine, c), "note") for c in cells if c is not mine]


def _cell(header: Header, cell: Pairing, cells: Sequence[Pairing], metadata: Mapping[str, Any]) -> Cell:
    """Return one of several cells with its current, recorded or commanded, or why it has none."""
    name, is_first = cell.name if len(cells) > 1 else None, cell is cells[0]
    wants = command.wants(metadata)
    if cell.current is not None and wants != command.COMMAND:
        return Cell(cell.voltage, cell.current, name, is_first)
    recorded = any(one.current is not None for one in cells)
    if wants == command.MEASURED or (recorded and not read_outputs(header.path)):
        return Cell(cell.voltage, None, name, is_first, channels.NO_CURRENT, "note", listened=True)
    try:
        found = find_command(header, cell.voltage, [one.voltage for one in cells], metadata)
    except ReadError as error:
        listened = isinstance(error, ListenedError)
        severity = "note" if listened else "error"
        return Cell(cell.voltage, None, name, is_first, str(error), severity, listened)
    return Cell(cell.voltage, found, name, is_first)


def _chosen(header: Header, metadata: Mapping[str, Any]) -> tuple[int, int | Command, list[Problem]]:
    """Return the channel of the voltage, that of the current or its command, and what is to be said of them."""
    name = os.path.basename(header.path)
    wanted = command.wants(metadata)
    voltages, currents = pairs(header.channels)
    recorded = bool(currents) or metadata.get("i_channel") is not None
    if wanted == command.COMMAND or (
        not recorded and wanted is None and (voltages or "v_channel" in metadata)
    ):
        v, note = choose_voltage(header.channels, metadata, name)
        found = find_command(header, v, voltages, metadata)
        return v, found, [found.note, *_notes(note)]
    v, i, note = choose_channels(header.channels, metadata, name, channels.COMMAND_INSTEAD)
    return v, i, _notes(note)


def _notes(words: str | None) -> list[Problem]:
    return [Problem(words, "note", "file")] if words else []


@contextmanager
def inspect_abf(path: str) -> Iterator[Contents]:
    """Yield the sweeps of all cells of a file, even if it lacks a voltage or a current."""
    header = read_header(existing_file(path))
    cells = pairings(header.channels)
    if len(cells) > 1:
        found = [_cell(header, cell, cells, {}) for cell in cells]
        contents = _contents(header, found)
    else:
        v: int | None
        i: int | Command | None
        try:
            v, i, problems = _chosen(header, {})
        except ReadError as error:
            v = next((k for k, c in enumerate(header.channels) if is_voltage_unit(c.unit)), None)
            i = next((k for k, c in enumerate(header.channels) if is_current_unit(c.unit)), None)
            problems = [Problem(str(error), "error", "file")]
        found = [Cell(v, i)]
        contents = _contents(header, found)
        contents.problems += problems
    if any(_in_voltage_clamp(header, cell.voltage, cell.current) for cell in found):
        contents.problems += _notes("it was recorded in voltage clamp, as the amplifier told.")
    yield contents


def _contents(header: Header, cells: Sequence[Cell]) -> Contents:
    contents = Contents("ABF", f"ABF{header.version}", choices=channels.choices(header.channels))
    contents.problems += [Problem(message, "warning", "file") for message in header.problems]
    for cell in cells:
        v, i = cell.voltage, cell.current
        v_unit = header.channels[v].unit or None if v is not None else None
        measured = header.channels[i] if isinstance(i, int) else None
        i_unit = i.unit if isinstance(i, Command) else measured.unit or None if measured is not None else None
        if isinstance(i, Command) and cell.name is not None and i.note not in contents.problems:
            contents.problems.append(i.note)
        for sweep, n in enumerate(header.lengths):
            label = channels.sweep_name(f"sweep {sweep + 1}", cell.name, cell.is_first)
            contents.holds.append(label)
            if cell.why:
                contents.problems.append(Problem(cell.why, cell.severity, "file", recording=label))
                continue
            info = SweepInfo(
                label,
                header.protocol,
                None,
                n,
                1e3 / header.rate,
                v_unit,
                i_unit,
                cell.name,
                current_from=command.COMMAND if isinstance(i, Command) else command.MEASURED,
                v_channel=header.channels[v].name if v is not None else None,
                i_channel=i.output if isinstance(i, Command) else measured.name if measured else None,
            )
            stored = partial(_stored, header, sweep, {"voltage": v, "current": i})
            contents.sweeps.append(known_sweep(info, _loader(header, sweep, v, i), stored))
        if cell.listened and cell.name is not None:
            contents.listened.append(cell.name)
    return contents


def _stored(header: Header, sweep: int, channels: Mapping[str, int | Command | None]) -> dict[str, Stored]:
    return {name: header.stored(sweep, k) for name, k in channels.items() if isinstance(k, int)}


def _loader(header: Header, sweep: int, v: int | None, i: int | Command | None) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        if v is None or i is None:
            raise ReadError("it lacks a voltage or a current.")
        if header.lengths[sweep] == 0:
            raise ReadError("it has no samples.")
        loaded: Sweep = {"voltage": header.samples(sweep, v), "dt": 1.0 / header.rate, "t_unit": "s"}
        loaded |= {"v_unit": header.channels[v].unit}
        if isinstance(i, Command):
            loaded |= {"current": i.samples(sweep), "i_unit": i.unit, "current_from": command.COMMAND}
        else:
            loaded |= {"current": header.samples(sweep, i), "i_unit": header.channels[i].unit}
        if _in_voltage_clamp(header, v, i):
            loaded["clamp_mode"] = "voltage"
        return {key: value for key, value in loaded.items() if not isinstance(value, str) or value}

    return load


def _in_voltage_clamp(header: Header, *channels: int | Command | None) -> bool:
    return any(header.channels[k].clamp == "voltage" for k in channels if isinstance(k, int))


ABF = Opening(open_abf, KEYS, inspect_abf)
