"""What can be done on the page as a whole, by its keys and its palette; and what is left to check there."""

from __future__ import annotations

import json

import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.app.steps import NAMES, STEPS
from efewidgets.engine.problems import Problem


@pytest.fixture
def state():
    with ExtractionState.from_arguments(datasets.sample_config(["RS1"])) as found:
        found.run()
        yield found


@pytest.fixture
def dashboard(state):
    found = Dashboard(state)
    found.said = []
    found.keyboard.send = lambda content, buffers=None: found.said.append(content)
    yield found
    found.close()


def said(dashboard):
    return dashboard.said[-1]["text"]


def test_every_step_and_drawer_has_a_command(dashboard):
    for name in NAMES:
        assert dashboard.keyboard.do(f"step-{name}")
        assert dashboard.step == name
    for name, toggle in dashboard.toggles.items():
        assert dashboard.keyboard.do(f"show-{name.lower()}")
        assert toggle.value
    assert not dashboard.keyboard.records["next-step"].enabled(dashboard.state)
    dashboard.keyboard.do("previous-step")
    assert dashboard.step == NAMES[-2]
    lines = dashboard.keyboard.present()
    assert lines["next-step"]["line"] == f"state.view.tab = {NAMES[-1]!r}"
    assert lines["step-targets"]["title"] == "Step 4: Targets"


def test_the_viewer_leaves_the_keys_to_the_page(dashboard):
    dashboard.step = "stimuli"
    assert dashboard.parts["TraceViewer"].keyboard is None
    assert dashboard.keyboard.everywhere
    assert dashboard.parts["TraceViewer"].reasons is dashboard.reasons


def test_no_sweep_is_excluded_where_none_is_shown(dashboard, state):
    state.view.recordings = (next(iter(state.results.members)),)
    for name in ("recordings", "targets", "export"):
        dashboard.step = name
        assert not dashboard.keyboard.do("exclude-1")
        assert "aren't shown at this step: open 'Stimuli & spikes' first" in said(dashboard)
        assert not dashboard.keyboard.present()["exclude"]["enabled"]
    assert not state.can_undo
    for number, name in enumerate(("stimuli", "rheobase", "features"), 1):
        dashboard.step = name
        assert dashboard.keyboard.do("exclude-1")
        assert sum(len(file.excluded) for _, file in state.inputs.files()) == number


def test_a_session_is_saved_by_its_key(dashboard, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert dashboard.keyboard.do("save")
    assert "efewidgets-session.json" in said(dashboard)
    assert json.loads((tmp_path / "efewidgets-session.json").read_text(encoding="utf-8"))["state"]


def test_nothing_is_saved_where_nothing_may_be(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Dashboard(state, read_only=True)
    assert found.reasons.path is None
    assert not found.keyboard.records["save"].enabled(state)
    assert not found.keyboard.do("save")
    assert not list(tmp_path.iterdir())
    found.close()


def test_results_are_downloaded_by_their_name(dashboard):
    assert dashboard.keyboard.do("download")
    assert dashboard.step == "export"
    assert dashboard.parts["ResultsPanel"].zip.pressed


def stimuli(state):
    found = next(step for step in STEPS if step.name == "stimuli").progress(state)
    return found.kind, found.words


def test_the_step_is_green_once_all_is_looked_at(state, monkeypatch, request):
    members = list(state.results.members.values())
    for member, how in zip(members, ("unsure", "lost"), strict=False):
        monkeypatch.setattr(member.recording, "timing_from", how)
    many = len(members)
    dashboard = request.getfixturevalue("dashboard")  # which counts them
    assert stimuli(state) == ("attention", f"1 of {many} without a stimulus")
    state.accept(members[1].id)
    assert stimuli(state) == ("attention", f"1 of {many} to check, 1 accepted")
    dashboard.step = "stimuli"
    viewer = dashboard.parts["TraceViewer"]
    assert "1 left to check" in viewer.controls.left.value
    state.view.to_check = True
    state.view.recordings = (members[5].id,)
    dashboard.keyboard.do("next-sweep")
    assert state.view.recordings == (members[0].id,)
    dashboard.keyboard.do("accept")
    assert stimuli(state) == ("done", f"{many} sweeps, 2 accepted")
    assert "none left to check" in viewer.controls.left.value
    dashboard.keyboard.do("undo")
    assert stimuli(state)[0] == "attention"


def test_problems_of_accepted_sweeps_are_not_counted(dashboard, state, monkeypatch):
    one = next(iter(state.results.members.values()))
    told = Problem("odd.", "warning", "stimulus", file=one.recording.files[0], recording=one.recording.label)
    monkeypatch.setattr(ExtractionState, "problems", (told,))
    state.set_averaging(default_std_value=0.5)
    assert dashboard.toggles["Problems"].description == "Problems (1)"
    dashboard.toggles["Problems"].value = True
    panel = dashboard.parts["ProblemsPanel"]
    assert panel.view_data()["counts"] == {"warning": 1}
    state.accept(one.id)
    assert dashboard.toggles["Problems"].description == "Problems"
    assert panel.view_data()["counts"] == {"note": 1}


def test_each_page_hears_its_keys_once(dashboard, state, tmp_path):
    state.save(tmp_path / "session.json")
    dashboard._options = dict
    old = dashboard.keyboard
    dashboard.open_session(tmp_path / "session.json")
    assert old.comm is None
    assert dashboard.keyboard.state is dashboard.state is not state
