"""HEKA PatchMaster bundles (.dat): every sweep in current clamp, with its measured current or the one commanded."""

from __future__ import annotations

import os
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..kinds import NAME_OR_INDEX, NAME_OR_NAMES, REPETITION, TRUTH, Kind
from ..problems import EfeError, Problem, ReadError
from . import command
from .extras import need
from .files import existing_file, main_path, stored_numbers
from .heka_bundle import Bundle, Trace
from .heka_pairs import LISTENED, Commanded, Recorded, recordings
from .heka_stimulus import command as rebuilt
from .heka_tree import SIGNATURES
from .inspection import Contents, LazySweep, Opening, Stored, Sweep, SweepInfo, known_sweep, step_in_ms
from .nwb_pairs import Lost, Pair
from .nwb_selection import CELL, Selection
from .vouched import ask_about, stamp

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {
    "repetition": REPETITION.about("Repetition", "Only the sweeps of these repetitions of the protocol."),
    CELL: NAME_OR_NAMES.about(
        "Cell in the file", "Where a file holds several cells or electrodes: which one."
    ),
    "output": NAME_OR_INDEX.about("Output", "The channel of the stimulus that went to this cell, by number."),
    "add_holding": TRUTH.about(
        "Add holding", "Whether the amplifier's holding current is added to the current."
    ),
    **command.KEYS,
}

# Files are opened again sweep by sweep; each is gone through once, until it changes.
_bundles: OrderedDict[tuple[Any, ...], Bundle] = OrderedDict()
_MOST_BUNDLES = 32


@contextmanager
def open_heka(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps that ``protocol_name``, ``repetition`` and ``cell_name`` choose (else all)."""
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    found, pairs, lost = recordings(read_bundle(path), metadata)
    if not pairs:
        raise ReadError(f"{name} holds no sweep that can be used. {_reasons(lost)}")
    selection = Selection.of(metadata)
    note = _only_protocol(selection, pairs)
    try:
        chosen = selection.choose(pairs, lost, lambda pair: None)
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error
    if not chosen:
        raise selection.nothing_found(name)
    contents = _contents(path, read_bundle(path), chosen, found, metadata)
    contents.problems += [*note, *selection.problems()]
    yield contents


@contextmanager
def inspect_heka(path: str) -> Iterator[Contents]:
    """Yield the sweeps of a file even if none can be used."""
    bundle = read_bundle(existing_file(path))
    found, pairs, lost = recordings(bundle, {})
    contents = _contents(path, bundle, pairs, found, {})
    contents.problems += _grouped(lost)
    contents.listened += [one.cell or one.id for one in lost if one.reason.startswith(LISTENED)]
    yield contents


def names_protocol(metadata: Mapping[str, Any], protocol: str) -> bool:
    """Whether a file has series of this name; False where that can't be known."""
    try:
        _, pairs, _ = recordings(read_bundle(existing_file(main_path(metadata))), metadata)
    except (EfeError, OSError):
        return False
    return any(pair.protocol.lower() == protocol.lower() for pair in pairs)


def read_bundle(path: str) -> Bundle:
    """Return what a bundle holds, as a process that may be lost finds it. Raises ReadError."""
    _check_signature(path)
    need("myokit", path, "HEKA PatchMaster", "heka")
    key = stamp(path)
    if key not in _bundles:
        _bundles[key] = ask_about(path, "readers.heka_tree:describe")
        if len(_bundles) > _MOST_BUNDLES:
            _bundles.popitem(last=False)
    return _bundles[key]


def _check_signature(path: str) -> None:
    with open(path, "rb") as file:
        head = file.read(8)
    if head[:4] in SIGNATURES:
        return
    name = os.path.basename(path)
    if head[:4] == b"DATA" or head[:4] in (b"eerT", b"Tree"):
        raise ReadError(
            f"{name} looks like HEKA PatchMaster or Pulse, but isn't a bundle: open it in PatchMaster and save it as a "
            "bundle (.dat), which holds recordings and stimuli together."
        )
    raise ReadError(
        f"{name} isn't a HEKA PatchMaster bundle, which '.dat' stands for here: it doesn't begin with 'DAT2'. If it is "
        "text, name it '.txt' or '.csv'; if it is a format of your laboratory, pass your own reader."
    )


def _grouped(lost: list[Lost]) -> list[Problem]:
    """Return one problem for all sweeps that aren't used for the same reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in lost:
        groups.setdefault((one.reason, one.severity), []).append(one.id)
    return [
        Problem(
            f"{reason} ({len(ids)} sweeps: {', '.join(ids[:4])}{', …' * (len(ids) > 4)})", severity, "file"
        )
        for (reason, severity), ids in groups.items()
    ]


def _reasons(lost: list[Lost]) -> str:
    """Return why nothing can be used, the commonest reason first."""
    counts = Counter(one.reason for one in lost).most_common(3)
    return " ".join(f"{n} sweep{'s' if n > 1 else ''}: {reason}" for reason, n in counts) or "It is empty."


def _only_protocol(selection: Selection, pairs: list[Pair]) -> list[Problem]:
    """Take a file's only protocol for the one that is asked for, whatever it is called; return what to say."""
    there = list(dict.fromkeys(pair.protocol for pair in pairs))
    asked = [name.lower() for name in selection.protocols or ()]
    if len(there) != 1 or not asked or there[0].lower() in asked:
        return []
    wanted = ", ".join(map(repr, selection.protocols or ()))
    words = f"the file has one protocol, {there[0]!r}: it is taken for {wanted}."
    selection.protocols = None
    return [Problem(words, "note", "file")]


def _contents(
    path: str, bundle: Bundle, pairs: list[Pair], found: Mapping[str, Recorded], metadata: Mapping[str, Any]
) -> Contents:
    contents = Contents("HEKA", bundle.version.split(",")[0], holds=[pair.id for pair in pairs])
    contents.sweeps += [_lazy(path, pair, found[pair.id], metadata) for pair in pairs]
    outputs = {_output(found[pair.id]) for pair in pairs} - {None}
    if outputs:
        contents.problems.append(command.note(", ".join(sorted(map(str, outputs)))))
    return contents


def _output(recorded: Recorded) -> str | None:
    if not isinstance(recorded.current, Commanded):
        return None
    return f"channel {recorded.current.number} of the stimulus, as its protocol plans it"


def _lazy(path: str, pair: Pair, recorded: Recorded, metadata: Mapping[str, Any]) -> LazySweep:
    voltage, current = recorded.voltage, recorded.current
    commanded = isinstance(current, Commanded)
    i_unit = "pA" if isinstance(current, Commanded) else current.unit
    info = SweepInfo(
        pair.id,
        pair.protocol,
        pair.repetition,
        voltage.count,
        step_in_ms(voltage.step, voltage.t_unit or "s"),
        voltage.unit,
        i_unit,
        pair.cell,
        current_from=command.COMMAND if commanded else command.MEASURED,
        v_channel=voltage.label,
        i_channel=f"stimulus channel {current.number}" if isinstance(current, Commanded) else current.label,
    )
    traces = (
        {"voltage": voltage} if isinstance(current, Commanded) else {"voltage": voltage, "current": current}
    )
    return known_sweep(
        info,
        lambda problems: _load(path, info, recorded, metadata, problems),
        lambda: {name: stored(path, trace) for name, trace in traces.items()},
    )


def _load(
    path: str, info: SweepInfo, recorded: Recorded, metadata: Mapping[str, Any], problems: list[Problem]
) -> Sweep:
    voltage, current = recorded.voltage, recorded.current
    sweep: Sweep = {
        "id": info.id,
        "protocol": info.protocol,
        "repetition": info.repetition,
        "voltage": samples(path, voltage),
        "v_unit": voltage.unit,
        "dt": voltage.step,
        "t_unit": voltage.t_unit or "s",
        "i_unit": info.i_unit,
        "current_from": info.current_from,
        "facts": voltage.facts,
    }
    if isinstance(current, Commanded):
        held = _held(current, voltage, bool(metadata.get("add_holding")), problems)
        number = recorded.sweep.number - 1
        sweep["current"] = rebuilt(
            current.stimulus, current.channel, number, voltage.step, voltage.count, held
        )
    else:
        if abs(current.step - voltage.step) > 1e-6 * voltage.step:
            raise ReadError(
                f"its voltage has a sampling step of {voltage.step:g} s, its current of {current.step:g} s."
            )
        sweep["current"] = samples(path, current)
    if recorded.clamp is not None:
        sweep["clamp_mode"] = recorded.clamp
    _warn_of_two_corrections(voltage, metadata, problems)
    return sweep


def _held(current: Commanded, voltage: Trace, add: bool, problems: list[Problem]) -> float:
    """Return what is added to a command, nA; tell what the amplifier held besides."""
    held = 1e9 * voltage.holding - current.channel.holding
    if not np.isfinite(held) or abs(held) < 1e-6:
        return 0.0
    if not add:
        words = (
            f"the amplifier held {1e3 * held:.3g} pA besides, as the file says, which isn't part of this current. "
            "'add_holding': true in the metadata adds it."
        )
        problems.append(Problem(words, "note", "file"))
    return held if add else 0.0


def _warn_of_two_corrections(voltage: Trace, metadata: Mapping[str, Any], problems: list[Problem]) -> None:
    junction = voltage.facts.get("liquid_junction_potential_mV")
    if junction and metadata.get("ljp"):
        words = (
            f"PatchMaster has corrected this voltage for a liquid junction potential of {junction:.3g} mV already; "
            "'ljp' in the metadata does so again."
        )
        problems.append(Problem(words, "warning", "file"))


def samples(path: str, trace: Trace) -> np.ndarray:
    """Return the samples of a trace in its unit, array (n,). Raises ReadError if the file doesn't hold them."""
    found = stored(path, trace)
    return found.numbers * trace.scale


def stored(path: str, trace: Trace) -> Stored:
    """Return the samples of a trace as the file has them. Raises ReadError if it doesn't hold them."""
    dtype, size = np.dtype(trace.dtype), os.path.getsize(path)
    if trace.count < 0 or trace.position < 0 or trace.position + trace.count * dtype.itemsize > size:
        raise ReadError(
            f"it claims {trace.count} samples from byte {trace.position} on, the file has {size} bytes: it is cut "
            "short or damaged."
        )
    if trace.block and trace.skip:
        numbers = _interleaved(path, trace, dtype)
    else:
        numbers = stored_numbers(path, dtype, trace.count, trace.position)
    return Stored(numbers, trace.scale)


def _interleaved(path: str, trace: Trace, dtype: np.dtype) -> np.ndarray:
    """Return samples that stand in blocks, with those of other traces between."""
    each = trace.block // dtype.itemsize
    if each < 1 or trace.skip < trace.block:
        raise ReadError(
            f"its samples stand in blocks of {trace.block} bytes every {trace.skip}: it is damaged."
        )
    parts, left, at = [], trace.count, trace.position
    while left > 0:
        parts.append(stored_numbers(path, dtype, min(each, left), at))
        left, at = left - each, at + trace.skip
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


HEKA = Opening(open_heka, KEYS, inspect_heka, names_protocol)
