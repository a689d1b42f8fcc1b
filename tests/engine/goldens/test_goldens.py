"""Every case of the lab's data folder through our engine, against what BluePyEfe 2.3.63 made of it.

A case that isn't named below must agree in every file and every recording, to 1e-9. A case that is named differs by a
defect of the peer; there the right value is asserted, had by hand or by a second method.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.extract import extract_efeatures
from tests.compare import recording_record
from tests.conftest import SHARED_DATA
from tests.engine.goldens import regroup
from tests.engine.goldens.cases import (
    FILES,
    Case,
    fewer_spikes,
    file_differences,
    lost_by_peer,
    outputs,
    recording_differences,
)

CASES = sorted(p.name for p in (SHARED_DATA / "cases").iterdir()) if SHARED_DATA.is_dir() else []

# A sweep at 0 pA, or with a small step in much noise, in which the peer takes (nearly) the whole sweep for the
# stimulus; we take the timing on which the other sweeps agree.
LOST_STIMULUS = {
    "abf1_current_first_by_unit",
    "abf2_pclamp11",
    "abf2_steps_absolute",
    "nwb_bbp_absolute",
    "nwb_scala_ferguson",
    "nwb_trt",
    "nwb_trt_zero_rheobase",
    "nwb_vu_nwb2",
}

# The peer measures the holding current in a window that isn't all baseline: the first 300 samples of ramps that begin
# after 100, all that is outside of two steps though a third one is there.
HOLDING_FROM_THE_STIMULUS = {
    "ibw_hyperdepol_from_idhyperpol": "HyperDePol",
    "ibw_swapped_channels": "APThreshold",
    "nwb_aibs": "Ramp",
}

# The peer takes a spike (rebound, artefact) at a negative current for the rheobase.
NEGATIVE_RHEOBASE = {"abf2_given_timing_low_threshold", "abf2_steps", "abf2_steps_auto_targets"}

OWN_TEST = (
    LOST_STIMULUS
    | NEGATIVE_RHEOBASE
    | set(HOLDING_FROM_THE_STIMULUS)
    | {
        "abf1_current_first_as_is",
        "abf_four_channels",
        "abf_voltage_only",
        "ibw_absolute_without_targets",
        "ibw_dehyperpol_no_timing",
        "ibw_majority_no_rheobase_recordings",
        "ibw_overlapping_tolerances",
        "ibw_protocol_mode_lnmc",
        "ibw_protocol_name_trap",
        "ibw_ramp_no_ton",
        "ibw_ramp_toff_detected",
        "ibw_relative_detected_timing",
        "ibw_rheobase_majority",
        "ibw_rheobase_majority_settings",
        "ibw_sahp_detected_timing",
        "ibw_same_name_two_settings",
        "ibw_spikerec",
        "ibw_targets_and_auto_targets",
        "ibw_units_override",
        "ibw_unknown_efeature",
        "ibw_unknown_protocol",
        "ibw_unknown_strategy",
        "mat_no_reader",
        "nwb_bbp",
        "nwb_bbp_missing_repetition",
        "nwb_scala_lantyer_detected",
        "nwb_scala_repetition",
        "syn_sinespec_default_timing",
        "syn_spikerec_ramp_sahp",
        "syn_vu_all",
    }
)


@pytest.fixture
def case(request: pytest.FixtureRequest, shared_data, monkeypatch: pytest.MonkeyPatch) -> Case:
    found = Case(shared_data / "cases" / request.param)
    monkeypatch.chdir(found.recordings_folder)
    return found


def named(*names: str):
    return pytest.mark.parametrize("case", names, indirect=True)


def other(case: Case, name: str) -> Case:
    return Case(case.folder.parent / name)


def test_every_case_is_tested(shared_data):
    assert set(CASES) >= OWN_TEST
    assert len(CASES) == 99


@named(*(name for name in CASES if name not in OWN_TEST))
def test_same_as_peer(case: Case):
    result = case.extract()
    assert not file_differences(case, result)
    assert not recording_differences(case, result)


@named(*sorted(LOST_STIMULUS))
def test_a_sweep_in_which_the_peer_loses_the_stimulus(case: Case):
    result = case.extract()
    golden = case.expected("recordings")["recordings"]
    lost = lost_by_peer(case)
    assert lost
    ours = [recording for cell in result.cells for recording in cell.recordings]
    differing = {int(key.split()[0]) for key in recording_differences(case, result)}
    begun = begun_before_90_ms(case, ours)
    assert {i for i in differing if golden[i]["ecode"] != "SpikeRec"} <= lost | begun
    for i in lost:
        same = [r for r in golden if (r["cell"], r["protocol"]) == (golden[i]["cell"], golden[i]["protocol"])]
        for edge in ("ton", "toff"):
            assert abs(getattr(ours[i], edge) - np.median([r[edge] for r in same])) <= 1.2
    # nothing but the holding current may follow from it: the sweeps are in no target of these cases
    known = ("holding_current", "SpikeRec", *(["IV_"] if begun else []))
    assert all(any(word in text for word in known) for text in file_differences(case, result))
    for cell in result.cells:
        before = [r.current[: r.trace.index(r.ton)] for r in cell.recordings if r.ton > 5]
        if before:
            by_hand = np.mean([np.median(b) for b in before])
            assert result.currents["all_holding_current"][cell.name] == pytest.approx(by_hand, abs=2e-3)


@named(*sorted(HOLDING_FROM_THE_STIMULUS))
def test_the_holding_current_is_that_before_the_stimulus(case: Case):
    """By hand: the median of all samples before the onset, to the error of a median of a hundred noisy samples."""
    result = case.extract()
    golden = case.expected("recordings")["recordings"]
    protocol = HOLDING_FROM_THE_STIMULUS[case.folder.name]
    ours = [recording for cell in result.cells for recording in cell.recordings]
    differing = recording_differences(case, result)
    assert differing
    for key, texts in differing.items():
        recording, peer = ours[int(key.split()[0])], golden[int(key.split()[0])]
        assert recording.protocol_name == protocol
        # the step that follows the holding current is as high as before; nothing else differs
        assert all(text.startswith(("amp", "hypamp")) or "input_resistance" in text for text in texts), texts
        level = recording.amp + recording.hypamp
        if level != pytest.approx(
            peer["amp"] + peer["hypamp"], abs=1e-9
        ):  # an action potential at the ramp's end
            t, i = (
                x[recording.trace.index(recording.ton) : recording.trace.index(recording.toff)]
                for x in (recording.t, recording.current)
            )
            quiet = i > np.poly1d(np.polyfit(t, i, 1))(t) - 0.02  # its crosstalk goes down
            assert level == pytest.approx(np.poly1d(np.polyfit(t[quiet], i[quiet], 1))(t[-1]), rel=0.02)
            assert peer["amp"] + peer["hypamp"] < 0.8 * level
        by_hand = np.median(recording.current[: recording.trace.index(recording.ton)])
        noise = float(np.std(recording.current[: recording.trace.index(recording.ton)]))
        assert recording.hypamp == pytest.approx(by_hand, abs=0.2 * noise)
        assert abs(peer["hypamp"] - by_hand) > abs(recording.hypamp - by_hand)
        assert any("the holding current" in problem.message for problem in recording.problems)


def begun_before_90_ms(case: Case, ours: list) -> set[int]:
    """Positions of the steps of 20 to 1020 ms of which the peer overwrites the first 70 ms, holding current and all."""
    return {i for i, r in enumerate(ours) if case.folder.name == "nwb_vu_nwb2" and r.protocol_name == "IV"}


@named("nwb_vu_nwb2")
def test_steps_that_begin_before_90_ms_keep_their_beginning(case: Case):
    """The peer takes the level at 90 ms, which is the step's, for the holding current: it finds amplitudes of 0."""
    result = case.extract()
    golden = case.expected("recordings")["recordings"]
    ours = [recording for cell in result.cells for recording in cell.recordings]
    for i in begun_before_90_ms(case, ours):
        current, trace = ours[i].current, ours[i].trace
        before = np.median(current[: trace.index(20.0)])
        inside = np.median(current[trace.index(25.0) : trace.index(1015.0)])
        assert ours[i].hypamp == pytest.approx(before, abs=2e-3)
        assert ours[i].amp == pytest.approx(inside - before, abs=3e-3)
        assert abs(golden[i]["amp"]) < 0.012


@named("nwb_vu_nwb2")
def test_ringing_is_no_pulse(case: Case):
    """Two pulses 0 to 50 ms apart, in steps of 10 ms; the peer takes the ringing after the first for a third."""
    result = case.extract()
    trains = result.cells[0].get_recordings_by_protocol_name("SpikeRec")
    goldens = [r for r in case.expected("recordings")["recordings"] if r["ecode"] == "SpikeRec"]
    apart = dict(zip((r.id for r in trains), range(0, 60, 10), strict=True))
    right = wrong_peer = 0
    for recording, golden in zip(trains, goldens, strict=True):
        if apart[recording.id] and recording.timing_from != "unsure":
            assert recording.delta == pytest.approx(apart[recording.id], abs=0.1)
            right += 1
            wrong_peer += abs(golden["delta"] - apart[recording.id]) > 0.1
    assert (right, wrong_peer) == (4, 4)


@named(*sorted(NEGATIVE_RHEOBASE))
def test_a_negative_current_is_no_rheobase(case: Case):
    result = case.extract()
    golden = case.expected("recordings")
    rheobases = {
        cell.name: regroup.lowest_firing(golden, cell.name, result.protocols_rheobase)
        for cell in result.cells
    }
    assert rheobases["96711008"] == pytest.approx(0.4, abs=1e-6)
    for cell in result.cells:
        assert cell.rheobase == pytest.approx(rheobases[cell.name])
    lost = (
        {golden["recordings"][i]["name"] for i in lost_by_peer(case)}
        if case.config["targets"] is None
        else set()
    )
    compared = regroup.check_features(result.features, golden, result.targets, rheobases, lost)
    assert compared > 20 or lost
    assert any("hyperpolarising" in str(problem) for problem in result.problems)


@named("abf2_steps_absolute", "nwb_bbp_absolute")
def test_artefacts_of_hyperpolarising_steps_are_no_spikes(case: Case):
    """No cell fires while -0.2 to -2 nA hold it down: the peer counts the jump at the onset, or a glitch."""
    result = case.extract()
    assert fewer_spikes(case, result) > 0
    for cell in result.cells:
        for recording in cell.recordings:
            if recording.amp < -0.1:
                assert recording.spikecount == 0
            else:
                assert not len(recording.artefact_time)


@named("abf1_current_first_as_is")
def test_channels_are_chosen_by_their_unit(case: Case):
    result = case.extract()
    by_unit = other(case, "abf1_current_first_by_unit")
    assert all("holding" in text for text in file_differences(by_unit, result))
    assert set(recording_differences(by_unit, result)) == {"0 PYR2 PYR2"}


@named("abf_four_channels")
def test_two_voltage_channels_are_not_mixed(case: Case):
    import neo

    result = case.extract()
    path = next(iter(case.config["files_metadata"].values()))["Step"][0]["filepath"]
    segments = neo.io.AxonIO(filename=path).read_block().segments
    recordings = result.cells[0].recordings
    assert len(recordings) == len(segments) == 4
    for recording, segment in zip(recordings, segments, strict=True):
        voltage = next(s for s in segment.analogsignals if s.units.dimensionality.string == "mV")
        np.testing.assert_allclose(recording.voltage, np.asarray(voltage)[:, 0], rtol=1e-6)
    assert any("channel" in str(problem) for problem in result.problems)


@named("abf_voltage_only")
def test_a_file_without_current_is_read_with_its_command_and_told(case: Case):
    """Two sweeps: a ramp from 0 to 0 pA, and one from 0 to 10 pA; the last level stays until the end."""
    result = case.extract()
    recordings = result.cells[0].recordings
    assert {recording.current_from for recording in recordings} <= {"command"}
    assert [problem.severity for problem in result.problems if "not measured" in problem.message] == ["note"]


@named("nwb_bbp_missing_repetition")
def test_a_missing_repetition_is_told(case: Case):
    with pytest.raises(EfeError, match=r"no repetition 9 .* It has 1, 2, 3"):
        case.extract()


@named("ibw_absolute_without_targets")
def test_absolute_amplitudes_need_targets(case: Case):
    with pytest.raises(EfeError, match="needs targets"):
        case.extract()


@named("ibw_targets_and_auto_targets")
def test_targets_or_auto_targets(case: Case):
    with pytest.raises(EfeError, match="both targets and auto_targets"):
        case.extract()


@named("ibw_unknown_strategy")
def test_an_unknown_strategy_is_told(case: Case):
    with pytest.raises(EfeError, match="absolute, flush, majority, interpolation"):
        case.extract()


@named("ibw_unknown_protocol")
def test_a_protocol_without_ecode_is_told(case: Case):
    with pytest.raises(EfeError, match="no eCode is known for the protocol 'Wobble'"):
        case.extract()


@named("ibw_units_override")
def test_a_wrong_unit_in_the_metadata_is_told(case: Case):
    with pytest.raises(EfeError, match=r"voltage unit is taken as 'uV'.*probably in 'V'"):
        case.extract()


@named("ibw_unknown_efeature")
def test_an_unknown_feature_leaves_the_others(case: Case):
    result = case.extract()
    assert [target["efeature"] for target in result.targets] == ["Spikecount"]
    assert any("no_such_feature" in str(problem) for problem in result.problems)
    values = regroup.expected_values(
        other(case, "ibw_overlapping_tolerances").expected("recordings"),
        result.targets[0],
        {cell.name: cell.rheobase for cell in result.cells},
    )
    assert result.features["IDrest_150"]["soma"][0]["val"][0] == pytest.approx(np.mean(values))


@named("ibw_majority_no_rheobase_recordings")
def test_no_sweep_for_the_rheobase_is_no_rheobase(case: Case):
    result = case.extract()
    assert result.cells[0].rheobase is None
    assert result.features == {}
    assert any("there is no sweep of IDthresh" in str(problem) for problem in result.problems)


@named("ibw_rheobase_majority", "ibw_rheobase_majority_settings")
def test_majority_takes_the_bin_it_means(case: Case):
    """The peer's bin is one too high; sweeps, bins and majority are counted anew here."""
    result = case.extract()
    golden = case.expected("recordings")
    settings = {"min_step": 0.01, "majority": 0.5} | (case.config["settings"].get("rheobase_settings") or {})
    right = {}
    for cell in case.rheobases:
        sweeps = sorted(
            (r["amp"], r["spikecount"] or 0)
            for r in golden["recordings"]
            if r["cell"] == cell and r["protocol"] in case.config["protocols_rheobase"]
        )
        left = sweeps[0][0]
        while True:
            inside = [bool(n) for amp, n in sweeps if left <= amp < left + settings["min_step"]]
            if inside and np.mean(inside) >= settings["majority"]:
                break
            left += settings["min_step"]
        right[cell] = left + settings["min_step"] / 2
    for cell in result.cells:
        assert cell.rheobase == pytest.approx(right[cell.name], abs=1e-9)
        assert case.rheobases[cell.name] - cell.rheobase == pytest.approx(settings["min_step"])
    assert regroup.check_features(result.features, golden, result.targets, right)


@named("ibw_overlapping_tolerances")
def test_each_target_has_its_own_tolerance(case: Case):
    result = case.extract()
    compared = regroup.check_features(
        result.features, case.expected("recordings"), result.targets, case.rheobases
    )
    assert compared == 2
    assert [entry["n"] for entry in result.features["IDrest_150"]["soma"]] == [3, 12]


@named("ibw_same_name_two_settings")
def test_one_feature_under_two_settings_is_two_values(case: Case):
    """Spikes above -20 mV and above 25 mV, counted in the voltage itself."""
    result = case.extract()
    counts: dict[float, list[int]] = {-20.0: [], 25.0: []}
    for cell in result.cells:
        for recording in cell.get_recordings_by_protocol_name("IDrest"):
            if abs(recording.amp_rel - 200) < 20:
                during = recording.voltage[recording.trace.index(700) : recording.trace.index(2700)]
                for threshold, found in counts.items():
                    found.append(int(np.sum((during[1:] > threshold) & (during[:-1] <= threshold))))
    for entry, found in zip(result.features["IDrest_200"]["soma"], counts.values(), strict=True):
        assert entry["val"][0] == pytest.approx(np.mean(found))
    assert np.mean(counts[-20.0]) > 10 > np.mean(counts[25.0])


@named("ibw_protocol_mode_lnmc")
def test_lnmc_is_the_nominal_protocol(case: Case):
    result = case.extract()
    mean = other(case, "ibw_relative_given_timing")
    rheobase = np.mean([cell.rheobase for cell in result.cells])
    assert rheobase == pytest.approx(mean.expected("holding_threshold_currents")["threshold_current"][0])
    assert result.protocols_dict
    for name, protocol in result.protocols_dict.items():
        percent = float(name.split("_")[1])
        step = protocol["step"]
        assert step["amp"] == pytest.approx(percent * rheobase / 100)
        assert step["thresh_perc"] == percent
        assert (step["delay"], step["delay"] + step["duration"]) == (700.0, 2700.0)
        # the features are those of any other mode
        assert not set(map(str, result.features[name])) - set(map(str, mean.expected("features")[name]))


@named("ibw_protocol_name_trap")
def test_active_ramp_is_a_ramp(case: Case):
    result = case.extract()
    ramps = result.cells[0].get_recordings_by_protocol_name("Active_Ramp")
    golden = other(case, "ibw_ramp").expected("recordings")["recordings"]
    by_name = {r["name"]: r for r in golden}
    assert len(ramps) == 3
    for recording in ramps:
        right = by_name[recording.name]
        assert type(recording).__name__ == right["ecode"] == "Ramp"
        assert recording.amp == pytest.approx(right["amp"])
        assert recording.hypamp == pytest.approx(right["hypamp"])


@named("nwb_bbp")
def test_artefacts_in_hyperpolarised_sweeps_are_no_rheobase(case: Case):
    result = case.extract()
    assert result.cells[0].rheobase is None
    assert result.features == {}
    assert result.currents["threshold_current"] == [None, None]
    assert any("hyperpolarising" in str(problem) for problem in result.problems)


# --- timings that the peer is given, or loses, and that we find: compared with the same recordings, timings given

FOUND = {
    "ibw_relative_detected_timing": "ibw_relative_given_timing",
    "ibw_sahp_detected_timing": "ibw_sahp_given_timing",
    "ibw_ramp_toff_detected": "ibw_ramp",
    "ibw_ramp_no_ton": "ibw_ramp",
    "nwb_scala_lantyer_detected": "nwb_scala_lantyer",
    "mat_no_reader": "mat_patchmaster_cc",
}
# ms: rigs keep the nominal timing only to 2.3 ms, and a ramp of 0.3 pA/ms has no sharp beginning in 5 pA of noise
NEAR = {"ton": {"Ramp": 10.0}}


@named(*FOUND)
def test_timings_found_are_those_given(case: Case):
    """Timings within 3 ms of the nominal ones; levels and spikes follow."""
    result = case.extract()
    golden = other(case, FOUND[case.folder.name]).expected("recordings")["recordings"]
    by_place = {_place(golden, record): record for record in golden}
    ours = [(cell, recording) for cell in result.cells for recording in cell.recordings]
    records = [recording_record(cell, recording) for cell, recording in ours]
    for (_, recording), record in zip(ours, records, strict=True):
        right = by_place[_place(records, record)]
        for edge in recording.timings:
            near = NEAR.get(edge, {}).get(type(recording).__name__, 3.0)
            assert abs(getattr(recording, edge) - right[edge]) <= near, (recording.name, edge)
        for level in (*recording.amplitudes, "hypamp"):
            assert getattr(recording, level) == pytest.approx(right[level], abs=0.03), (recording.name, level)
        assert abs(recording.spikecount - (right["spikecount"] or 0)) <= 1
    lost = sum(problem.kind == "stimulus" and problem.severity == "error" for problem in result.problems)
    wanted = {
        (cell, protocol)
        for cell, protocols in case.config["files_metadata"].items()
        for protocol in protocols
    }
    assert len(ours) + lost == sum((r["cell"], r["protocol"]) in wanted for r in golden)
    assert lost <= max(1, 0.1 * len(ours))


def _place(records: list[dict], record: dict) -> tuple:
    """Tell a recording by its cell, protocol and file, and the sweeps of one file by their order."""

    def place(r: dict) -> tuple:
        return r["cell"], r["protocol"], tuple(r["files"])

    same = [r for r in records if place(r) == place(record)]
    return *place(record), next(i for i, r in enumerate(same) if r is record)


@named("ibw_dehyperpol_no_timing")
def test_a_stimulus_of_another_shape_is_not_guessed(case: Case):
    """SAHP recordings filed as DeHyperPol: which three of the four edges are meant can't be known."""
    with pytest.raises(EfeError, match=r"the stimulus was not found: .*give `ton`, `tmid`, `toff`"):
        case.extract()


@named("ibw_spikerec", "syn_spikerec_ramp_sahp")
def test_decay_after_each_pulse_of_a_train(case: Case):
    """Always NaN with the peer; here the mean over the pulses of eFEL's decay after a single stimulus."""
    import efel

    result = case.extract()
    name = "multiple_decay_time_constant_after_stim"
    new = [
        text
        for text in file_differences(case, result)
        if not re.fullmatch(r"features/SpikeRec_\d+/soma: .* items", text)
    ]
    assert not new
    for cell in result.cells:
        for recording in cell.get_recordings_by_protocol_name("SpikeRec"):
            level = np.median(recording.current[recording.current > recording.hypamp + 0.9 * recording.amp])
            assert recording.hypamp + recording.amp == pytest.approx(level, rel=0.1)
    for key, texts in recording_differences(case, result).items():
        if key.endswith(
            "X_SpikeRec_ch1_406"
        ):  # its highest samples, 1.77 nA, are an action potential's crosstalk
            peer, ours = (float(value) for value in texts[0].removeprefix("amp: ").split(" / "))
            assert (peer, ours) == pytest.approx((1.77, 1.08), abs=0.005)
            texts = texts[2:]
        if key.endswith("exp_SpikeRec_ch1_170"):  # one pulse of 6 ms, in which the peer sees a gap of 0.7 ms
            assert texts[:2] == ["tspike: 2 / 1 items", "spike_duration: 3.55 / 6.050000000000001"]
            continue
        assert len(texts) == 1, key
        assert texts[0].startswith(f"efeatures/{name}: nan / "), key
    compared = 0
    for cell in result.cells:
        for recording in cell.get_recordings_by_protocol_name("SpikeRec"):
            efel.reset()
            for setting, value in result.efel_settings.items():
                efel.set_setting(setting, value)
            decays = []
            for start, end in zip(recording.multi_stim_start, recording.multi_stim_end, strict=True):
                trace = {"T": recording.t, "V": recording.voltage, "stim_start": [start], "stim_end": [end]}
                found = efel.get_feature_values(
                    [trace], ["decay_time_constant_after_stim"], raise_warnings=False
                )
                decays += list(found[0]["decay_time_constant_after_stim"])
            value = recording.efeatures[name]
            assert value == pytest.approx(np.mean(decays), rel=1e-6)
            compared += 1
    assert compared > 2


@named("nwb_scala_repetition")
def test_two_series_of_steps_under_one_name(case: Case):
    """Sweeps 30 to 34 are steps from 20 to 1020 ms among others from 700 to 2700 ms; the peer loses them."""
    result = case.extract()
    differing = {key.split()[2] for key in recording_differences(case, result)}
    ours = {recording.name: recording for cell in result.cells for recording in cell.recordings}
    assert differing == {f"CurrentClampSeries_{i}" for i in (30, 31, 33, 34)}
    for name in differing:
        assert abs(ours[name].ton - 20) <= 1.0
        assert abs(ours[name].toff - 1020) <= 1.0
    assert all("holding_current" in text for text in file_differences(case, result))


@named("ibw_relative_detected_timing")
def test_the_noisy_cell_has_its_rheobase(case: Case):
    """C060109A1-SR-C1: the peer finds 0.110 nA, since it loses 32 of 50 stimuli; with the timings given, 0.179 nA."""
    result = case.extract()
    right = other(case, "ibw_relative_given_timing").rheobases
    for cell in result.cells:
        assert cell.rheobase == pytest.approx(right[cell.name], abs=2e-3)
    assert case.rheobases["C060109A1-SR-C1"] == pytest.approx(0.110, abs=1e-3)


@named("nwb_scala_lantyer_detected")
def test_a_later_small_pulse_does_not_move_the_step(case: Case):
    result = case.extract()
    given = other(case, "nwb_scala_lantyer").rheobases["180817_ME_9"]
    assert result.cells[0].rheobase == pytest.approx(given, rel=1e-3)
    assert case.rheobases["180817_ME_9"] == pytest.approx(0.0614, abs=1e-4)


@named("syn_sinespec_default_timing")
def test_the_usual_timing_of_a_sine_sweep_is_in_ms(case: Case):
    result = case.extract()
    sweeps = result.cells[0].get_recordings_by_protocol_name("SineSpec")
    assert [(r.ton, r.toff) for r in sweeps] == [pytest.approx((150.0, 5100.0))] * 2
    given = other(case, "syn_sinespec_given_timing").expected("features")
    for name, right in given.items():
        wanted = {entry["efeature_name"]: entry["val"] for entry in right["soma"]}
        for entry in outputs(result)["features"][name]["soma"]:
            assert entry["val"] == pytest.approx(wanted[entry["efeature_name"]], rel=1e-9)


@named("syn_vu_all")
def test_pulses_of_a_capacitance_check_are_found(case: Case):
    """Eight pulses of 40 ms every 70 ms from 100 ms on; the peer's limit on a single sample finds noise at 0.6 ms."""
    result = case.extract()
    recordings = [r for cell in result.cells for r in cell.recordings]
    checks = [i for i, r in enumerate(recordings) if r.protocol_name == "CapCheck"]
    assert len(checks) == 2
    for i in checks:
        assert recordings[i].ton == pytest.approx(100.0, abs=1.0)
        assert recordings[i].toff == pytest.approx(630.0, abs=1.0)
    assert all("CapCheck" in text for text in file_differences(case, result))


# --- files


@named("ibw_extract_per_cell", "ibw_extract_per_cell_absolute")
def test_files_of_each_cell(case: Case, tmp_path):
    """As the peer's but for its defects: settings that get lost, and nothing at all with absolute amplitudes."""
    arguments = case.arguments()
    extract_efeatures(tmp_path, write_files=True, **arguments)
    golden, absolute = case.expected("recordings"), arguments["absolute_amplitude"]
    for cell, rheobase in case.rheobases.items():
        made = {
            name: json.loads((tmp_path / cell / f"{name}.json").read_text(encoding="utf-8")) for name in FILES
        }
        own = {"recordings": [r for r in golden["recordings"] if r["cell"] == cell]}
        rheobases = None if absolute else {cell: rheobase}
        assert regroup.check_features(made["features"], own, arguments["targets"], rheobases) > 5
        for protocol in made["features"].values():
            for entry in protocol["soma"]:
                assert entry["efel_settings"] == arguments["efel_settings"]
        assert list(made["holding_threshold_currents"]["all_holding_current"]) == [cell]


@named("ibw_low_memory", "ibw_low_memory_auto_targets")
def test_low_memory_mode_gives_the_same_files(case: Case, tmp_path):
    extract_efeatures(tmp_path, write_files=True, **case.arguments())
    made = [json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) for name in FILES]
    assert made == [outputs(case.extract())[name] for name in FILES]
