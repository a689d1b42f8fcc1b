"""A recording: its samples, spikes and features, had when they are asked for."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.ecodes import Step
from efewidgets.engine.recordings.reading import read_file
from efewidgets.engine.recordings.source import files_of
from tests.engine.differential.cells import STEP, drawn, metadata_of, step, synthetic_reader

EFEL = {"Threshold": -20.0, "strict_stiminterval": True, "interp_step": 0.025}


def read(sweep=None, protocol="IDrest", settings=EFEL, keep_samples=True, **metadata):
    sweep = step(0.2, 4) if sweep is None else sweep
    (recording,), problems = read_file(
        metadata_of([sweep], **STEP, **metadata), protocol, synthetic_reader, settings, keep_samples
    )
    assert problems == []
    return recording


class Counting:
    """A reader that counts how often it is asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, metadata):
        self.calls += 1
        return synthetic_reader(metadata)


# --- what is measured


def test_step():
    recording = read(step(0.2, 4, hypamp_nA=-0.05))
    assert (recording.ton, recording.toff, recording.tend) == pytest.approx((40.0, 190.0, 240.0))
    assert (recording.amp, recording.hypamp) == pytest.approx((0.2, -0.05))
    assert recording.dt == pytest.approx(0.1)
    assert recording.spikecount == 4
    np.testing.assert_allclose(recording.peak_time, step(0.2, 4)["spikes"], atol=0.11)
    assert len(recording.t) == len(recording.voltage) == len(recording.current) == 2400
    np.testing.assert_array_equal(recording.time, recording.t)


def test_silent_sweep_has_no_spikes():
    recording = read(step(0.2, 0))
    assert recording.spikecount == 0
    assert recording.peak_time.tolist() == []


def test_units_and_corrections():
    """-75 mV at rest in volts, less 14 mV of junction potential; the current in pA."""
    recording = read(step(0.2, 0), ljp=14.0, v_unit="V", i_unit="pA", t_unit="s")
    assert recording.voltage[0] == pytest.approx(-89.0)
    assert recording.current[1000] == pytest.approx(0.2)
    assert recording.t[-1] == pytest.approx(239.9)


def test_rest_moved_to_a_known_potential():
    assert read(step(0.2, 0), v_corr=-65.0).voltage[0] == pytest.approx(-65.0)


def test_samples_keep_their_type():
    recording = read(dtype="float32")
    assert recording.voltage.dtype == recording.current.dtype == np.float32


def test_threshold_of_its_own():
    """20 mV above the median of the step's voltage, or of the baseline if that is higher."""
    depolarised, hyperpolarised = read(step(0.2, 0)), read(step(-0.2, 0))
    inside = slice(400, 1900)
    assert depolarised.auto_threshold == pytest.approx(np.median(depolarised.voltage[inside]) + 20.0)
    assert depolarised.auto_threshold == pytest.approx(-75.0 + 12.0 + 20.0, abs=0.5)
    assert hyperpolarised.auto_threshold == pytest.approx(-55.0)


def test_spikes_by_the_threshold_of_the_settings():
    assert read(settings={"Threshold": 40.0}).spikecount == 0
    assert read(settings={}).spikecount == 4
    recording = read()
    recording.compute_spikecount({"Threshold": 40.0})
    assert recording.spikecount == 0


def test_no_spike_though_the_voltage_is_above_the_threshold_is_told():
    sweep = step(0.2, 0) | {"spikes": [220.0]}  # after the stimulus
    recording = read(sweep)
    assert recording.spikecount == 0
    assert "no spike was found, though the voltage reaches" in str(recording.problems[0])


# --- names


def test_name_is_the_id_or_the_file():
    assert read(id=None).name == "sweep0"
    recording = Step({"filepath": "folder/cell.x.nwb"}, {}, "IV")
    assert recording.name == "cell.x"
    assert Step({"v_file": "a/v1.ibw", "i_file": "a/i1.ibw"}, {}, "IV").name == "v1"
    assert Step({}, {}).name == ""


def test_files_in_the_order_current_voltage():
    assert files_of({"v_file": "v", "i_file": "i"}) == ["i", "v"]
    assert files_of({"v_file": "v", "i_file": "i", "filepath": "f"}) == ["f"]
    assert files_of({}) == []


# --- relative amplitudes and targets


def test_relative_amplitudes():
    recording = read(step(0.2, 4, hypamp_nA=-0.05))
    assert recording.amp_rel is None
    recording.compute_relative_amp(0.1)
    assert (recording.amp_rel, recording.hypamp_rel) == pytest.approx((200.0, -50.0))
    assert recording.get_plot_amplitude_title() == " (200.0%)"
    recording.forget_relative_amp()
    assert recording.amp_rel is None


def test_tolerance_is_strict():
    recording = Step({}, {}, "IDrest")
    recording.amp, recording.amp_rel = 0.25, 110.0
    assert recording.in_target(100.0, 10.5)
    assert not recording.in_target(100.0, 10.0)  # exactly at the edge
    assert recording.in_target(110.0, 1e-9)
    assert not recording.in_target(-110.0, 50.0)
    assert recording.in_target(0.2, 0.0625, absolute_amplitude=True)
    assert not recording.in_target(0.5, 0.25, absolute_amplitude=True)


def test_without_a_rheobase_nothing_is_in_a_relative_target():
    assert not read().in_target(100.0, 1e9)


def test_stimulus_without_data():
    stimulus = Step({}, {}, "IDrest")
    assert (stimulus.t, stimulus.voltage, stimulus.current, stimulus.peak_time) == (None, None, None, None)
    assert (stimulus.spikecount, stimulus.auto_threshold, stimulus.efeatures) == (None, None, {})
    with pytest.raises(EfeError, match="has no samples"):
        stimulus.voltage = np.zeros(3)


# --- features


def test_features_by_eFEL_itself():
    import efel

    recording = read()
    recording.compute_efeatures(["AP_amplitude", "voltage_base", "peak_time"], ["mine", None, None], EFEL)
    assert list(recording.efeatures) == ["mine", "voltage_base", "peak_time"]
    efel.reset()
    for name, value in EFEL.items():
        efel.set_setting(name, value)
    trace = {"T": recording.t, "V": recording.voltage, "stim_start": [40.0], "stim_end": [190.0]}
    expected = efel.get_feature_values([trace], ["AP_amplitude", "voltage_base", "peak_time"])[0]
    efel.reset()
    for name, feature in (
        ("mine", "AP_amplitude"),
        ("voltage_base", "voltage_base"),
        ("peak_time", "peak_time"),
    ):
        assert recording.efeatures[name] == pytest.approx(np.mean(expected[feature]), rel=1e-9)


def test_a_feature_that_is_not_there_is_nan():
    recording = read(step(0.2, 0))
    recording.compute_efeatures(["AP_amplitude", "voltage_base"], None, EFEL)
    assert np.isnan(recording.efeatures["AP_amplitude"])
    assert recording.efeatures["voltage_base"] == pytest.approx(-75.0, abs=0.01)


def test_features_in_a_window_of_the_settings():
    recording = read()
    early = EFEL | {"stim_start": 40.0, "stim_end": 100.0}
    recording.compute_efeatures(["Spikecount"], ["early"], early)
    recording.compute_efeatures(["Spikecount"], ["all"], EFEL)
    spikes = np.array(step(0.2, 4)["spikes"])
    assert recording.efeatures == {"early": np.sum(spikes < 100.0), "all": 4}


def test_features_with_the_recording_s_own_threshold():
    recording = read(settings={})
    recording.compute_efeatures(["Spikecount"], None, {"strict_stiminterval": True})
    assert recording.efeatures["Spikecount"] == 4


def test_resistance_knows_the_amplitude():
    recording = read(step(-0.1, 0))
    recording.compute_efeatures(["ohmic_input_resistance_vb_ssse"], None, EFEL)
    assert recording.efeatures["ohmic_input_resistance_vb_ssse"] == pytest.approx(60.0, rel=1e-3)


def test_list_of_names_is_left_alone():
    names = [None, "x"]
    read().compute_efeatures(["voltage_base", "Spikecount"], names, EFEL)
    assert names == [None, "x"]


def test_efeatures_set_by_hand():
    recording = read()
    recording.efeatures = {"mine": 3.0}
    assert recording.efeatures == {"mine": 3.0}
    recording.efeatures["other"] = 4.0
    assert recording.feature_value("other", "Spikecount", {}) == 4.0


def test_unknown_feature_names_the_nearest():
    with pytest.raises(EfeError, match="Did you mean 'AP_amplitude'"):
        read().compute_efeatures(["AP_amplitudes"], None, EFEL)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": -20.0}, "Did you mean 'Threshold'"),
        ({"strict_stiminterval": "False"}, "without quotes"),
        ({"Threshold": ["40."]}, "must be a number"),
        ({"Threshold": "40"}, "must be a number"),
    ],
)
def test_settings_that_can_not_be(settings, words):
    with pytest.raises(ValueError, match=words):
        read().compute_efeatures(["Spikecount"], None, settings)


# --- laziness


def test_samples_are_read_again_when_they_are_asked_for():
    reader = Counting()
    (recording,), _ = read_file(
        metadata_of([step(0.2, 4)], **STEP), "IDrest", reader, EFEL, keep_samples=False
    )
    assert reader.calls == 1
    assert not recording.has_samples
    assert recording.spikecount == 4  # known since
    assert reader.calls == 1
    np.testing.assert_array_equal(recording.voltage, read().voltage)
    assert reader.calls == 2
    assert not recording.has_samples


def test_samples_kept_are_not_read_again():
    reader = Counting()
    (recording,), _ = read_file(metadata_of([step(0.2, 4)], **STEP), "IDrest", reader, EFEL)
    assert len(recording.voltage) == 2400
    recording.compute_efeatures(["Spikecount"], None, EFEL)
    assert reader.calls == 1


def test_replaced_voltage_gives_other_results_once_they_are_asked_for():
    recording = read()
    recording.compute_efeatures(["Spikecount", "voltage_base"], None, EFEL)
    recording.voltage = np.full(2400, -60.0)
    assert recording.spikecount == 4
    assert recording.efeatures == {"Spikecount": 4.0, "voltage_base": pytest.approx(-75.0, abs=0.01)}
    recording.set_autothreshold()
    recording.compute_spikecount(EFEL)
    recording.compute_efeatures(["Spikecount", "voltage_base"], None, EFEL)
    assert recording.spikecount == 0
    assert recording.auto_threshold == pytest.approx(-40.0)
    assert recording.efeatures == {"Spikecount": 0.0, "voltage_base": -60.0}


def test_pickled_recording_needs_its_file_no_more():
    recording = read(keep_samples=False)
    recording.request_efeatures(["Spikecount"], None, EFEL)
    recording.materialize()
    again = pickle.loads(pickle.dumps(recording))
    assert again.source is None
    np.testing.assert_array_equal(again.voltage, read().voltage)
    assert again.efeatures == {"Spikecount": 4.0}
    assert again.spikecount == 4
    assert len(again.generate()[0]) == 2400


def test_a_file_that_has_changed_since_is_told():
    class Shrinking(Counting):
        def __call__(self, metadata):
            return super().__call__(metadata) if self.calls == 0 else []

    reader = Shrinking()
    (recording,), _ = read_file(metadata_of([step(0.2)], **STEP), "IDrest", reader, EFEL, keep_samples=False)
    with pytest.raises(EfeError, match=r"found no sweep|can't be read again"):
        _ = recording.voltage


# --- sweeps that can't be


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"voltage": np.full(2400, np.nan)}, "no numbers at all"),
        ({"voltage": np.zeros(2000)}, "2000 samples and the current 2400"),
        ({"current": np.zeros((2400, 2))}, "one row of samples"),
        ({"current": None}, "there is no current"),
        ({"dt": 0.0}, "greater than zero"),
        ({"dt": None}, "sampling step"),
        ({"voltage": np.full(2400, -70000.0)}, "-70 V, which no cell has"),
        ({"voltage": np.full(2400, -0.07)}, "within 0.07 mV of zero"),
        ({"current": np.full(2400, 200000.0)}, "which no electrode passes"),
    ],
)
def test_impossible_samples_are_a_problem(change, words):
    def reader(metadata):
        good = drawn(metadata["made"][0], metadata, 0)
        return [good, good | {"id": "bad"} | change]

    recordings, problems = read_file(metadata_of([step(0.2, 4)], **STEP), "IDrest", reader, EFEL)
    assert [recording.name for recording in recordings] == ["sweep0"]
    assert words in str(problems[0])
    assert problems[0].recording == "bad"


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ([], "found no sweep"),
        (None, "must return a list of sweeps"),
        ({"voltage": []}, "must return a list of sweeps"),
        ([1], "its sweep 1 is int"),
    ],
)
def test_what_a_reader_may_not_return(returned, words):
    recordings, problems = read_file(metadata_of([], **STEP), "IDrest", lambda metadata: returned)
    assert recordings == []
    assert words in str(problems[0])


def test_a_reader_that_fails_is_a_problem_of_its_file():
    def reader(metadata):
        raise RuntimeError("no such channel")

    recordings, problems = read_file(metadata_of([], "cell7", **STEP), "IDrest", reader)
    assert recordings == []
    assert "RuntimeError: no such channel" in str(problems[0])
    assert problems[0].file == "cell7.made"


def test_metadata_are_left_alone():
    metadata = metadata_of([step(0.2, 4)], **STEP)
    before = repr(metadata)
    read_file(metadata, "IDrest", synthetic_reader, EFEL)
    assert repr(metadata) == before


@pytest.mark.parametrize("metadata", [None, "cell.nwb", ["cell.nwb"], 3])
def test_metadata_that_are_no_dictionary(metadata):
    recordings, problems = read_file(metadata, "IDrest", synthetic_reader)
    assert recordings == []
    assert "must be a dictionary" in str(problems[0])
