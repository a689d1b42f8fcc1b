"""Values that a feature can't have are left out, and told."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.features.catalogue import catalogue
from efewidgets.engine.features.ranges import lowest, possible
from efewidgets.engine.recordings.computing import feature_values
from efewidgets.engine.recordings.ecodes import Step


def spiking(*peaks):
    """A cell at -70 mV, spikes (100 mV, 0.8 ms wide at half height) at these times (ms); a step of 100 to 500 ms."""
    time = np.arange(6000) * 0.1
    voltage = np.full(len(time), -70.0)
    for peak in peaks:
        voltage += 100 * np.exp(-0.5 * ((time - peak) / 0.34) ** 2)
    current = np.where((time >= 100) & (time < 500), 0.2, 0.0)
    sweep = {
        "voltage": voltage,
        "current": current,
        "dt": 0.1,
        "t_unit": "ms",
        "v_unit": "mV",
        "i_unit": "nA",
    }
    settings = {"Threshold": -20.0, "strict_stiminterval": True}
    return Step({"ton": 100.0, "toff": 500.0}, sweep, "Step", settings), settings


def test_a_spike_at_the_onset_has_no_negative_duration():
    inside, settings = spiking(200.0)
    ((_, right),), told = feature_values(inside, [(["AP_duration"], settings)])
    assert told == []
    assert 1.0 < right["AP_duration"] < 4.0
    onset, _ = spiking(100.3, 200.0)
    raw = onset.call_efel(["AP_duration"], settings)[0]["AP_duration"]
    assert raw[0] < 0  # eFEL's own answer, from a begin that it looks for in the stimulus only
    ((_, found),), (problem,) = feature_values(onset, [(["AP_duration"], settings)])
    assert np.isnan(found["AP_duration"])
    assert "AP_duration can't be" in problem.message
    onset.compute_efeatures(["AP_duration"], efel_settings=settings)
    assert [p for p in onset.problems if p.message == problem.message]


def test_without_a_possible_value_there_is_none():
    values, wrong = possible("AP_duration", np.array([-97.6]))
    assert (list(values), wrong) == ([], [-97.6])
    kept, wrong = possible("AP_duration", np.array([2.0, -1.0, 0.0]))
    assert (list(kept), wrong) == ([2.0, 0.0], [-1.0])
    same = np.array([2.0, 3.0])
    assert possible("AP_duration", same)[0] is same
    assert possible("AP_duration", None) == (None, [])


@pytest.mark.parametrize(
    "feature",
    "AP_amplitude voltage_base sag_amplitude AP_duration_change AP2_AP1_begin_width_diff ISI_log_slope "
    "time_to_first_spike AHP_depth adaptation_index2".split(),
)
def test_what_may_be_below_zero_has_no_bound(feature):
    assert lowest(feature) is None


def test_durations_and_rates_have_one():
    bounds = {info.name: info.lowest for info in catalogue()}
    names = (
        "AP_duration AP_duration_half_width AP1_width ISI_values mean_frequency time_constant inv_first_ISI"
    )
    for name in names.split():
        assert bounds[name] == 0.0, name
