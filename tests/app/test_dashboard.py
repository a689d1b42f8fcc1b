"""The dashboard without a browser: steps, what is done and missing, sessions, nothing left behind."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import ipywidgets
import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.app.steps import NAMES, STEPS
from efewidgets.engine.problems import EfeError, Problem
from efewidgets.widgets.overview.problems import KINDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = {name for step in STEPS for name in step.widgets} | {"TraceViewer"}


def models() -> int:
    return len(ipywidgets.widgets.widget._instances)


@pytest.fixture
def state():
    config = datasets.sample_config(["RS1"])
    with ExtractionState.from_arguments(config) as found:
        yield found


@pytest.fixture
def dashboard(state):
    found = Dashboard(state)
    yield found
    found.close()


def test_a_step_makes_its_widgets_when_it_is_opened(dashboard):
    assert set(dashboard.parts) == {"RunBar", "FileSelector"}
    dashboard.step = "rheobase"
    assert set(dashboard.parts) == {"RunBar", "FileSelector", "RheobaseInspector", "TraceViewer"}


def test_every_part_is_a_widget_that_can_be_made(dashboard):
    for name in NAMES:
        dashboard.step = name
    for toggle in dashboard.toggles.values():
        toggle.value = True
    assert set(dashboard.parts) == PARTS | {"RunBar", "SummaryPanel", "ProblemsPanel", "SessionPanel"}
    assert {name: type(part).__name__ for name, part in dashboard.parts.items()} == {
        name: name for name in dashboard.parts
    }


def test_it_is_told_of_in_a_line(dashboard, state):
    assert repr(dashboard) == f"<Dashboard of {state!r}>"  # and not of each widget on the page
    shown = dashboard._repr_mimebundle_()
    assert shown["text/plain"] == repr(dashboard)


def test_what_is_not_seen_rests(dashboard):
    dashboard.step = "rheobase"
    assert dashboard.parts["TraceViewer"].shown
    assert not dashboard.parts["FileSelector"].shown
    dashboard.step = "recordings"
    assert dashboard.parts["FileSelector"].shown
    assert not dashboard.parts["TraceViewer"].shown
    assert not dashboard.parts["RheobaseInspector"].shown


def test_buttons_open_steps_and_say_which_is_open(dashboard, state):
    bar = dashboard.steps.buttons
    assert (bar.chosen, bar.answered) == ("recordings", 0)
    bar.click("targets")
    assert state.view.tab == "targets"
    assert (bar.chosen, bar.answered) == ("targets", 1)
    bar.click("targets")  # once more: it is open
    assert (dashboard.step, bar.chosen, bar.answered) == ("targets", "targets", 2)
    bar.click("there is no such step")  # from an older page
    assert (dashboard.step, bar.chosen, bar.answered) == ("targets", "targets", 3)
    assert dashboard.next.description == "Next: Features →"
    dashboard.next.click()
    assert dashboard.step == "features"
    dashboard.back.click()
    assert dashboard.step == "targets"


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("file", "recordings"),
        ("unit", "recordings"),
        ("stimulus", "stimuli"),
        ("spikes", "stimuli"),
        ("rheobase", "rheobase"),
        ("target", "targets"),
        ("cache", "targets"),  # where the settings are
        ("feature", "features"),
        ("output", "export"),
        ("run", "export"),
    ],
)
def test_a_click_on_a_problem_leads_to_its_step(dashboard, state, kind, step):
    dashboard.step = "features" if step != "features" else "export"
    dashboard.toggles["Problems"].value = True
    dashboard.parts["ProblemsPanel"].go(Problem("!", "warning", kind))
    assert state.view.tab == dashboard.step == step


def test_every_place_of_a_problem_is_a_step():
    assert {step for _, step in KINDS.values()} - {""} <= set(NAMES)


def test_a_step_that_is_not_there(dashboard):
    with pytest.raises(ValueError, match="no step 'spikes'"):
        dashboard.step = "spikes"


def test_an_unknown_tab_is_the_first_step(dashboard, state):
    state.view.tab = "from another version"
    assert dashboard.step == "recordings"


def test_words_of_a_state_with_results(dashboard):
    found = dashboard.steps.view_data()
    kinds = {name: progress.kind for name, progress in found.items()}
    one_cell_lacks_some = {"targets": "attention"}
    assert kinds == dict.fromkeys(NAMES, "done") | one_cell_lacks_some
    assert found["recordings"].words == "1 cell, 7 protocols"
    assert found["rheobase"].words == "1 cell"


def test_one_drawer_at_a_time(dashboard):
    dashboard.toggles["Problems"].value = True
    dashboard.toggles["Session"].value = True
    assert [name for name, button in dashboard.toggles.items() if button.value] == ["Session"]
    dashboard.toggles["Session"].value = False
    assert not dashboard._drawer.box.children


def test_opening_a_session_replaces_the_state(dashboard, state, tmp_path):
    config = datasets.sample_config(["FS1"])
    path = tmp_path / "session.json"
    with ExtractionState.from_arguments(config) as other:
        other.save(path)
    dashboard._options = dict
    dashboard.step = "targets"
    dashboard.open_session(path)
    assert dashboard.state is not state
    assert [cell.name for cell in dashboard.state.inputs.cells] == ["FS1"]
    assert dashboard.steps.view_data()["rheobase"].words == "1 cell"


def test_what_cannot_be_opened_changes_nothing(dashboard, state, tmp_path):
    path = tmp_path / "session.json"
    path.write_text("{", encoding="utf-8", newline="\n")
    for wrong in ("", path, tmp_path / "missing.json"):
        with pytest.raises(EfeError):
            dashboard.open_session(wrong)
    assert dashboard.state is state


def test_the_session_panel_saves_downloads_and_says_what_is_wrong(dashboard, state, tmp_path):
    dashboard.toggles["Session"].value = True
    panel = dashboard.parts["SessionPanel"]
    panel.path.value = str(tmp_path / "here.json")
    panel.saves.click()
    assert "Saved" in panel.told.text
    with ExtractionState.load(tmp_path / "here.json") as again:
        assert again.inputs == state.inputs
    path = tmp_path / "download.json"
    path.write_text(panel.text(), encoding="utf-8", newline="\n")
    with ExtractionState.load(path) as again:
        assert again.inputs == state.inputs
    panel.path.value = str(tmp_path / "not there.json")
    panel.opens.click()
    assert "no such file" in panel.message.text


def test_autosave_continues_where_a_person_was(state, tmp_path):
    path = tmp_path / "visit" / "session.json"
    dashboard = Dashboard(state, autosave=path)
    assert not path.exists()
    state.set_targets([{"efeature": "sag_amplitude", "protocol": "IV", "amplitude": -100, "tolerance": 10}])
    dashboard.step = "export"
    dashboard.close()
    assert json.loads(path.read_text(encoding="utf-8"))["targets"][0]["efeature"] == "sag_amplitude"
    with ExtractionState.load(path) as again:
        dashboard = Dashboard(again, autosave=path)
        assert dashboard.step == "export"
        assert again.inputs.targets == state.inputs.targets
        dashboard.close()


def test_a_session_goes_on_at_the_same_place(dashboard, state, tmp_path):
    dashboard._options = dict
    recording = list(state.results.members)[5]
    state.exclude([recording], "seal lost")
    state.view.target = state.inputs.targets[3].id
    dashboard.step = "features"
    state.view.recordings = (recording,)
    dashboard.toggles["Session"].value = True
    panel = dashboard.parts["SessionPanel"]
    (tmp_path / "downloaded.json").write_text(panel.text(), encoding="utf-8", newline="\n")
    panel.path.value = str(tmp_path / "saved.json")
    panel.saves.click()
    expected = state.inputs
    for name in ("downloaded.json", "saved.json"):
        dashboard.step = "recordings"
        dashboard.open_session(tmp_path / name)
        found = dashboard.state
        assert dashboard.step == "features"
        assert found.inputs == expected
        assert found.view.target == found.inputs.targets[3].id
        assert found.results.members[found.view.recordings[0]].excluded == "seal lost"


def test_an_opened_session_is_the_one_that_is_kept(state, tmp_path):
    with ExtractionState.from_arguments(datasets.sample_config(["FS1"])) as other:
        other.view.tab = "rheobase"
        other.save(tmp_path / "other.json")
    kept = tmp_path / "visit" / "session.json"
    dashboard = Dashboard(state, autosave=kept, options=dict)
    state.exclude([next(iter(state.results.members))], "seal lost")
    dashboard.step = "export"
    dashboard._autosave.save()
    dashboard.open_session(tmp_path / "other.json")
    assert dashboard.step == "rheobase"
    dashboard.close()
    with ExtractionState.load(kept) as again:
        assert [cell.name for cell in again.inputs.cells] == ["FS1"]
        dashboard = Dashboard(again, autosave=kept)
        assert dashboard.step == "rheobase"
        dashboard.close()


def test_closing_leaves_no_model(state):
    before = models()
    for _ in range(2):
        dashboard = Dashboard(state)
        for name in NAMES:
            dashboard.step = name
        for toggle in dashboard.toggles.values():
            toggle.value = True
        dashboard.close()
    assert models() == before


def test_a_script_that_ends_with_a_dashboard_ends_in_silence():
    script = (
        "from efewidgets import Dashboard; dashboard = Dashboard(); dashboard.state.view.tab = 'features'"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=ROOT, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")
