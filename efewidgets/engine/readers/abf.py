"""Axon Binary Format (.abf) of pCLAMP: every sweep of the channels that are the voltage and the current."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..kinds import NAME_OR_INDEX, Kind
from ..problems import Problem, ReadError, nearest
from ..units import is_current_unit, is_voltage_unit
from . import abf_command, command
from .abf_command import Command, find_command
from .abf_header import Channel, Header, read_header
from .files import existing_file, main_path
from .inspection import Contents, Stored, Sweep, SweepInfo, known_sweep

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {"v_channel": NAME_OR_INDEX, "i_channel": NAME_OR_INDEX, **abf_command.KEYS}

_V_NAME = re.compile(r"\bv_?m\b|^v|volt|potential|10_?vm", re.IGNORECASE)
_I_NAME = re.compile(r"\bi_?m\b|^i_|imemb|curr|i_?com|cmd", re.IGNORECASE)


@contextmanager
def open_abf(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps of a file.

    The channels are chosen by their units (by their names, if they have no unit); ``v_channel`` and
    ``i_channel`` (name or index) in the metadata choose among several. Where no current was recorded, or
    ``current_from`` asks for it, the current is the command.
    """
    header = read_header(existing_file(main_path(metadata)))
    v, i, found = _chosen(header, metadata)
    contents = _contents(header, v, i)
    contents.problems += found
    yield contents


def _chosen(header: Header, metadata: Mapping[str, Any]) -> tuple[int, int | Command, list[Problem]]:
    """Return the channel of the voltage, that of the current or its command, and what is to be said of them."""
    name = os.path.basename(header.path)
    wanted = command.wants(metadata)
    voltages, currents = _pairs(header.channels)
    recorded = bool(currents) or metadata.get("i_channel") is not None
    if wanted == command.COMMAND or (
        not recorded and wanted is None and (voltages or "v_channel" in metadata)
    ):
        v, note = choose_voltage(header.channels, metadata, name)
        found = find_command(header, v, voltages, metadata)
        return v, found, [found.note, *_notes(note)]
    v, i, note = choose_channels(header.channels, metadata, name, _COMMAND_INSTEAD)
    return v, i, _notes(note)


def _notes(words: str | None) -> list[Problem]:
    return [Problem(words, "note", "file")] if words else []


@contextmanager
def inspect_abf(path: str) -> Iterator[Contents]:
    """Yield the sweeps of a file even if it lacks a voltage or a current."""
    header = read_header(existing_file(path))
    v: int | None
    i: int | Command | None
    try:
        v, i, found = _chosen(header, {})
    except ReadError as error:
        v = next((k for k, c in enumerate(header.channels) if is_voltage_unit(c.unit)), None)
        i = next((k for k, c in enumerate(header.channels) if is_current_unit(c.unit)), None)
        found = [Problem(str(error), "error", "file")]
    contents = _contents(header, v, i)
    contents.problems += found
    if _in_voltage_clamp(header, v, i):
        contents.problems += _notes("it was recorded in voltage clamp, as the amplifier told.")
    yield contents


def _contents(header: Header, v: int | None, i: int | Command | None) -> Contents:
    contents = Contents("ABF", f"ABF{header.version}")
    contents.problems += [Problem(message, "warning", "file") for message in header.problems]
    v_unit = header.channels[v].unit or None if v is not None else None
    i_unit = i.unit if isinstance(i, Command) else header.channels[i].unit or None if i is not None else None
    for sweep, n in enumerate(header.lengths):
        info = SweepInfo(
            f"sweep {sweep + 1}",
            header.protocol,
            None,
            n,
            1e3 / header.rate,
            v_unit,
            i_unit,
            current_from=command.COMMAND if isinstance(i, Command) else command.MEASURED,
        )
        channels = {"voltage": v, "current": i}
        contents.sweeps.append(
            known_sweep(info, _loader(header, sweep, v, i), partial(_stored, header, sweep, channels))
        )
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


def _pairs(channels: list[Channel]) -> tuple[list[int], list[int]]:
    """Return which channels can be a voltage and which a current."""
    return _by_clamp(
        channels,
        _candidates(channels, is_voltage_unit, _V_NAME),
        _candidates(channels, is_current_unit, _I_NAME),
    )


def choose_voltage(channels: list[Channel], metadata: Mapping[str, Any], file: str) -> tuple[int, str | None]:
    """Return the index of the voltage, and a note if there was a choice. Raises ReadError if there is none."""
    voltages, _ = _pairs(channels)
    v = _named(channels, metadata.get("v_channel"), "v_channel", file)
    if v is not None:
        return v, None
    if not voltages:
        raise ReadError(f"{file} has no voltage channel: it holds {_listed(channels)}. {_HOW_TO_NAME}")
    v = voltages[0]
    note = (
        f"of the channels {_listed(channels)}, {channels[v].name!r} is taken as the voltage. {_HOW_TO_NAME}"
    )
    return v, note if len(voltages) > 1 else None


def choose_channels(
    channels: list[Channel], metadata: Mapping[str, Any], file: str, instead: str = ""
) -> tuple[int, int, str | None]:
    """Return the indexes of voltage and current, and a note if there was a choice.

    `instead` says what can be done without a current.

    Raises
    ------
    ReadError
        If there is no voltage or no current among the channels.
    """
    voltages, currents = _pairs(channels)
    v = _named(channels, metadata.get("v_channel"), "v_channel", file)
    i = _named(channels, metadata.get("i_channel"), "i_channel", file)
    if v is None and not voltages:
        raise ReadError(f"{file} has no voltage channel: it holds {_listed(channels)}. {_HOW_TO_NAME}")
    if i is None and not currents:
        raise ReadError(
            f"{file} has no current channel, only voltage: it holds {_listed(channels)}. "
            f"{instead}{_HOW_TO_NAME}"
        )
    ambiguous = (v is None and len(voltages) > 1) or (i is None and len(currents) > 1)
    # Channels come in pairs: the second voltage goes with the second current.
    if v is None:
        rank = currents.index(i) if i in currents else 0
        v = voltages[min(rank, len(voltages) - 1)]
    if i is None:
        rank = voltages.index(v) if v in voltages else 0
        i = currents[min(rank, len(currents) - 1)]
    if v == i:
        raise ReadError(
            f"voltage and current of {file} are the same channel, {channels[v].name!r}. {_HOW_TO_NAME}"
        )
    note = (
        f"of the channels {_listed(channels)}, {channels[v].name!r} is taken as the voltage and "
        f"{channels[i].name!r} as the current. {_HOW_TO_NAME}"
        if ambiguous
        else None
    )
    return v, i, note


_COMMAND_INSTEAD = "'current_from': 'command' in the metadata takes what was commanded instead. "
_HOW_TO_NAME = "'v_channel' and 'i_channel' (name or index) in the metadata choose others."


def _candidates(channels: list[Channel], has_unit: Any, name: re.Pattern) -> list[int]:
    by_unit = [k for k, c in enumerate(channels) if has_unit(c.unit)]
    return by_unit or [k for k, c in enumerate(channels) if not c.unit and name.search(c.name)]


def _by_clamp(
    channels: list[Channel], voltages: list[int], currents: list[int]
) -> tuple[list[int], list[int]]:
    """Leave out the channels of an amplifier in voltage clamp, if those of another are in current clamp."""
    v, i = ([k for k in found if channels[k].clamp != "voltage"] for found in (voltages, currents))
    return (v, i) if v and i else (voltages, currents)


def _named(channels: list[Channel], wanted: Any, key: str, file: str) -> int | None:
    if wanted is None:
        return None
    names = [c.name for c in channels]
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(channels):
        return wanted
    if isinstance(wanted, str) and wanted.lower() in (n.lower() for n in names):
        return [n.lower() for n in names].index(wanted.lower())
    raise ReadError(
        f"{file} has no channel {wanted!r} ({key}). It holds {_listed(channels)}."
        f"{nearest(str(wanted), names)}"
    )


def _listed(channels: list[Channel]) -> str:
    return ", ".join(f"{k}: {c.name!r} ({c.unit or 'no unit'})" for k, c in enumerate(channels))
