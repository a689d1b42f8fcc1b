"""Where BluePyEfe is wrong: what it gives, and what is right, worked out by hand.

Each test shows BluePyEfe's value first, so that a version in which a defect is mended is noticed.
"""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from efewidgets import extract
from efewidgets.engine.problems import EfeError
from tests.engine.differential.cells import (
    STEP,
    firing_cell,
    metadata_of,
    step,
    sweep_of,
    synthetic_reader,
)
from tests.engine.differential.peer import our_outputs, peer_cells, peer_outputs, quiet

EFEL = {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025}


def target(efeature="Spikecount", protocol="IDthresh", amplitude=150, tolerance=20.0, **more):
    return {
        "efeature": efeature,
        "protocol": protocol,
        "amplitude": amplitude,
        "tolerance": tolerance,
        **more,
    }


def rheobases(counts, strategy, settings=None, silent_repaired=True):
    """Return BluePyEfe's rheobase and ours (nA) for a cell with ``{amplitude: spikes}``."""
    files = {"cell": firing_cell(counts)}
    theirs = peer_cells(files, EFEL, silent_repaired)
    with quiet():
        from bluepyefe.extract import compute_rheobase

        compute_rheobase(theirs, ["IDthresh"], strategy, settings)
    ours = our_cells(files)
    extract.compute_rheobase(ours, ["IDthresh"], strategy, settings)
    return theirs[0].rheobase, ours[0].rheobase


def our_cells(files, settings=EFEL):
    return extract.read_recordings(copy.deepcopy(files), synthetic_reader, efel_settings=settings)


def one_recording(protocol, sweep, **metadata):
    """Read one recording with both packages."""
    files = {"cell": {protocol: [metadata_of([sweep], **metadata)]}}
    (theirs,), (ours,) = peer_cells(files, EFEL), our_cells(files)
    return theirs.recordings[0], ours.recordings[0]


# --- rheobase


def test_silent_sweeps_count():
    """A stray spike at 0.05 nA: the sweep after it is silent, so that it can't be the rheobase."""
    counts = {0.05: 1, 0.1: 0, 0.15: 0, 0.2: 2, 0.25: 4}
    assert rheobases(counts, "flush", silent_repaired=False) == pytest.approx((0.05, 0.2))


def test_interpolation_needs_silent_sweeps():
    """Currents of 0.1, 0.2 and 0.3 nA give 0, 1 and 2 spikes: one spike is at 0.2 nA."""
    peer, ours = rheobases({0.05: 0, 0.1: 0, 0.2: 1, 0.3: 2}, "interpolation", silent_repaired=False)
    assert peer is None
    assert ours == pytest.approx(0.2)


def test_majority_takes_the_bin_in_which_sweeps_fire():
    """Bins of 0.02 nA from 0.06 on: the first that fires is 0.10 to 0.12 nA, whose centre is 0.11."""
    counts = {0.06: 0, 0.085: 0, 0.105: 1, 0.125: 2, 0.145: 3, 0.165: 4}
    assert rheobases(counts, "majority", {"min_step": 0.02}) == pytest.approx((0.13, 0.11))


def test_majority_looks_at_the_largest_current_too():
    """Only 0.165 nA fires; its bin of 0.02 nA from 0.06 on is 0.16 to 0.18."""
    counts = {0.06: 0, 0.085: 0, 0.105: 0, 0.125: 0, 0.145: 0, 0.165: 4}
    peer, ours = rheobases(counts, "majority", {"min_step": 0.02})
    assert peer is None
    assert ours == pytest.approx(0.17)


def test_majority_without_any_sweep_is_no_crash():
    files = {"cell": firing_cell({0.1: 0, 0.2: 1})}
    theirs, ours = peer_cells(files, EFEL), our_cells(files)
    with quiet():
        from bluepyefe.extract import compute_rheobase

        with pytest.raises(ValueError, match="empty"):
            compute_rheobase(theirs, ["IV"], "majority")
    extract.compute_rheobase(ours, ["IV"], "majority")
    assert ours[0].rheobase is None
    assert "no sweep of IV" in str(ours[0].all_problems()[0])


def test_flush_when_only_the_largest_current_fires():
    peer, ours = rheobases({0.1: 0, 0.15: 0, 0.2: 3}, "flush")
    assert peer is None
    assert ours == pytest.approx(0.2)


def test_a_cell_that_always_fires_has_no_certain_rheobase():
    """BluePyEfe takes the smallest current without a word; the number is all there is, but a person is told."""
    cells = our_cells({"cell": firing_cell({0.1: 5, 0.2: 8})})
    extract.compute_rheobase(cells, ["IDthresh"])
    assert cells[0].rheobase == pytest.approx(0.1)
    assert any("true rheobase may be lower" in str(problem) for problem in cells[0].all_problems())


def test_a_spike_at_a_negative_current_is_no_rheobase():
    assert rheobases({-0.1: 1, 0.1: 0, 0.2: 3}, "absolute") == pytest.approx((-0.1, 0.2))


def test_without_a_rheobase_the_file_is_still_json(tmp_path):
    arguments = {"files_metadata": {"cell": firing_cell({0.1: 0, 0.2: 0})}, "targets": [target()]}
    peer = peer_outputs(tmp_path / "peer", arguments)["holding_threshold_currents"]["threshold_current"]
    assert np.isnan(peer).all()
    ours = our_outputs(tmp_path / "ours", arguments)["holding_threshold_currents"]
    assert ours["threshold_current"] == [None, None]
    assert "NaN" not in (tmp_path / "ours" / "holding_threshold_currents.json").read_text(encoding="utf-8")


def test_a_rheobase_that_is_not_a_number_is_none():
    files = {"cell": firing_cell({0.1: 1, 0.2: 2})}
    theirs, ours = peer_cells(files, EFEL), our_cells(files)
    for cell in (theirs[0], ours[0]):
        cell.rheobase = float("nan")
        cell.compute_relative_amp()
    assert np.isnan(theirs[0].recordings[0].amp_rel)
    assert (ours[0].rheobase, ours[0].recordings[0].amp_rel) == (None, None)


# --- features


def value_of(outputs, stimulus, k=0):
    return outputs["features"][stimulus]["soma"][k]["val"][0]


def test_one_feature_with_two_settings(tmp_path):
    """Three spikes at 0.15 nA (150 %) and six at 0.2 nA (200 %), all below a threshold of 80 mV."""
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.15: 3, 0.2: 6})},
        "targets": [target(), target(amplitude=200, efel_settings={"Threshold": 80.0})],
        "efel_settings": EFEL,
    }
    peer, ours = peer_outputs(tmp_path / "peer", arguments), our_outputs(tmp_path / "ours", arguments)
    assert (value_of(peer, "IDthresh_150"), value_of(peer, "IDthresh_200")) == (0, 0)
    assert (value_of(ours, "IDthresh_150"), value_of(ours, "IDthresh_200")) == (3, 0)


def test_each_target_has_its_own_tolerance(tmp_path):
    """Of 130, 150 and 170 % the first target takes one, the second all three."""
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.13: 2, 0.15: 3, 0.17: 4})},
        "targets": [target(tolerance=10.0), target("voltage_base", tolerance=25.0)],
        "efel_settings": EFEL,
    }

    def counts(outputs):
        return [entry["n"] for entry in outputs["features"]["IDthresh_150"]["soma"]]

    assert counts(peer_outputs(tmp_path / "peer", arguments)) == [1, 1]
    assert counts(our_outputs(tmp_path / "ours", arguments)) == [1, 3]


def test_decay_after_each_pulse_of_a_train():
    """The membrane's time constant is 8 ms; eFEL fits it from 1 to 10 ms after each pulse."""
    pulses = [(a, a + 20.0, 0.3, 0.3) for a in (50.0, 110.0, 170.0)]
    sweep = sweep_of(pulses, duration=260.0)
    name = "multiple_decay_time_constant_after_stim"
    peer, ours = one_recording("SpikeRec", sweep)
    with quiet():
        peer.compute_efeatures([name], None, EFEL)
    ours.compute_efeatures([name, "Spikecount"], None, EFEL)
    assert np.isnan(peer.efeatures[name])
    assert ours.efeatures == {name: pytest.approx(8.0, rel=0.05), "Spikecount": 0.0}


def test_resistance_from_a_whole_number_of_nanoamperes():
    """-18 mV for -0.3 nA is 60 MOhm; 1 nA would be 60 mV, were the membrane not to rectify at 0.35 nA."""
    sweep = step(1.0, 0)
    peer, ours = one_recording("IV", sweep, amp=1, **STEP)
    name = "ohmic_input_resistance_vb_ssse"
    with quiet():
        peer.compute_efeatures([name], None, EFEL)
    ours.compute_efeatures([name], None, EFEL)
    assert np.isnan(peer.efeatures[name])
    assert ours.efeatures[name] == pytest.approx(0.35 * 60.0 / 1.0, rel=1e-3)


def test_threshold_of_a_recording_that_has_no_baseline():
    """From 0 ms on there is no baseline; the threshold is 20 mV above the median of the train's sweep, -75 mV."""
    pulses = [(a, a + 5.0, 1.0, 1.0) for a in (50.0, 80.0)]
    peer, ours = one_recording("SpikeRec", sweep_of(pulses, duration=600.0))
    assert np.isnan(peer.auto_threshold)
    assert ours.auto_threshold == pytest.approx(-55.0, abs=0.1)


def test_unknown_feature_costs_nothing_but_itself(tmp_path):
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.15: 3})},
        "targets": [target(), target("AP_amplitud")],
        "efel_settings": EFEL,
    }
    with pytest.raises(Exception, match=r"AP_amplitud|subscriptable"):
        peer_outputs(tmp_path / "peer", arguments)
    ours = our_outputs(tmp_path / "ours", arguments)
    assert [entry["feature"] for entry in ours["features"]["IDthresh_150"]["soma"]] == ["Spikecount"]


def test_values_that_are_numbers_are_numbers():
    with quiet():
        from bluepyefe.target import EFeatureTarget as PeerTarget

    arguments = ("a", "Spikecount", "IDrest", 150.0, 10.0)
    with pytest.raises(TypeError):
        PeerTarget(*arguments).append(np.int64(3))
    ours = extract.EFeatureTarget(*arguments)
    ours.append(np.int64(3))
    ours.append(np.float32(4))
    assert ours.mean == 3.5


# --- timings


def test_end_of_a_ramp():
    """The ramp ends at 190 ms; the running median has its maximum half a window earlier."""
    peer, ours = one_recording("Ramp", sweep_of([(40.0, 190.0, 0.0, 0.3)]), ton=40.0)
    assert peer.toff == pytest.approx(185.8, abs=0.2)
    assert ours.toff == pytest.approx(190.0, abs=0.11)
    assert ours.amp == pytest.approx(0.3, abs=0.002)


def test_timings_that_the_reader_gives_are_in_ms():
    """A reader's 40 and 190 are taken for samples of 0.1 ms by BluePyEfe."""

    def reader(metadata):
        return [{**sweep, "ton": 40.0, "toff": 190.0} for sweep in synthetic_reader(metadata)]

    metadata = metadata_of([step(0.2, 3)])
    with quiet():
        from bluepyefe.cell import Cell

        theirs = Cell("a")
        theirs.read_recordings([dict(metadata)], "Step", reader, EFEL)
    ours = extract.Cell("a")
    ours.read_recordings([metadata], "Step", reader, EFEL)
    assert (theirs.recordings[0].ton, theirs.recordings[0].toff) == pytest.approx((4.0, 19.0))
    assert (ours.recordings[0].ton, ours.recordings[0].toff) == pytest.approx((40.0, 190.0))
    assert ours.recordings[0].amp == pytest.approx(0.2)


def test_short_pulses_are_found():
    """A pulse of 4 ms is narrower than half of the running median's 8.5 ms. One alone may be a test pulse."""
    amplitudes = (0.1, 0.2, 0.3, 0.4)
    sweeps = [sweep_of([(100.0, 104.0, a, a)], i_noise=0.001, seed=int(100 * a)) for a in amplitudes]
    files = {"cell": {"ShortSquare": [metadata_of(sweeps)]}}
    theirs = peer_cells({"cell": {"Step": [metadata_of(sweeps)]}}, EFEL)[0].recordings
    assert [recording.amp for recording in theirs] == pytest.approx([0.0] * 4, abs=0.002)
    for recording, amplitude in zip(our_cells(files)[0].recordings, amplitudes, strict=True):
        assert (recording.ton, recording.toff) == pytest.approx((100.0, 104.0), abs=0.11)
        assert recording.amp == pytest.approx(amplitude, abs=0.002)


def test_test_pulse_is_not_the_step():
    sweep = sweep_of([(10.0, 16.0, -0.02, -0.02), (80.0, 190.0, 0.2, 0.2)], i_noise=0.001)
    peer, ours = one_recording("Step", sweep)
    assert peer.ton == pytest.approx(10.0, abs=0.5)
    assert (ours.ton, ours.toff) == pytest.approx((80.0, 190.0), abs=0.31)
    assert ours.amp == pytest.approx(0.2, abs=0.002)


def test_holding_current_as_a_plain_number_without_timings():
    sweep = step(0.2, 3, hypamp_nA=-0.05)
    metadata = metadata_of([sweep], hypamp=-0.05)
    with pytest.raises(TypeError):
        peer_cells({"cell": {"Step": [metadata]}}, EFEL)
    (cell,) = our_cells({"cell": {"Step": [metadata]}})
    assert (cell.recordings[0].ton, cell.recordings[0].toff) == pytest.approx((40.0, 190.0), abs=0.11)
    assert cell.recordings[0].amp == pytest.approx(0.2)


def test_one_missing_timing_does_not_overrule_the_others():
    pieces = [(40.0, 110.0, -0.1, -0.1), (110.0, 190.0, 0.1, 0.1)]
    sweep = sweep_of(pieces, duration=1100.0)
    peer, ours = one_recording("HyperDePol", sweep, ton=40.0, tmid=110.0)
    assert (peer.ton, peer.tmid, peer.toff) == pytest.approx((250.0, 700.0, 970.0))
    assert (ours.ton, ours.tmid, ours.toff) == pytest.approx((40.0, 110.0, 190.0), abs=0.11)
    assert (ours.amp, ours.amp2) == pytest.approx((-0.1, 0.1))


def test_sine_sweep_without_timings_is_where_it_is():
    """BluePyEfe's nominal 150 and 5100 "ms" are sample indexes: 15 and 510 ms."""
    sweep = sweep_of([], duration=700.0, i_noise=0.0005) | {"sines": [(150.0, 600.0, 0.1)]}
    peer, ours = one_recording("SineSpec", sweep)
    assert (peer.ton, peer.toff) == pytest.approx((15.0, 510.0))
    assert (ours.ton, ours.toff) == pytest.approx((150.0, 600.0), abs=25.0)


def test_train_without_pulses_is_a_problem_not_a_crash():
    metadata = metadata_of([sweep_of([], i_noise=0.0)], "quiet")
    (cell,) = our_cells({"cell": {"SpikeRec": [metadata], "Step": [metadata_of([step(0.1)], **STEP)]}})
    assert [recording.protocol_name for recording in cell.recordings] == ["Step"]
    assert "pulse" in str(cell.all_problems()[0])


# --- names


def test_names_of_protocols():
    sweep = step(0.2, 3)
    files = {"cell": {"Passive": [metadata_of([sweep], **STEP)]}}
    assert type(peer_cells(files, EFEL)[0].recordings[0]).__name__ == "Step"  # "passIVe"
    (cell,) = our_cells(files)
    assert cell.recordings == []
    assert "no eCode is known for the protocol 'Passive'" in str(cell.all_problems()[0])
    files = {"cell": {"LongSquare": [metadata_of([sweep], **STEP)]}}
    with pytest.raises(KeyError):
        peer_cells(files, EFEL)
    assert type(our_cells(files)[0].recordings[0]).__name__ == "Step"


def test_misspelt_protocol_is_told(tmp_path):
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.15: 3})},
        "targets": [target(protocol="IDtresh")],
        "efel_settings": EFEL,
    }
    assert peer_outputs(tmp_path, arguments)["features"] == {}
    from efewidgets.engine.extraction.run import run_extraction
    from efewidgets.engine.parallel import run
    from efewidgets.engine.stages.options import Options

    result = run_extraction(Options(**arguments, recording_reader=synthetic_reader), run)
    told = [str(problem) for problem in result.problems]
    assert any("Did you mean 'IDthresh'?" in text for text in told)


# --- arguments


def test_absolute_amplitudes_without_targets():
    files = {"cell": firing_cell({0.1: 1})}
    arguments = {"files_metadata": files, "absolute_amplitude": True, "recording_reader": synthetic_reader}
    with quiet():
        from bluepyefe.extract import extract_efeatures

        with pytest.raises(TypeError):
            extract_efeatures("", **copy.deepcopy(arguments))
    with pytest.raises(EfeError, match="absolute_amplitude needs targets"):
        extract.extract_efeatures("", **arguments)


def test_number_of_values_to_save_below_one(tmp_path):
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1})},
        "targets": [target()],
        "efel_settings": EFEL,
        "threshold_nvalue_save": 0,
    }
    with pytest.raises(AttributeError):
        peer_outputs(tmp_path, arguments)
    with pytest.raises(EfeError, match="threshold_nvalue_save must be a whole number from 1 on"):
        our_outputs(tmp_path, arguments)


def test_files_used_are_listed():
    files = {"cell": firing_cell({0.1: 1, 0.15: 3})}
    with quiet():
        from bluepyefe import extract as peer

        cells = peer_cells(files, EFEL)
        peer.extract_efeatures_at_targets(cells, [target()], efel_settings=EFEL)
        peer.compute_rheobase(cells, ["IDthresh"])
        protocols = peer.group_efeatures(cells, [target()], efel_settings=EFEL)
        with pytest.raises(AttributeError):
            peer.create_feature_protocol_files(cells, protocols, write_files=False, save_files_used=True)
    cells = extract.extract_efeatures_at_targets(our_cells(files), [target()], efel_settings=EFEL)
    extract.compute_rheobase(cells, ["IDthresh"])
    protocols = extract.group_efeatures(cells, [target()], efel_settings=EFEL)
    features, _, _ = extract.create_feature_protocol_files(
        cells, protocols, None, 1, False, save_files_used=True
    )
    assert features["IDthresh_150"]["soma"][0]["files"] == ["IDthresh.made"]


def test_nominal_protocol(tmp_path):
    """Rheobases of 0.1 and 0.14 nA, mean 0.12: the target of 150 % is 0.18 nA, whatever sweeps fell into it."""
    arguments = {
        "files_metadata": {
            "a": firing_cell({0.1: 1, 0.155: 3}),
            "b": firing_cell({0.14: 1, 0.2: 3}),
        },
        "targets": [target()],
        "efel_settings": EFEL,
        "protocol_mode": "lnmc",
    }
    with pytest.raises(ValueError, match="mode"):
        peer_outputs(tmp_path / "peer", arguments)
    stimulus = our_outputs(tmp_path / "ours", arguments)["protocols"]["IDthresh_150"]["step"]
    assert stimulus["amp"] == pytest.approx(0.18)
    assert stimulus["thresh_perc"] == 150
    assert (stimulus["delay"], stimulus["duration"], stimulus["totduration"]) == pytest.approx(
        (40.0, 150.0, 240.0)
    )


def test_location_of_a_target(tmp_path):
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.15: 3})},
        "targets": [target(location="dend")],
        "efel_settings": EFEL,
    }
    assert list(peer_outputs(tmp_path / "peer", arguments)["features"]["IDthresh_150"]) == ["soma"]
    assert list(our_outputs(tmp_path / "ours", arguments)["features"]["IDthresh_150"]) == ["dend"]


def test_output_of_each_cell_has_the_settings_of_the_whole(tmp_path):
    arguments = {
        "files_metadata": {"cell": firing_cell({0.1: 1, 0.15: 3})},
        "targets": [target(amplitude=0.15, tolerance=0.01)],
        "efel_settings": EFEL,
        "default_std_value": 0.5,
        "extract_per_cell": True,
        "absolute_amplitude": True,
    }
    peer_outputs(tmp_path / "peer", arguments)
    assert json.loads((tmp_path / "peer" / "cell" / "features.json").read_text(encoding="utf-8")) == {}
    whole = our_outputs(tmp_path / "ours", arguments)["features"]
    assert json.loads((tmp_path / "ours" / "cell" / "features.json").read_text(encoding="utf-8")) == whole
    (entry,) = whole["IDthresh_0.15"]["soma"]
    assert entry["val"] == [3, 0.5]
    assert entry["efel_settings"] == EFEL


def test_what_the_caller_passes_is_left_alone(tmp_path):
    files = {"cell": firing_cell({0.1: 1, 0.15: 3})}
    arguments = {"files_metadata": files, "targets": [target()], "efel_settings": dict(EFEL)}
    before = copy.deepcopy(arguments)
    with quiet():
        from bluepyefe.extract import extract_efeatures

        given = copy.deepcopy(arguments)
        extract_efeatures("", recording_reader=synthetic_reader, **given)
    assert given != before
    extract.extract_efeatures(str(tmp_path), recording_reader=synthetic_reader, **arguments)
    assert arguments == before


def test_automatic_targets_can_be_used_again():
    """The first data have 200 % only, the second 300 % only."""
    goal = {"protocols": ["IDthresh"], "amplitudes": [200, 300], "efeatures": ["Spikecount"]}
    goal |= {"min_recordings_per_amplitude": 1, "preferred_number_protocols": 1, "tolerance": 10}
    data = [{"cell": firing_cell({0.1: 1, second: 3})} for second in (0.2, 0.3)]
    with quiet():
        from bluepyefe import auto_targets
        from bluepyefe import extract as peer

        goals = [auto_targets.AutoTarget(**goal)]
        found = [
            peer.extract_efeatures(
                "", copy.deepcopy(d), auto_targets=goals, recording_reader=synthetic_reader
            )
            for d in data
        ]
    assert [list(features) for features, _, _ in found] == [["IDthresh_200"], []]
    goals = [extract.AutoTarget(**goal)]
    found = [
        extract.extract_efeatures("", d, auto_targets=goals, recording_reader=synthetic_reader) for d in data
    ]
    assert [list(features) for features, _, _ in found] == [["IDthresh_200"], ["IDthresh_300"]]
    assert goals[0].active_amplitudes == []


def test_samples_are_held_once():
    (peer,), (ours,) = (
        cells[0].recordings
        for cells in (
            peer_cells({"cell": firing_cell({0.1: 1})}, EFEL),
            our_cells({"cell": firing_cell({0.1: 1})}),
        )
    )
    assert "voltage" in peer.reader_data
    assert "voltage" not in ours.reader_data
