"""The catalogue covers the installed eFEL, and what it says of settings holds when they are changed."""

from __future__ import annotations

import functools
import subprocess
import sys

import efel
import numpy as np
import pytest

from efewidgets.engine.features import catalogue as module
from efewidgets.engine.features.catalogue import GROUPS, catalogue, feature_info, settings_catalogue
from efewidgets.engine.features.efel_features import feature_values
from efewidgets.engine.features.efel_graph import cpp_chain, cpp_lines, reads
from efewidgets.engine.features.efel_settings import known_settings
from efewidgets.engine.features.units_of_features import OWN_UNITS
from efewidgets.engine.problems import EfeError

from .conftest import MADE_UP

INFOS = {info.name: info for info in catalogue()}
SETTINGS = {info.name: info for info in settings_catalogue()}


def test_every_feature_and_setting_of_the_installed_efel_is_there():
    assert set(INFOS) == set(efel.get_feature_names())
    assert set(vars(efel.Settings())) <= set(SETTINGS)


def test_every_word_is_of_a_feature_or_setting_and_in_one_line():
    for table, known in (("catalogue_features.tsv", INFOS), ("catalogue_settings.tsv", SETTINGS)):
        words = module._words(table)
        assert set(words) == set(known), (
            "words for what is gone, or none for what is new, in the installed eFEL"
        )
        for row in words.values():
            assert None not in row.values()
            assert None not in row  # a tab too many


def test_words():
    for info in INFOS.values():
        assert info.group in GROUPS[:-1]
        assert 10 < len(info.description) < 160
    assert len({info.description for info in INFOS.values()}) == len(INFOS)
    for setting in SETTINGS.values():
        assert len(setting.meaning) > 10


def test_groups_are_those_of_efels_own_libraries():
    """The C++ part of eFEL is split into the same groups; one of its features is filed elsewhere here."""
    library = {"SpikeEvent": "spike event", "SpikeShape": "spike shape", "Subthreshold": "subthreshold"}
    library["BasicFeatures"] = "trace"
    filed = {n: library[where] for n, (where, _) in cpp_lines().items() if n in INFOS}
    elsewhere = {name for name, group in filed.items() if INFOS[name].group != group}
    assert elsewhere == {"is_not_stuck"}


def test_units():
    from efel.units import get_unit

    for info in INFOS.values():
        try:
            unit = get_unit(info.name)
        except KeyError:
            assert info.name in OWN_UNITS, f"a unit is missing for {info.name}"
        else:
            assert info.unit == {"constant": "", "1/(ms)": "1/ms"}.get(unit, unit)
    assert INFOS["ISIs"].unit == "ms"
    assert INFOS["depol_block"].unit == ""


def test_what_a_feature_needs():
    current = {name for name, info in INFOS.items() if info.needs_current}
    assert current == {"current", "current_base", "steady_state_current_stimend", "impedance"}
    needing = {name: info.needed_settings for name, info in INFOS.items() if info.needed_settings}
    assert needing == {
        "ohmic_input_resistance": ("stimulus_current",),
        "ohmic_input_resistance_vb_ssse": ("stimulus_current",),
        "multiple_decay_time_constant_after_stim": ("multi_stim_start", "multi_stim_end"),
    }
    assert {name for name, info in INFOS.items() if info.deprecated} == {
        "Spikecount",
        "Spikecount_stimint",
        "ISIs",
        "ISI_values",
    }
    assert INFOS["AP_begin_indices"].position
    assert not INFOS["AP_begin_time"].position


def test_needed_settings_are_needed():
    pulses = MADE_UP["pulses"]
    given = {"stimulus_current": 1.5, **pulses.extra}
    for name, info in INFOS.items():
        if not info.needed_settings:
            continue
        arguments = (pulses.t, pulses.v, None, pulses.on, pulses.off, [name])
        assert feature_values(*arguments, given)[name] is not None
        fewer = {key: value for key, value in given.items() if key not in info.needed_settings}
        assert feature_values(*arguments, fewer)[name] is None


def test_feature_info():
    assert feature_info("AP_amplitude").unit == "mV"
    with pytest.raises(EfeError, match="AP_amplitude"):
        feature_info("AP_amplitud")


def test_a_feature_that_is_new_appears_too():
    def brand_new():
        return np.array([1.0])

    efel.register_feature(brand_new)
    try:
        info = feature_info("brand_new")
        assert (info.group, info.description, info.unit) == ("other", "", "")
        assert info.needs_current  # for all that is known
        catalogue.cache_clear()
        assert catalogue()[-1] == info
    finally:
        efel.pyfeatures.all_pyfeatures.remove("brand_new")
        del sys.modules["efel.pyfeatures"].brand_new
        catalogue.cache_clear()


# --- the closure, by experiment: another value for each setting

OTHER = {
    "Threshold": -45.0,
    "strict_stiminterval": False,
    "interp_step": 0.07,
    "DerivativeThreshold": 30.0,
    "DerivativeWindow": 40,
    "DownDerivativeThreshold": -30.0,
    "AP_phaseslope_range": 4,
    "rise_start_perc": 0.2,
    "rise_end_perc": 0.8,
    "min_spike_height": 60.0,
    "sahp_start": 12.0,
    "ignore_first_ISI": False,
    "spike_skipf": 0.4,
    "max_spike_skip": 0,
    "initial_perc": 0.5,
    "burst_factor": 20.0,
    "strict_burst_factor": 30.0,
    "initburst_freq_threshold": 190,
    "initburst_sahp_start": 1,
    "initburst_sahp_end": 4,
    "voltage_base_start_perc": 0.2,
    "voltage_base_end_perc": 0.95,
    "voltage_base_mode": "median",
    "current_base_start_perc": 0.2,
    "current_base_end_perc": 0.95,
    "current_base_mode": "median",
    "precision_threshold": 3.0,
    "impedance_max_freq": 8.0,
    "inactivation_tc_end_skip": 400,
    "depol_block_min_duration": 500.0,
    "stimulus_current": 0.7,
    "stim_start": 90.0,
    "stim_end": 250.0,
    "decay_start_after_stim": 3.0,
    "decay_end_after_stim": 30.0,
    "offset": 60.0,
}
#: Lists, and a file that is the same by another name
NOT_TRIED = {"multi_stim_start", "multi_stim_end", "dependencyfile_path"}
TRACES = ("spikes outside", "burst", "sag", "chirp", "pulses", "block")


@functools.cache
def values_with(setting, strict=True):
    """All features of the traces, with another value of one setting (None: none)."""
    found = {}
    for name in TRACES:
        trace = MADE_UP[name]
        current = trace.i
        if current is not None:  # a drift before the stimulus, which tells windows and modes apart
            current = current + 0.01 * np.exp(-trace.t / 30.0)
        voltage = trace.v + 0.5 * np.exp(-trace.t / 30.0)
        settings = {"stimulus_current": trace.amp, "Threshold": trace.threshold, **trace.extra}
        settings |= {"strict_stiminterval": strict, "initburst_freq_threshold": 100, "DerivativeWindow": 2}
        if setting is not None:
            settings[setting] = OTHER[setting]
        names = list(INFOS)
        found[name] = feature_values(trace.t, voltage, current, trace.on, trace.off, names, settings)
    return found


def test_every_setting_is_tried():
    assert set(OTHER) | NOT_TRIED == set(known_settings())


@pytest.mark.parametrize("setting", OTHER)
def test_a_setting_changes_only_the_features_that_depend_on_it(setting):
    strict = setting != "offset"  # which is about spikes outside the stimulus
    before, after = values_with(None, strict), values_with(setting, strict)
    changed = {
        name for trace in TRACES for name in INFOS if not _same(before[trace][name], after[trace][name])
    }
    assert changed <= set(SETTINGS[setting].features)
    # and much of what depends on it does change, on one trace or another
    assert len(changed) >= 0.3 * len(SETTINGS[setting].features)


def _same(a, b):
    return (a is None) == (b is None) and (a is None or np.array_equal(a, b, equal_nan=True))


def test_chains_are_walked_as_efel_walks_them():
    """The begin of a spike needs its AHP, that its peak, that the interpolated trace; each stands there once."""
    assert cpp_chain("AP_amplitude") == (
        "interpolate",
        "peak_indices",
        "min_AHP_indices",
        "AP_begin_indices",
        "peak_voltage",
        "peak_time",
        "AP_amplitude",
    )
    assert "sahp_start" in reads("AHP_depth_slow")
    assert "burst_factor" in reads("burst_number")


def test_nothing_heavy_is_imported_for_it():
    heavy = {"efel", "neo", "scipy", "matplotlib"}
    code = f"import efewidgets.engine.features.catalogue, sys; print({heavy} & set(sys.modules))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=_env(), encoding="utf-8"
        ).stdout
        == "set()\n"
    )


def _env():
    import os
    import pathlib

    return os.environ | {"PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[3])}
