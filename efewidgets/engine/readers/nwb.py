"""Neurodata Without Borders (.nwb), versions 1 and 2, in the arrangements of several laboratories."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np

from ..kinds import NAME_OR_NAMES, REPETITION, TRUTH, Kind
from ..long.memory import lacking
from ..problems import EfeError, Problem, ReadError
from ..units import canonical_unit, is_current_unit, is_voltage_unit, to_nA
from .checks import TINY_DIFFERENCE, cut_missing_tail
from .clocks import KEYS as CLOCK_KEYS
from .clocks import Overlap, by_samples, on_one_clock, overlap
from .files import existing_file, main_path
from .hdf5 import MAX_SAMPLES, open_file
from .hdf5_members import group_at, item
from .inspection import Contents, LazySweep, LeftOutError, Opening, Stored, Sweep, SweepInfo, step_in_ms
from .leading_pulse import take_test_pulse_out
from .nwb_cells import electrode_names
from .nwb_dialects import VU_PROTOCOLS, VU_WITH_TEST_PULSE, Layout, layout_of
from .nwb_facts import amplifier_facts, bias_current, comment_of, electrode_facts, electrode_path
from .nwb_pairs import LISTENED, Pair
from .nwb_selection import CELL, CONDITION, Selection
from .nwb_series import Series
from .nwb_tables import Window
from .vouched import stamp

#: What its metadata may say besides what any file's may, and of which kind
KEYS: dict[str, Kind] = {
    "repetition": REPETITION.about("Repetition", "Only the sweeps of these repetitions of the protocol."),
    CELL: NAME_OR_NAMES.about(
        "Cell in the file", "Where a file holds several cells or electrodes: which one."
    ),
    CONDITION: NAME_OR_NAMES.about("Condition", "Only the sweeps of this experimental condition."),
    "add_holding": TRUTH.about(
        "Add holding", "Whether the amplifier's holding current is added to the current."
    ),
} | CLOCK_KEYS


# Sweeps are read again one by one; walking through the whole file each time would cost more than the samples.
_layouts: OrderedDict[tuple[Any, ...], Layout] = OrderedDict()
_MOST_LAYOUTS = 64
# A stimulus that begins (in the median of so many samples) within so much of the bias current includes it.
_BASE, _SAME_BIAS = 10, 0.05


@contextmanager
def open_nwb(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps that ``protocol_name``, ``repetition``, ``cell_name`` and ``v_file`` choose (else all)."""
    path = existing_file(main_path(metadata))
    selection = Selection.of(metadata)
    aligned = by_samples(metadata)
    with open_file(path, "NWB") as file:
        layout = _layout(file, path)
        pairs = _chosen(file, os.path.basename(path), layout, selection)
        toff, add = metadata.get("toff"), bool(metadata.get("add_holding"))
        sweeps = [_LazyPair(file, pair, layout, toff, aligned, add) for pair in pairs]
        yield Contents(
            "NWB",
            _dialect_name(layout),
            [LazySweep(sweep.pair.id, sweep.load, sweep.describe, sweep.stored) for sweep in sweeps],
            selection.problems(),
            [pair.id for pair in pairs],
            _listened(file, layout),
        )


def finds_by_name(metadata: Mapping[str, Any], protocol: str) -> bool:
    """Whether an NWB file has sweeps of a stimulus of this name; False where that can't be known."""
    try:
        with open_nwb({**metadata, "protocol_name": protocol}) as contents:
            return bool(contents.sweeps)
    except (EfeError, OSError):
        return False


def _layout(file: h5py.File, path: str) -> Layout:
    """Find all sweeps of a file, or remember them if it is as it was."""
    whole = os.path.join(path, ".zmetadata")  # of a folder in Zarr
    key = stamp(whole if os.path.isfile(whole) else path)
    layout = _layouts.get(key)
    if layout is None:
        try:
            layout = _layouts[key] = layout_of(file)
        except ReadError as error:
            raise ReadError(f"{os.path.basename(path)}: {error}") from error
        if len(_layouts) > _MOST_LAYOUTS:
            _layouts.popitem(last=False)
    return layout


def _chosen(file: h5py.File, name: str, layout: Layout, selection: Selection) -> list[Pair]:
    def original(pair: Pair) -> str | None:
        return Series(file[pair.voltage], "").word("description")

    dialect = layout.dialect
    if dialect.name != "BBP":
        selection.original = None  # only BBP's files say which files they were made of
    try:
        chosen = selection.choose(layout.pairs, layout.lost, original, dialect.in_order, dialect.numbered)
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error
    if not chosen:
        raise selection.nothing_found(name)
    return chosen


def _listened(file: h5py.File, layout: Layout) -> list[str]:
    """Return the electrodes (or series) that got no stimulus while others did."""
    paths = [one.path for one in layout.lost if one.reason == LISTENED]
    return electrode_names(file, paths) if paths else []


def _dialect_name(layout: Layout) -> str:
    """Return the dialect's name for people: MIES is VU's if any stimulus set is theirs."""
    name = layout.dialect.name
    if name == "MIES" and any(pair.raw_protocol in VU_PROTOCOLS for pair in layout.pairs):
        return "VU"
    return name


class _LazyPair:
    """One sweep of an open file."""

    def __init__(
        self, file: h5py.File, pair: Pair, layout: Layout, toff: Any, aligned: bool, add_holding: bool = False
    ):
        self.file = file
        self.pair = pair
        self.layout = layout
        self.dialect = layout.dialect.name
        self.toff = toff
        self.aligned = aligned
        self.add_holding = add_holding

    def _series(self) -> tuple[Series, Series]:
        try:
            voltage, current = (group_at(self.file, path) for path in (self.pair.voltage, self.pair.current))
        except KeyError as error:
            for path in (self.pair.voltage, self.pair.current):
                parent, _, name = path.rpartition("/")
                item(self.file[parent or "/"], name)  # says in which file it should be, if that is missing
            raise ReadError(f"its series can't be opened: {error}") from error
        return Series(voltage, "volts"), Series(current, "amperes")

    def _clock(self, voltage: Series, current: Series) -> Series:
        first, second = (current, voltage) if self.pair.clock == "current" else (voltage, current)
        return first if first.clock is not None or second.clock is None else second

    def _clock_window(self, clock: Series, voltage: Series) -> Window | None:
        return self.pair.v_window if clock is voltage else self.pair.i_window

    def describe(self, problems: list[Problem]) -> SweepInfo:
        """Return what is known without the samples; what can't be known is None, and the reason is told."""
        pair = self.pair
        names = tuple(dict.fromkeys((*pair.names.others, *pair.names.fallback)))
        about: dict[str, Any] = {
            "cell": pair.cell,
            "condition": pair.condition,
            "v_channel": pair.electrode.rsplit("/", 1)[-1] if pair.electrode else None,
            "other_names": tuple(name for name in names if name != pair.protocol),
        }
        try:
            voltage, current = self._series()
            clock = self._clock(voltage, current)
            n = pair.v_window[1] if pair.v_window else voltage.n_samples
            step = step_in_ms(clock.step(False, self._clock_window(clock, voltage)), clock.t_unit)
            units = voltage.unit, current.unit
        except ReadError as error:
            problems.append(Problem(str(error), "error", "file", recording=pair.id))
            return SweepInfo(pair.id, pair.protocol, pair.repetition, **about)
        return SweepInfo(pair.id, pair.protocol, pair.repetition, n, step, *units, **about)

    def load(self, problems: list[Problem]) -> Sweep:
        """Read the sweep. Raises ReadError."""
        pair = self.pair
        if pair.remark:
            problems.append(Problem(pair.remark, "warning", "file"))
        voltage, current = self._series()
        clock = self._clock(voltage, current)
        window = self._clock_window(clock, voltage)
        sweep: Sweep = {"dt": clock.step(window=window), "t_unit": clock.t_unit, "id": self.pair.id}
        sweep |= {"repetition": self.pair.repetition, "protocol": self.pair.protocol}
        _same_rate(voltage, current, pair.v_window, pair.i_window)
        self._fill(sweep, voltage, current, problems)
        bias = bias_current(voltage)
        if self.dialect == "MIES":
            self._finish_mies(sweep, bias, problems)
        elif bias:
            self._hold(sweep, bias, problems)
        self._tell_about(sweep, voltage, bias, problems)
        return sweep

    def stored(self) -> dict[str, Stored]:
        """Return the samples as they stand in the file."""
        voltage, current = self._series()
        windows = self.pair.v_window, self.pair.i_window
        return {
            "voltage": voltage.stored(windows[0]),
            "current": current.stored(windows[1]),
        }

    def _fill(self, sweep: Sweep, voltage: Series, current: Series, problems: list[Problem]) -> None:
        """Put samples and units into the sweep; put units right that were exchanged."""
        pair = self.pair
        v_unit, i_unit = voltage.unit, current.unit
        v_conversion = i_conversion = None
        if self.dialect == "TRT" and _mixed_up(voltage, current):
            v_conversion, i_conversion, i_unit = 1e-3, 1e-12, "amperes"
            problems.append(
                Problem("voltage and current had each other's conversion: put right.", "warning", "unit")
            )
        n_v = pair.v_window[1] if pair.v_window else voltage.n_samples
        n_i = pair.i_window[1] if pair.i_window else current.n_samples
        if max(n_v, n_i) <= MAX_SAMPLES:  # what claims more is refused for that
            lack = lacking(max(n_v, n_i), n_v * voltage.sample_bytes + n_i * current.sample_bytes)
            if lack:
                raise ReadError(lack)
        step = step_in_ms(sweep["dt"], sweep["t_unit"])
        found = (
            None
            if self.aligned or step is None
            else self._overlap(voltage, current, step, n_v, n_i, problems)
        )
        sweep["voltage"] = voltage.samples(v_conversion, pair.v_window)
        if found is None and min(n_v, n_i) > 1 and abs(n_v - n_i) > TINY_DIFFERENCE:
            # Left unread: a current that claims more than it should costs no memory.
            raise ReadError(
                f"the voltage has {n_v} samples and the current {n_i}: they don't belong together, or one is "
                "cut."
            )
        sweep["current"] = current.samples(i_conversion, pair.i_window)
        if found is not None and step is not None:
            sweep.update(on_one_clock(sweep, found, step, problems))
        if is_current_unit(v_unit) and is_voltage_unit(i_unit):
            v_unit, i_unit = _exchanged_units(sweep, v_unit, i_unit, problems)
        sweep["v_unit"], sweep["i_unit"] = v_unit, i_unit

    def _overlap(
        self, voltage: Series, current: Series, step: float, n_v: int, n_i: int, problems: list[Problem]
    ) -> Overlap | None:
        """Return how voltage and current lie in time; None if they begin together, as far as the file knows."""
        pair = self.pair
        v_start = voltage.starts_at(pair.v_window[0] if pair.v_window else 0)
        i_start = current.starts_at(pair.i_window[0] if pair.i_window else 0)
        try:
            return overlap(v_start, i_start, step, n_v, n_i)
        except ReadError:
            words = _clocks_in_doubt(self.file, self.layout, pair)
            if not words:
                raise
        problems.append(
            Problem(f"{words}: the first samples are taken to belong together.", "warning", "file")
        )
        return None

    def _hold(self, sweep: Sweep, bias: float, problems: list[Problem]) -> None:
        """Add the amplifier's bias current, A, if a person wants it and the stimulus hasn't it; else tell of it."""
        scale = float(to_nA(1.0, sweep["i_unit"])) * 1e-9  # A
        base = scale * float(np.median(sweep["current"][:_BASE])) if len(sweep["current"]) else np.nan
        if abs(base - bias) <= max(_SAME_BIAS * abs(bias), 1e-12):
            return  # the stimulus begins at it
        if self.add_holding:
            sweep["current"] = sweep["current"] + bias / scale
            return
        words = (
            f"the amplifier's bias current was {1e12 * bias:.4g} pA, the stimulus begins at {1e12 * base:.4g} pA: "
            "whether that includes it, the file doesn't say. It isn't added ('add_holding': true in the metadata does)."
        )
        problems.append(Problem(words, "note", "file"))

    def _tell_about(self, sweep: Sweep, voltage: Series, bias: float | None, problems: list[Problem]) -> None:
        """Add what the file knows of electrode and amplifier, and tell what people wrote about the sweep."""
        path = self.pair.electrode or electrode_path(voltage)
        known = self.layout.electrodes
        if path is not None and path not in known:
            known[path] = electrode_facts(self.file, path)
        facts = {**(known[path] if path is not None else {}), **amplifier_facts(voltage, bias)}
        if facts:
            sweep["facts"] = facts
        comment = comment_of(voltage) if self.pair.v_window is None else ""
        for words in filter(None, (self.pair.comment, comment and f"comments in the file: {comment!r}")):
            problems.append(Problem(f"{words}.", "note", "file"))

    def _finish_mies(self, sweep: Sweep, bias: float | None, problems: list[Problem]) -> None:
        """Cut what was never acquired, add the holding current, take the test pulse out (VU's rules)."""
        cut_missing_tail(sweep)
        duration = len(sweep["current"]) * sweep["dt"] * 1000
        if isinstance(self.toff, (int, float)) and self.toff > duration:
            raise LeftOutError(
                f"it ends at {duration:g} ms, before the stimulus does (toff = {self.toff:g} ms): left out."
            )
        sweep["current"] = sweep["current"] + (bias or 0.0)
        if self.pair.raw_protocol in VU_WITH_TEST_PULSE:
            take_test_pulse_out(sweep, self.pair.id, problems)


def _clocks_in_doubt(file: h5py.File, layout: Layout, own: Pair) -> str:
    """Return why clocks that contradict a sweep mean nothing, "" if they don't.

    A stimulus that several responses have in common can't be at the time of each. Stimuli (or responses) that all
    begin at one moment, while the others don't, were given no time. Where each response begins with the stimulus of
    another, the numbers or the tables that put them together count more.
    """

    def starts(path: str, window: tuple[int, int] | None) -> float | None:
        return Series(file[path], "").starts_at(window[0] if window else 0)

    if sum((pair.current, pair.i_window) == (own.current, own.i_window) for pair in layout.pairs) > 1:
        return "its stimulus is that of several responses, and can't have the time of each"
    voltages = {starts(pair.voltage, pair.v_window) for pair in layout.pairs}
    currents = {starts(pair.current, pair.i_window) for pair in layout.pairs}
    if min(len(voltages), len(currents)) == 1 < max(len(voltages), len(currents)):
        which = "stimuli" if len(currents) == 1 else "responses"
        return f"the file gives all its {which} the same starting time"
    if voltages == currents and len(voltages) > 1:
        return "by its starting time the voltage belongs to another current than by number, table or name"
    return ""


def _same_rate(
    voltage: Series, current: Series, v_window: Window | None = None, i_window: Window | None = None
) -> None:
    if voltage.clock is None or current.clock is None:
        return
    dt_v, dt_i = voltage.step(False, v_window), current.step(False, i_window)
    if abs(dt_v - dt_i) > 1e-6 * dt_v:
        raise ReadError(
            f"the voltage is sampled at {1 / dt_v:g} Hz and the current at {1 / dt_i:g} Hz: resample one."
        )


def _mixed_up(voltage: Series, current: Series) -> bool:
    """Whether each has the other's conversion, as in some files of the Toronto data set."""
    conversions = voltage.conversion(), current.conversion()
    return voltage.unit == current.unit == "volts" and conversions == (1e-12, 1e-3)


def _exchanged_units(sweep: Sweep, v_unit: str, i_unit: str, problems: list[Problem]) -> tuple[str, str]:
    """Return the units where the file gives each channel the other's, if the samples say so."""
    with np.errstate(invalid="ignore"):
        rest, peak = np.median(np.abs(sweep["voltage"])), np.max(np.abs(sweep["current"]))
    # Volts at rest are hundredths, amperes are at most a millionth.
    if canonical_unit(v_unit) == "A" and canonical_unit(i_unit) == "V" and rest > 1e-3 and peak < 1e-6:
        problems.append(
            Problem(
                f"the file gives its voltage in {v_unit!r} and its current in {i_unit!r}. By their size they "
                "are in volts and amperes, and are taken so.",
                "warning",
                "unit",
            )
        )
        return i_unit, v_unit
    raise ReadError(
        f"the response is in {v_unit!r} and the stimulus in {i_unit!r}: a voltage-clamp sweep, or exchanged "
        "channels."
    )


NWB = Opening(open_nwb, KEYS, finds=finds_by_name)
