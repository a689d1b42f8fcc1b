"""What `feature_values` promises besides eFEL's numbers: state, threads, bad input, settings eFEL gets wrong."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import textwrap
import threading

import efel
import numpy as np
import pytest

from efewidgets.engine.features import efel_engine, efel_proof
from efewidgets.engine.features import efel_features as features
from efewidgets.engine.features.efel_features import check_feature, feature_values, reduce
from efewidgets.engine.problems import EfeError

from .conftest import MADE_UP

ROOT = pathlib.Path(__file__).resolve().parents[3]
REGULAR = MADE_UP["regular"]


def values(names, settings=None, trace=REGULAR, **options):
    return feature_values(trace.t, trace.v, trace.i, trace.on, trace.off, names, settings, **options)


def run(code, cwd=None):
    """Run Python code in a process of its own."""
    script = textwrap.dedent(code)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- values that stock eFEL, called as BluePyEfe calls it, doesn't give


@pytest.mark.parametrize("stock", [False, True])
def test_list_settings_reach_efel(stock):
    """After each of the pulses the potential decays with 8 ms."""
    pulses = MADE_UP["pulses"]
    name = "multiple_decay_time_constant_after_stim"
    found = values([name], pulses.extra, pulses, stock=stock)[name]
    np.testing.assert_allclose(found, [8.0] * 4, rtol=0.02)


@pytest.mark.parametrize("stock", [False, True])
def test_a_current_in_whole_nA_gives_a_resistance(stock):
    names = ["ohmic_input_resistance_vb_ssse", "voltage_deflection_vb_ssse"]
    found = values(names, {"stimulus_current": -2}, MADE_UP["sag"], stock=stock)
    resistance, deflection = (found[name][0] for name in names)
    assert resistance == deflection / -2.0
    assert resistance == pytest.approx(9.0, rel=0.05)  # 18 mV at 2 nA


# --- state


@pytest.mark.parametrize("stock", [False, True])
def test_leaves_the_users_efel_alone(stock):
    efel.reset()
    efel.set_setting("Threshold", 5.0)
    held = efel.get_settings()
    given = {"T": REGULAR.t, "V": REGULAR.v, "stim_start": [REGULAR.on], "stim_end": [REGULAR.off]}
    before = efel.get_feature_values([given], ["peak_voltage"], raise_warnings=False)[0]["peak_voltage"]
    assert values(["peak_time"], {"Threshold": 45.0, "stimulus_current": 1}, stock=stock)["peak_time"] is None
    assert efel.get_settings() is held
    assert efel.get_settings().Threshold == 5.0
    assert not hasattr(efel.get_settings(), "stimulus_current")
    after = efel.get_feature_values([given], ["peak_voltage"], raise_warnings=False)[0]["peak_voltage"]
    np.testing.assert_array_equal(before, after)
    efel.reset()


@pytest.mark.parametrize("stock", [False, True])
def test_nothing_is_left_over_from_the_call_before(stock):
    name = "ohmic_input_resistance"
    assert values([name], stock=stock)[name] is None  # no current given
    assert values([name], {"stimulus_current": 1}, stock=stock)[name] is not None
    assert values([name], stock=stock)[name] is None
    assert values(["current_base"], stock=stock)["current_base"] is not None
    without = MADE_UP["pulses"]
    assert values(["current_base"], trace=without, stock=stock)["current_base"] is None
    assert values(["peak_time"], {"Threshold": 45.0}, stock=stock)["peak_time"] is None
    assert len(values(["peak_time"], stock=stock)["peak_time"]) == 9


def test_users_own_settings_and_file_survive(tmp_path):
    own = tmp_path / "own.txt"
    own.write_text(
        pathlib.Path(efel.get_settings().dependencyfile_path).read_text(encoding="utf-8"),
        encoding="utf-8",
        newline="\n",
    )
    efel.reset()
    efel.set_setting("dependencyfile_path", str(own))
    try:
        assert len(values(["peak_time"], stock=True)["peak_time"]) == 9
        assert efel.get_settings().dependencyfile_path == str(own)
    finally:
        efel.reset()
    assert len(values(["peak_time"], {"dependencyfile_path": str(own)})["peak_time"]) == 9
    assert efel.get_settings().dependencyfile_path != str(own)


def test_several_threads():
    names = ["peak_time", "AP_amplitude", "voltage_base", "ISI_CV", "depol_block_bool", "interburst_voltage"]
    alone = {trace.name: values(names, trace=trace) for trace in MADE_UP.values()}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        order = list(MADE_UP.values()) * 6
        for trace, found in zip(
            order, pool.map(lambda trace: values(names, trace=trace), order), strict=True
        ):
            for name in names:
                np.testing.assert_array_equal(found[name], alone[trace.name][name])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system doesn't fork")
def test_a_fork_amid_a_call_can_still_compute():
    out = run(
        """
        import os, threading, numpy as np
        from efewidgets.engine.features import efel_features as features
        t = np.arange(1000) * 0.1
        call = lambda: features.feature_values(t, np.sin(t) - 60, None, 20, 60, ["voltage_base"])
        call()
        held, go = threading.Event(), threading.Event()
        def hold():
            with features._LOCK:
                held.set()
                go.wait()
        threading.Thread(target=hold).start()
        held.wait()
        if (child := os.fork()) == 0:
            print(call()["voltage_base"].shape, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        go.set()
        """
    )
    assert out.split("\n")[0] == "(1,)"


def test_import_has_no_side_effects(tmp_path):
    (tmp_path / "log").mkdir()
    out = run(
        """
        import sys, numpy as np
        from efewidgets.engine.features.efel_features import feature_values
        assert "efel" not in sys.modules
        t = np.arange(1000) * 0.1
        for stock in (False, True):
            feature_values(t, np.sin(t) - 60, None, 20, 60, ["voltage_base", "ISI_log_slope"], stock=stock)
        assert "neo" not in sys.modules and "scipy" not in sys.modules
        import efel
        assert efel.cppcore.Initialize.__name__ == "Initialize"
        print(efel.io.neo.io.__name__, efel.io.neo.__name__)
        """,
        cwd=tmp_path,
    )
    assert out == "neo.io neo\n"
    assert list((tmp_path / "log").iterdir()) == []


# --- the ways to compute


def test_repetitions_are_computed_once_and_the_order_is_kept():
    names = ["AP_amplitude", "voltage_base", "AP_amplitude", "peak_time"]
    assert list(values(names)) == ["AP_amplitude", "voltage_base", "peak_time"]


def test_current_is_asked_for_only_when_needed():
    asked = []

    def current():
        asked.append(1)
        return REGULAR.i

    given = REGULAR.t, REGULAR.v, current, REGULAR.on, REGULAR.off
    feature_values(
        *given, ["voltage_base", "AP_amplitude", "ohmic_input_resistance"], {"stimulus_current": 0.2}
    )
    assert asked == []
    step = feature_values(*given, ["steady_state_current_stimend", "voltage_base"])
    assert asked == [1]
    assert step["steady_state_current_stimend"][0] == pytest.approx(0.2)


@pytest.fixture
def spied(monkeypatch):
    """Count the calls of eFEL's own function."""
    calls = []
    original = efel.get_feature_values

    def counted(traces, names, **options):
        calls.append(list(names))
        return original(traces, names, **options)

    monkeypatch.setattr(efel, "get_feature_values", counted)
    return calls


@pytest.fixture
def forgetful():
    """Have the engine made anew, here and by the next test."""
    efel_proof.private_engine.cache_clear()
    yield
    efel_proof.private_engine.cache_clear()


def test_fast_way_by_default(spied):
    if efel_proof.private_engine() is None:
        pytest.skip("no copy of eFEL's library can be loaded here")
    values(["voltage_base"])
    assert spied == []


def test_plain_way_when_asked_for(spied, monkeypatch):
    values(["voltage_base"], stock=True)
    monkeypatch.setenv("EFEWIDGETS_STOCK_EFEL", "1")
    values(["voltage_base"])
    assert spied == [["voltage_base"]] * 2


def test_plain_way_for_features_that_are_not_proved(spied, monkeypatch, forgetful):
    expected = values(["AP_amplitude", "voltage_base", "peak_time"])
    not_proved = efel_proof.Proof(efel_proof.installed(), ("AP_amplitude", "voltage_base"))
    monkeypatch.setattr(efel_proof, "_found", not_proved)
    efel_proof.private_engine.cache_clear()
    found = values(["AP_amplitude", "voltage_base", "peak_time"])
    assert spied == [["AP_amplitude", "voltage_base"]]
    np.testing.assert_array_equal(found["peak_time"], expected["peak_time"])
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-15)


def test_plain_way_for_an_efel_that_does_not_bear_the_trial(spied, monkeypatch, forgetful):
    monkeypatch.setattr(efel_proof, "_found", efel_proof.Proof(efel_proof.installed(), None, "it crashed"))
    assert len(values(["peak_time"])["peak_time"]) == 9
    assert spied == [["peak_time"]]


def test_plain_way_where_no_copy_can_be_loaded(spied, monkeypatch, forgetful):
    def refuse(*_):
        raise ImportError("failed to map segment from shared object")

    efel_proof.proof()
    monkeypatch.setattr(efel_engine, "_copied_library", refuse)
    assert len(values(["peak_time"])["peak_time"]) == 9
    assert spied == [["peak_time"]]


def test_features_that_a_person_registered():
    def second_peak():
        peaks = efel.pyfeatures.get_cpp_feature("peak_time")
        return None if peaks is None else peaks[1:2]

    efel.register_feature(second_peak)
    try:
        found = values(["second_peak", "peak_time"])
        np.testing.assert_allclose(found["second_peak"], found["peak_time"][1:2], rtol=1e-15)
    finally:
        efel.pyfeatures.all_pyfeatures.remove("second_peak")
        del sys.modules["efel.pyfeatures"].second_peak


def test_one_feature_that_raises_does_not_take_the_others():
    late = MADE_UP["to the end"]  # depol_block looks for a sample at or after the end, and there is none
    for stock in (False, True):
        found = values(["depol_block", "voltage_base"], trace=late, stock=stock)
        assert found["depol_block"] is None
        assert found["voltage_base"] is not None


# --- bad input


def test_unusable_traces_are_refused():
    t, v = REGULAR.t, REGULAR.v
    stuck = np.where(t > 50, 50.0, t)
    for time, potential, on, off, word in (
        (t[:-1], v, 200, 300, "numbers must be equal"),
        (t[::-1], v, 200, 300, "increase"),
        (stuck, v, 10, 30, "increase"),
        (t * np.nan, v, 200, 300, "increase"),
        (t[:2], v[:2], 200, 300, "at least 3"),
        (t, v, 300, 200, "before it ends"),
        (t, v, float("nan"), 200, "before it ends"),
        (t, v, 500, 600, "outside the recording"),
        (t - 1000, v, 500, 600, "outside the recording"),
        (t * 1e7, v, 200, 300, "interp_step"),
    ):
        with pytest.raises(EfeError, match=word):
            feature_values(time, potential, None, on, off, ["voltage_base"])


def test_what_would_crash_efel_has_no_value():
    """Each of these ends or hangs a process that calls eFEL itself."""
    assert feature_values(REGULAR.t, REGULAR.v, None, 100, 100.4, ["time_constant"])["time_constant"] is None
    sag = MADE_UP["sag"]
    assert feature_values(sag.t, sag.v, None, sag.on, sag.off, ["time_constant"])["time_constant"] is not None
    cut = REGULAR.t < 317.0  # 2.8 ms after a spike
    window = {"DerivativeWindow": 200, "interp_step": 0.025}
    found = feature_values(
        REGULAR.t[cut], REGULAR.v[cut], None, 70, 316, ["AP_begin_time", "peak_time"], window
    )
    assert found["AP_begin_time"] is None
    assert len(found["peak_time"]) == 9


def test_unknown_features():
    with pytest.raises(EfeError, match="Did you mean 'AP_amplitude'"):
        values(["AP_amplitud"])
    with pytest.raises(EfeError, match="soma and dendrite"):
        check_feature("bpap_attenuation")
    check_feature("AP_amplitude")


def test_reduce():
    assert reduce([1.0, None, 2.0]) == 1.5
    assert reduce(np.array([1, 2])) == 1.5
    assert reduce([1.0, float("nan")]) == 1.0
    for nothing in (None, [], [None], [float("nan")], [float("inf"), 1.0], [float("-inf")]):
        assert np.isnan(reduce(nothing))


def test_the_lock_is_one_that_a_thread_can_take_twice():
    with features._LOCK:
        done = threading.Event()
        values(["voltage_base"])
        done.set()
    assert done.is_set()
