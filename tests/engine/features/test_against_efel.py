"""Every feature of eFEL, ours against eFEL's own API, called by hand for one feature at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from efewidgets.engine.features.efel_features import feature_values
from efewidgets.engine.features.efel_graph import feature_names
from efewidgets.engine.features.efel_proof import private_engine

from .reference import efel_values

#: eFEL interpolates the trace anew for each feature, which moves potentials by a rounding error; of that the
#: iterations of these fits make more, without bound where there is nothing to fit
FITTED = {"activation_time_constant", "deactivation_time_constant", "inactivation_time_constant"}
#: a rounding error of a step of 100 mV; near 0 it is large in proportion
ROUNDING = 1e-13

VARIANTS = [
    {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025},
    {"strict_stiminterval": False, "interp_step": 0.1, "ignore_first_ISI": False},
    {"strict_stiminterval": True, "interp_step": 0.05, "Threshold": 0.0, "DerivativeThreshold": 5.0},
]


def settings_for(trace, variant):
    return {"Threshold": trace.threshold, "stimulus_current": trace.amp, **VARIANTS[variant], **trace.extra}


def values_of(trace, settings, stock=False):
    arguments = (trace.t, trace.v, trace.i, trace.on, trace.off, feature_names(), settings)
    return feature_values(*arguments, stock=stock)


def assert_same(values, expected, trace):
    wrong = {}
    for name, reference in expected.items():
        value = values[name]
        same = value is reference is None or (
            value is not None
            and reference is not None
            and np.asarray(value).dtype == np.asarray(reference).dtype
            and np.array_equal(value, reference, equal_nan=True)
        )
        if not same:
            wrong[name] = (value, reference)
    assert not wrong, trace.name


@pytest.fixture(autouse=True)
def _with_engine():
    if private_engine() is None:
        pytest.skip("no copy of eFEL's library can be loaded here")


@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_each_feature_is_bit_for_bit_efels(trace, variant):
    settings = settings_for(trace, variant)
    expected = efel_values(trace, feature_names(), settings, one_by_one=True)
    assert_same(values_of(trace, settings), expected, trace)


def test_the_traces_have_values_for_nearly_all_features():
    from .conftest import MADE_UP

    found = set()
    for trace in MADE_UP.values():
        values = values_of(trace, settings_for(trace, 0))
        found |= {name for name, value in values.items() if value is not None and len(value)}
    assert set(feature_names()) - found <= {"current"}, "more made-up traces are needed"


def assert_close(values, expected, trace):
    for name in feature_names():
        value, reference = values[name], expected[name]
        assert (value is None) == (reference is None), (trace.name, name)
        if value is None or name in FITTED:
            continue
        assert np.shape(value) == np.shape(reference), (trace.name, name)
        np.testing.assert_allclose(
            value, reference, rtol=1e-15, atol=ROUNDING, err_msg=f"{trace.name} {name}"
        )


def test_all_features_of_real_recordings_in_one_call(real_traces):
    short = [trace for trace in real_traces if trace.t[-1] < 1500.0]  # ms; eFEL takes seconds for the others
    for trace, variant in zip(short[::3], itertools.cycle(range(len(VARIANTS)))):
        settings = settings_for(trace, variant)
        assert_close(values_of(trace, settings), efel_values(trace, feature_names(), settings), trace)


@pytest.mark.slow
def test_each_feature_of_real_recordings_is_bit_for_bit_efels(real_traces):
    for trace, variant in zip(real_traces, itertools.cycle(range(len(VARIANTS)))):
        settings = settings_for(trace, variant)
        expected = efel_values(trace, feature_names(), settings, one_by_one=True)
        assert_same(values_of(trace, settings), expected, trace)


def test_the_plain_way_gives_the_same(trace):
    settings = settings_for(trace, 0)
    assert_close(values_of(trace, settings, stock=True), values_of(trace, settings), trace)
