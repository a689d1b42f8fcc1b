"""What was selected when a session was saved is selected again, though ids are others then."""

from __future__ import annotations

import json

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.state.sessions.looking import NAMES, look, view_as_data

TARGETS = [
    {"efeature": name, "protocol": "IDrest", "amplitude": 150, "tolerance": 20}
    for name in ("mean_frequency", "voltage_base")
]


@pytest.fixture
def state():
    """Files of two protocols in turn, so that their ids are in another order once they are saved by protocol."""
    files = datasets.sample_files_metadata(["RS1", "RS2"])
    with ExtractionState() as found:
        for cell in ("RS1", "RS2"):
            for protocol in ("IDrest", "IV", "IDthresh"):
                found.add_files_metadata({cell: {protocol: files[cell][protocol]}})
        first = found.files(cell="RS1", protocol="IDrest")
        found.regroup_files(found.files(cell="RS1", protocol="IDthresh"), protocol="IDrest")
        found.remove_files(first)
        found.set_targets(TARGETS)
        found.remove_targets(found.inputs.targets[0].id)
        yield found


def as_seen(state):
    """Return what is selected, without ids."""
    members, view = state.results.members, state.view
    target = next((t for t in state.inputs.targets or () if t.id == view.target), None)
    return {
        "recordings": [
            (members[i].cell, members[i].protocol, members[i].recording.label) for i in view.recordings
        ],
        "target": target and target.efeature,
    } | {name: getattr(view, name) for name in ("tab", "cell", "protocol", "time_range")}


def select(state):
    chosen = [i for i, member in state.results.members.items() if member.cell == "RS2"][3:5]
    state.view.recordings = tuple(chosen)
    state.view.target = state.inputs.targets[0].id
    state.view.cell, state.view.protocol = "RS2", state.results.members[chosen[0]].protocol
    state.view.tab, state.view.time_range = "features", (100.0, 250.5)
    return chosen


def test_what_was_selected_is_selected_again(state, tmp_path):
    chosen = select(state)
    state.exclude(chosen[:1], "seal lost")
    state.save(tmp_path / "session.json")
    with ExtractionState.load(tmp_path / "session.json") as again:
        assert again.view.recordings != state.view.recordings, "ids are others, else this tests little"
        assert as_seen(again) == as_seen(state)
        assert len(again.view.recordings) == 2
        assert again.results.members[again.view.recordings[0]].excluded == "seal lost"
        assert not again.can_undo


def test_a_row_of_targets_chosen_automatically(state, tmp_path):
    state.use_auto_targets()
    state.view.target = state.results.targets[2].id
    state.save(tmp_path / "session.json")
    with ExtractionState.load(tmp_path / "session.json") as again:
        shown = {t.id: t for t in again.results.targets}[again.view.target]
    assert shown.as_dict() == state.results.targets[2].as_dict()


def test_nothing_selected_leaves_no_word(state, tmp_path):
    state.save(tmp_path / "session.json")
    assert "view" not in json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))["state"]


@pytest.mark.parametrize(
    "written",
    [
        None,
        [],
        {"tab": 3, "cell": ["RS1"], "recordings": "RS1", "target": {}, "time_range": 5},
        {
            "recordings": [
                1,
                ["RS1"],
                ["RS1", "IDrest", [], "x"],
                ["RS1", "IDrest", 99, "x"],
                ["no", "IV", 0, "x"],
            ]
        },
        {"target": 99, "time_range": [5, 1]},
        {"target": -1, "time_range": [1, "2"]},
    ],
)
def test_what_is_of_no_known_form_is_passed_over(state, written):
    nothing = {name: getattr(ExtractionState().view, name) for name in NAMES}
    look(state.view, written, state.inputs)
    assert {name: getattr(state.view, name) for name in NAMES} == nothing


def test_looking_again_takes_the_place_of_what_is_selected(state):
    before = view_as_data(state.view, state.inputs)
    select(state)
    look(state.view, before, state.inputs)
    assert view_as_data(state.view, state.inputs) == before == {}
