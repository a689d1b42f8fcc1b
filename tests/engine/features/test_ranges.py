"""Values that a feature can't have are left out, and told."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.features.catalogue import catalogue
from efewidgets.engine.features.ranges import Range, possible, range_of
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
    "voltage_base AP_duration_change AP2_AP1_begin_width_diff ISI_log_slope AHP_depth adaptation_index2 "
    "spikes_per_burst_diff current_base fast_AHP_change AP_fall_rate time_to_first_spike time_to_last_spike "
    "inv_time_to_first_spike ohmic_input_resistance".split(),
)
def test_what_may_be_below_zero_is_kept(feature):
    kept, wrong = possible(feature, np.array([-1.0, -1.0]), 1000.0)
    assert list(kept) == [-1.0, -1.0]
    assert wrong == []


def test_every_feature_of_the_catalogue_has_a_range_or_a_reason():
    for info in catalogue():
        assert info.range is not None, info.name
        bounded = info.range.lowest is not None or info.range.highest is not None
        assert bounded or info.range.whole or info.range.within_sweep or info.range.why_open, info.name
        assert not (bounded and info.range.why_open), info.name
    open_ones = {info.name for info in catalogue() if info.range.why_open}
    assert open_ones == {
        *("voltage", "time", "current", "ISI_log_slope", "ISI_semilog_slope", "ISI_log_slope_skip"),
        *("fast_AHP_change", "sag_ratio2"),
    }


def test_counts_are_whole_and_times_lie_within_the_sweep():
    for info in catalogue():
        if info.position or info.name in (
            "spike_count",
            "Spikecount",
            "burst_number",
            "number_initial_spikes",
        ):
            assert possible(info.name, np.array([2.5]))[1] == [2.5], info.name
        elif info.unit == "ms" and not info.range.why_open and "constant" not in info.name:
            assert possible(info.name, np.array([1000.1, 999.9]), 1000.0)[1] == [1000.1], info.name


@pytest.mark.parametrize(
    ("feature", "usual", "impossible"),
    [
        ("voltage_base", -70.0, -700.0),  # a gain of 10 that wasn't taken off
        ("peak_voltage", 40.0, 40_000.0),
        ("AP_amplitude", 80.0, -3.0),
        ("sag_amplitude", 5.0, -1.0),
        ("AHP_depth", -10.0, 600.0),
        ("ohmic_input_resistance", -4.6, -2e7),  # noise over a small step, and over none
        ("ohmic_input_resistance_vb_ssse", 5000.0, 2.4e7),  # a step of 0 pA
        ("mean_frequency", 400.0, np.inf),
        ("inv_last_ISI", 400.0, 5000.0),
        ("inv_first_ISI", 500.0, np.inf),
        ("AP_fall_rate", -50.0, 1.3),
        ("AP_rise_rate", 100.0, -1.2),
        ("AP_peak_upstroke", 500.0, 20_000.0),
        ("time_constant", 20.0, 2e6),
        ("AP_width", 1.0, np.inf),
        ("adaptation_index", 0.1, 1.5),
        ("AHP_slow_time", 0.4, 1.2),
        ("ISI_CV", 0.2, -0.1),
        ("sag_ratio1", 0.2, -0.2),
        ("AP_rise_rate_change", -0.2, -1.01),
        ("spike_count", 3.0, -1.0),
        ("depol_block_bool", 1.0, 2.0),
        ("steady_state_current_stimend", 0.2, 2e3),
        ("AP_phaseslope", 20.0, -0.08),
    ],
)
def test_what_no_cell_has_is_left_out(feature, usual, impossible):
    kept, wrong = possible(feature, np.array([usual, impossible, np.nan]), 1000.0)
    assert kept[0] == usual
    assert np.isnan(kept[1])
    assert wrong == [impossible]


def test_a_feature_that_is_new_in_efel_is_kept_as_it_is():
    assert range_of("of_tomorrow") is None
    assert possible("of_tomorrow", np.array([-1e9]))[1] == []


def test_the_message_says_what_can_be():
    assert Range(0.0, 2000.0).words == "from 0 to 2000"
    assert Range(0.0, None).words == "at least 0"
    assert Range(0.0, None, within_sweep=True).words == "from 0 to the length of the sweep"
    assert Range(None, None, within_sweep=True).words == "up to the length of the sweep"


def test_a_voltage_of_ten_times_the_true_one_gives_no_resting_potential():
    recording, settings = spiking(200.0)
    recording.voltage = 10 * recording.voltage
    ((_, found),), (problem,) = feature_values(recording, [(["voltage_base"], settings)])
    assert np.isnan(found["voltage_base"])
    assert "voltage_base can't be (-700; possible: from -500 to 500 mV)" in problem.message
