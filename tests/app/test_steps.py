"""What each step says of itself: nothing there yet, half done, wrong, done."""

from __future__ import annotations

import concurrent.futures

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.app.step_bar import StepBar
from efewidgets.app.steps import NAMES, STEPS
from efewidgets.state import BackgroundRunner


@pytest.fixture
def state():
    """A cell whose rheobase decides two targets that its recordings fall into."""
    with ExtractionState(protocols_of("IDthresh", "IDrest")) as found:
        found.set_rheobase_rule(protocols=["IDthresh"])
        found.set_targets(TARGETS)
        yield found


TARGETS = [
    {"efeature": name, "protocol": "IDrest", "amplitude": 150, "tolerance": 20}
    for name in ("mean_frequency", "voltage_base")
]


def protocols_of(*protocols):
    """Return the decisions of a state with some protocols of a sample cell."""
    files = datasets.sample_files_metadata(["RS1"])["RS1"]
    with ExtractionState() as found:
        found.add_files_metadata({"RS1": {name: files[name] for name in protocols}})
        return found.inputs


def said(state):
    """Return what the steps say: the kind and the words of each."""
    return {step.name: (p.kind, p.words) for step in STEPS for p in [step.progress(state)]}


def test_without_recordings_one_thing_is_missing_and_the_rest_comes_later():
    found = said(ExtractionState())
    assert found["recordings"] == ("missing", "add recordings")
    assert found["targets"] == ("later", "chosen automatically")
    for name in ("stimuli", "rheobase", "features", "export"):
        assert found[name] == ("later", "needs recordings")


def test_targets_may_be_there_before_recordings():
    state = ExtractionState()
    state.set_targets(TARGETS)
    assert said(state)["targets"] == ("later", "2 targets")
    state.set_targets([])
    assert said(state)["targets"] == ("missing", "add targets")


def test_all_is_done(state):
    found = said(state)
    assert {kind for kind, _ in found.values()} == {"done"}
    members = state.results.members
    assert [found[name][1] for name in ("recordings", "stimuli", "rheobase", "targets", "export")] == [
        "1 cell, 2 protocols",
        f"{len(members)} sweeps",
        "1 cell",
        "2 targets",
        "ready to download",
    ]
    assert found["features"][1] == f"{int(state.results.target_statistics['n'].sum())} values"


def test_excluded_sweeps_are_counted(state):
    ids = list(state.results.members)
    state.exclude(ids[:2], "seal lost")
    assert said(state)["stimuli"] == ("done", f"{len(ids)} sweeps, 2 excluded")
    state.exclude(ids, "seal lost")
    assert said(state)["stimuli"] == ("missing", f"all {len(ids)} sweeps are excluded")
    assert said(state)["export"][0] == "missing"


def test_a_file_that_can_not_be_read(state, tmp_path):
    path = tmp_path / "broken.nwb"
    path.write_bytes(b"no NWB")
    state.add_files("RS1", "IDrest", str(path))
    assert said(state)["recordings"] == ("attention", "1 cell, 1 file with problems")
    assert said(state)["stimuli"][0] == "done"


def test_nothing_can_be_read(tmp_path):
    path = tmp_path / "broken.nwb"
    path.write_bytes(b"no NWB")
    with ExtractionState() as state:
        state.add_files("A", "IDrest", str(path))
        found = said(state)
    assert found["recordings"][0] == "attention"
    assert found["stimuli"] == ("missing", "no sweep can be read")
    assert found["export"][0] == "missing"


def test_recordings_without_a_rheobase():
    with ExtractionState(protocols_of("IV")) as state:
        state.set_targets([TARGETS[1] | {"protocol": "IV"}])
        found = said(state)
        assert found["rheobase"] == ("missing", "found in 0 of 1 cell")
        assert found["targets"] == ("missing", "none of 1 target has values")
        assert found["features"] == found["export"] == ("missing", "needs a rheobase")
        state.set_rheobase("RS1", 0.065)
        assert said(state)["rheobase"] == ("done", "1 cell, 1 by hand")
        state.use_absolute_amplitude()
        assert said(state)["rheobase"] == ("done", "not needed: targets in nA")


def test_one_cell_of_two_without_a_rheobase(state):
    files = datasets.sample_files_metadata(["RS2"])["RS2"]
    state.add_files_metadata({"RS2": {"IV": files["IV"]}})
    assert said(state)["rheobase"] == ("attention", "found in 1 of 2 cells")


def test_without_targets(state):
    state.set_targets([])
    found = said(state)
    assert found["targets"] == ("missing", "add targets")
    assert found["features"] == found["export"] == ("missing", "needs targets")


def test_targets_into_which_nothing_falls(state):
    state.add_target(efeature="mean_frequency", protocol="IDrest", amplitude=5000, tolerance=1)
    assert said(state)["targets"] == ("attention", "1 of 3 targets without values")
    assert said(state)["export"][0] == "done"
    state.set_targets([TARGETS[0] | {"amplitude": 5000, "tolerance": 1}])
    assert said(state)["targets"] == ("missing", "none of 1 target has values")
    assert said(state)["features"] == ("missing", "no target has enough values")


def test_automatic_targets(state):
    state.use_auto_targets()
    kind, words = said(state)["targets"]
    assert words.endswith("without values") if kind == "attention" else words.endswith(", automatic")


def test_stimuli_that_are_unsure_or_lost(state, monkeypatch):
    first, second, third, fourth = list(state.results.members.values())[:4]
    many = len(state.results.members)
    monkeypatch.setattr(first.recording, "timing_from", "unsure")
    assert said(state)["stimuli"] == ("attention", f"1 of {many} to check")
    monkeypatch.setattr(second.recording, "timing_from", "lost")
    state.exclude([third.id], "seal lost")  # so that they are counted anew
    assert said(state)["stimuli"] == ("attention", f"1 of {many} without a stimulus, 1 excluded")
    monkeypatch.setattr(second.recording, "timing_from", "given")
    state.exclude([fourth.id], "seal lost")
    assert said(state)["stimuli"] == ("attention", f"1 of {many} to check, 2 excluded")


class Held(concurrent.futures.Executor):
    """Begins nothing before it is let."""

    def __init__(self):
        self.waiting = []

    def submit(self, call, /, *args, **kwargs):
        future = concurrent.futures.Future()
        self.waiting.append((future, call, args, kwargs))
        return future


def test_a_run_under_way():
    with ExtractionState(runner=BackgroundRunner(Held())) as state:
        files = datasets.sample_files_metadata(["RS1"])["RS1"]
        state.add_files_metadata({"RS1": {"IDthresh": files["IDthresh"]}})
        found = said(state)
        assert found["recordings"] == ("done", "1 cell, 1 protocol")
        assert found["stimuli"] == found["export"] == ("waiting", "being computed …")


@pytest.mark.parametrize(
    ("status", "words"), [("stale", "out of date: press Run"), ("failed", "the last run failed")]
)
def test_results_of_another_run_than_the_last_edit_are_not_ready(state, status, words):
    assert said(state)["export"] == ("done", "ready to download")
    state.set_trait("status", status)
    assert said(state)["export"] == ("attention", words)


def test_the_bar_says_it_on_its_buttons(state):
    bar = StepBar(state)

    def on(name):
        return next(step for step in bar.buttons.steps if step["name"] == name)

    for number, name in enumerate(NAMES, 1):
        kind, words = said(state)[name]
        assert (on(name)["title"], on(name)["words"]) == (f"{number} {STEPS[number - 1].title}", f"✓ {words}")
        assert on(name)["kind"] == kind
    state.set_targets([])
    assert (on("targets")["kind"], on("targets")["words"]) == ("missing", "○ add targets")
    bar.close()


def test_going_to_another_step_asks_no_step_how_far_it_is(state):
    bar = StepBar(state)
    before = bar.view_data()
    bar.buttons.click("targets")
    assert bar.buttons.chosen == "targets"
    assert bar.view_data() is before
    state.set_targets([])
    assert bar.view_data()["targets"] == STEPS[3].progress(state) != before["targets"]
    bar.close()
