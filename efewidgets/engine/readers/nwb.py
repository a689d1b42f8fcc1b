"""Neurodata Without Borders (.nwb), versions 1 and 2, in the arrangements of several laboratories."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np

from ..problems import Problem, ReadError
from ..units import canonical_unit, is_current_unit, is_voltage_unit
from .checks import cut_missing_tail
from .files import existing_file, main_path
from .inspection import Contents, LazySweep, LeftOutError, Sweep, SweepInfo, step_in_ms
from .nwb_dialects import DIALECTS, VU_PROTOCOLS, VU_WITH_TEST_PULSE, dialect_of, mies_dialect
from .nwb_selection import Pair, Selection
from .nwb_series import Series

_TEST_PULSE_S = 0.090


@contextmanager
def open_nwb(metadata: Mapping[str, Any]) -> Iterator[Contents]:
    """Yield the sweeps that ``protocol_name``, ``repetition`` and ``v_file`` choose (all, if not given)."""
    path = existing_file(main_path(metadata))
    name = os.path.basename(path)
    try:
        file = h5py.File(path, "r", locking="best-effort")
    except OSError as error:
        raise ReadError(f"{name} isn't a whole NWB (HDF5) file: {_reason(error)}") from error
    with file:
        yield _contents(file, name, metadata)


def _reason(error: OSError) -> str:
    words = str(error)
    if "truncated" in words:
        return "it was cut short. Copy it again."
    if "signature" in words:
        return "its contents are something else."
    return words


def _contents(file: h5py.File, name: str, metadata: Mapping[str, Any]) -> Contents:
    selection = Selection.of(metadata)
    contents = Contents("NWB")
    try:
        dialect = dialect_of(file)
    except ReadError as error:
        raise ReadError(f"{name}: {error}") from error
    pairs = list(DIALECTS[dialect](file, selection, contents.problems))
    contents.dialect = mies_dialect(pairs) if dialect == "MIES" else dialect
    if not pairs:
        raise selection.nothing_found(name)
    if selection.missing_repetitions():
        contents.problems.append(_missing_repetitions(selection))
    contents.sweeps = [LazySweep(_info(pair), _loader(pair, dialect, metadata)) for pair in pairs]
    return contents


def _missing_repetitions(selection: Selection) -> Problem:
    missing = ", ".join(str(r) for r in selection.missing_repetitions())
    if not selection.seen_repetitions:
        return Problem("the file doesn't number its repetitions: 'repetition' is ignored.", "warning", "file")
    there = ", ".join(str(r) for r in sorted(selection.seen_repetitions))
    return Problem(f"there is no repetition {missing}; there are {there}.", "error", "file")


def _info(pair: Pair) -> SweepInfo:
    voltage, current = Series(pair.voltage, "volts"), Series(pair.current, "amperes")
    try:
        clock = _clock(pair, voltage, current)
        dt_ms = step_in_ms(clock.step(check=False), clock.t_unit())
        n, units = voltage.n_samples, (voltage.unit, current.unit)
    except ReadError:
        return SweepInfo(pair.id, pair.protocol, pair.repetition)
    return SweepInfo(pair.id, pair.protocol, pair.repetition, n, dt_ms, *units)


def _clock(pair: Pair, voltage: Series, current: Series) -> Series:
    first, second = (current, voltage) if pair.clock == "current" else (voltage, current)
    return first if first.has_clock() or not second.has_clock() else second


def _loader(pair: Pair, dialect: str, metadata: Mapping[str, Any]) -> Any:
    def load(problems: list[Problem]) -> Sweep:
        voltage, current = Series(pair.voltage, "volts"), Series(pair.current, "amperes")
        clock = _clock(pair, voltage, current)
        sweep = {"dt": clock.step(), "t_unit": clock.t_unit(), "id": pair.id, "repetition": pair.repetition}
        sweep["protocol"] = pair.protocol
        _same_rate(voltage, current)
        _fill_samples(sweep, voltage, current, dialect, problems)
        if dialect == "MIES":
            _finish_mies(sweep, pair, voltage, metadata, problems)
        return sweep

    return load


def _same_rate(voltage: Series, current: Series) -> None:
    if not (voltage.has_clock() and current.has_clock()):
        return
    dt_v, dt_i = voltage.step(check=False), current.step(check=False)
    if abs(dt_v - dt_i) > 1e-6 * dt_v:
        raise ReadError(
            f"the voltage is sampled at {1 / dt_v:g} Hz and the current at {1 / dt_i:g} Hz: resample one."
        )


def _fill_samples(
    sweep: Sweep, voltage: Series, current: Series, dialect: str, problems: list[Problem]
) -> None:
    """Put the samples and their units into the sweep; put units right that were exchanged."""
    v_unit, i_unit = voltage.unit, current.unit
    v_conversion = i_conversion = None
    if dialect == "TRT" and v_unit == i_unit == "volts" and _conversions(voltage, current) == (1e-12, 1e-3):
        # Some of these files give the voltage the current's conversion and the other way round.
        v_conversion, i_conversion, i_unit = 1e-3, 1e-12, "amperes"
        problems.append(
            Problem("voltage and current had each other's conversion factors: put right.", "warning", "unit")
        )
    if voltage.n_samples <= 1 or abs(voltage.n_samples - current.n_samples) <= 2:
        sweep["voltage"], sweep["current"] = voltage.samples(v_conversion), current.samples(i_conversion)
    else:
        # Not read: so a current that claims more than it has costs no memory.
        raise ReadError(
            f"the voltage has {voltage.n_samples} samples and the current {current.n_samples}: they don't "
            "belong together, or one is cut."
        )
    if is_current_unit(v_unit) and is_voltage_unit(i_unit):
        v_unit, i_unit = _exchanged_units(sweep, v_unit, i_unit, problems)
    sweep["v_unit"], sweep["i_unit"] = v_unit, i_unit


def _conversions(*series: Series) -> tuple[float, ...]:
    return tuple(float(s.data.attrs.get("conversion", 1.0)) for s in series)


def _exchanged_units(sweep: Sweep, v_unit: str, i_unit: str, problems: list[Problem]) -> tuple[str, str]:
    """Return the units where the file gives each channel the other's, if the samples say so."""
    with np.errstate(all="ignore"):
        rest, peak = np.nanmedian(np.abs(sweep["voltage"])), np.nanmax(np.abs(sweep["current"]))
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


def _finish_mies(
    sweep: Sweep, pair: Pair, voltage: Series, metadata: Mapping[str, Any], problems: list[Problem]
) -> None:
    """Cut what was never acquired, add the holding current, and take the test pulse out (VU's rules)."""
    cut_missing_tail(sweep)
    toff = metadata.get("toff")
    duration = len(sweep["current"]) * sweep["dt"] * 1000
    if isinstance(toff, (int, float)) and toff > duration:
        raise LeftOutError(f"it ends at {duration:g} ms, before the stimulus does (toff = {toff:g} ms).")
    sweep["current"] = sweep["current"] + _holding_current(voltage)
    if pair.raw_protocol in VU_PROTOCOLS and pair.raw_protocol in VU_WITH_TEST_PULSE:
        end = int(_TEST_PULSE_S / sweep["dt"])
        for name in ("voltage", "current"):
            if end < len(sweep[name]):
                sweep[name][:end] = sweep[name][end]


def _holding_current(voltage: Series) -> float:
    """Return the amplifier's bias current, A. Files give it in pA or in A; no cell is held at a µA."""
    bias = voltage.number("bias_current")
    if bias is None or not np.isfinite(bias):
        return 0.0
    return bias if abs(bias) < 1e-7 else bias * 1e-12
