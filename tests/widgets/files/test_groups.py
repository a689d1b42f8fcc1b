"""What is proposed of mixed folders: groups, doubtful files first, what can't be used, names of the lab."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.widgets import FileSelector
from efewidgets.widgets.files.lab_names import LabNames, place
from tests.engine.readers.binary_files import write_ibw
from tests.engine.recordings.test_peek import write_swapped, write_table


@pytest.fixture
def root(tmp_path):
    """Two cells of Igor waves, beside them an Axon file and a table that say nothing, and a sample cell."""
    found = tmp_path / "lab"
    for cell in ("B6", "B8"):
        (found / cell).mkdir(parents=True)
        for k in range(3):
            for channel, unit in ((0, "A"), (3, "V")):
                write_ibw(found / cell / f"{cell}_Ch{channel}_IDRest_{k}.ibw", np.zeros(20, "f4"), 1e-4, unit)
    write_swapped(found / "B6" / "2020_07_29_0062.abf")
    write_table(found / "B8" / "odd.csv")
    shutil.copy(datasets.sample_folder() / "RS1.nwb", found)
    return found


def opened(files):
    files.browser.search([""])
    assert files.wait()
    files.refresh()
    return files.preview


def rows_of(preview, suffix):
    return [row for row in preview.table.rows if row["file"].endswith(suffix)]


def test_groups_are_shown_the_doubtful_first_and_opened(files):
    preview = opened(files)
    groups = preview.groups.table.rows
    assert {row["format"]: row["files"] for row in groups} == {".abf": 1, ".csv": 1, ".ibw": 6, ".nwb": 1}
    assert [row["doubtful"] > 0 for row in groups] == [True, True, False, False]
    assert preview.pattern.value == ""
    assert "4 guesses" in preview.pattern.placeholder
    waves = rows_of(preview, ".ibw")
    assert {(row["cell"], row["protocol"]) for row in waves} == {("B6", "IDRest"), ("B8", "IDRest")}
    # none of the numbers in the Axon file's name is taken for a protocol
    assert [row["protocol"] for row in rows_of(preview, ".abf")] == [""]
    assert preview.table.rows[0]["file"].endswith((".abf", ".csv"))
    assert preview.table.rows[1]["file"].endswith((".abf", ".csv"))
    preview.groups.table.set_state({"selected": [row["id"] for row in groups if row["format"] == ".ibw"]})
    assert len(preview.table.rows) == 6
    assert "Adds" in preview.summary.value
    before = len(preview.new())
    preview.groups.table.set_state({"selected": []})
    assert len(preview.new()) == before  # to look at some adds no fewer


def test_a_group_takes_a_pattern_of_its_own(files):
    preview = opened(files)
    group = next(row["id"] for row in preview.groups.table.rows if row["format"] == ".abf")
    assert not preview.groups.table.edit(group, "pattern", "{cel}")
    assert preview.groups.table.edit(group, "pattern", "{protocol}_{date}_{any}")
    assert [row["protocol"] for row in rows_of(preview, ".abf")] == ["2020"]
    assert {row["protocol"] for row in rows_of(preview, ".ibw")} == {"IDRest"}
    group = next(row["id"] for row in preview.groups.table.rows if row["format"] == ".abf")
    preview.groups.table.edit(group, "pattern", "")
    assert [row["protocol"] for row in rows_of(preview, ".abf")] == [""]
    # one for all files
    preview.pattern.value = "{cell}"
    preview.show()
    assert preview.groups.box.layout.display == "none"
    preview.guess.click()
    assert preview.groups.box.layout.display == ""


def test_what_can_not_be_used_is_said_before_it_is_added(files):
    preview = opened(files)
    (table,), (axon,) = rows_of(preview, ".csv"), rows_of(preview, ".abf")
    assert "no column that is plainly the voltage" in table["problems"]
    assert "“Columns” in the details" in table["problems"]
    assert "no current channel" in axon["problems"]
    assert "say its" not in table["problems"]
    preview.table.set_state({"selected": (table["id"],)})
    preview.say({"columns": {"time": "A", "voltage": "B", "current": "C"}})
    assert "no column" not in rows_of(preview, ".csv")[0]["problems"]


def test_row_stays_where_it_is_while_it_is_filled_in(files):
    preview = opened(files)
    order = [row["id"] for row in preview.table.rows]
    preview.table.edit(order[0], "protocol", "IDrest")
    preview.table.edit(order[0], "cell", "mine")
    assert [row["id"] for row in preview.table.rows] == order


def test_names_of_a_lab_are_kept_for_the_next_session(files, root):
    preview = opened(files)
    waves = [row["id"] for row in rows_of(preview, ".ibw")]
    preview.table.set_state({"selected": waves[:1]})
    preview.table.edit(waves[0], "protocol", "mine")
    assert LabNames(place()).names == {}  # one of several: no name for all
    preview.table.edit(waves[0], "protocol", "")
    preview.table.set_state({"selected": waves})
    preview.table.edit(waves[0], "protocol", "IDrest")
    assert LabNames(place()).names == {"IDRest": "IDrest"}
    with ExtractionState() as state:
        other = FileSelector(state, root=root)
        again = opened(other)
        assert {row["protocol"] for row in rows_of(again, ".ibw")} == {"IDrest"}
        assert "IDRest → IDrest" in again.named_before.value
        again.forget.click()
        assert {row["protocol"] for row in rows_of(again, ".ibw")} == {"IDRest"}
        assert again.lab_row.layout.display == "none"
        other.close()
    assert LabNames(place()).names == {}


def test_a_renamed_protocol_and_its_stimulus_are_remembered_from_the_table(files):
    state = files.state
    ids = state.add_files("A", "weird", [str(files.root.paths[0] / "B6" / "2020_07_29_0062.abf")])
    files.refresh()
    files.table.edit(ids[0], "ecode", "Ramp")
    files.table.edit(ids[0], "protocol", "oddity")
    lab = LabNames(place())
    assert (lab.name_of("weird"), lab.ecode_of("weird"), lab.ecode_of("oddity")) == ("oddity", "Ramp", "")


def test_a_dictionary_that_is_damaged_or_can_not_be_written_is_passed_over(tmp_path):
    path = tmp_path / "protocols.json"
    path.write_text('{"names": {"a": 3, "": "x", "b": "c"}, "stimuli": [1]}', encoding="utf-8", newline="\n")
    assert LabNames(path).names == {"b": "c"}
    path.write_text("{", encoding="utf-8", newline="\n")
    lab = LabNames(path)
    assert lab.names == {}
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    nowhere = LabNames(tmp_path / "file" / "protocols.json")
    nowhere.called("a", "b")
    assert nowhere.name_of("a") == "b"
    nowhere.called("b", "c")  # renamed again: both lead there
    assert (nowhere.name_of("a"), nowhere.name_of("b")) == ("c", "c")


def test_folders_open_by_a_double_click_and_say_where_they_are(files, root):
    browser = files.browser
    assert browser.way.names == (str(root),)
    assert browser.table.opens
    browser.table.open_row("B6")
    assert (browser.place, browser.way.names) == ("B6", (str(root), "B6"))
    browser.table.open_row("B6/2020_07_29_0062.abf")
    assert files.preview.paths == [str(root / "B6" / "2020_07_29_0062.abf")]
    browser.way.go(0)
    assert browser.place == ""


def test_delete_removes_the_selected_files(files, root):
    ids = files.state.add_files("A", "IDrest", [str(root / "B8" / "odd.csv"), str(root / "RS1.nwb")])
    files.table.delete_rows([ids[0], "gone"])
    assert files.state.files() == [ids[1]]
    files.state.undo()
    assert sorted(files.state.files()) == sorted(ids)


def test_protocols_called_nearly_the_same_are_pooled_by_one_click(files, root):
    state = files.state
    state.add_files("A", "IDrest", [str(root / "B8" / "odd.csv")])
    assert files.same_as.box.layout.display == "none"
    state.add_files_metadata(
        {"B": {"IDRest": [str(root / "RS1.nwb"), str(root / "B6" / "2020_07_29_0062.abf")]}}
    )
    (control,) = files.same_as.box.children
    assert control.description == "IDrest: the same as IDRest (1 file)"
    line = files.same_as.actions[0].line(state)
    before = state.inputs
    control.click()
    assert set(state.inputs.protocols) == {"IDRest"}
    assert files.same_as.box.layout.display == "none"
    assert files.message.text == "Pooled: IDRest has the 1 file of IDrest now."
    assert LabNames(place()).names == {"IDrest": "IDRest"}
    after = state.inputs
    state.undo()
    assert state.inputs == before
    assert len(files.same_as.box.children) == 1
    exec(line, {"state": state})
    assert state.inputs == after


def test_files_are_found_by_words_of_their_rows(files, root):
    state = files.state
    state.add_files("A", "IDrest", [str(root / "B8" / "odd.csv")])
    state.add_files("B6", "IV", [str(root / "RS1.nwb")])
    files.refresh()
    for words, wanted in (
        ("rs1", ["RS1.nwb"]),
        ("B6 iv", ["RS1.nwb"]),
        ("rs1 zebra", []),
        ("", ["odd.csv", "RS1.nwb"]),
    ):
        files.search.value = words
        files.refresh()
        assert [row["file"] for row in files.table.rows] == wanted
    files.search.value = "odd"
    files.refresh()
    assert "1 of 2 files of 2 cells" in files.count.value
