"""Settings: what eFEL would take without a word, and the words that we have for it."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.features.efel_features import DEFAULT_EFEL_SETTINGS, check_settings
from efewidgets.engine.problems import EfeError


def test_converted_to_efels_types_in_the_order_given():
    given = {
        "interp_step": np.float32(0.5),
        "Threshold": -20,
        "DerivativeWindow": 5.0,
        "strict_stiminterval": np.bool_(True),
        "ignore_first_ISI": 0,
        "stimulus_current": np.int64(1),
        "stim_start": 10,
        "multi_stim_start": np.array([1, 2]),
        "multi_stim_end": (2, 3.5),
        "voltage_base_mode": "median",
    }
    checked = check_settings(given)
    assert list(checked) == list(given)
    assert checked == {
        "interp_step": 0.5,
        "Threshold": -20.0,
        "DerivativeWindow": 5,
        "strict_stiminterval": True,
        "ignore_first_ISI": False,
        "stimulus_current": 1.0,
        "stim_start": 10.0,
        "multi_stim_start": [1.0, 2.0],
        "multi_stim_end": [2.0, 3.5],
        "voltage_base_mode": "median",
    }
    types = [type(value) for value in checked.values()]
    assert types == [float, float, int, bool, bool, float, float, list, list, str]


def test_defaults_and_nothing():
    assert check_settings(DEFAULT_EFEL_SETTINGS) == DEFAULT_EFEL_SETTINGS
    assert check_settings(None) == {}
    assert check_settings({"Threshold": None}) == {}
    assert DEFAULT_EFEL_SETTINGS == {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": -20.0}, "'threshold'.*'Threshold'"),
        ({"strict_stim_interval": True}, "'strict_stiminterval'"),
        ({"qwertz": 1}, "'qwertz'"),
        ({3: 1}, "3"),
        ({"strict_stiminterval": "False"}, "False in Python or false in JSON"),
        ({"strict_stiminterval": "true"}, "True in Python or true in JSON"),
        ({"strict_stiminterval": "no"}, "True or False"),
        ({"strict_stiminterval": 2}, "True or False"),
        ({"strict_stiminterval": 1.0}, "True or False"),
        ({"Threshold": True}, "number"),
        ({"DerivativeWindow": False}, "number"),
        ({"Threshold": "-20"}, "without quotes"),
        ({"Threshold": [-20.0]}, "number"),
        ({"Threshold": float("nan")}, "finite"),
        ({"Threshold": np.inf}, "finite"),
        ({"DerivativeWindow": 3.5}, "whole number"),
        ({"interp_step": 0}, "between 0.001 and 100"),
        ({"interp_step": 1e-9}, "between"),
        ({"interp_step": -0.1}, "between"),
        ({"spike_skipf": 1}, "between"),
        ({"DerivativeWindow": 0}, "between"),
        ({"max_spike_skip": 10**10}, "between"),
        ({"max_spike_skip": 10**400}, r"beyond 1e\+15"),
        ({"Threshold": 10**400}, r"finite number.*beyond 1e\+15"),
        ({"multi_stim_start": [-(10**400)], "multi_stim_end": [1]}, r"beyond 1e\+15"),
        ({"initburst_sahp_end": 10**10}, "between"),
        ({"voltage_base_mode": "average"}, "mean, median"),
        ({"voltage_base_mode": 3}, "mean, median"),
        ({"dependencyfile_path": "/nowhere/at/all.txt"}, "does not exist"),
        ({"multi_stim_start": 5.0, "multi_stim_end": [7]}, "list of numbers"),
        ({"multi_stim_start": [5.0]}, "same length"),
        ({"multi_stim_start": [5.0, "a"], "multi_stim_end": [6, 7]}, "number"),
        ({"stim_start": 300, "stim_end": 200}, "'stim_start' .* must be smaller than 'stim_end'"),
        ({"voltage_base_start_perc": 1.0}, "must be smaller"),
        ({"decay_end_after_stim": 0.5}, "must be smaller"),
        (["Threshold"], "name: value"),
    ],
)
def test_refused(settings, words):
    with pytest.raises(EfeError, match=words):
        check_settings(settings)
