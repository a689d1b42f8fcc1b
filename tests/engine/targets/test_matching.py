"""Which recordings fall into which target, and the one stimulus that stands for them."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.cell import Cell
from efewidgets.engine.recordings.ecodes import SAHP, SpikeRec, Step
from efewidgets.engine.targets.matching import (
    MODES,
    Protocol,
    build_protocols,
    check_mode,
    match,
    unmatched_problems,
)
from efewidgets.engine.targets.targets import EFeatureTarget

COUNT = {"efeature": "Spikecount", "protocol": "IDrest", "amplitude": 150, "tolerance": 10.0}


def recording(amp=0.2, amp_rel=150.0, protocol="IDrest", **more):
    made = Step({"filepath": f"{amp}.abf"}, {}, protocol)
    values = {"ton": 100.0, "toff": 500.0, "tend": 600.0, "dt": 0.1, "hypamp": -0.02, "hypamp_rel": -10.0}
    for name, value in (values | {"amp": amp, "amp_rel": amp_rel} | more).items():
        setattr(made, name, value)
    return made


def cell_of(*recordings, rheobase=0.1, name="cell"):
    cell = Cell(name)
    cell.rheobase = rheobase
    cell.recordings = list(recordings)
    return cell


def matched(cells, targets, absolute=False):
    protocols = build_protocols(targets, None, "mean")
    return [
        (protocol.stimulus_name, recording.amp, [target.efeature_name for target in chosen])
        for protocol, recording, chosen in match(cells, protocols, absolute)
    ]


# --- targets into protocols


def test_one_protocol_for_each_name_and_amplitude_in_order():
    targets = [
        COUNT | {"amplitude": 200},
        COUNT,
        COUNT | {"efeature": "voltage_base", "amplitude": 200},
        COUNT | {"protocol": "IV"},
    ]
    protocols = build_protocols(targets, 0.1, "median", {"Threshold": -20.0})
    assert [protocol.stimulus_name for protocol in protocols] == ["IDrest_200", "IDrest_150", "IV_150"]
    assert [t.efel_feature_name for t in protocols[0].feature_targets] == ["Spikecount", "voltage_base"]
    assert (protocols[0].global_rheobase, protocols[0].mode) == (0.1, "median")


def test_amplitude_stands_in_the_name_as_it_was_written():
    names = [
        protocol.stimulus_name
        for protocol in build_protocols([COUNT | {"amplitude": a} for a in (150, 200.0, -0.05)], None, "mean")
    ]
    assert names == ["IDrest_150", "IDrest_200.0", "IDrest_-0.05"]


def test_settings_of_a_target_beat_the_common_ones():
    target = COUNT | {"efel_settings": {"Threshold": 0.0}, "location": "dend"}
    (protocol,) = build_protocols([target], None, "mean", {"Threshold": -20.0, "interp_step": 0.1})
    assert protocol.feature_targets[0].efel_settings == {"Threshold": 0.0, "interp_step": 0.1}
    assert protocol.feature_targets[0].location == "dend"


# --- recordings into targets


def test_within_the_tolerance():
    cells = [
        cell_of(recording(0.139, 139.9), recording(0.141, 140.1), recording(0.15), recording(0.16, 160.0))
    ]
    assert [amp for _, amp, _ in matched(cells, [COUNT])] == [0.141, 0.15]  # 160 is exactly at the edge


def test_each_target_has_its_tolerance():
    cells = [cell_of(recording(0.15, 150.0), recording(0.17, 170.0), recording(0.19, 190.0))]
    targets = [COUNT, COUNT | {"efeature": "voltage_base", "tolerance": 30.0}]
    assert matched(cells, targets) == [
        ("IDrest_150", 0.15, ["Spikecount", "voltage_base"]),
        ("IDrest_150", 0.17, ["voltage_base"]),
    ]


def test_absolute_amplitudes_need_no_rheobase():
    cells = [cell_of(recording(0.15, None), rheobase=None)]
    target = COUNT | {"amplitude": 0.14, "tolerance": 0.02}
    assert matched(cells, [target]) == []
    assert len(matched(cells, [target], absolute=True)) == 1


def test_a_cell_without_rheobase_is_passed_over():
    cells = [cell_of(recording(0.1, 150.0), rheobase=None), cell_of(recording(0.2, 150.0))]
    assert [amp for _, amp, _ in matched(cells, [COUNT])] == [0.2]


def test_other_protocols_do_not_fall_in():
    assert matched([cell_of(recording(protocol="IDthresh"), recording(protocol="idrest"))], [COUNT]) == []


def test_one_recording_may_fall_into_several_protocols():
    cells = [cell_of(recording(0.17, 172.0))]
    targets = [COUNT | {"tolerance": 40.0}, COUNT | {"amplitude": 200, "tolerance": 40.0}]
    assert [name for name, _, _ in matched(cells, targets)] == ["IDrest_150", "IDrest_200"]


def test_order_is_protocol_then_cell_then_recording():
    cells = [cell_of(recording(0.15), recording(0.151)), cell_of(recording(0.3), rheobase=0.2, name="b")]
    targets = [COUNT, COUNT | {"amplitude": 151}]
    found = matched(cells, targets)
    assert [name for name, _, _ in found] == ["IDrest_150"] * 3 + ["IDrest_151"] * 3
    assert [amp for _, amp, _ in found] == [0.15, 0.151, 0.3] * 2


def test_sahp_is_matched_by_its_short_step():
    made = SAHP({}, {}, "sAHP")
    made.amp, made.amp_rel, made.amp2, made.amp2_rel = 0.04, 40.0, 0.3, 300.0
    assert matched([cell_of(made)], [COUNT | {"protocol": "sAHP", "amplitude": 40}]) == []
    assert len(matched([cell_of(made)], [COUNT | {"protocol": "sAHP", "amplitude": 300}])) == 1


def test_train_is_matched_by_its_gaps():
    made = SpikeRec({}, {}, "SpikeRec")
    made.amp, made.amp_rel, made.delta = 1.0, 1000.0, 20.0
    for absolute in (False, True):
        assert (
            len(matched([cell_of(made)], [COUNT | {"protocol": "SpikeRec", "amplitude": 21}], absolute)) == 1
        )
        assert matched([cell_of(made)], [COUNT | {"protocol": "SpikeRec", "amplitude": 1000}], absolute) == []


def test_values_gather_in_the_targets():
    target = EFeatureTarget("mine", "Spikecount", "IDrest", 150.0, 10.0)
    protocol = Protocol("IDrest", 150.0, 10.0, [target], mode="mean")
    made = Step(config_data={}, reader_data={})
    made.efeatures = {"mine": 10.0}
    protocol.append(made)
    protocol.append(made)
    assert protocol.n_match == 2
    assert target.values == [10.0, 10.0]
    assert repr(protocol) == "Protocol(IDrest_150.0: 2 recordings, 2 values)"


# --- what matched nothing


def test_misspelt_protocol():
    cells = [cell_of(recording())]
    (problem,) = unmatched_problems(cells, build_protocols([COUNT | {"protocol": "IDRestt"}], None, "mean"))
    assert str(problem) == (
        "protocol 'IDRestt': no cell has recordings of this protocol. Did you mean 'IDrest'? There are: IDrest."
    )


def test_amplitude_without_recordings():
    cells = [cell_of(recording())]
    protocols = build_protocols([COUNT | {"amplitude": 300}], None, "mean")
    (problem,) = unmatched_problems(cells, protocols)
    assert problem.target == "IDrest_300"
    assert "no recording falls into this target" in str(problem)


# --- the stimulus that stands for all


def protocol_of(mode, *recordings, rheobase=None, amplitude=150):
    protocol = Protocol("IDrest", amplitude, 10.0, global_rheobase=rheobase, mode=mode)
    for made in recordings:
        protocol.append(made)
    return protocol


THREE = (
    recording(0.10, 140.0, ton=100.0, toff=500.0, hypamp=-0.01),
    recording(0.20, 150.0, ton=100.0, toff=500.0, hypamp=-0.03),
    recording(0.45, 160.0, ton=130.0, toff=560.0, hypamp=-0.05),
)


@pytest.mark.parametrize(
    ("mode", "amp", "percent", "delay", "duration", "holding"),
    [
        ("mean", 0.25, 150.0, 110.0, 410.0, -0.03),
        ("median", 0.20, 150.0, 100.0, 400.0, -0.03),
        ("min", 0.10, 140.0, 100.0, 400.0, -0.05),
        ("max", 0.45, 160.0, 130.0, 430.0, -0.01),
    ],
)
def test_modes(mode, amp, percent, delay, duration, holding):
    found = protocol_of(mode, *THREE).as_dict()
    assert found["step"] == pytest.approx(
        {"delay": delay, "amp": amp, "thresh_perc": percent, "duration": duration, "totduration": 600.0}
    )
    assert found["holding"] == pytest.approx(
        {"delay": 0.0, "amp": holding, "duration": 600.0, "totduration": 600.0}
    )


def test_amplitude_by_the_global_rheobase():
    """The mean of 140, 150 and 160 % of 0.12 nA, not the mean of the currents."""
    assert protocol_of("mean", *THREE, rheobase=0.12).as_dict()["step"]["amp"] == pytest.approx(0.18)


def test_nominal_protocol():
    """The target's own 150 % of 0.12 nA; of the timings 100 and 500 ms stand twice; the holding current is the mean."""
    found = protocol_of("lnmc", *THREE, rheobase=0.12).as_dict()
    assert found["step"] == pytest.approx(
        {"delay": 100.0, "amp": 0.18, "thresh_perc": 150.0, "duration": 400.0, "totduration": 600.0}
    )
    assert found["holding"]["amp"] == pytest.approx(-0.03)


def test_nominal_amplitude_in_nA():
    assert protocol_of("lnmc", *THREE, amplitude=0.22).as_dict()["step"]["amp"] == 0.22


def test_nominal_timing_is_the_most_frequent_of_those_that_differ_by_less_than_a_sample():
    """100.00, 100.04 and 99.97 ms are one and the same at 0.1 ms; 103 stands twice."""
    times = (100.00, 103.0, 100.04, 103.0, 99.97)
    protocol = protocol_of("lnmc", *[recording(ton=time) for time in times], rheobase=0.1)
    assert protocol.as_dict()["step"]["delay"] == pytest.approx(100.0)


def test_nominal_timing_of_a_draw_is_the_earlier():
    protocol = protocol_of("lnmc", recording(ton=103.0), recording(ton=100.0), rheobase=0.1)
    assert protocol.as_dict()["step"]["delay"] == pytest.approx(100.0)


def test_nominal_protocol_of_sahp_names_the_short_step():
    made = SAHP({}, {}, "sAHP")
    values = {
        "ton": 10.0,
        "tmid": 60.0,
        "tmid2": 80.0,
        "toff": 190.0,
        "tend": 200.0,
        "dt": 0.1,
        "hypamp": 0.0,
    }
    values |= {"amp": 0.05, "amp2": 0.29, "amp_rel": 50.0, "amp2_rel": 290.0, "hypamp_rel": 0.0}
    for name, value in values.items():
        setattr(made, name, value)
    protocol = Protocol("sAHP", 300, 20.0, global_rheobase=0.1, mode="lnmc")
    protocol.append(made)
    step = protocol.as_dict()["step"]
    assert (step["amp"], step["thresh_perc"], step["long_amp"]) == pytest.approx((0.3, 300, 0.05))


def test_without_recordings_there_is_no_stimulus():
    protocol = protocol_of("mean")
    assert protocol.ecode is None
    with pytest.raises(EfeError, match="no recording falls into IDrest_150"):
        protocol.as_dict()


def test_unknown_values_are_left_out_of_the_mean():
    found = protocol_of("mean", recording(hypamp=None), recording(hypamp=-0.04)).as_dict()
    assert found["holding"]["amp"] == pytest.approx(-0.04)


def test_stimulus_has_the_recordings_own_family():
    """A recording that was read as another family than its protocol's name says."""
    made = SAHP({}, {}, "IDrest")
    assert protocol_of("mean", made).ecode.__class__ is SAHP


@pytest.mark.parametrize("mode", MODES)
def test_modes_are_known(mode):
    check_mode(mode)


def test_unknown_mode_names_the_nearest():
    with pytest.raises(EfeError, match=r"no protocol_mode 'average'\. Use one of mean, median"):
        check_mode("average")
    with pytest.raises(EfeError, match="Did you mean 'median'"):
        Protocol("IDrest", 150, 10.0, mode="medain")


def test_same_whatever_the_order():
    """The sums of floats depend on their order by an ulp; the outputs must not."""
    rng = np.random.default_rng(1)
    made = [recording(x, 100 * x) for x in rng.random(20)]
    found = {repr(protocol_of("mean", *[made[k] for k in rng.permutation(20)]).as_dict()) for _ in range(10)}
    assert len(found) == 1
