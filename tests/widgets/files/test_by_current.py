"""FileSelector says which stimuli protocols are by their currents, and a click takes it; the state does the same."""

from __future__ import annotations

import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.files.by_current import Offer, offer
from efewidgets.engine.problems import EfeError
from efewidgets.widgets import FileSelector


@pytest.fixture
def state():
    with ExtractionState() as found:
        found.add_files_metadata(datasets.sample_files_metadata(["RS1"]))
        yield found


@pytest.fixture
def files(state, tmp_path):
    found = FileSelector(state, root=tmp_path, uploads=False)
    yield found
    found.close()


def settle(files):
    assert files.wait()
    files.refresh()
    return {row["protocol"]: row for row in files.by_current.table.rows}


def rename(state, old, new):
    state.regroup_files(state.files(protocol=old), protocol=new)


def test_names_that_say_their_stimulus_are_not_looked_at(files):
    assert settle(files) == {}
    assert files.by_current.box.layout.display == "none"
    assert files.by_current._known == {}


@pytest.mark.parametrize(
    ("own", "name", "ecode"),
    [
        ("APThreshold", "X1PS_SubThresh", "Ramp"),
        ("sAHP", "Sti 7S-Cc", "SAHP"),
        ("SineSpec", "protocol_003", "SineSpec"),
        ("IDrest", "protocol_004", "Step"),
    ],
)
def test_a_name_that_says_nothing_is_offered_its_stimulus_and_a_click_takes_it(
    files, state, own, name, ecode
):
    rename(state, own, name)
    row = settle(files)[name]
    assert (row["named"], row["take"]) == ("?", f"Read as {ecode}")
    assert row["confidence"] >= 0.9
    assert "sweeps:" in row["reason"]
    assert "it is read as" not in row["reason"]
    assert all("ecode" not in file.metadata for _, file in state.inputs.files())  # nothing is taken unasked
    assert files.by_current.box.layout.display == ""

    assert files.by_current.table.press(name, "take")
    said = {file.protocol: file.metadata.get("ecode") for _, file in state.inputs.files()}
    assert {key: value for key, value in said.items() if value} == {name: ecode}
    assert state.undo_label == f"read {name} as {ecode}, by the current"
    assert settle(files) == {}

    state.undo()
    assert settle(files)[name]["take"] == f"Read as {ecode}"


def test_all_currents_are_looked_at_when_asked_and_contradictions_are_told(files, state):
    rename(state, "APThreshold", "IV_slow")
    assert settle(files) == {}
    files.by_current.look.click()
    rows = settle(files)
    assert set(rows) == set(state.inputs.protocols)
    differs = rows.pop("IV_slow")
    assert (differs["named"], differs["take"]) == ("Step", "Read as Ramp")
    assert "it is read as Step, but by the current it is a ramp" in differs["reason"]
    assert [row["take"] for row in rows.values()] == [None] * len(rows)
    assert files.by_current.table.press("IV_slow", "take")
    assert {file.metadata.get("ecode") for _, file in state.inputs.files() if file.protocol == "IV_slow"} == {
        "Ramp"
    }


def test_what_a_person_said_stays(files, state):
    rename(state, "APThreshold", "protocol_003")
    state.set_metadata(state.files(protocol="protocol_003"), ecode="Step")
    assert settle(files) == {}
    (found,) = state.stimuli_by_current(["protocol_003"])
    assert (found.by_name, found.suggested) == ("Step", "")
    with pytest.raises(EfeError, match="said already"):
        state.take_by_current(found)


def test_the_same_in_python(state):
    rename(state, "APThreshold", "protocol_003")
    rename(state, "sAHP", "protocol_004")
    revision = state.revision
    offers = state.stimuli_by_current()
    assert {one.protocol: one.suggested for one in offers} == {"protocol_003": "Ramp", "protocol_004": "SAHP"}
    assert state.revision == revision
    state.take_by_current(offers)
    assert state.revision == revision + 1
    assert state.stimuli_by_current() == []
    with pytest.raises(EfeError, match="no protocol 'absent'"):
        state.stimuli_by_current(["absent"])


def test_files_that_can_not_be_read_are_told_and_not_offered(files, state, tmp_path):
    (tmp_path / "bad.nwb").write_text("no HDF5", encoding="utf-8", newline="\n")
    state.add_files("other", "protocol_009", [tmp_path / "bad.nwb", tmp_path / "absent.nwb"])
    row = settle(files)["protocol_009"]
    assert (row["kind"], row["confidence"], row["take"]) == ("?", None, None)
    assert "can't be looked at" in row["reason"]
    with pytest.raises(EfeError, match="no stimulus can be taken"):
        state.take_by_current(state.stimuli_by_current(["protocol_009"]))


def test_names_are_other_people_s_text(files, state):
    nasty = "<img src=x onerror=alert(1)>\n静"
    rename(state, "APThreshold", nasty)
    (row,) = settle(files).values()
    assert row["id"] == nasty
    assert "\n" not in row["protocol"]
    assert files.by_current.table.press(nasty, "take")


def test_a_name_stands_where_nothing_is_sure():
    found = offer([{"filepath": "absent.abf"}], "IV")
    assert (found.by_name, found.suggested, found.contradiction) == ("Step", "", "")
    assert "absent.abf" in found.problem
    assert Offer.failed("protocol_003", "x").as_dict()["by_current"] is None
