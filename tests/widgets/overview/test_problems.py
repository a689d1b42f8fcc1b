"""ProblemsPanel: grouped, in words, and each problem leads to its place."""

from __future__ import annotations

import time

import ipywidgets
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.problems import EfeError, Problem, WrongUnit
from efewidgets.widgets import ProblemsPanel
from efewidgets.widgets.overview.fixes import fixes
from tests.engine.recordings.test_peek import write_table

LIVE = ipywidgets.widgets.widget._instances
NASTY = "<img src=x onerror=alert(1)>\n细胞"


@pytest.fixture
def state(tmp_path):
    """One sample cell, a file that can't be read, and a target that no recording reaches."""
    arguments = datasets.sample_config(["RS1"])
    missing = tmp_path / 'not "here".nwb'
    arguments["files_metadata"]["RS1"]["IV"].append({"filepath": str(missing)})
    arguments["targets"] = [*arguments["targets"][:5], dict(arguments["targets"][0], amplitude=987)]
    found = ExtractionState.from_arguments(arguments)
    yield found
    found.close()


def groups(panel):
    return {group["key"]: group for group in panel.list.groups}


def places(group):
    return [place for said in group["sentences"] for place in said["places"]]


def told(panel, **message):
    panel.list._told(panel.list, message, [])


def test_problems_are_grouped_by_severity_and_kind(state):
    panel = ProblemsPanel(state)
    data = panel.view_data()
    problems = state.problems
    assert sum(data["counts"].values()) == len(problems) > 1
    assert {(g["severity"], g["key"].partition("/")[2]) for g in data["groups"]} == {
        (p.severity, p.kind) for p in problems
    }
    for group in data["groups"]:
        here = [p for p in problems if f"{p.severity}/{p.kind}" == group["key"]]
        assert group["count"] == len(here)
    severities = [group["severity"] for group in data["groups"]]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    file = next(i for i in places(groups(panel)["error/file"]) if "not" in i["place"])
    assert file["place"] == 'cell RS1 · protocol IV · file not "here".nwb'
    assert str(state.problems[file["index"]].file) in file["hint"]


def test_a_click_goes_to_the_place(state):
    panel = ProblemsPanel(state)
    item = next(i for i in places(groups(panel)["warning/target"]) if "987" in i["place"])
    told(panel, kind="go", index=item["index"])
    target = next(t for t in state.inputs.targets if t.amplitude == 987)
    view = state.view
    assert (view.target, view.protocol, view.tab) == (target.id, target.protocol, "targets")

    file = next(i for i in places(groups(panel)["error/file"]) if "not" in i["place"])
    told(panel, kind="go", index=file["index"])
    assert (view.cell, view.protocol, view.tab, view.recordings) == ("RS1", "IV", "recordings", ())
    told(panel, kind="go", index=99999)
    told(panel, kind="go", index="0")
    told(panel, kind="what")


def test_a_problem_of_a_recording_leads_to_it(state):
    panel = ProblemsPanel(state)
    wanted = list(state.results.members.values())[3]
    path, label = wanted.file.path, wanted.recording.label
    problem = Problem("!", "note", "spikes", file=path, cell="RS1", protocol=wanted.protocol, recording=label)
    panel.go(problem)
    assert state.view.recordings == (wanted.id,)
    assert state.view.tab == "stimuli"
    panel.go(Problem("!", "note", "file", file=path, protocol=wanted.protocol))
    of_file = [m.id for m in state.results.members.values() if m.file.id == wanted.file.id]
    assert state.view.recordings == tuple(of_file)
    panel.go(Problem("a fault of a view", kind="observer"))
    assert state.view.recordings == tuple(of_file)


def test_filters(state):
    panel = ProblemsPanel(state)
    number = len(state.problems)
    panel.filter.value = "987 IDREST"
    panel._soon.flush()
    assert [g["key"] for g in panel.list.groups] == ["warning/target"]
    assert "987" in places(panel.list.groups[0])[0]["place"]
    assert f"of {number}" in panel.count.value
    panel.severity.value = "error"
    assert panel.list.groups == []
    assert "change the filter" in panel.empty.value
    panel.filter.value = ""
    panel._soon.flush()
    assert {g["severity"] for g in panel.list.groups} == {"error"}


def test_all_is_well():
    panel = ProblemsPanel(ExtractionState())
    assert "choose files" in panel.empty.value
    arguments = datasets.sample_config(["RS1"])
    arguments["targets"] = [target for target in arguments["targets"] if target["protocol"] == "IV"]
    with ExtractionState.from_arguments(arguments) as state:
        assert state.problems == ()
        panel = ProblemsPanel(state)
        assert "All is well" in panel.empty.value
        assert panel.empty.layout.display is None


def test_keeps_up_with_the_state(state):
    panel = ProblemsPanel(state)
    assert any("987" in str(group) for group in panel.list.groups)
    target = next(t for t in state.inputs.targets if t.amplitude == 987)
    state.remove_targets(target.id)
    assert not any("987" in str(group) for group in panel.list.groups)


def test_ten_thousand_problems(state):
    state._telling.faults += [
        Problem(
            f"it is odd, {k}", ("warning", "note")[k % 2], "spikes", cell=f"c{k % 100}", recording=f"s{k}"
        )
        for k in range(10_000)
    ]
    state.results.problems  # noqa: B018  known, so that only the panel is timed
    start = time.process_time()
    panel = ProblemsPanel(state)
    assert time.process_time() - start < 1.0
    group = groups(panel)["warning/spikes"]
    (said,) = group["sentences"]
    assert (group["count"], group["more"]) == (5000, "")
    assert (said["count"], len(said["places"]), said["more"]) == (5000, 3, "show 100 more of 4,997")
    told(panel, kind="more", key=said["key"])
    assert len(places(groups(panel)["warning/spikes"])) == 103
    assert len(places(groups(panel)["note/spikes"])) == 3
    panel.filter.value = "c7 s9907"
    start = time.process_time()
    panel._soon.flush()
    assert time.process_time() - start < 0.5
    assert [g["count"] for g in panel.list.groups] == [1]


def test_names_of_others_are_text(state):
    state._telling.faults.append(Problem(f"about {NASTY}", "error", "odd <b>", cell=NASTY))
    panel = ProblemsPanel(state)
    group = groups(panel)["error/odd <b>"]
    assert group["title"] == "Odd <b>"
    assert places(group)[0]["place"] == "cell <img src=x onerror=alert(1)>␊细胞"
    assert "<img" not in panel.empty.value + panel.count.value


def test_close_leaves_nothing(state):
    before = len(LIVE)
    for _ in range(5):
        ProblemsPanel(state).close()
    assert len(LIVE) == before


def test_first_must_make_sense(state):
    with pytest.raises(ValueError, match="at least 1"):
        ProblemsPanel(state, first=0)


def heads(panel):
    return [said for group in panel.list.groups for said in group["sentences"]]


def test_the_same_sentence_stands_once_with_a_count(state):
    there = [("c1", "toff is 56.02 ms."), ("c2", "toff is 1,055 ms."), ("c3", "toff is -2e-3 ms.")]
    state._telling.faults += [Problem(words, "warning", "odd", cell=cell) for cell, words in there]
    state._telling.faults.append(Problem("no eCode for 'Ch4'.", "warning", "odd"))
    state._telling.faults.append(Problem("no eCode for 'Ch3'.", "warning", "odd"))
    panel = ProblemsPanel(state)
    said = groups(panel)["warning/odd"]["sentences"]
    assert [one["count"] for one in said] == [3, 1, 1]
    assert [one["message"] for one in said[0]["places"]] == [w[0].upper() + w[1:] for _, w in there]


def of(state, members, message, kind, severity="warning", cls=Problem, **more):
    state._telling.faults += [
        cls(message, severity, kind, m.file.path, m.cell, m.protocol, m.recording.label, **more)
        for m in members
    ]


def test_it_is_right_accepts_all_of_a_sentence_at_once(state):
    members = list(state.results.members.values())[3:6]
    of(state, members, "the spikes are odd.", "spikes")
    panel = ProblemsPanel(state)
    (head,) = [item for item in heads(panel) if item["message"] == "The spikes are odd."]
    assert [a["title"] for a in head["actions"]] == ["It’s right (3)"]
    told(panel, kind="do", sentence=head["key"], action="accept")
    assert state.inputs.accepted == tuple(m.id for m in members)
    assert "3 sweeps" in panel.message.text
    (head,) = [item for item in heads(panel) if item["message"].startswith("The spikes are odd.")]
    assert head["actions"] == []  # a note by now
    state.undo()
    assert state.inputs.accepted == ()
    for wrong in ({}, {"sentence": "x", "action": "accept"}, {"sentence": head["key"], "action": 7}):
        told(panel, kind="do", **wrong)
    assert state.inputs.accepted == ()


def test_set_timing_leads_to_the_sweep(state):
    member = list(state.results.members.values())[4]
    of(state, [member], "its stimulus is not certain.", "stimulus")
    panel = ProblemsPanel(state)
    (head,) = [item for item in heads(panel) if "not certain" in item["message"]]
    assert [a["id"] for a in head["actions"]] == ["accept", "set-timing"]
    told(panel, kind="do", sentence=head["key"], action="set-timing")
    assert (state.view.tab, state.view.recordings) == ("stimuli", (member.id,))


def test_the_likely_unit_is_taken_for_all_files(state):
    member = next(iter(state.results.members.values()))
    scale = {"quantity": "current", "unit": "A", "value": 1e9, "likely": "pA"}
    of(state, [member], "no current is so large.", "unit", "error", WrongUnit, **scale)
    panel = ProblemsPanel(state)
    (head,) = [item for item in heads(panel) if "so large" in item["message"]]
    assert [a["title"] for a in head["actions"]] == ["Units: current in pA"]
    panel.do(head["key"], "take-unit")
    file = state.inputs.by_name["RS1"].by_id[member.file.id]
    assert file.metadata["i_unit"] == "pA"


def test_an_unknown_protocol_is_said_to_be_a_step(state):
    ids = state.files(protocol="IDrest")
    state.regroup_files(ids, protocol="my stairs")
    panel = ProblemsPanel(state)
    head = next(item for item in heads(panel) if any(a["id"] == "this-is-Step" for a in item["actions"]))
    panel.do(head["key"], "this-is-Step")
    assert {state.inputs.cell_of_file[one].by_id[one].metadata["ecode"] for one in ids} == {"Step"}
    assert not any(a["id"] == "this-is-Step" for item in heads(panel) for a in item["actions"])


def test_a_cell_without_a_rheobase_is_offered_a_protocol_that_fires(state):
    with state.hold_trait_notifications():
        for name in ("IDthresh", "IDrest"):
            ids = state.files(protocol=name)
            state.regroup_files(ids, protocol=f"Long {name}")
            state.set_metadata(ids, ecode="Step")
        state.set_rheobase_rule(protocols=["APThreshold"])
        state.remove_files(state.files(protocol="APThreshold"))
    assert state.results.rheobases["RS1"].value is None
    panel = ProblemsPanel(state)
    head = next(item for item in heads(panel) if item["message"].startswith("No rheobase: there is no sweep"))
    titles = [a["title"] for a in head["actions"]]
    assert "Let Long IDthresh decide" in titles
    assert not any("IV" in title for title in titles)  # nothing fires in it
    panel.do(head["key"], "let-decide Long IDthresh")
    assert state.inputs.protocols_rheobase == ("Long IDthresh",)
    assert state.results.rheobases["RS1"].value > 0


def test_targets_that_nothing_reaches_are_removed(state):
    panel = ProblemsPanel(state)
    head = next(i for i in groups(panel)["warning/target"]["sentences"] if "987" in i["places"][0]["place"])
    panel.do(head["key"], "remove-targets")
    assert all(target.amplitude != 987 for target in state.inputs.targets)


def test_the_same_of_several_files_is_one_sentence_that_opens_their_details(tmp_path):
    """What is said of a file is one sentence, whatever the file is called, in the words of its details."""
    for name in ("one", "two"):
        write_table(tmp_path / f"{name}.csv")
    with ExtractionState() as state:
        ids = state.add_files("A", "IDrest", [tmp_path / "one.csv", tmp_path / "two.csv"])
        panel = ProblemsPanel(state)
        (said,) = groups(panel)["error/file"]["sentences"]
        assert said["count"] == 2
        assert {place["message"] for place in said["places"]} == {said["message"]}
        assert said["message"].startswith("This file has no column that is plainly the voltage")
        assert "in the details" in said["message"]
        assert "metadata" not in said["message"]
        assert [a["title"] for a in said["actions"]] == ["Open details"]
        panel.do(said["key"], "open-details")
        assert (set(state.view.details), state.view.tab) == (set(ids), "recordings")
        state.remove_files(ids)
        with pytest.raises(EfeError, match="not there any more"):
            fixes((Problem("say it in the metadata.", kind="file", file="gone.csv"),), state)[0].do(state)


def test_many_places_of_one_sentence_hide_no_other_sentence(state):
    state._telling.faults += [Problem("it is odd.", "warning", "odd", cell=f"c{k}") for k in range(500)]
    state._telling.faults.append(Problem("it is even odder.", "warning", "odd", cell="c7"))
    panel = ProblemsPanel(state)
    (_, other) = groups(panel)["warning/odd"]["sentences"]
    assert (other["message"], other["count"]) == ("It is even odder.", 1)


def test_only_the_first_sentences_of_a_group_are_shown(state):
    state._telling.faults += [Problem(f"no eCode for '{k}'.", "warning", "odd") for k in range(30)]
    panel = ProblemsPanel(state, first=4)
    group = groups(panel)["warning/odd"]
    assert (len(group["sentences"]), group["count"], group["more"]) == (4, 30, "show 26 more of 26")
    told(panel, kind="more", key="warning/odd")
    assert len(groups(panel)["warning/odd"]["sentences"]) == 30
