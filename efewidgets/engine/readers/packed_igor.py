"""Igor packed experiments (.pxp), gone through with igor2, in a process that may be lost: waves in their folders."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..apart import one_step
from ..problems import ReadError
from ..units import is_current_unit, is_voltage_unit
from .igor_records import waves_and_folders
from .outline import Episode, Outline, Part

LIMIT = 60.0  # s of processor time
_NUMBER = re.compile(r"(\d+)\D*$")
# NeuroMatic writes what the axes are into the note: "YLabel:Vmem (mV)", "XLabel:msec"
_AXIS = re.compile(r"^\s*([XY])Label\s*[:=]\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")
_LONGEST_PATH = 64  # folders


def outline(path: str) -> Outline:
    """Return the waves of an experiment, each voltage with the current of its folder that has its number.

    Raises ReadError, or whatever a damaged file makes igor2 raise.
    """
    with one_step(LIMIT):
        waves = list(_waves(path))
        by_folder: dict[tuple[str, ...], list[tuple[Part, str]]] = {}
        for part, kind in waves:
            by_folder.setdefault(part.place[:-1], []).append((part, kind))
        episodes: list[Episode] = []
        lost: list[tuple[str, str]] = []
        for folder, parts in by_folder.items():
            _pair(folder, parts, episodes, lost)
        if not episodes:
            raise ReadError(_nothing(os.path.basename(path), waves))
        return Outline("", tuple(episodes), None, tuple(lost))


def samples(path: str, places: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Return waves by their places, arrays (n,)."""
    with one_step(LIMIT):
        there = dict(_records(path))
        return [np.asarray(there[tuple(place)]["wData"], float) for place in places]


def _records(path: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the waves of a file by folders and name."""
    from igor2 import packed

    records, order = waves_and_folders(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, folders = packed.load(io.BytesIO(records), initial_byte_order=order)
    waiting: list[tuple[tuple[str, ...], Any]] = [((), folders)]
    while waiting:
        place, folder = waiting.pop(0)
        for name, item in folder.items():
            here = (*place, _text(name))
            if isinstance(item, Mapping) and len(here) < _LONGEST_PATH:
                waiting.append((here, item))
            elif hasattr(item, "wave"):
                yield here, item.wave["wave"]


def _waves(path: str) -> Iterator[tuple[Part, str]]:
    """Yield each wave of one dimension that holds real numbers, and whether it is a "V", an "I" or neither."""
    for place, wave in _records(path):
        data = np.asarray(wave["wData"])
        if data.ndim != 1 or data.dtype.kind not in "fiu":
            continue
        head, axes = wave["wave_header"], dict(_AXIS.findall(_text(wave.get("note", b""))))
        labels = {key.upper(): value for key, value in axes.items()}
        unit = _unit(head.get("dataUnits")) or _in_label(labels.get("Y", ""))
        t_unit = _unit(head.get("dimUnits", head.get("xUnits"))) or _in_label(labels.get("X", ""))
        step = float(np.ravel(head.get("sfA", head.get("hsA", 0.0)))[0])
        kind = "V" if is_voltage_unit(unit) else "I" if is_current_unit(unit) else ""
        yield (
            Part(place[-1], unit, len(data), step, t_unit.replace("msec", "ms").replace("sec", "s"), place),
            kind,
        )


def _pair(
    folder: tuple[str, ...],
    parts: list[tuple[Part, str]],
    episodes: list[Episode],
    lost: list[tuple[str, str]],
) -> None:
    """Put the voltages and the currents of a folder together, those of each cell apart.

    Waves that are called the same but for the number at the end are of one channel; where several are voltages, each
    is a cell, and the second goes with the second current.
    """
    voltages, currents = ([part for part, kind in parts if kind == wanted] for wanted in "VI")
    of_v, of_i = _channels(voltages), _channels(currents)
    place = ":".join(folder[1:])
    if len(of_v) < 2 or len(of_v) != len(of_i) or max(map(len, of_v.values())) < 2:
        _pair_one_cell(folder, place, voltages, currents, episodes, lost)
        return
    for (name, mine), with_it in zip(of_v.items(), of_i.values(), strict=True):
        cell = ":".join(filter(None, (place, name.rstrip("_ "))))
        _pair_one_cell(folder, cell, mine, with_it, episodes, lost)


def _channels(parts: list[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(_NUMBER.sub("", part.name), []).append(part)
    return found


def _pair_one_cell(
    folder: tuple[str, ...],
    cell: str,
    voltages: list[Part],
    currents: list[Part],
    episodes: list[Episode],
    lost: list[tuple[str, str]],
) -> None:
    """Put voltages and currents together: by the numbers in their names, or one by one."""
    numbered = {number: part for part in currents if (number := _number(part)) is not None}
    unique = len(numbered) == len(currents) and len({_number(part) for part in voltages}) == len(voltages)
    for k, voltage in enumerate(voltages):
        number = _number(voltage)
        current = numbered.get(number) if unique and number is not None else None
        if current is None and len(voltages) == len(currents) and not (unique and number in numbered):
            current = currents[k] if not unique or len(voltages) == 1 else None
        label = ":".join((*folder[1:], voltage.name))
        if current is None:
            lost.append((label, "there is no current that belongs to it, by its number, in its folder."))
        else:
            episodes.append(Episode(label, (voltage, current), cell))
    with_voltage = {_number(part) for part in voltages}
    for number, current in numbered.items() if unique and voltages else ():
        if number not in with_voltage and not (len(voltages) == len(currents) == 1):
            label = ":".join((*folder[1:], current.name))
            lost.append((label, "there is no voltage that belongs to it, by its number, in its folder."))


def _number(part: Part) -> str | None:
    found = _NUMBER.search(part.name)
    return (found[1].lstrip("0") or "0") if found else None


def _nothing(name: str, waves: list[tuple[Part, str]]) -> str:
    kinds = [kind for _, kind in waves]
    listed = ", ".join(f"{part.name!r} ({part.unit or 'no unit'})" for part, _ in waves[:6])
    more = f" and {len(waves) - 6} more" if len(waves) > 6 else ""
    return (
        f"{name} holds no recording: a recording is a wave in a unit of voltage with one in a unit of current beside "
        f"it. Of its {len(waves)} waves {kinds.count('V')} are voltages, {kinds.count('I')} currents"
        f"{': ' + listed + more if listed else ''}."
    )


def _text(raw: Any) -> str:
    return raw.decode("latin-1").replace("\r", "\n") if isinstance(raw, bytes) else str(raw)


def _unit(raw: Any) -> str:
    """Return a unit that is kept letter by letter, for each dimension."""
    if raw is None:
        return ""
    array = np.asarray(raw)
    letters = array[0] if array.ndim > 1 else array
    found = b"".join(one for one in np.ravel(letters) if isinstance(one, bytes))
    return found.split(b"\0")[0].decode("latin-1").strip()


def _in_label(label: str) -> str:
    found = _IN_BRACKETS.search(label)
    return found[1].strip() if found else label.split()[-1] if label.split() else ""
