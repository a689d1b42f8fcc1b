"""The features of a sweep by themselves: eFEL's vectors, one number of each, and values that can't be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from efewidgets.engine.recordings.features import Features, vectors
from efewidgets.engine.traces.trace import Trace


def passive(amp=-0.1, megohm=60.0):
    """-70 mV, and from 40 to 160 ms what a current of `amp` nA makes of it, a sample (0.1 ms) later."""
    on = np.zeros(2000)
    on[400:1600] = 1.0
    return Trace(-70.0 + megohm * amp * np.roll(on, 1), amp * on, 0.1, "ms")


def test_vectors_of_the_stimulus():
    found = vectors(
        passive(), 40.0, 160.0, ["voltage_base", "steady_state_voltage_stimend"], {}, {"Threshold": -20.0}
    )
    assert found["voltage_base"] == pytest.approx([-70.0])
    assert found["steady_state_voltage_stimend"] == pytest.approx([-76.0])


def test_the_sweep_tells_its_current():
    """-6 mV by -0.1 nA are 60 MΩ; a person's word on the current, -0.2 nA, beats it."""
    name, own = "ohmic_input_resistance_vb_ssse", {"stimulus_current": -0.1, "Threshold": -20.0}
    assert vectors(passive(), 40.0, 160.0, [name], {}, own)[name] == pytest.approx([60.0])
    said = {"stimulus_current": -0.2}
    assert vectors(passive(), 40.0, 160.0, [name], said, own)[name] == pytest.approx([30.0])


def test_another_window_of_the_settings():
    """From 10 to 30 ms there is nothing but the baseline."""
    settings = {"stim_start": 10.0, "stim_end": 30.0, "Threshold": -20.0}
    found = vectors(passive(), 40.0, 160.0, ["steady_state_voltage_stimend"], settings)
    assert found["steady_state_voltage_stimend"] == pytest.approx([-70.0])


def test_one_number_of_each():
    features = Features()
    found = features.reduce(
        ["AP_amplitude", "voltage_base", "peak_time"],
        {"AP_amplitude": np.array([90.0, 100.0]), "voltage_base": None, "peak_time": np.array([])},
        200.0,
    )
    assert found["AP_amplitude"] == 95.0
    assert math.isnan(found["voltage_base"])
    assert math.isnan(found["peak_time"])
    assert features.take_impossible() == []


def test_values_that_can_not_be_are_left_out_and_told_once():
    """No spike is 900 mV high, and none peaks 300 ms after the begin of a sweep of 200 ms."""
    features = Features()
    found = features.reduce(
        ["AP_amplitude", "peak_time"],
        {"AP_amplitude": np.array([90.0, 900.0]), "peak_time": np.array([100.0, 300.0])},
        200.0,
    )
    assert found == {"AP_amplitude": 90.0, "peak_time": 100.0}
    first, second = features.take_impossible()
    assert "1 value(s) of AP_amplitude can't be (900; possible: from 0 to 500 mV): left out" in str(first)
    assert "peak_time can't be (300" in str(second)
    assert features.take_impossible() == []


def test_values_are_kept_by_settings_and_computed_anew_once_the_sweep_has_changed():
    features, calls = Features(), []

    def compute(names, settings):
        calls.append((list(names), dict(settings)))
        return dict.fromkeys(names, float(len(calls)))

    features.store.request(["voltage_base"], ["rest"], {"Threshold": -20.0})
    assert calls == []
    assert features.store.shown(compute) == {"rest": 1.0}
    assert features.store.shown(compute) == {"rest": 1.0}
    features.store.clear()
    assert features.store.shown(compute) == {"rest": 2.0}
    assert calls == [(["voltage_base"], {"Threshold": -20.0})] * 2
