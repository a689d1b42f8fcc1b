"""The stimuli against their definitions and against those that BluePyEfe rebuilds."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.datasets import stimuli

DT = 0.1


def test_step() -> None:
    current = stimuli.step(0.2, 10.0, 30.0, 50.0, DT, holding=-0.05)
    assert current.shape == (500,)
    np.testing.assert_array_equal(np.unique(current[:100]), [-0.05])
    np.testing.assert_array_equal(np.unique(current[300:]), [-0.05])
    np.testing.assert_allclose(current[100:300], 0.15)


def test_times_that_floats_cannot_hold_fall_on_their_sample() -> None:
    current = stimuli.step(1.0, 0.7, 1.1, 2.0, 0.1)  # 0.7 / 0.1 is 6.999…
    assert np.flatnonzero(current).tolist() == [7, 8, 9, 10]


def test_sahp() -> None:
    current = stimuli.sahp(0.1, 0.3, 10.0, 20.0, 25.0, 40.0, 50.0, DT, holding=-0.02)
    levels = {10: -0.02, 150: 0.08, 220: 0.28, 300: 0.08, 450: -0.02}
    assert {k: pytest.approx(current[k]) for k in levels} == levels
    assert list(np.flatnonzero(np.abs(np.diff(current)) > 1e-9)) == [99, 199, 249, 399]


def test_ramp() -> None:
    current = stimuli.ramp(0.3, 10.0, 40.0, 50.0, DT, holding=0.01)
    assert current[100] == pytest.approx(0.01)
    assert current[399] == pytest.approx(0.31)
    assert current[400] == pytest.approx(0.01)
    np.testing.assert_allclose(np.diff(current[100:400]), 0.3 / 299)


def test_chirp_sweeps_from_one_to_over_200_hertz() -> None:
    dt = 0.02
    current = stimuli.chirp(1.0, 150.0, 5100.0, 5300.0, dt, holding=0.5) - 0.5
    assert np.all(current[: round(150 / dt)] == 0)
    assert np.all(current[round(5100 / dt) :] == 0)
    assert np.abs(current).max() == pytest.approx(1.0, abs=1e-3)
    rising = np.flatnonzero((current[:-1] < 0) & (current[1:] >= 0)) * dt
    frequency = 1e3 / np.diff(rising)
    u = rising[1:] * 1e-3 - 0.1  # s; slope of the phase (1 + 1 / (5.15 - u)) u
    assert frequency[0] == pytest.approx(1.0 + 5.15 / (5.15 - u[0]) ** 2, rel=0.05)
    late = np.searchsorted(rising, 5000.0) - 1
    assert frequency[late] == pytest.approx(1.0 + 5.15 / (5.15 - u[late]) ** 2, rel=0.05)
    assert 70.0 < frequency[late] < 90.0
    assert 180.0 < frequency[-1] < 240.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("ecode", "draw", "timings"),
    [
        ("step.Step", stimuli.step, {"ton": 20.0, "toff": 80.0}),
        ("ramp.Ramp", stimuli.ramp, {"ton": 20.0, "toff": 80.0}),
        ("sAHP.SAHP", stimuli.sahp, {"ton": 20.0, "tmid": 40.0, "tmid2": 50.0, "toff": 80.0}),
        ("sineSpec.SineSpec", stimuli.chirp, {"ton": 150.0, "toff": 5100.0}),
    ],
)
def test_the_peer_rebuilds_the_same_current(ecode: str, draw: object, timings: dict[str, float]) -> None:
    module, name = ecode.split(".")
    family = getattr(pytest.importorskip(f"bluepyefe.ecode.{module}"), name)
    tend = 5300.0 if name == "SineSpec" else 100.0
    amps = {"amp": 0.2, "amp2": 0.35} if name == "SAHP" else {"amp": 0.2}
    recording = family.__new__(family)
    chirp = {
        "chirp_frequency_base": 1.0,
        "chirp_frequency_scale": 1.0,
        "chirp_frequency_denominator": 5.15,
        "chirp_time_offset": 0.1,
    }
    vars(recording).update(timings | amps | chirp | {"tend": tend, "hypamp": -0.03, "dt": DT})
    _, expected = recording.generate()
    current = draw(**amps, **timings, duration=tend, dt=DT, holding=-0.03)  # type: ignore[operator]
    np.testing.assert_allclose(current, expected, atol=1e-9)
