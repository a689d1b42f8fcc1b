"""Are these samples a recording? Lengths, missing values, sampling step and units of one sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..long.array import LongArray, lean
from ..problems import Problem, ReadError
from ..units import canonical_unit, is_current_unit, is_voltage_unit, to_ms
from .clamp import check_clamp
from .padding import find_gaps, never_recorded

# Amplifiers stop their channels a sample or two apart; more than that is another recording.
TINY_DIFFERENCE = 2
# From 1 MHz (no electrode is that fast) to 200 Hz (spikes would fall between the samples).
_MIN_STEP_MS, _MAX_STEP_MS = 1e-3, 5.0


def check_sweep(
    sweep: Mapping[str, Any], metadata: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """Return the sweep with voltage and current as arrays (n,) of equal length, finite throughout.

    What was cut or doubtful is added to `problems`. Raises ReadError if the sweep can't be used.
    """
    sweep = dict(sweep)
    for name in ("voltage", "current"):
        sweep[name] = as_samples(name, sweep.get(name))
    _equal_lengths(sweep, problems)
    step = _check_step(sweep, metadata, problems)
    cut = cut_missing_tail(sweep)
    if cut:
        n = len(sweep["voltage"])
        problems.append(
            Problem(
                f"the last {cut} samples hold no numbers and are left out; it ends at {n * step:g} ms.",
                "warning",
                "file",
            )
        )
    _check_finite(sweep, step)
    _cut_padding(sweep, step, problems)
    for key, known, quantity in (
        ("v_unit", is_voltage_unit, "voltage"),
        ("i_unit", is_current_unit, "current"),
    ):
        _check_unit(key, known, quantity, sweep, metadata, problems)
    check_clamp(sweep, metadata, step)
    return sweep


def as_samples(name: str, values: Any) -> np.ndarray:
    """Return samples as an array (n,) of floating-point numbers, a `LongArray` if it is long; or raise ReadError."""
    if values is None:
        raise ReadError(f"there is no {name}.")
    array = values if isinstance(values, LongArray) else np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ReadError(f"the {name} holds {array.dtype} instead of numbers.")
    if array.ndim == 2 and 1 in array.shape:
        array = array.ravel()
    if array.ndim != 1:
        raise ReadError(f"the {name} has the shape {array.shape}: expected one row of samples a sweep.")
    if array.dtype.kind != "f":
        return lean(array).astype(np.float64)
    return lean(array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("=")))


def _equal_lengths(sweep: dict[str, Any], problems: list[Problem]) -> None:
    n_v, n_i = len(sweep["voltage"]), len(sweep["current"])
    shortest = min(n_v, n_i)
    if shortest < 2:
        which = "no samples" if shortest == 0 else "only one sample"
        raise ReadError(f"the {'voltage' if n_v <= n_i else 'current'} has {which}.")
    if abs(n_v - n_i) > TINY_DIFFERENCE:
        raise ReadError(
            f"the voltage has {n_v} samples and the current {n_i}: they don't belong together, or one is cut."
        )
    if n_v != n_i:
        for name in ("voltage", "current"):
            sweep[name] = sweep[name][:shortest]
        problems.append(
            Problem(
                f"the voltage has {n_v} samples and the current {n_i}: both are cut to {shortest}.",
                "warning",
                "file",
            )
        )


def cut_missing_tail(sweep: dict[str, Any]) -> int:
    """Cut, in place, what follows the last sample at which voltage and current are numbers; return how much.

    A missing value in the middle is not a tail, and stays.
    """
    n = len(sweep["voltage"])
    keep = n
    for name in ("voltage", "current"):
        if np.isnan(sweep[name][-1]):
            present = np.flatnonzero(~np.isnan(sweep[name]))
            keep = min(keep, int(present[-1]) + 1 if present.size else 0)
    if 2 <= keep < n:
        for name in ("voltage", "current"):
            sweep[name] = sweep[name][:keep]
        return n - keep
    return 0


def _check_finite(sweep: Mapping[str, Any], step: float) -> None:
    for name in ("voltage", "current"):
        finite = np.isfinite(sweep[name])
        if finite.all():
            continue
        bad = np.flatnonzero(~finite)
        if bad.size == len(sweep[name]):
            raise ReadError(f"the {name} holds no numbers at all (NaN throughout).")
        if bad.size:
            first = int(bad[0])
            what = "missing or infinite values" if bad.size > 1 else "a missing or infinite value"
            count = f"{bad.size} samples" if bad.size > 1 else "1 sample"
            raise ReadError(
                f"the {name} has {what} ({count}, the first at {first * step:g} ms, sample {first}). "
                "The sweep is left out: features computed across a gap would be wrong."
            )


def _cut_padding(sweep: dict[str, Any], step: float, problems: list[Problem]) -> None:
    """Cut, in place, a tail that was filled in after a stop; raise ReadError for a stretch elsewhere."""
    if never_recorded(sweep["voltage"]):
        raise ReadError(
            f"the voltage is {sweep['voltage'][-1] + 0.0:g} all along, as no electrode is: nothing was recorded, or "
            "it was filled in. The sweep is left out."
        )
    gaps = find_gaps(sweep["voltage"], sweep["current"], step)
    if not gaps:
        return
    n, first, last = len(sweep["voltage"]), gaps[0], gaps[-1]
    if first.stop < n:
        more = f" (and in {len(gaps) - 1} more stretches)" if len(gaps) > 1 else ""
        raise ReadError(
            f"the voltage stands still at {first.value:g} from {first.start * step:g} to {first.stop * step:g} ms"
            f"{more}, as no electrode does: these samples were filled in, not recorded. The sweep is left out: "
            "features computed across a gap would be wrong."
        )
    for name in ("voltage", "current"):
        sweep[name] = sweep[name][: last.start]
    problems.append(
        Problem(
            f"the voltage stands still at {last.value:g} from {last.start * step:g} ms to the end "
            f"({n * step:g} ms), as no electrode does: the recording was stopped, and the rest filled in. That rest "
            "is left out.",
            "warning",
            "file",
        )
    )


def _check_step(sweep: dict[str, Any], metadata: Mapping[str, Any], problems: list[Problem]) -> float:
    """Return the sampling step in ms that will be used, after checking that there can be such a step."""
    given, found = metadata.get("dt"), sweep.get("dt")
    dt = found if given is None else given
    unit = metadata.get("t_unit") or sweep.get("t_unit")
    if dt is None:
        raise ReadError("the file doesn't say its sampling step. Add 'dt' (and 't_unit') to the metadata.")
    if isinstance(dt, bool) or not isinstance(dt, (int, float, np.integer, np.floating)):
        raise ReadError(f"the sampling step dt must be a number, but is {dt!r}.")
    if not (np.isfinite(dt) and dt > 0):
        raise ReadError(f"the sampling step dt must be greater than zero, but is {dt!r}.")
    if not unit:
        raise ReadError("the file doesn't say its unit of time. Add 't_unit' ('s' or 'ms') to the metadata.")
    step = float(to_ms(dt, unit))
    if not _MIN_STEP_MS <= step <= _MAX_STEP_MS:
        raise ReadError(
            f"a sampling step of {dt:g} {unit} would be {1e3 / step:g} samples per second, which is no "
            "recording of spikes. Check 'dt' and 't_unit' in the metadata."
        )
    if found is not None and sweep.get("t_unit"):
        in_file = float(to_ms(found, sweep["t_unit"]))
        if abs(in_file - step) > 1e-3 * step:
            problems.append(
                Problem(
                    f"the metadata give a sampling step of {step:g} ms, the file says {in_file:g} ms: "
                    "the metadata are used.",
                    "warning",
                    "unit",
                )
            )
    return step


def _check_unit(
    key: str,
    known: Any,
    quantity: str,
    sweep: Mapping[str, Any],
    metadata: Mapping[str, Any],
    problems: list[Problem],
) -> None:
    given, found = metadata.get(key), sweep.get(key)
    unit = found if given in (None, "") else given
    choices = "'V', 'mV', 'uV'" if quantity == "voltage" else "'A', 'mA', 'uA', 'nA', 'pA'"
    if unit is None or unit == "":
        raise ReadError(
            f"the file doesn't say the unit of its {quantity}. Add {key!r} ({choices}) to the metadata."
        )
    if not known(unit):
        place = "file" if given in (None, "") else "metadata"
        raise ReadError(
            f"{unit!r}, the unit of the {quantity} in the {place}, is not known. Set {key!r} in the metadata "
            f"to one of {choices}."
        )
    if given and known(found) and canonical_unit(given) != canonical_unit(found):
        problems.append(
            Problem(
                f"the metadata give the {quantity} in {given!r}, the file in {found!r}: the former is used.",
                "warning",
                "unit",
            )
        )
