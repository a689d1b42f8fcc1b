"""Targets: checked, converted, chosen automatically; and the values that gather in them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from efewidgets.engine.features.efel_features import check_feature
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.ecodes import Step
from efewidgets.engine.targets.automatic import AutoTarget, default_auto_targets
from efewidgets.engine.targets.targets import EFeatureTarget, check_targets, convert_legacy_targets

GOOD = {"efeature": "AP_amplitude", "protocol": "IDrest", "amplitude": 150, "tolerance": 10.0}


def problems_of(*targets):
    return [str(problem) for problem in check_targets(targets)[1]]


# --- checking


def test_a_good_target_passes_as_a_copy():
    target = copy.deepcopy(GOOD) | {"efel_settings": {"Threshold": -10}}
    (checked,), problems = check_targets([target])
    assert problems == []
    assert checked == target | {"location": "soma"}
    assert checked["efel_settings"] is not target["efel_settings"]


def test_what_is_left_out_is_filled_in():
    (checked,), _ = check_targets([GOOD])
    assert checked["efel_settings"] == {}
    assert "efel_settings" not in GOOD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"efeature": "AP_amplitud"}, "eFEL has no feature 'AP_amplitud'. Did you mean 'AP_amplitude'?"),
        ({"efeature": None}, "no 'efeature'"),
        ({"protocol": None}, "no 'protocol'"),
        ({"tolerance": 0}, "tolerance must be above zero"),
        ({"tolerance": -5.0}, "tolerance must be above zero"),
        ({"tolerance": [10, 20]}, "tolerance must be a number"),
        ({"amplitude": "150"}, "amplitude must be a number"),
        ({"amplitude": [150, 200]}, "amplitude must be a number"),
        ({"amplitude": []}, "amplitude must be a number"),
        ({"amplitude": float("nan")}, "amplitude must be a number"),
        ({"amplitude": True}, "amplitude must be a number"),
        ({"efel_setting": {}}, "no entry 'efel_setting'. Did you mean 'efel_settings'?"),
        ({"tolerence": 5.0}, "no entry 'tolerence'. Did you mean 'tolerance'?"),
        ({"efel_settings": {"threshold": -20.0}}, "no setting 'threshold'. Did you mean 'Threshold'?"),
        ({"efel_settings": {"strict_stiminterval": "False"}}, "without quotes"),
        ({"efel_settings": {"Threshold": True}}, "must be a number"),
        ({"efel_settings": [1]}, "settings in braces, {name: value}, but is [1]"),
        ({"efeature": "bpap_attenuation"}, "can't be computed from one recording"),
    ],
)
def test_what_can_not_be_is_told_and_the_others_go_on(change, words):
    good, problems = check_targets([GOOD | change, GOOD])
    assert len(good) == 1
    assert words in str(problems[0])
    assert str(problems[0]).startswith("target '1: ")


def test_entries_of_no_meaning_are_passed_over_with_a_warning():
    good, problems = check_targets([GOOD | {"note": "from the paper", "tolerance_left": 3}])
    assert good == check_targets([GOOD])[0]
    assert [problem.severity for problem in problems] == ["warning", "warning"]
    assert str(problems[0]).endswith("no entry 'note'; it is passed over.")
    assert str(problems[1]).endswith(
        "no entry 'tolerance_left'; it is passed over. Did you mean 'tolerance'?"
    )


def test_amplitude_and_tolerance_in_a_list_of_one():
    good, problems = check_targets([GOOD | {"amplitude": [150], "tolerance": (20.0,)}])
    assert problems == []
    assert (good[0]["amplitude"], good[0]["tolerance"]) == (150, 20.0)


@pytest.mark.parametrize("wrong", [None, "IDrest", 3, ["AP_amplitude"]])
def test_what_is_no_target(wrong):
    assert "must be a dictionary" in problems_of(wrong)[0]


def test_the_same_target_twice_is_used_once():
    good, problems = check_targets([GOOD, dict(GOOD), GOOD | {"amplitude": 200}])
    assert [target["amplitude"] for target in good] == [150, 200]
    assert [problem.severity for problem in problems] == ["warning"]
    assert "more than once" in str(problems[0])


def test_the_same_feature_under_two_names_is_no_repetition():
    good, problems = check_targets([GOOD, GOOD | {"efeature_name": "mine"}])
    assert len(good) == 2
    assert problems == []


def test_no_targets():
    assert check_targets([]) == ([], [])


# --- the old form


def test_old_form():
    old = {
        "IDrest": {
            "amplitudes": [150, 200],
            "tolerances": [10],
            "efeatures": {"Spikecount": {"Threshold": -10.0}, "AP_amplitude": {}},
            "location": "soma",
        },
        "IV": {"amplitudes": [-20, -40], "tolerances": [5, 8], "efeatures": ["voltage_base"]},
    }
    found = convert_legacy_targets(old)
    assert [(t["protocol"], t["amplitude"], t["efeature"], t["tolerance"]) for t in found] == [
        ("IDrest", 150, "Spikecount", 10),
        ("IDrest", 150, "AP_amplitude", 10),
        ("IDrest", 200, "Spikecount", 10),
        ("IDrest", 200, "AP_amplitude", 10),
        ("IV", -20, "voltage_base", 5),
        ("IV", -40, "voltage_base", 8),
    ]
    assert found[0]["efel_settings"] == {"Threshold": -10.0}
    assert found[1]["efel_settings"] == {}
    assert len(check_targets(found)[0]) == 6


def test_settings_of_the_old_form_are_not_shared():
    old = {
        "IV": {"amplitudes": [1, 2], "tolerances": [1], "efeatures": {"voltage_base": {"Threshold": -10.0}}}
    }
    first, second = convert_legacy_targets(old)
    first["efel_settings"]["Threshold"] = 0.0
    assert second["efel_settings"] == {"Threshold": -10.0}
    assert old["IV"]["efeatures"]["voltage_base"] == {"Threshold": -10.0}
    assert old["IV"]["tolerances"] == [1]


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ({"amplitudes": [1, 2, 3], "tolerances": [1, 2], "efeatures": []}, "3 amplitudes and 2 tolerances"),
        ({"amplitudes": [1], "tolerances": [], "efeatures": []}, "1 amplitudes and 0 tolerances"),
    ],
)
def test_old_form_whose_numbers_do_not_fit(old, words):
    with pytest.raises(EfeError, match=words):
        convert_legacy_targets({"IV": old})


# --- values


@pytest.fixture
def target():
    return EFeatureTarget("mine", "Spikecount", "IDrest", 150.0, 10.0)


def test_empty_target(target):
    assert target.sample_size == 0
    assert np.isnan(target.mean)
    assert np.isnan(target.std)
    assert repr(target) == "EFeatureTarget(mine of IDrest at 150: n = 0, nan ± nan)"


def test_mean_and_population_standard_deviation(target):
    for value in (1.0, 2, np.float64(6.0)):
        target.append(value)
    assert target.values == [1.0, 2.0, 6.0]
    assert target.mean == 3.0
    assert target.std == pytest.approx(np.sqrt((4 + 1 + 9) / 3))
    assert str(target).startswith("EFeatureTarget(mine of IDrest at 150: n = 3, 3 ± 2.16")


@pytest.mark.parametrize("value", [None, np.nan, float("nan"), np.inf, -np.inf])
def test_what_is_no_value_is_left_out(target, value):
    target.append(value, ["file"])
    assert target.sample_size == 0
    assert target.files == []


@pytest.mark.parametrize("value", [[1.0], "1", np.array([1.0, 2.0]), True, {}])
def test_only_numbers_are_values(target, value):
    with pytest.raises(TypeError, match="must be a number, but is"):
        target.append(value)


def test_cleared(target):
    target.append(1.0, ["file"])
    target.append_auto_threshold(-40.0)
    target.clear()
    assert (target.sample_size, target.files, target.effective_settings()) == (0, [], {})


def test_each_file_once(target):
    target.append(1.0, ["i", "v"])
    target.append(2.0, ["i", "v"])
    target.append(2.0)
    assert target.files == ["i", "v"]


def test_as_it_stands_in_the_file(target):
    target.append(1.0)
    target.append(2.0)
    assert target.as_dict() == {
        "feature": "Spikecount",
        "val": [1.5, 0.5],
        "n": 2,
        "efel_settings": {},
        "efeature_name": "mine",
    }
    assert list(target.as_dict()) == ["feature", "val", "n", "efel_settings", "efeature_name"]


def test_no_spread_becomes_the_default(target):
    target.append(2.0)
    assert target.as_dict()["val"] == [2.0, 1e-3]
    assert target.as_dict(default_std_value=0.4)["val"] == [2.0, 0.4]
    target.append(2.0 + 1e-9)
    assert target.as_dict(default_std_value=0.4)["val"][1] == pytest.approx(5e-10)


def test_own_name_is_efel_s_for_want_of_one():
    assert EFeatureTarget(None, "Spikecount", "IDrest", 150.0, 10.0).efeature_name == "Spikecount"


def test_automatic_threshold_is_the_median():
    target = EFeatureTarget(None, "Spikecount", "IDrest", 150.0, 10.0, {"interp_step": 0.1})
    for threshold in (-30.0, -42.0, -38.0):
        target.append_auto_threshold(threshold)
    assert target.effective_settings() == {"interp_step": 0.1, "Threshold": -38.0}
    assert target.efel_settings == {"interp_step": 0.1}


def test_given_threshold_beats_the_automatic_one():
    target = EFeatureTarget(None, "Spikecount", "IDrest", 150.0, 10.0, {"Threshold": -20.0})
    target.append_auto_threshold(-38.0)
    assert target.effective_settings() == {"Threshold": -20.0}


# --- targets chosen automatically


def recordings(*pairs):
    found = []
    for protocol, amp_rel in pairs:
        recording = Step({}, {}, protocol)
        recording.amp_rel = amp_rel
        found.append(recording)
    return found


def goal(**change):
    arguments = {
        "protocols": ["IDrest", "Step"],
        "amplitudes": [200, 150],
        "efeatures": ["AP_amplitude", "Spikecount"],
        "min_recordings_per_amplitude": 2,
        "preferred_number_protocols": 1,
        "tolerance": 10,
    }
    return AutoTarget(**(arguments | change))


THERE = recordings(
    ("Step", 200), ("Step", 205), ("IDrest", 145), ("IDrest", 155), ("IDrest", 203), ("IDrest", None)
)


def test_preferred_protocol_first_then_amplitude():
    wanted = goal()
    assert not wanted.is_valid()
    wanted.select_ecode_and_amplitude(THERE)
    assert (wanted.active_ecode, wanted.active_amplitudes) == (["IDrest"], [150])
    assert wanted.is_valid()


def test_several_protocols():
    wanted = goal(preferred_number_protocols=3)
    wanted.select_ecode_and_amplitude(THERE)
    assert list(zip(wanted.active_ecode, wanted.active_amplitudes, strict=True)) == [
        ("IDrest", 150),
        ("Step", 200),
    ]


def test_fewer_recordings_will_do():
    wanted = goal(min_recordings_per_amplitude=1)
    wanted.select_ecode_and_amplitude(THERE)
    assert (wanted.active_ecode, wanted.active_amplitudes) == (["IDrest"], [200])


def test_tolerance_of_the_choice_is_strict():
    wanted = goal(tolerance=5)
    wanted.select_ecode_and_amplitude(THERE)  # 145 and 155 are exactly 5 away from 150, 205 from 200
    assert not wanted.is_valid()
    assert wanted.generate_targets() == []


def test_choosing_again_forgets_the_first_choice():
    wanted = goal()
    wanted.select_ecode_and_amplitude(THERE)
    wanted.select_ecode_and_amplitude(THERE[:2])
    assert (wanted.active_ecode, wanted.active_amplitudes) == (["Step"], [200])
    wanted.select_ecode_and_amplitude([])
    assert not wanted.is_valid()


def test_targets_of_a_choice():
    wanted = goal()
    wanted.select_ecode_and_amplitude(THERE)
    assert wanted.generate_targets() == [
        {"efeature": name, "protocol": "IDrest", "amplitude": 150, "tolerance": 10}
        for name in ("AP_amplitude", "Spikecount")
    ]


def test_default_goals_are_bluepyefe_s():
    peer = pytest.importorskip("bluepyefe.auto_targets").default_auto_targets()
    ours = default_auto_targets()
    names = ("protocols", "amplitudes", "efeatures", "tolerance")
    names += ("min_recordings_per_amplitude", "preferred_number_protocols")
    for theirs, own in zip(peer, ours, strict=True):
        for name in names:
            assert getattr(own, name) == getattr(theirs, name)


def test_features_of_the_default_goals_exist():
    for wanted in default_auto_targets():
        for name in wanted.efeatures:
            check_feature(name)


def test_default_goals_on_plenty_of_recordings():
    """19 features at two amplitudes and 10 at one, for 48 targets; the third goal finds no negative amplitude."""
    there = recordings(*[("IDrest", amp) for amp in range(100, 400, 10)])
    targets = []
    for wanted in default_auto_targets():
        wanted.select_ecode_and_amplitude(there)
        targets += wanted.generate_targets()
    assert len(targets) == 48
