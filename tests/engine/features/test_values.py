"""Feature values, checked against eFEL's own API called by hand."""

from __future__ import annotations

import efel
import numpy as np
import pytest

from efewidgets.engine.features import feature_values, reduce
from efewidgets.engine.problems import EfeError


def spiking(n=20_000, dt=0.05, on=200.0, off=800.0):
    """Make a trace with a step response and sixteen triangular spikes on it."""
    t = np.arange(n) * dt
    v = -75.0 + 10.0 * ((t >= on) & (t < off)) * (1 - np.exp(-(t - on) / 15.0))
    for peak in np.linspace(on + 20, off - 20, 16):
        v += 90.0 * np.clip(1 - np.abs(t - peak) / 1.2, 0, None)
    return t, v


def test_equals_efel_with_these_settings():
    t, v = spiking()
    names = ["peak_time", "AP_amplitude", "voltage_base", "ISI_CV"]
    values = feature_values(t, v, None, 200, 800, names, {"Threshold": -30, "interp_step": 0.025})
    efel.reset()
    efel.set_setting("Threshold", -30.0)
    efel.set_setting("interp_step", 0.025)
    trace = {"T": t, "V": v, "stim_start": [200], "stim_end": [800]}
    expected = efel.get_feature_values([trace], names, raise_warnings=False)[0]
    for name in names:
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-15)
    assert len(values["peak_time"]) == 16
    assert list(values) == names


def test_leaves_the_users_settings_alone():
    t, v = spiking()
    efel.reset()
    efel.set_setting("Threshold", 5.0)
    held = efel.get_settings()
    values = feature_values(t, v, None, 200, 800, ["peak_time"], {"Threshold": 40.0, "stimulus_current": 1})
    assert values["peak_time"] is None
    assert efel.get_settings() is held
    assert efel.get_settings().Threshold == 5.0
    assert not hasattr(efel.get_settings(), "stimulus_current")
    efel.reset()


def test_nothing_is_left_over_from_the_call_before():
    t, v = spiking()
    alone = feature_values(t, v, None, 200, 800, ["ohmic_input_resistance"])
    assert alone["ohmic_input_resistance"] is None  # no current given
    given = feature_values(t, v, None, 200, 800, ["ohmic_input_resistance"], {"stimulus_current": 1})
    assert given["ohmic_input_resistance"] is not None  # a whole number is a current too
    again = feature_values(t, v, None, 200, 800, ["ohmic_input_resistance"])
    assert again["ohmic_input_resistance"] is None


def test_unusable_traces_are_refused():
    t, v = spiking()
    for bad in (
        (t[:-1], v, 200, 800),
        (t[::-1], v, 200, 800),
        (t[:2], v[:2], 200, 800),
        (t, v, 800, 200),
        (t, v, float("nan"), 200),
    ):
        with pytest.raises(EfeError):
            feature_values(bad[0], bad[1], None, bad[2], bad[3], ["voltage_base"])


def test_reduce():
    assert reduce([1.0, None, 2.0]) == 1.5
    assert reduce(np.array([1, 2])) == 1.5
    assert reduce([1.0, float("nan")]) == 1.0
    for nothing in (None, [], [None], [float("nan")], [float("inf"), 1.0], [float("-inf")]):
        assert np.isnan(reduce(nothing))
