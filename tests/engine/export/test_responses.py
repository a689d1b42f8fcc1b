"""Responses of models as they come: varying steps, numbers that left all bounds, and what is scored then."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.export.responses import samples_of
from efewidgets.engine.export.scoring import model_value, score_table

SAID = {
    "name": "IV_-50.soma.voltage_base", "protocol": "IV_-50", "location": "soma", "efel_feature_name": "voltage_base",
    "mean": -70.0, "std": 2.0, "n": 3, "stim_start": 10.0, "stim_end": 20.0, "threshold": -20.0, "interp_step": 0.1,
    "stimulus_current": -0.1, "stimulus_current_rel": -50.0, "double_settings": {}, "int_settings": {},
    "string_settings": {}, "list_settings": {},
}  # fmt: skip
FIT = {
    "threshold_based": True,
    "features": [SAID],
    "protocols": {"IV_-50": {"validation": False}},
    "holding": {"voltage": None, "mean": -0.01, "std": 0.001},
    "rheobase": {"mean": 0.1, "std": 0.02},
}


def test_of_samples_at_one_time_the_last_counts():
    time, voltage = samples_of({"time": [0.0, 1.0, 1.0, 1.0, 2.0], "voltage": [1.0, 2.0, 3.0, 4.0, 5.0]})
    assert time.tolist() == [0.0, 1.0, 2.0]
    assert voltage.tolist() == [1.0, 4.0, 5.0]


@pytest.mark.parametrize(
    "response",
    [None, {}, 3.0, {"time": [0.0], "voltage": [0.0]}, {"time": [0.0, 1.0], "voltage": [0.0, np.nan]}],
    ids=["none", "empty", "a number", "one sample", "out of bounds"],
)
def test_a_response_without_samples_has_no_value(response):
    assert samples_of(response) is None
    assert model_value(SAID, {"IV_-50.soma.v": response}, True) is None


def test_the_table_says_how_many_standard_deviations_a_model_is_off():
    time = np.arange(0.0, 30.0, 0.1)
    responses = {
        "IV_-50.soma.v": {"time": time, "voltage": np.full(300, -73.0)},
        "bpo_threshold_current": 0.13,
    }
    table = score_table(FIT, responses).set_index("feature")
    assert table.model[SAID["name"]] == pytest.approx(-73.0)
    assert table.z[SAID["name"]] == pytest.approx(-1.5)
    assert table.z["bpo_threshold_current"] == pytest.approx(1.5)
    assert "bpo_holding_current" not in table.index  # it is the cells' own
    assert score_table(FIT, {}).z.isna().all()
