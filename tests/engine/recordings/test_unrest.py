"""A holding current that was measured in the stimulus, because timings were dragged behind it, is told."""

from __future__ import annotations

import numpy as np
import pytest

from .test_levels import ONE, between, drawn, duration, noise, read, times

HELD = -0.05  # nA


def told(recording):
    return [problem for problem in recording.problems if "not at rest" in problem.message]


def moved(timings, share, length):
    """Timings later by a share of the stimulus; those behind the end of the sweep crowd before it."""
    first, last = min(timings.values()), max(timings.values())
    begin, end = first + share * (last - first), min(last + share * (last - first), length - 1.0)
    return {name: begin + (ms - first) / (last - first) * (end - begin) for name, ms in timings.items()}


@pytest.mark.parametrize("up", [1.0, -1.0])
@pytest.mark.parametrize("share", [0.5, 0.9, 1.02])
@pytest.mark.parametrize("family", ["PosCheops", "NegCheops", "SAHP"])
def test_a_holding_current_that_was_measured_in_the_stimulus_is_told(family, share, up):
    t = times(duration(family), 0.1)
    current, timings, _ = drawn(family, t, up)
    current = current + HELD + noise(len(t), 0.005)
    right = read(family, current, 0.1, **timings)
    assert not right.problems
    assert right.hypamp == pytest.approx(HELD, abs=2e-3)
    found = read(family, current, 0.1, **moved(timings, share, duration(family)))
    if abs(found.hypamp - HELD) > 0.01:
        warnings = [problem for problem in found.problems if problem.severity == "warning"]
        assert warnings, (found.hypamp, found.amp)
    if family == "SAHP" and share == 1.02:
        (problem,) = told(found)
        assert f"holding current of {1e3 * found.hypamp:.4g} pA is not certain" in problem.message
        assert not told(read(family, current, 0.1, **moved(timings, share, duration(family)), hypamp=HELD))


def test_an_sahp_whose_timings_lie_before_it_is_told():
    t = times(1000.0, 0.1)
    current, _, _ = drawn("SAHP", t)
    found = read("SAHP", current + HELD, 0.1, ton=10.0, tmid=70.0, tmid2=100.0, toff=190.0)
    assert found.hypamp == pytest.approx(HELD + 0.1, abs=1e-3)  # that of the long step behind them
    assert told(found)


def test_noise_alone_is_no_stimulus():
    """A sweep of 0 pA has no amplitude that a baseline could be compared with."""
    t = times(1000.0, 0.1)
    for seed in range(20):
        current = HELD + noise(len(t), 0.02, seed)
        assert not told(read("Step", current, 0.1, ton=200.0, toff=600.0))
        assert not told(read("SAHP", current, 0.1, ton=200.0, tmid=400.0, tmid2=500.0, toff=800.0))


def test_what_stands_before_a_stimulus_may_be_a_test_pulse_or_drift():
    t = times(1000.0, 0.1)
    pulse = 0.2 * between(t, 20, 60)
    hum = 0.02 * np.sin(2 * np.pi * 0.05 * t)
    drift = 5e-5 * t
    for amp in (0.0, 0.05, 0.3):
        current = HELD + amp * between(t, 200, 600) + pulse + hum + drift + noise(len(t), 0.01)
        assert not told(read("Step", current, 0.1, **ONE)), amp
