"""Where features are measured: marks on traces that were made by hand, and levels held against eFEL's values."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.features.efel_features import feature_values
from efewidgets.engine.features.marks import BY_NAME, POINTS, marks, shown

DT, TON, TOFF, TEND = 0.1, 100.0, 300.0, 500.0
T = np.arange(0.0, TEND, DT)


def spiking():
    """Three spikes at 150, 200 and 250 ms: in 1 ms from -60 to 40 mV, in 2 ms to -70 mV, in 20 ms back."""
    v = np.full(len(T), -60.0)
    for at in (150.0, 200.0, 250.0):
        v += np.interp(T, [at - 1.0, at, at + 2.0, at + 22.0], [0.0, 100.0, -10.0, 0.0])
    return v


def passive():
    """From -70 mV by 20 ms to -90 mV and back, with a slow sag of 3 mV that grows while the current lasts."""
    inside = (T >= TON) & (T < TOFF)
    v = np.full(len(T), -70.0)
    v[inside] -= 20.0 * (1 - np.exp(-(T[inside] - TON) / 20.0)) - 3.0 * (T[inside] - TON) / (TOFF - TON)
    after = T >= TOFF
    v[after] -= 17.0 * np.exp(-(T[after] - TOFF) / 20.0)
    return v


def of(feature, v, **settings):
    return marks(feature, T, v, TON, TOFF, {"interp_step": DT, "Threshold": -20.0, **settings})


def value(feature, v, **settings):
    given = {"interp_step": DT, "Threshold": -20.0, "stimulus_current": -0.1, **settings}
    return feature_values(T, v, np.zeros(len(T)), TON, TOFF, [feature], given)[feature]


def test_begin_peak_and_ahp_are_where_the_spikes_were_drawn():
    found = of("AP_amplitude", spiking())
    begin, peak = (found.points[POINTS[key][1]] for key in ("begin", "peak"))
    np.testing.assert_allclose(peak[0], [150.0, 200.0, 250.0], atol=DT)
    np.testing.assert_allclose(peak[1], 40.0, atol=0.1)
    np.testing.assert_allclose(begin[0], [149.0, 199.0, 249.0], atol=2 * DT)
    np.testing.assert_allclose(
        [bar[1][1] - bar[1][0] for bar in found.bars], value("AP_amplitude", spiking())
    )
    lowest = of("AHP_depth_abs", spiking()).points["AHP"]
    np.testing.assert_allclose(lowest[0], [152.0, 202.0, 252.0], atol=DT)
    np.testing.assert_allclose(lowest[1], value("AHP_depth_abs", spiking()))


def test_half_width_is_a_level_bar_as_long_as_the_feature():
    """From half the way up (0.5 ms before the peak) to the same height on the way down (100 mV in 2 ms · 50/110)."""
    found = of("AP_duration_half_width", spiking())
    long = np.array([bar[0][1] - bar[0][0] for bar in found.bars])
    np.testing.assert_allclose(long, value("AP_duration_half_width", spiking()), atol=DT + 1e-9)
    np.testing.assert_allclose(long, 0.5 + 2.0 * 50 / 110, atol=3 * DT)
    assert all(bar[1][0] == bar[1][1] for bar in found.bars)


@pytest.mark.parametrize(
    ("feature", "level"),
    [
        ("voltage_base", lambda w: w["base"][2]),
        ("steady_state_voltage_stimend", lambda w: w["steady state"][2]),
        ("steady_state_voltage", lambda w: w["after the stimulus"][2]),
        ("voltage_after_stim", lambda w: w["middle of what is after it"][2]),
        ("voltage_deflection_vb_ssse", lambda w: w["steady state"][2] - w["base"][2]),
        ("voltage_deflection", lambda w: w["shortly before its end"][2] - w["before the stimulus"][2]),
        (
            "ohmic_input_resistance",
            lambda w: (w["shortly before its end"][2] - w["before the stimulus"][2]) / -0.1,
        ),
        ("ohmic_input_resistance_vb_ssse", lambda w: (w["steady state"][2] - w["base"][2]) / -0.1),
    ],
)
def test_the_levels_of_the_windows_give_the_feature(feature, level):
    assert level(of(feature, passive()).windows) == pytest.approx(value(feature, passive())[0], abs=1e-6)


def test_windows_follow_the_settings():
    found = of("voltage_base", passive(), voltage_base_start_perc=0.2, voltage_base_end_perc=0.5)
    begin, end, level = found.windows["base"]
    assert (begin, end, level) == (pytest.approx(20.0), pytest.approx(49.9), pytest.approx(-70.0))


def test_the_extreme_is_within_the_stimulus():
    found = of("minimum_voltage", passive()).points["lowest"]
    assert found[1][0] == pytest.approx(value("minimum_voltage", passive())[0])
    assert TON < found[0][0] < TOFF


def test_a_fit_is_the_decay_that_was_drawn():
    """The decay after the stimulus is exponential to the voltage before it: the fit lies on the trace."""
    time, voltage = of("decay_time_constant_after_stim", passive()).fits[0]
    np.testing.assert_allclose(voltage, -70.0 - 17.0 * np.exp(-(time - TOFF) / 20.0), atol=0.05)
    assert (time[0], time[-1]) == (pytest.approx(301.0, abs=DT), pytest.approx(310.0, abs=2 * DT))
    assert value("decay_time_constant_after_stim", passive())[0] == pytest.approx(20.0, rel=0.01)


def test_a_silent_trace_and_an_unknown_feature_have_no_marks():
    assert not of("AP_amplitude", passive())
    assert shown("impedance") is None
    assert not of("impedance", passive())


def test_every_feature_of_a_name_is_efels():
    for name in BY_NAME:
        of(name, spiking())
        value(name, spiking())  # raises if eFEL has none of that name
