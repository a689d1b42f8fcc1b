"""Neurodata Without Borders (.nwb), versions 1 and 2, in the arrangements of several laboratories."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from ..problems import Problem, ReadError
from ..units import canonical_unit, is_current_unit, is_voltage_unit
from .checks import TINY_DIFFERENCE, cut_missing_tail
from .files import existing_file, main_path
from .hdf5 import open_file
from .inspection import Contents, LazySweep, LeftOutError, Sweep, SweepInfo, step_in_ms
from .leading_pulse import take_test_pulse_out
from .nwb_dialects import DIALECTS, VU_PROTOCOLS, VU_WITH_TEST_PULSE, dialect_of
from .nwb_selection import Pair, Selection
from .nwb_series import Series


@dataclass(frozen=True)
class _Listing:
    """The sweeps that a selection finds in a file."""

    dialect: str
    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]


# Sweeps are read again one by one; walking through the whole file each time would cost more than the samples.
_listings: OrderedDict[tuple, _Listing] = OrderedDict()
_MOST_LISTINGS = 64


@contextmanager
def open_nwb(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps that ``protocol_name``, ``repetition`` and ``v_file`` choose (all, if not given)."""
    path = existing_file(main_path(metadata))
    selection = Selection.of(metadata)
    with open_file(path, "NWB") as file:
        listing = _listing(file, path, selection)
        toff = metadata.get("toff")
        sweeps = [_LazyPair(file, pair, listing.dialect, toff) for pair in listing.pairs]
        yield Contents(
            "NWB",
            _dialect_name(listing),
            [LazySweep(sweep.pair.id, sweep.load, sweep.describe) for sweep in sweeps],
            list(listing.problems),
        )


def _listing(file: h5py.File, path: str, selection: Selection) -> _Listing:
    """Find the sweeps, or remember them if the file is as it was."""
    state = os.stat(path)
    key = (os.path.realpath(path), state.st_mtime_ns, state.st_size, state.st_ino, selection.key)
    listing = _listings.get(key)
    if listing is None:
        listing = _listings[key] = _find(file, os.path.basename(path), selection)
        if len(_listings) > _MOST_LISTINGS:
            _listings.popitem(last=False)
    return listing


def _find(file: h5py.File, name: str, selection: Selection) -> _Listing:
    problems: list[Problem] = []
    try:
        dialect = dialect_of(file)
        pairs = tuple(DIALECTS[dialect](file, selection, problems))
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error
    if not pairs:
        raise selection.nothing_found(name, problems)
    return _Listing(dialect, pairs, (*problems, *selection.problems()))


def _dialect_name(listing: _Listing) -> str:
    """Return the dialect's name for people: MIES is VU's if any stimulus set is theirs."""
    if listing.dialect == "MIES" and any(pair.raw_protocol in VU_PROTOCOLS for pair in listing.pairs):
        return "VU"
    return listing.dialect


class _LazyPair:
    """One sweep of an open file."""

    def __init__(self, file: h5py.File, pair: Pair, dialect: str, toff: Any):
        self.file = file
        self.pair = pair
        self.dialect = dialect
        self.toff = toff

    def _series(self) -> tuple[Series, Series]:
        try:
            voltage, current = self.file[self.pair.voltage], self.file[self.pair.current]
        except KeyError as error:
            raise ReadError(f"its series can't be opened: {error}") from error
        return Series(voltage, "volts"), Series(current, "amperes")

    def _clock(self, voltage: Series, current: Series) -> Series:
        first, second = (current, voltage) if self.pair.clock == "current" else (voltage, current)
        return first if first.clock is not None or second.clock is None else second

    def describe(self) -> SweepInfo:
        """Return what is known without the samples; what can't be known is None."""
        pair = self.pair
        try:
            voltage, current = self._series()
            clock = self._clock(voltage, current)
            n = pair.v_window[1] if pair.v_window else voltage.n_samples
            step = step_in_ms(clock.step(every_stamp=False), clock.t_unit)
            units = voltage.unit, current.unit
        except ReadError:
            return SweepInfo(pair.id, pair.protocol, pair.repetition)
        return SweepInfo(pair.id, pair.protocol, pair.repetition, n, step, *units)

    def load(self, problems: list[Problem]) -> Sweep:
        """Read the sweep. Raises ReadError."""
        voltage, current = self._series()
        clock = self._clock(voltage, current)
        sweep: Sweep = {"dt": clock.step(), "t_unit": clock.t_unit, "id": self.pair.id}
        sweep |= {"repetition": self.pair.repetition, "protocol": self.pair.protocol}
        _same_rate(voltage, current)
        self._fill(sweep, voltage, current, problems)
        if self.dialect == "MIES":
            self._finish_mies(sweep, voltage, problems)
        return sweep

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
        sweep["voltage"] = voltage.samples(v_conversion, pair.v_window)
        if min(n_v, n_i) > 1 and abs(n_v - n_i) > TINY_DIFFERENCE:
            # Left unread: a current that claims more than it should costs no memory.
            raise ReadError(
                f"the voltage has {n_v} samples and the current {n_i}: they don't belong together, or one is "
                "cut."
            )
        sweep["current"] = current.samples(i_conversion, pair.i_window)
        if is_current_unit(v_unit) and is_voltage_unit(i_unit):
            v_unit, i_unit = _exchanged_units(sweep, v_unit, i_unit, problems)
        sweep["v_unit"], sweep["i_unit"] = v_unit, i_unit

    def _finish_mies(self, sweep: Sweep, voltage: Series, problems: list[Problem]) -> None:
        """Cut what was never acquired, add the holding current, take the test pulse out (VU's rules)."""
        cut_missing_tail(sweep)
        duration = len(sweep["current"]) * sweep["dt"] * 1000
        if isinstance(self.toff, (int, float)) and self.toff > duration:
            raise LeftOutError(
                f"it ends at {duration:g} ms, before the stimulus does (toff = {self.toff:g} ms): left out."
            )
        sweep["current"] = sweep["current"] + _holding_current(voltage)
        if self.pair.raw_protocol in VU_WITH_TEST_PULSE:
            take_test_pulse_out(sweep, self.pair.id, problems)


def _same_rate(voltage: Series, current: Series) -> None:
    if voltage.clock is None or current.clock is None:
        return
    dt_v, dt_i = voltage.step(every_stamp=False), current.step(every_stamp=False)
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


def _holding_current(voltage: Series) -> float:
    """Return the amplifier's bias current, A. Files give it in pA or in A; no cell is held at 100 nA."""
    bias = voltage.number("bias_current")
    if bias is None or not np.isfinite(bias):
        return 0.0
    return bias if abs(bias) < 1e-7 else bias * 1e-12
