"""Voltage and current on one clock: each channel of a sweep may say when its first sample was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kinds import TEXT, Kind
from ..problems import Problem, ReadError

ALIGNMENT = "alignment"
_CHOICES = ("time", "samples")
#: Metadata keys of all readers whose channels have clocks of their own
KEYS: dict[str, Kind] = {
    ALIGNMENT: TEXT.about(
        "Alignment",
        "How voltage and current lie on each other: by the times at which they began, or sample by sample.",
        choices=_CHOICES,
    )
}
# A converter that takes its channels in turn is a sample late with the second; so are times that were rounded.
_SAME = 1
_WAY_OUT = f"If both began at once, add {ALIGNMENT!r}: 'samples' to the metadata."


@dataclass(frozen=True)
class Overlap:
    """How two channels lie on the clock of the voltage, in samples.

    Parameters
    ----------
    before : int
        Samples of the voltage before the current begins.
    skipped : int
        Samples of the current before the voltage begins.
    n : int
        Samples of the sweep: from the first of the voltage to the last that both have.
    """

    before: int
    skipped: int
    n: int


def by_samples(metadata: Mapping[str, Any]) -> bool:
    """Whether a person says that the first samples belong together, whatever the clocks say. Raises ReadError."""
    chosen = metadata.get(ALIGNMENT, "time")
    if chosen not in _CHOICES:
        raise ReadError(f"{ALIGNMENT!r} must be one of {', '.join(map(repr, _CHOICES))}, but is {chosen!r}.")
    return bool(chosen == "samples")


def overlap(v_start: float | None, i_start: float | None, step: float, n_v: int, n_i: int) -> Overlap | None:
    """Return how the channels lie, or None if they begin together or a clock isn't known.

    Parameters
    ----------
    v_start, i_start : float or None
        When the first samples were taken, ms; any origin that both have in common.
    step : float
        Sampling step, ms.
    n_v, n_i : int
        Number of samples.

    Raises
    ------
    ReadError
        If they don't overlap, or by less than half of the shorter one.
    """
    if v_start is None or i_start is None or not np.isfinite([v_start, i_start]).all():
        return None
    exact = (i_start - v_start) / step
    if abs(exact) < _SAME + 0.5:
        return None
    lag = round(exact)
    before, skipped = max(lag, 0), max(-lag, 0)
    n = min(n_v, before + n_i - skipped)
    shared = n - before
    if shared < 2 or 2 * shared < min(n_v, n_i):
        words = "don't overlap" if shared < 1 else f"have only {shared * step:g} ms in common"
        raise ReadError(
            f"by its clock the voltage lasts from {v_start:.10g} to {v_start + n_v * step:.10g} ms, the current from "
            f"{i_start:.10g} to {i_start + n_i * step:.10g} ms: they {words}. {_WAY_OUT}"
        )
    return Overlap(before, skipped, n)


def on_one_clock(
    sweep: dict[str, Any], found: Overlap | None, step: float, problems: list[Problem]
) -> dict[str, Any]:
    """Return the sweep with its current on the clock of the voltage, array (n,) each.

    Before the current begins it is taken to have been what it began with.

    Raises
    ------
    ReadError
        If it began with another level than it ended with, so that what it was before can't be told.
    """
    if found is None:
        return sweep
    current = np.asarray(sweep["current"]).ravel()
    if found.before:
        _check_rest(current, found.before * step, step)
    head = np.full(found.before, current[0], current.dtype)
    laid = np.concatenate([head, current[found.skipped :]])[: found.n]
    problems.append(Problem(_words(found, step), "warning", "file"))
    return sweep | {"voltage": np.asarray(sweep["voltage"]).ravel()[: found.n], "current": laid}


def _check_rest(current: np.ndarray, late: float, step: float) -> None:
    edge = max(1, min(round(1.0 / step), len(current) // 10))
    known = current[np.isfinite(current)]
    if len(known) < 2 * edge:
        return
    first, last = float(np.median(known[:edge])), float(np.median(known[-edge:]))
    if abs(first - last) > 0.1 * float(np.ptp(known)):
        raise ReadError(
            f"its current was stored {late:g} ms later than its voltage, and begins with another level than it ends "
            f"with: what it was before can't be told. {_WAY_OUT}"
        )


def _words(found: Overlap, step: float) -> str:
    if found.before:
        moved = (
            f"{found.before * step:g} ms later than the voltage, and is taken to have been the same before"
        )
    else:
        moved = f"{found.skipped * step:g} ms earlier than the voltage, and is cut"
    return (
        f"by the file's clocks the current begins {moved}: the two are laid together by time, from the voltage's "
        f"first sample on ({found.n * step:g} ms). {_WAY_OUT}"
    )
