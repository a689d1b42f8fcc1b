"""The trees of a PatchMaster bundle, gone through with myokit: its data (.pul), stimuli (.pgf), amplifiers (.amp).

Runs in a process that may be lost. Places of fields are those of HEKA's own descriptions of the format, version 9;
older records are shorter, and lack what is behind their end.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from ..apart import one_step
from ..problems import ReadError
from .heka_bundle import Bundle, Channel, Segment, Series, Stimulus, Sweep, Trace

SIGNATURES = (b"DAT1", b"DAT2")
_ITEMS, _MOST_ITEMS = 64, 12
_LARGEST_RECORD = 65536
#: s of processor time for a whole file; a bundle of a hundred thousand traces takes a tenth of it
LIMIT = 20.0

# name: (first byte, length of a text or format of a number)
Fields = Mapping[str, tuple[int, int | str]]
_GROUP: Fields = {"label": (4, 32)}
_STATE_AT, _JUNCTION_AT = (
    472,
    136,
)  # an amplifier's state within a series, a junction potential within a state
_SERIES: Fields = {
    "label": (4, 32),
    "state_at": (124, "i"),
    "states": (128, "i"),
    "junction": (_STATE_AT + _JUNCTION_AT, "d"),
}
_SWEEP: Fields = {"stimulus": (40, "i"), "number": (44, "i")}
_TRACE: Fields = {
    "label": (4, 32),
    "id": (36, "i"),
    "position": (40, "i"),
    "count": (44, "i"),
    "kind": (64, "H"),
    "mode": (68, "b"),
    "amplifier": (69, "b"),
    "format": (70, "b"),
    "scale": (72, "d"),
    "unit": (96, 8),
    "step": (104, "d"),
    "t_unit": (120, 8),
    "pipette": (152, "d"),
    "seal": (168, "d"),
    "c_slow": (176, "d"),
    "g_series": (184, "d"),
    "source": (240, "i"),
    "self": (288, "i"),
    "block": (292, "i"),
    "skip": (296, "i"),
    "holding": (408, "d"),
}
_STATE: Fields = {"junction": (112 + _JUNCTION_AT, "d")}
_STIMULUS: Fields = {"name": (4, 32), "n_sweeps": (144, "i")}
_CHANNEL: Fields = {
    "clamp": (25, "b"),
    "dac_mode": (30, "b"),
    "unit": (40, 8),
    "holding": (48, "d"),
    "flags": (76, "H"),
}
_SEGMENT: Fields = {
    "kind": (4, "b"),
    "storage": (5, "b"),
    "v_mode": (6, "b"),
    "t_mode": (7, "b"),
    "level": (8, "d"),
    "v_source": (16, "i"),
    "v_factor": (20, "d"),
    "level_step": (28, "d"),
    "duration": (36, "d"),
    "t_source": (44, "i"),
    "t_factor": (48, "d"),
    "duration_step": (56, "d"),
}
_NOTHING: Fields = {}

_LITTLE_ENDIAN, _LEAK, _VIRTUAL = 1, 2, 4  # bits of a trace's kind
_DTYPES = {0: "i2", 1: "i4", 2: "f4", 3: "f8"}


def describe(path: str) -> Bundle:
    """Return what a bundle holds. Raises ReadError if it isn't whole."""
    name = os.path.basename(path)
    with one_step(LIMIT), open(path, "rb") as file:
        version, items = _items(file, name)
        for needed, what in ((".pul", "recordings"), (".pgf", "stimuli")):
            if needed not in items:
                raise ReadError(
                    f"{name} holds no list of its {what} ({needed}): it is no whole bundle. If PatchMaster wrote "
                    "several files, save them as a bundle."
                )
        try:
            pulsed = _tree(file, items[".pul"], (_NOTHING, _GROUP, _SERIES, _SWEEP, _TRACE))
            stimuli = _tree(file, items[".pgf"], (_NOTHING, _STIMULUS, _CHANNEL, _SEGMENT))
            states = _tree(file, items[".amp"], (_NOTHING, _NOTHING, _STATE)) if ".amp" in items else ()
            return _bundle(version, pulsed, stimuli, states)
        except (ValueError, struct.error, OverflowError, MemoryError, RecursionError) as error:
            raise ReadError(
                f"{name} is damaged: its lists of recordings and stimuli can't be read ({error})."
            ) from error


def _items(file: BinaryIO, name: str) -> tuple[str, dict[str, int]]:
    """Return the version, and where each part of the bundle begins."""
    head = file.read(_ITEMS + 16 * _MOST_ITEMS)
    size = file.seek(0, os.SEEK_END)
    if len(head) < _ITEMS + 16 * _MOST_ITEMS:
        raise ReadError(f"{name} is cut short: it ends within its header ({size} bytes).")
    order = "<" if head[52] else ">"
    version = _name(head[8:40].split(b"\0")[0].decode("latin-1"))
    found = {}
    for k in range(_MOST_ITEMS):
        start, length, ending = struct.unpack_from(f"{order}2i8s", head, _ITEMS + 16 * k)
        if length == 0:
            continue
        if start < 0 or length < 0 or start + length > size:
            raise ReadError(
                f"{name} is cut short or damaged: its header claims {start + length} bytes, the file has {size}. Was "
                "it copied whole?"
            )
        found[ending.split(b"\0")[0].decode("latin-1").lower()] = start
    return version, found


def _tree(file: BinaryIO, at: int, levels: Sequence[Fields]) -> Any:
    """Return the root of a tree, whose records hold `values` and their children. Raises ValueError, struct.error."""
    from myokit.formats.heka import TreeNode

    file.seek(at)
    magic = file.read(4)
    if magic not in (b"Tree", b"eerT"):
        raise ValueError("a list doesn't begin as it should")
    order = "<" if magic == b"eerT" else ">"
    (count,) = struct.unpack(order + "i", file.read(4))
    if count != len(levels):
        raise ValueError(f"a list has {count} levels, not {len(levels)}")
    sizes = struct.unpack(f"{order}{count}i", file.read(4 * count))
    if not all(0 < size <= _LARGEST_RECORD for size in sizes):
        raise ValueError("its records have no possible size")
    file.seek(at)
    records = [_record(TreeNode, fields, size) for fields, size in zip(levels, sizes, strict=True)]
    return TreeNode.read(None, file, records)


def _record(base: type, fields: Fields, size: int) -> type:
    """Return a class of records of a tree, each of which reads its fields as far as it is long enough."""
    there = {
        name: (at, form)
        for name, (at, form) in fields.items()
        if at + (form if isinstance(form, int) else struct.calcsize("<" + form)) <= size
    }

    def read(self: Any, handle: BinaryIO, reader: Any) -> None:
        start = handle.tell()
        self.values = {}
        for name, (at, form) in there.items():
            handle.seek(start + at)
            self.values[name] = reader.str(form) if isinstance(form, int) else reader.read1(form)

    return type("Record", (base,), {"_read_properties": read})


def _bundle(version: str, pulsed: Any, stimuli: Any, states: Any) -> Bundle:
    series = []
    for g, group in enumerate(pulsed):
        for s, one in enumerate(group):
            state = _amplifier(one, states)
            sweeps = tuple(_sweep(sweep, state) for sweep in one)
            label = _name(one.values["label"]) or "no name"
            series.append(Series(g + 1, _name(group.values["label"]), s + 1, label, sweeps))
    found = tuple(
        Stimulus(_name(one.values["name"]), one.values.get("n_sweeps", 0), tuple(map(_channel, one)))
        for one in stimuli
    )
    return Bundle(version, len(pulsed), tuple(series), found)


def _name(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _channel(record: Any) -> Channel:
    values = {key: record.values[key] for key in ("unit", "clamp", "dac_mode", "flags", "holding")}
    return Channel(**values, segments=tuple(Segment(**segment.values) for segment in record))


State = Callable[[int], Mapping[str, float]]


def _amplifier(series: Any, states: Any) -> State:
    """Return what gives the state of an amplifier, by its number: it stands in the series, or in a list of its own."""
    values = series.values
    if values.get("state_at") == _STATE_AT:
        return lambda number: values
    at = (values.get("states") or 0) - 1
    of_series = [record.values for record in states[at]] if 0 <= at < len(states) else []
    return lambda number: of_series[number - 1] if 0 < number <= len(of_series) else {}


def _sweep(record: Any, state: State) -> Sweep:
    values = record.values
    traces = [one for one in record if not one.values["kind"] & (_LEAK | _VIRTUAL)]
    return Sweep(values["number"], values["stimulus"] - 1, tuple(_trace(one.values, state) for one in traces))


def _trace(values: Mapping[str, Any], state: State) -> Trace:
    if values["format"] not in _DTYPES:
        raise ValueError(f"a trace holds numbers of a kind that isn't known ({values['format']})")
    amplifier = values["amplifier"]
    order = "<" if values["kind"] & _LITTLE_ENDIAN else ">"
    return Trace(
        _name(values["label"]),
        values["unit"].replace("µ", "u"),
        values["position"],
        values["count"],
        order + _DTYPES[values["format"]],
        values["scale"],
        max(values.get("block", 0), 0),
        max(values.get("skip", 0), 0),
        values["step"],
        values["t_unit"],
        values["mode"],
        amplifier,
        values.get("self") or values.get("source") or values["id"],
        values.get("holding", 0.0),
        _facts(values, state(amplifier)),
    )


def _facts(values: Mapping[str, Any], state: Mapping[str, float]) -> dict[str, float]:
    """Return what is known of electrode and cell; a 0 says that nobody measured it."""
    conductance = values["g_series"]
    found = {
        "series_resistance_MOhm": 1e-6 / conductance if conductance else 0.0,
        "seal_resistance_MOhm": 1e-6 * values["seal"],
        "pipette_resistance_MOhm": 1e-6 * values["pipette"],
        "slow_capacitance_pF": 1e12 * values["c_slow"],
        "liquid_junction_potential_mV": 1e3 * state.get("junction", 0.0),
    }
    return {key: value for key, value in found.items() if value and math.isfinite(value)}
