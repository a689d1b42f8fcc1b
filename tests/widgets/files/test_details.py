"""The drawer of details without a browser: what it shows, and what it says of files."""

from __future__ import annotations

import time

import pytest
from ipywidgets.widgets import widget

from efewidgets import ExtractionState
from efewidgets.engine.recordings.metadata import entries
from efewidgets.widgets import FileSelector
from tests.engine.recordings.test_peek import DT, OFF, ON, write_swapped, write_table


@pytest.fixture
def root(tmp_path):
    write_table(tmp_path / "odd.csv")
    write_swapped(tmp_path / "cell.abf")
    return tmp_path


def settle(files):
    assert files.wait()
    files.refresh()


def added(files, *names, protocol="IDrest"):
    root = files.root.paths[0]
    ids = files.state.add_files("A", protocol, [f"{root}/{name}" for name in names])
    settle(files)
    return ids


def opened(files, *ids):
    files.table.set_state({"selected": ids})
    files.details.click()
    return files.drawer.details


def saying(files, name):
    return files.drawer.details.form.fields[name]


def test_nothing_is_made_before_it_is_opened_and_nothing_is_left(tmp_path):
    write_table(tmp_path / "odd.csv")
    with ExtractionState() as state:
        before = len(widget._instances)
        files = FileSelector(state, root=tmp_path)
        assert files.drawer.details is None
        ids = added(files, "odd.csv", "cell.abf")
        files.details.click()
        assert "select the rows" in files.message.text
        assert files.drawer.details is None
        details = opened(files, *ids)
        details.hide.click()
        opened(files, *ids)
        files.close()
        assert len(widget._instances) == before


def test_fields_are_those_that_the_reader_declares(files):
    (csv,) = added(files, "odd.csv")
    (abf,) = added(files, "cell.abf")
    details = opened(files, csv)
    root = files.root.paths[0]
    declared = entries({"filepath": f"{root}/odd.csv"}, "IDrest")
    names = {key for kinds in declared.values() for key in kinds}
    assert set(details.form.fields) == names - {"columns"} | {
        f"columns.{role}" for role in ("time", "voltage", "current")
    }
    field = saying(files, "ljp")
    assert (field.title, field.unit) == ("Liquid junction potential", "mV")
    assert [value for value, _ in saying(files, "columns.time").choices] == ["A", "B", "C"]
    files.table.set_state({"selected": (abf,)})
    assert "columns.time" not in details.form.fields
    assert [value for value, _ in saying(files, "v_channel").choices] == ["IN 0", "IN 1"]
    # of several files only what both can be told
    files.table.set_state({"selected": (csv, abf)})
    assert "v_unit" in details.form.fields
    assert not {"v_channel", "columns.time"} & set(details.form.fields)


def test_a_table_with_odd_columns_is_put_right_in_session(files):
    ids = added(files, "odd.csv")
    details, state = opened(files, *ids), files.state
    assert details.trace.voltages.x.size == 0
    assert not any(axis.visible for axis in details.trace.voltage.axes)
    assert "no column that is plainly the voltage" in saying(files, "columns.voltage").error
    said = (("columns.time", "A"), ("columns.voltage", "B"), ("columns.current", "C"))
    said += (("t_unit", "s"), ("v_unit", "mV"), ("i_unit", "pA"))
    for number, (name, text) in enumerate(said, start=1):
        revision = state.revision
        details.form.set(name, text)
        assert state.revision == revision + 1, number  # one edit each
    assert saying(files, "v_unit").error == ""
    assert details.message.text == ""
    assert details.trace.voltages.y.min() == pytest.approx(-70)
    assert details.trace.currents.y.max() == pytest.approx(50)
    assert all(axis.visible for axis in details.trace.voltage.axes)
    assert saying(files, "ton").hint == f"found: {ON:g}"
    assert details.line.value.count("state.set_metadata([&#x27;f1&#x27;], i_unit=&#x27;pA&#x27;)") == 1
    (recording,) = (one.recording for one in state.results.members.values())
    assert (recording.ton, recording.toff) == pytest.approx((ON, OFF), abs=DT)
    assert state.undo_label == "set i_unit of 1 file"
    for _ in said:
        state.undo()
    assert saying(files, "columns.voltage").value == ""
    assert dict(state.inputs.cells[0].files[0].metadata) == {"filepath": f"{files.root.paths[0]}/odd.csv"}
    for _ in said:
        state.redo()
    assert saying(files, "columns.voltage").value == "B"


def test_the_line_of_python_does_the_same(files):
    ids = added(files, "odd.csv")
    details = opened(files, *ids)
    details.form.set("columns.voltage", "B")
    line = details.line.value.partition("<code>")[2].partition("</code>")[0]
    before = files.state.inputs
    files.state.undo()
    import html

    exec(html.unescape(line), {"state": files.state})
    assert files.state.inputs == before


def test_several_files_are_told_at_once(files):
    ids = added(files, "odd.csv", "cell.abf")
    details, state = opened(files, *ids), files.state
    revision = state.revision
    details.form.set("ljp", "14")
    assert state.revision == revision + 1
    assert [file.metadata["ljp"] for _, file in state.inputs.files()] == [14, 14]
    state.set_metadata(ids[0], ljp=10.0)
    assert (saying(files, "ljp").value, saying(files, "ljp").hint) == ("", "several")
    details.form.set("ljp", "")
    assert saying(files, "ljp").value == "10" or saying(files, "ljp").hint == ""


def test_what_can_not_be_is_said_beside_its_field_and_changes_nothing(files):
    ids = added(files, "cell.abf")
    details, state = opened(files, *ids), files.state
    revision = state.revision
    for name, text, words in (
        ("ljp", "much", "Liquid junction potential must be a number in mV"),
        ("dt", "-1", "“Sampling step” must be greater than zero"),
        ("v_unit", "furlong", "furlong"),
        ("ecode", "nonsense", "nonsense"),
    ):
        details.form.set(name, text)
        field = saying(files, name)
        assert words in field.error
        assert field.value == text  # as it was typed
        assert "cell.abf:" not in field.error
    assert state.revision == revision
    details.form.set("ljp", "14")
    assert saying(files, "ljp").error == ""


def test_channels_and_a_cell_of_the_file_take_each_other_back(files):
    ids = added(files, "cell.abf")
    files.state.set_metadata(ids, cell_name="IN 0")
    details = opened(files, *ids)
    details.form.set("v_channel", "IN 1")
    metadata = files.state.inputs.cells[0].files[0].metadata
    assert (metadata.get("cell_name"), metadata["v_channel"]) == (None, "IN 1")


def test_of_a_single_file_the_row_need_not_be_selected(files):
    files.choose(["cell.abf"])
    settle(files)
    files.preview.details.click()
    assert not files.preview.message.text
    assert [one.name for one in files.drawer.details.files] == ["cell.abf"]


def test_two_channels_are_put_right_before_they_are_added(files):
    files.choose(["cell.abf"])
    settle(files)
    preview, state = files.preview, files.state
    preview.table.set_state({"selected": tuple(row["id"] for row in preview.table.rows)})
    preview.details.click()
    details = files.drawer.details
    assert details.box in files.drawer.places["preview"].children
    for name, text in (("v_channel", "IN 1"), ("i_channel", "IN 0"), ("i_unit", "nA")):
        details.form.set(name, text)
    assert details.trace.voltages.y.min() == pytest.approx(-70, abs=0.4)
    assert details.trace.currents.y.max() == pytest.approx(100, abs=1)
    details.trace.sweep.value = 1
    assert details.trace.currents.y.max() == pytest.approx(200, abs=1)
    assert state.files() == []
    for row in preview.table.rows:
        preview.table.edit(row["id"], "cell", "mine")
        preview.table.edit(row["id"], "protocol", "IDrest")
    revision = state.revision
    preview.accept.click()
    assert state.revision == revision + 1
    metadata = state.inputs.cells[0].files[0].metadata
    assert (metadata["v_channel"], metadata["i_channel"], metadata["i_unit"]) == ("IN 1", "IN 0", "nA")
    assert [one.recording.toff for one in state.results.members.values()] == pytest.approx([OFF, OFF], abs=DT)


def test_a_column_of_a_pattern_stays_though_the_other_is_typed(files):
    """What a person says of the protocol leaves the cell to the pattern."""
    files.choose(["odd.csv"])
    settle(files)
    table = files.preview.table
    table.edit("0", "protocol", "IDrest")
    files.preview.pattern.value = "{cell}_{any}"
    files.preview.show()
    before = table.rows[0]
    files.preview.pattern.value = "{cell}"
    files.preview.show()
    assert (before["cell"], table.rows[0]["cell"], table.rows[0]["protocol"]) == ("", "odd", "IDrest")
    table.edit("0", "protocol", "")
    assert table.rows[0]["protocol"] == ""


def test_a_slow_file_keeps_nobody_waiting(files, monkeypatch):
    """With an event loop the trace is read beside the page, and appears when it is there."""
    import asyncio

    from efewidgets.widgets.files import details as module

    ids = added(files, "odd.csv")
    slow = module.peek

    def slowly(*args):
        time.sleep(1.0)
        return slow(*args)

    monkeypatch.setattr(module, "peek", slowly)

    async def looked():
        begin = time.monotonic()
        details = opened(files, *ids)
        took = time.monotonic() - begin
        assert "is being read" in details.message.text
        for _ in range(100):
            await asyncio.sleep(0.05)
            if "no column" in saying(files, "columns.voltage").error:
                return took
        raise AssertionError(details.message.text)

    assert asyncio.run(looked()) < 0.8


def test_details_open_for_whoever_asks_for_them(files):
    csv, abf = (*added(files, "odd.csv"), *added(files, "cell.abf"))
    files.search.value = "cell.abf"
    files.refresh()
    files.state.view.details = (csv, "gone")
    assert files.drawer.details.is_open
    assert (files.search.value, files.table.selected) == ("", (csv,))
    assert [one.name for one in files.drawer.details.files] == ["odd.csv"]
    # the view says what is open, until it is closed, so that it can be asked for again
    assert files.state.view.details == (csv,)
    files.table.set_state({"selected": (abf,)})
    assert files.state.view.details == (abf,)
    files.drawer.details.hide.click()
    assert files.state.view.details == ()
    files.state.view.details = (csv,)
    assert files.drawer.details.is_open


def test_details_that_were_asked_for_before_the_selector_was_made(files):
    (csv,) = added(files, "odd.csv")
    files.state.view.details = (csv,)
    other = FileSelector(files.state, root=files.root.paths[0])
    assert other.drawer.details.is_open
    other.close()
