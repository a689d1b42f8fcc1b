"""Feature values are computed once, together, when they are asked for, each under its own settings."""

from __future__ import annotations

import pytest

from efewidgets.engine.features.store import FeatureStore, settings_key

LOW, HIGH = {"Threshold": -20.0}, {"Threshold": 80.0}


class Computer:
    """Stands in for eFEL: a feature's value is the threshold it is computed with. Notes its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, features, settings):
        self.calls.append((list(features), dict(settings)))
        return {name: settings["Threshold"] + k for k, name in enumerate(features)}


@pytest.fixture
def compute():
    return Computer()


def test_nothing_is_computed_by_asking(compute):
    store = FeatureStore()
    store.request(["a", "b"], None, LOW)
    assert store.pending() == [(["a", "b"], LOW)]
    assert compute.calls == []


def test_all_of_one_settings_are_computed_together(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.request(["c"], None, HIGH)
    store.request(["b", "a"], None, LOW)
    assert store.value("b", "b", LOW, compute) == -19.0
    assert compute.calls == [(["a", "b"], LOW)]
    assert store.value("a", "a", LOW, compute) == -20.0
    assert len(compute.calls) == 1


def test_order_of_settings_does_not_matter(compute):
    assert settings_key({"a": 1, "b": 2.0}) == settings_key({"b": 2.0, "a": 1})
    store = FeatureStore()
    store.request(["a"], None, {"Threshold": -20.0, "interp_step": 0.1})
    assert store.value("a", "a", {"interp_step": 0.1, "Threshold": -20.0}, compute) == -20.0
    assert store.value("a", "a", {"Threshold": -20.0, "interp_step": 0.1}, compute) == -20.0
    assert len(compute.calls) == 1


def test_settings_that_look_alike_are_not_the_same():
    different = [{}, {"a": 1.0}, {"a": 1.5}, {"a": "1.0"}, {"a": True}, {"b": 1.0}, {"a": [1.0]}]
    assert len({settings_key(settings) for settings in different}) == len(different)
    assert settings_key(None) == settings_key({})


def test_one_name_two_settings(compute):
    """What is shown under the name is what was asked for last; each target gets its own."""
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.request(["a"], None, HIGH)
    assert store.value("a", "a", LOW, compute) == -20.0
    assert store.value("a", "a", HIGH, compute) == 80.0
    assert store.shown(compute) == {"a": 80.0}


def test_own_names(compute):
    store = FeatureStore()
    store.request(["a", "a"], ["early", None], LOW)
    store.request(["a"], ["late"], HIGH)
    assert store.shown(compute) == {"early": -20.0, "a": -20.0, "late": 80.0}
    assert store.value("late", "a", HIGH, compute) == 80.0


def test_as_many_names_as_features():
    with pytest.raises(ValueError, match="shorter"):
        FeatureStore().request(["a", "b"], ["one"], LOW)


def test_what_nobody_asked_for_is_unknown(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    assert store.value("b", "b", LOW, compute) is None
    assert store.value("a", "a", LOW, compute) == -20.0


def test_values_from_elsewhere_are_not_computed_again(compute):
    store = FeatureStore()
    store.request(["a", "b"], None, LOW)
    store.fill(LOW, {"a": 1.0, "b": 2.0})
    assert store.pending() == []
    assert store.shown(compute) == {"a": 1.0, "b": 2.0}
    assert compute.calls == []


def test_asked_for_again_is_not_computed_again(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.shown(compute)
    store.request(["a"], None, LOW)
    assert store.pending() == []


def test_value_changed_by_hand_beats_the_computed_one(compute):
    store = FeatureStore()
    store.request(["a", "b"], None, LOW)
    store.shown(compute)["a"] = 7.0
    assert store.value("a", "a", LOW, compute) == 7.0
    assert store.value("b", "b", LOW, compute) == -19.0


def test_value_added_by_hand_is_found_and_stays(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.shown(compute)["mine"] = 7.0
    store.request(["b"], None, LOW)
    assert store.shown(compute) == {"a": -20.0, "b": -20.0, "mine": 7.0}
    assert store.value("mine", "anything", HIGH, compute) == 7.0


def test_all_values_replaced_by_hand(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.replace_shown({"b": 3.0})
    assert store.shown(compute) == {"b": 3.0}
    assert store.value("b", "b", LOW, compute) == 3.0
    assert store.value("a", "a", LOW, compute) is None
    assert compute.calls == []


def test_cleared_values_are_wanted_anew(compute):
    store = FeatureStore()
    store.request(["a"], ["one"], LOW)
    store.request(["b"], None, HIGH)
    store.shown(compute)
    compute.calls.clear()
    store.clear()
    assert store.shown(compute) == {"one": -20.0, "b": 80.0}
    assert compute.calls == [(["a"], LOW), (["b"], HIGH)]


def test_cleared_value_is_not_the_old_one(compute):
    store = FeatureStore()
    store.request(["a"], None, LOW)
    store.shown(compute)
    store.clear()
    assert store.value("a", "a", LOW, lambda features, settings: {"a": 5.0}) == 5.0


def test_under_another_meaning_the_name_shows_the_new_one(compute):
    """First spikes of the early window under this name, then of the late one."""
    store = FeatureStore()
    store.request(["a"], ["phase"], LOW)
    assert store.shown(compute) == {"phase": -20.0}
    store.request(["b"], ["phase"], HIGH)
    assert store.shown(compute) == {"phase": 80.0}
    assert store.value("phase", "a", LOW, compute) == -20.0


def test_shown_is_one_dictionary(compute):
    """A script that keeps `recording.efeatures` sees what comes later."""
    store = FeatureStore()
    store.request(["a"], None, LOW)
    kept = store.shown(compute)
    store.request(["b"], None, LOW)
    assert store.shown(compute) is kept
    assert list(kept) == ["a", "b"]
