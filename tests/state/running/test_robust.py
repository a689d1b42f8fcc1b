"""What fails takes nothing else down: an observer, a file, a sweep, a feature, a run."""

from __future__ import annotations

import gc
import json
import pathlib
import weakref

import numpy as np
import pytest
import traitlets

from efewidgets import EfeError, ExtractionState
from efewidgets.engine.features import efel_features as features
from efewidgets.engine.recordings import source

from .. import lab


def messages(state):
    return [str(problem) for problem in state.problems]


# --- observers


def test_a_failing_observer_stops_no_other(state):
    told = []

    def bad(change):
        raise RuntimeError("the view is broken")

    state.observe(lambda change: told.append("first"), "revision")
    state.observe(bad, "revision")
    state.observe(lambda change: told.append("last"), "revision")
    state.set_averaging(threshold_nvalue_save=2)
    assert told == ["first", "last"]
    assert state.inputs.threshold_nvalue_save == 2
    problem = next(problem for problem in state.problems if problem.kind == "observer")
    assert "bad" in problem.message
    assert "the view is broken" in problem.message
    state.set_averaging(threshold_nvalue_save=3)
    assert [p.kind for p in state.problems].count("observer") == 1  # the same fault is told once
    state.forget_faults()
    assert "observer" not in {problem.kind for problem in state.problems}


class View:
    def __init__(self, state):
        self.told = 0
        state.observe(self.look, "revision")

    def look(self, change):
        self.told += 1


def test_a_view_dies_although_it_observes(state):
    view = View(state)
    state.set_averaging(threshold_nvalue_save=2)
    assert view.told == 1
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    assert not state._trait_notifiers["revision"]["change"]
    state.set_averaging(threshold_nvalue_save=1)
    assert not state.problems


def test_a_view_can_leave(state):
    view = View(state)
    state.unobserve(view.look, "revision")
    state.set_averaging(threshold_nvalue_save=2)
    assert view.told == 0

    def function(change):
        raise AssertionError("left")

    state.observe(function)
    state.unobserve(function)
    state.set_averaging(threshold_nvalue_save=3)
    assert "observer" not in {problem.kind for problem in state.problems}


def test_traits_can_be_linked(state):
    class Bar(traitlets.HasTraits):
        value = traitlets.Float()

    bar = Bar()
    link = traitlets.dlink((state, "revision"), (bar, "value"))
    state.set_averaging(threshold_nvalue_save=2)
    assert bar.value == state.revision
    link.unlink()


def test_results_and_revision_are_read_only(state):
    with pytest.raises(traitlets.TraitError):
        state.revision = 5
    with pytest.raises(AttributeError):
        state.inputs = None
    with pytest.raises(ValueError, match="read-only"):
        next(iter(state.results.spikes.values()))[:] = 0
    identity = next(iter(state.results.members))
    with pytest.raises(ValueError, match="read-only"):
        state.results.trace(identity).voltage[0] = 0


# --- files and sweeps


def test_a_missing_file_is_told_with_its_place(state):
    before = state.results.features
    state.add_files("A", "IDrest", "no such file.json")
    assert state.results.features == before
    problem = next(problem for problem in state.problems if problem.kind == "file")
    assert (problem.cell, problem.protocol) == ("A", "IDrest")
    assert "no such file.json" in str(problem)


def test_a_file_that_is_no_recording_is_told_with_its_place(state, tmp_path):
    (tmp_path / "letter.json").write_text("Dear sir", encoding="utf-8", newline="\n")
    before = state.results.features
    state.add_files("B", "IV", tmp_path / "letter.json")
    assert state.results.features == before
    problem = next(problem for problem in state.problems if problem.kind == "file")
    assert problem.file == str(tmp_path / "letter.json")


def test_one_bad_sweep_leaves_the_others(state, tmp_path):
    sweeps = [
        {"amp": 0.15, "spikes": 3, "name": "good"},
        {"amp": 0.15, "spikes": 3, "name": "bad", "bad": True},
    ]
    path = tmp_path / "half.json"
    path.write_text(json.dumps(sweeps), encoding="utf-8", newline="\n")
    number = len(state.results.members)
    (added,) = state.add_files("A", "IDrest", {"filepath": path, "ton": lab.TON, "toff": lab.TOFF})
    assert len(state.results.members) == number + 1
    assert f"{added}/good" in state.results.members
    assert any("bad" in message for message in messages(state))


def test_all_files_missing_is_no_crash(tmp_path):
    state = ExtractionState()
    state.add_files("A", "IDrest", tmp_path / "a.abf")
    state.add_target("voltage_base", "IDrest", 100)
    assert state.results.features == {}
    assert state.results.currents["threshold_current"] == [None, None]
    assert len(state.blockers) == 1
    assert state.results.recordings.empty
    assert not state.explain(state.inputs.targets[0])["taken"].any()


def test_a_timing_that_can_not_be_is_told(state):
    member = next(m for m in state.results.members.values() if m.protocol == "IV")
    state.set_sweep(member.id, toff=10_000.0)
    assert any("lies outside the recording" in message for message in messages(state))
    assert member.id not in state.results.members
    state.undo()
    assert member.id in state.results.members


# --- features


def test_a_failing_feature_leaves_the_others(arguments, monkeypatch):
    compute = features.feature_values

    def failing(*args, **more):
        if "AP_amplitude" in args[5]:
            raise RuntimeError("eFEL gave up")
        return compute(*args, **more)

    with ExtractionState.from_arguments(arguments) as state:
        expected = {name for name, entry in state.results.features.items() if entry}
    monkeypatch.setattr(features, "feature_values", failing)
    with ExtractionState.from_arguments(arguments) as state:
        found = state.results.features
        assert set(found) == expected
        named = {entry["feature"] for entry in found["IDrest_150"]["soma"]}
        assert named == {"mean_frequency", "voltage_base"}
        problems = [p for p in state.problems if p.kind == "feature"]
        assert {p.cell for p in problems} == {"A", "B"}
        assert all("AP_amplitude" in p.message and "eFEL gave up" in p.message for p in problems)
        assert all(p.recording and p.file for p in problems)
        target = next(t.id for t in state.results.targets if t.efeature == "AP_amplitude")
        assert state.explain(target)["reason"].str.contains("eFEL gave up").any()


def test_a_failing_feature_stays_told(arguments, monkeypatch):
    """A failure that is in the cache is told again when another edit leads back to it."""
    compute = features.feature_values
    monkeypatch.setattr(
        features, "feature_values", lambda *a, **k: 1 / 0 if "AP_amplitude" in a[5] else compute(*a, **k)
    )
    with ExtractionState.from_arguments(arguments) as state:
        told = sorted(str(p) for p in state.problems)
        target = next(t.id for t in state.results.targets if t.efeature == "AP_amplitude")
        state.edit_target(target, tolerance=0.5)
        state.edit_target(target, tolerance=9)
        state.undo()
        state.undo()
        assert sorted(str(p) for p in state.problems) == told


def test_a_recording_that_is_gone_fails_alone(state, tmp_path):
    """A file that vanishes after it was read can't give more features; the others do."""
    path = next(m.file.path for m in state.results.members.values() if (m.cell, m.protocol) == ("A", "IV"))
    pathlib.Path(path).write_text("", encoding="utf-8", newline="\n")
    source._load.cache_clear()  # the last traces that were read
    target = state.add_target("steady_state_voltage", "IV", -100, 10)
    frame = state.explain(target)
    assert list(frame["taken"]) == [False, False, False, True, False, False]
    assert any("steady_state_voltage" in message for message in messages(state))


def test_a_failing_rule_is_told(state, monkeypatch):
    from efewidgets.engine.stages import reading as stages

    def fail(*args):
        raise np.linalg.LinAlgError("no solution")

    monkeypatch.setattr(stages, "decide", fail)
    state.set_rheobase_rule("interpolation")
    assert state.results.rheobases["A"].value is None
    assert any("no solution" in message for message in messages(state))
    assert "no solution" in state.blockers[0]


# --- refused edits


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda s: s.add_target("voltage_bas", "IV", -100, 10), "Did you mean 'voltage_base'"),
        (lambda s: s.add_target("voltage_base", "IV", -100, 0), "tolerance must be above zero"),
        (lambda s: s.add_target("voltage_base", "IV", "fast", 10), "amplitude must be a number"),
        (lambda s: s.add_target("voltage_base", "", 100, 10), "protocol must be a name in quotes"),
        (lambda s: s.add_target("voltage_base", "IV", 100, 10, efel_settings={"Treshold": 0}), "Threshold"),
        (lambda s: s.add_target("voltage_base", "IV", 100, 10, wight=3), "no entry 'wight'"),
        (lambda s: s.add_targets([{"efeature": "voltage_base"}]), "has no 'protocol'"),
        (lambda s: s.edit_target("t99", tolerance=3), "no target 't99'"),
        (lambda s: s.edit_target(s.inputs.targets[0].id, tolerance=-1), "tolerance must be above zero"),
        (lambda s: s.edit_target(s.inputs.targets[0].id, amplitude=None), "no 'amplitude'"),
        (lambda s: s.remove_targets([]), "no target is chosen"),
        (lambda s: s.apply_preset("firing", "IDrest", [100]), "Did you mean 'firing pattern'"),
        (lambda s: s.set_rheobase_rule("absolut"), "Did you mean 'absolute'"),
        (lambda s: s.set_rheobase_rule(settings={"majority": 0.5}), "has no setting 'majority'"),
        (lambda s: s.set_rheobase("A", -0.1), "above zero"),
        (lambda s: s.set_rheobase("a", 0.1), "Did you mean 'A'"),
        (lambda s: s.set_efel_settings(Threshold="high"), "must be a number"),
        (lambda s: s.set_efel_settings(interp_stepp=1), "Did you mean 'interp_step'"),
        (lambda s: s.set_averaging(protocol_mode="average"), "no protocol_mode"),
        (lambda s: s.set_averaging(threshold_nvalue_save=0), "whole number from 1 on"),
        (lambda s: s.set_averaging(default_std_value=-1), "must not be negative"),
        (lambda s: s.set_averaging(plot=True), "no setting 'plot'"),
        (lambda s: s.set_output(plot="yes"), "True or False"),
        (lambda s: s.use_absolute_amplitude("nA"), "True or False"),
        (lambda s: s.set_reader("nwb"), "must be a function"),
        (lambda s: s.add_files("", "IV", "a.abf"), "must have a name"),
        (lambda s: s.add_files("A", " ", "a.abf"), "protocol must be a name"),
        (lambda s: s.add_files("A", "IV", [3]), "must be a path or a dictionary"),
        (lambda s: s.set_metadata("f1", ljp="14 mV"), "ljp must be a number"),
        (lambda s: s.set_metadata("f1", ton=300.0, toff=200.0), "before it ends"),
        (lambda s: s.set_metadata("f1", i_unit="mV"), "i_unit"),
        (lambda s: s.set_metadata("f1", ecode="Wobble"), "no eCode is known"),
        (lambda s: s.set_metadata("f1", dt=0), "greater than zero"),
        (lambda s: s.set_metadata([], ljp=1.0), "no file is chosen"),
        (lambda s: s.set_metadata("f1", note=object()), "can't be kept"),
        (lambda s: s.set_sweep("f1/s0", filepath="b.abf"), "can't be set for a single sweep"),
        (lambda s: s.set_sweep("f1", ton=1.0), "is no recording"),
        (lambda s: s.exclude("f1/s0", " "), "say why"),
        (lambda s: s.exclude([], "leak"), "no recording is chosen"),
        (lambda s: s.regroup_files("f99", cell="B"), "no file 'f99'"),
        (lambda s: s.rename_cell("Z", "A"), "no cell 'Z'"),
        (lambda s: s.commit("x", targetz=()), "nothing called 'targetz'"),
        (lambda s: s.commit("x", targets=[{"efeature": "voltage_base"}]), "list of Target"),
    ],
)
def test_a_refused_edit_says_why_and_changes_nothing(state, edit, words):
    inputs, revision, texts = state.inputs, state.revision, state.results.texts
    with pytest.raises(EfeError, match=words):
        edit(state)
    assert state.inputs is inputs
    assert state.revision == revision
    assert not state.can_undo
    assert state.results.texts == texts
