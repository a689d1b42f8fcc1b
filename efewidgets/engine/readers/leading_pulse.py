"""Taking the test pulse out of a sweep whose first part holds no more than one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..problems import Problem

#: how long the part is in which the Vrije Universiteit's stimulus sets may have a test pulse, s
UNTIL = 0.090
SIDE = 0.005  # s that tell a level
BLOCK = 0.001  # s
CLEAR = 6.0  # times the noise of a block: the current is elsewhere
PART = 0.1  # of the largest deviation, likewise


def take_test_pulse_out(sweep: dict[str, Any], name: str, problems: list[Problem]) -> None:
    """Replace the first 90 ms of voltage and current by their values at 90 ms, if they hold no more than a test pulse.

    They don't if the current has not come back to its baseline by 90 ms. The baseline is what most agree on of
    the first 5 ms, the 5 ms before 90 ms, and the last 5 ms of the sweep. A stimulus that is on at 90 ms stays.

    Parameters
    ----------
    sweep : dict
        Holds current and voltage, arrays (n,), and dt (s). Changed in place.
    name : str
        What the sweep is called.
    problems : list of Problem
        A note is added where something was replaced, a warning where a stimulus was seen instead.
    """
    # Rounded down, as BluePyEfe does: at 10 kHz, sample 899.
    end, current = int(UNTIL / sweep["dt"]), sweep["current"]
    if end >= len(current) or not np.isfinite(current[:end]).all():
        return
    side, width = max(1, round(SIDE / sweep["dt"])), max(1, round(BLOCK / sweep["dt"]))
    x = np.asarray(current, dtype=np.float64)
    levels = [float(np.median(part)) for part in (x[:side], x[end - side : end], x[-side:])]
    base = float(np.median(levels))
    means = np.median(x[: end // width * width].reshape(-1, width), axis=1) - base
    spread = np.abs(np.diff(means))
    noise, most = 1.05 * float(np.median(spread)), float(np.abs(means).max())
    far = max(CLEAR * noise, PART * most)
    if abs(levels[1] - base) > far:
        problems.append(
            Problem(
                "a stimulus is on at 90 ms: the first 90 ms, which hold a test pulse in sweeps of this name, were "
                "left as they are.",
                "warning",
                "stimulus",
                recording=name,
            )
        )
        return
    for key in ("voltage", "current"):
        if end < len(sweep[key]):
            sweep[key][:end] = sweep[key][end]
    if most <= CLEAR * noise:  # nothing but noise was replaced
        return
    problems.append(
        Problem(
            "the first 90 ms hold a test pulse: they were replaced by the values at 90 ms.",
            "note",
            "stimulus",
            recording=name,
        )
    )
