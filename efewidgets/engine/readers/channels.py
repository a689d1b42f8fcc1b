"""Which channels of a file are voltages and which currents, which go together, and so which cells it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..kinds import NAME_OR_INDEX, NAME_OR_NAMES, Kind
from ..problems import ReadError, nearest
from ..units import is_current_unit, is_voltage_unit
from .abf_header import Channel
from .nwb_selection import CELL, asked_names

#: What metadata may say of channels and cells, and of which kind
KEYS: dict[str, Kind] = {
    "v_channel": NAME_OR_INDEX.about(
        "Voltage channel", "The channel with the membrane potential.", instead_of=(CELL,)
    ),
    "i_channel": NAME_OR_INDEX.about(
        "Current channel", "The channel with the injected current.", instead_of=(CELL,)
    ),
    CELL: NAME_OR_NAMES.about(
        "Cell in the file",
        "Where a file holds several cells: which one, by its voltage channel.",
        instead_of=("v_channel", "i_channel"),
    ),
}

_V_NAME = re.compile(r"\bv_?m\b|^v|volt|potential|10_?vm", re.IGNORECASE)
_I_NAME = re.compile(r"\bi_?m\b|^i_|imemb|curr|i_?com|cmd", re.IGNORECASE)
# Amplifiers give one voltage a second time, ten or a hundred times as large: no other cell.
_COPY = re.compile(r"(?:x?10{1,2}[ _]*[x*·]?[ _]*)(?=v)", re.IGNORECASE)

NO_CURRENT = (
    "no current of its own was recorded with it: it was only listened to, or the current is of another file. "
    "'v_channel' and 'i_channel' in the metadata take it with another current."
)


@dataclass(frozen=True)
class Pairing:
    """One cell: its voltage channel, and the current that was recorded with it, None if none was.

    `name` is that of the voltage channel, with a number if another is called the same.
    """

    name: str
    voltage: int
    current: int | None


def choices(channels: Sequence[Channel]) -> dict[str, tuple[str | int, ...]]:
    """Return which channels can be chosen as the voltage and as the current: all, whatever their units say."""
    names = tuple(dict.fromkeys(channel.name for channel in channels))
    cells = tuple(cell.name for cell in pairings(channels))
    return {"v_channel": names, "i_channel": names, CELL: cells if len(cells) > 1 else ()}


def sweep_name(label: str, cell: str | None, first: bool) -> str:
    """Return what a sweep is called: those of the first cell as in files of one cell."""
    return label if first or cell is None else f"{label} {cell}"


def pairings(channels: Sequence[Channel]) -> list[Pairing]:
    """Return the cells of a file: one for each voltage channel, each with its current, in the file's order.

    A current belongs to the voltage whose name ends with its number; else channels come in pairs, and the second
    voltage goes with the second current; a single current that no name tells from others is the first voltage's.
    """
    voltages, currents = pairs(list(channels))
    voltages = _without_copies(channels, voltages)
    mine = _by_number(channels, voltages, currents)
    left_v, left_i = (
        [k for k in some if k not in taken] for some, taken in ((voltages, mine), (currents, mine.values()))
    )
    if not mine or len(left_v) == len(left_i):
        mine |= dict(zip(left_v, left_i, strict=False))
    counts: Counter[str] = Counter()
    found = []
    for v in voltages:
        name = channels[v].name
        counts[name.lower()] += 1
        again = f" ({counts[name.lower()]})" if counts[name.lower()] > 1 else ""
        found.append(Pairing(name + again, v, mine.get(v)))
    return found


def _without_copies(channels: Sequence[Channel], voltages: list[int]) -> list[int]:
    """Leave out a voltage that another channel has without gain: "10_Vm" beside "Vm"."""
    names = {channels[v].name.lower() for v in voltages}
    return [v for v in voltages if not _COPY.match(channels[v].name) or _bare(channels[v].name) not in names]


def _bare(name: str) -> str:
    return _COPY.sub("", name, count=1).lower()


def _by_number(
    channels: Sequence[Channel], voltages: Sequence[int], currents: Sequence[int]
) -> dict[int, int]:
    """Return the currents of voltages by the numbers at the ends of their names, where each is one of both."""
    of_v, of_i = (_unique([(number_in(channels[k].name), k) for k in some]) for some in (voltages, currents))
    return {v: of_i[number] for number, v in of_v.items() if number in of_i}


def _unique(keyed: Sequence[tuple[Hashable, int]]) -> dict[Hashable, int]:
    counts = Counter(key for key, _ in keyed)
    return {key: value for key, value in keyed if counts[key] == 1}


def number_in(name: str) -> str | None:
    """Return the number at the end of a name: "IN 0" and "Cmd 0" belong together."""
    found = re.search(r"(\d+)\D*$", name)
    return found[1].lstrip("0") or "0" if found else None


def wanted_cells(cells: Sequence[Pairing], metadata: Mapping[str, Any], file: str) -> list[Pairing] | None:
    """Return the cells that ``cell_name`` (one or a list) names, None if it names none.

    Raises
    ------
    ReadError
        If the file has no such cell, or ``v_channel`` or ``i_channel`` are given as well.
    """
    names = asked_names(metadata, CELL)
    if names is None:
        return None
    for key in ("v_channel", "i_channel"):
        if metadata.get(key) is not None:
            raise ReadError(
                f"{CELL!r} and {key!r} in the metadata both choose the channels of {file}: give one."
            )
    there = {cell.name.lower(): cell for cell in cells}
    for name in names:
        if name.lower() not in there:
            has = ", ".join(repr(cell.name) for cell in cells) or "no voltage channel"
            close = nearest(name, [cell.name for cell in cells])
            raise ReadError(
                f"{file} has no cell {name!r} ({CELL}): each voltage channel is one. It has {has}.{close}"
            )
    wanted = {name.lower() for name in names}
    return [cell for cell in cells if cell.name.lower() in wanted]


def of_another_cell(mine: Pairing, cell: Pairing) -> str:
    """Return why a sweep isn't read where no cell was chosen."""
    how = f"{CELL!r} in the metadata chooses one, or several."
    return f"it is of another cell, {cell.name!r}; {mine.name!r} is read. {how}"


# --- one voltage and one current


def pairs(channels: list[Channel]) -> tuple[list[int], list[int]]:
    """Return which channels can be a voltage and which a current."""
    return _by_clamp(
        channels,
        _candidates(channels, is_voltage_unit, _V_NAME),
        _candidates(channels, is_current_unit, _I_NAME),
    )


def choose_voltage(channels: list[Channel], metadata: Mapping[str, Any], file: str) -> tuple[int, str | None]:
    """Return the index of the voltage, and a note if there was a choice. Raises ReadError if there is none."""
    voltages, _ = pairs(channels)
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
    voltages, currents = pairs(channels)
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
    v, i = _completed(channels, v, i, voltages, currents)
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


def _completed(
    channels: list[Channel], v: int | None, i: int | None, voltages: list[int], currents: list[int]
) -> tuple[int, int]:
    """Return voltage and current where one or both weren't chosen: they go together, or stand at the same place."""
    together = {cell.voltage: cell.current for cell in pairings(channels) if cell.current is not None}
    if v is None and i is None and together:
        return next(iter(together.items()))
    if v is None:
        rank = currents.index(i) if i in currents else 0
        mine = (voltage for voltage, current in together.items() if current == i)
        v = next(mine, _other(voltages, i, rank))
    if i is None:
        rank = voltages.index(v) if v in voltages else 0
        i = together.get(v, _other(currents, v, rank))
    return v, i


def _other(candidates: list[int], taken: int | None, rank: int) -> int:
    """Return the candidate of a rank, or the last: not what was chosen as the other one, unless there is no other."""
    left = [k for k in candidates if k != taken] or candidates
    return left[min(rank, len(left) - 1)]


COMMAND_INSTEAD = "'current_from': 'command' in the metadata takes what was commanded instead. "
_HOW_TO_NAME = "'v_channel' and 'i_channel' (name or index) in the metadata choose others."


def _candidates(channels: list[Channel], has_unit: Any, name: re.Pattern[str]) -> list[int]:
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
