"""Timings that miss the current are told; a sweep of 0 pA is not taken for one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from .test_levels import ONE, between, drawn, duration, noise, read, times


def told(recording):
    return [problem for problem in recording.problems if "miss the stimulus" in problem.message]


#: Timings behind the stimulus, in a stretch that is baseline
BESIDE = {
    "Step": {"ton": 620.0, "toff": 980.0},
    "Ramp": {"ton": 620.0, "toff": 980.0},
    "HyperDePol": {"ton": 620.0, "tmid": 800.0, "toff": 980.0},
    "DeHyperPol": {"ton": 620.0, "tmid": 800.0, "toff": 980.0},
    "SpikeRec": {"delay": 600.0},
    "CapCheck": {"ton": 620.0, "toff": 820.0},
}


@pytest.mark.parametrize("up", [1.0, -1.0])
@pytest.mark.parametrize("family", list(BESIDE))
def test_timings_beside_the_current_are_told_with_where_it_is(family, up):
    t = times(duration(family), 0.1)
    current, timings, _ = drawn(family, t, up)
    current = current - 0.05 + noise(len(t), 0.001)
    assert not told(read(family, current, 0.1, **timings))
    found = read(family, current, 0.1, **BESIDE[family])
    (problem,) = told(found)
    assert problem.severity == "warning"
    assert abs(found.amp) < 0.01
    if family == "Step":
        highest, first, last = map(
            float, re.search(r"but (.+) pA between (.+) and (.+) ms", problem.message).groups()
        )
        assert (highest, first, last) == (pytest.approx(300 * up, abs=3), 200.0, 600.0)


def test_a_sweep_without_current_beside_a_test_pulse_is_none():
    t = times(1000.0, 0.1)
    pulse = 0.05 * between(t, 20, 60) + noise(len(t), 0.001)
    assert not told(read("Step", pulse, 0.1, **ONE))
    assert not told(read("Step", noise(len(t), 0.001), 0.1, **ONE))


def test_an_amplitude_that_was_said_is_believed():
    t = times(1000.0, 0.1)
    current = 0.3 * between(t, 200, 600) + noise(len(t), 0.001)
    assert told(read("Step", current, 0.1, ton=620.0, toff=980.0))
    assert not told(read("Step", current, 0.1, ton=620.0, toff=980.0, amp=0.0))
    assert np.isclose(read("Step", current, 0.1).amp, 0.3, atol=1e-3)
