"""The table's Python half: what it sends, and what it does with what a person has done."""

from __future__ import annotations

import json

import comm
import ipywidgets
import numpy as np
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.widgets.parts.table import Column, Table, difference

COLUMNS = (
    Column("name", "Name", editable=True),
    Column("amp", "Amplitude", "number", editable=True, unit="%"),
    Column("use", "Use", "check", editable=True),
    Column("go", "", "button"),
)


def rows(number: int) -> list[dict]:
    return [{"id": f"r{i}", "name": f"IDrest_{i}", "amp": 10.0 * i, "use": i % 2 == 0} for i in range(number)]


class Sent(list):
    """What a table has sent since it was made or since `clear`."""

    def states(self) -> list[dict]:
        return [message["state"] for message in self if message["method"] == "update"]

    def own(self) -> list[dict]:
        return [message["content"] for message in self if message["method"] == "custom"]


@pytest.fixture
def make(monkeypatch):
    # once a test has imported ipykernel, widgets send nothing where no kernel runs
    monkeypatch.setattr(comm, "create_comm", lambda *args, **options: comm.DummyComm(*args, **options))
    made = []

    def table(columns=COLUMNS, **options) -> tuple[Table, Sent]:
        found = Table(columns, label="Targets", **options)
        made.append(found)
        sent = Sent()
        found._send = lambda message, buffers=None: sent.append(
            json.loads(json.dumps(message, allow_nan=False))
        )
        return found, sent

    yield table
    for found in made:
        found.close()


def say(table: Table, **content) -> None:
    """Say something as the browser does."""
    table._handle_custom_msg(content, [])


def listening(table: Table, sent: Sent) -> None:
    say(table, kind="ready", version=table.get_state("_content")["_content"]["version"])
    sent.clear()


def refuse(*args):
    raise EfeError("an amplitude is a number.")


class Page:
    """What the browser makes of messages: the rule that the JavaScript follows too."""

    def __init__(self, table: Table):
        self.rows = {row[0]: row for row in table.get_state("_content")["_content"]["rows"]}

    def patch(self, message: dict) -> None:
        order = list(self.rows)
        known = {**self.rows, **{row[0]: row for row in message["rows"]}}
        if message["splice"]:
            start, number, ids = message["splice"]
            order[start : start + number] = ids
        self.rows = {row_id: known[row_id] for row_id in order}


def test_a_page_opened_later_gets_all_that_is_shown(make):
    table, sent = make()
    table.show(rows(3))
    state = json.loads(json.dumps(table.get_state()))
    assert [column["name"] for column in state["_columns"]] == ["name", "amp", "use", "go"]
    assert state["_content"]["rows"][1] == ["r1", ["IDrest_1", 10.0, False, None], None]
    listening(table, sent)
    changed = rows(3)
    changed[1]["amp"] = 15.0
    table.show(changed)
    assert not sent.states()
    assert table.get_state("_content")["_content"]["rows"][1][1][1] == 15.0


def test_rows_are_sent_whole_until_the_page_listens_and_in_parts_then(make):
    table, sent = make()
    table.show(rows(2))
    assert len(sent.states()) == 1
    assert not sent.own()
    listening(table, sent)
    table.show(rows(3))
    assert [message["kind"] for message in sent.own()] == ["patch"]
    assert not sent.states()


def test_a_page_that_has_missed_something_gets_all(make):
    table, sent = make()
    table.show(rows(2))
    say(table, kind="ready", version=0)
    assert sent.states()[-1]["_content"]["version"] == 1
    sent.clear()
    say(table, kind="ready", version=1)
    assert sent == []


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ([0, 1, 2, 3, 4], None),
        ([0, 1, 2, 3, 4, 5], ["r5"]),
        ([0, 1, 3, 4], []),
        ([7, 0, 1, 2, 3, 4], ["r7"]),
        ([0, 2, 1, 3, 4], ["r2", "r1"]),
        ([4, 3, 2, 1, 0], ["r4", "r3", "r2", "r1", "r0"]),
        ([], []),
        ([0, 0.5, 1, 3, 4], ["r0.5", "r1"]),
    ],
)
def test_what_is_sent_makes_of_the_old_rows_the_new(make, order, named):
    table, sent = make()
    table.show(rows(5))
    listening(table, sent)
    page = Page(table)
    table.show([{"id": f"r{i}", "name": f"IDrest_{i}", "amp": 10.0 * i, "use": i % 2 == 0} for i in order])
    if named is None:
        assert sent == []
        return
    (message,) = sent.own()
    assert message["splice"][2] == named
    assert message["to"] == message["from"] + 1
    page.patch(message)
    assert list(page.rows.values()) == table.get_state("_content")["_content"]["rows"]


def test_one_cell_of_many_rows_makes_a_small_message(make):
    table, sent = make()
    table.show(rows(10_000))
    listening(table, sent)
    changed = rows(10_000)
    changed[777]["name"] = "other"
    table.show(changed)
    (message,) = sent.own()
    assert message["rows"] == [["r777", ["other", 7770.0, False, None], None]]
    assert len(json.dumps(message)) < 200
    sent.clear()
    table.show(changed)
    assert sent == []


def test_an_int_in_place_of_an_equal_float_or_bool_is_sent_or_not_but_never_wrong():
    assert difference({"a": ["a", [1.0], None]}, {"a": ["a", [1], None]}) is None  # 1 and 1.0 look the same
    assert difference({"a": ["a", [None], None]}, {"a": ["a", [0], None]})["rows"] == [["a", [0], None]]


def test_what_json_has_no_word_for_is_sent_in_another(make):
    table, _ = make((Column("x", "x", "number"), Column("y", "y")))
    table.show(
        [
            {"id": "a", "x": float("nan"), "y": np.str_("中文")},
            {"id": "b", "x": np.float32(0.5), "y": "\udcff<img>"},
            {"id": "c", "x": np.int64(3), "y": np.bool_(True)},
            {"id": "d", "x": -np.inf, "y": None},
        ]
    )
    found = [
        row[1]
        for row in json.loads(json.dumps(table.get_state("_content"), allow_nan=False))["_content"]["rows"]
    ]
    assert found == [[None, "中文"], [0.5, "?<img>"], [3, True], ["-inf", None]]


def test_looks_and_hints_go_with_the_row(make):
    table, sent = make()
    listening(table, sent)
    table.show([{"id": "a", "_class": {"name": "efe-bad"}, "_hint": {"name": "no such file"}}])
    (message,) = sent.own()
    assert message["rows"][0][2] == {"look": {"name": "efe-bad"}, "hint": {"name": "no such file"}}


def test_an_edit_in_one_of_several_selected_rows_is_of_all(make):
    found = []
    table, _ = make(on_edit=lambda *args: found.append(args))
    table.show(rows(4))
    say(table, kind="edit", number=1, id="r1", ids=["r1"], column="amp", text="5")
    say(table, kind="edit", number=2, id="r1", ids=["r0", "r1"], column="use", text=True)
    assert found == [(("r1",), "amp", "5"), (("r0", "r1"), "use", True)]
    table.selected = ("r2", "r3")
    assert table.edit("r3", "amp", "7")
    assert table.edit("r0", "amp", "7")
    assert found[2:] == [(("r2", "r3"), "amp", "7"), (("r0",), "amp", "7")]


def test_a_refused_edit_says_where_and_why_until_a_good_one(make):
    table, sent = make(on_edit=refuse)
    table.show(rows(2))
    say(table, kind="edit", number=7, id="r1", ids=["r1"], column="amp", text="a lot")
    wanted = {"id": "r1", "column": "amp", "text": "a lot", "reason": "an amplitude is a number."}
    assert table.refused == wanted
    assert sent.states()[-1] == {"refused": wanted}
    assert sent.own()[-1] == {"kind": "done", "number": 7}
    table.on_edit = None
    table.edit("r1", "amp", "5")
    assert table.refused is None


def test_a_refused_edit_stays_while_one_looks_elsewhere_and_goes_with_its_row(make):
    table, _ = make(on_edit=refuse, on_select=lambda ids: None)
    table.show(rows(2))
    table.edit("r1", "amp", "a lot")
    table.set_state({"selected": ["r0"]})
    assert table.refused["text"] == "a lot"
    table.show(rows(2)[::-1])
    assert table.refused["text"] == "a lot"
    table.show(rows(1))
    assert table.refused is None


def test_a_table_that_takes_no_pasted_cells_takes_one(make):
    found = []
    table, _ = make(on_edit=lambda *args: found.append(args))
    table.show(rows(1))
    assert table.paste("r0", "name", [["a"]])
    assert found == [(("r0",), "name", "a")]
    assert not table.paste("r0", "name", [["a", "b"]])
    assert not table.paste(None, "name", [["a"]])


def test_an_edit_that_fails_by_our_fault_is_told_too(make, caplog):
    table, sent = make(on_edit=lambda *args: 1 / 0)
    table.show(rows(1))
    say(table, kind="edit", number=1, id="r0", ids=["r0"], column="amp", text="1")
    assert "ZeroDivisionError" in table.refused["reason"]
    assert "an action on a table failed" in caplog.text
    assert sent.own()[-1]["kind"] == "done"


def test_an_edit_of_a_row_that_is_gone_is_refused(make):
    found = []
    table, _ = make(on_edit=lambda *args: found.append(args))
    table.show(rows(1))
    assert not table.edit("r9", "amp", "1")
    assert "not there any more" in table.refused["reason"]
    assert found == []


def test_buttons_and_pasted_cells(make):
    found = []
    table, _ = make(on_button=lambda *args: found.append(args), on_paste=lambda *args: found.append(args))
    table.show(rows(1))
    say(table, kind="button", number=1, id="r0", column="go")
    say(table, kind="paste", number=2, id=None, column="name", matrix=[["a", "1"]])
    assert found == [("r0", "go"), (None, "name", [["a", "1"]])]
    table.on_paste = refuse
    assert not table.paste("r0", "amp", [["x"]])
    assert table.refused == {"id": None, "column": None, "text": None, "reason": "an amplitude is a number."}


def test_choosing_rows_is_told_if_a_person_does_it(make):
    found = []
    table, _ = make(on_select=found.append)
    table.show(rows(3))
    table.selected = ("r0",)
    assert found == []
    table.set_state({"selected": ["r0", "r2"]})
    assert found == [("r0", "r2")]
    assert table.selected == ("r0", "r2")


def test_rows_that_are_gone_are_not_selected(make):
    table, _ = make()
    table.show(rows(3))
    table.selected = ("r0", "r2")
    table.show(rows(2))
    assert table.selected == ("r0",)


def test_other_columns_bring_their_values(make):
    table, sent = make()
    table.show(rows(1))
    listening(table, sent)
    table.set_columns(COLUMNS)
    assert sent == []
    table.set_columns(COLUMNS[1:2])
    (state,) = sent.states()
    assert [column["label"] for column in state["_columns"]] == ["Amplitude"]
    assert state["_content"]["rows"] == [["r0", [0.0], None]]


def test_what_can_not_be_is_told_at_once(make):
    table, _ = make()
    with pytest.raises(ValueError, match="same id"):
        table.show([{"id": "a"}, {"id": "a"}])
    with pytest.raises(ValueError, match="same name"):
        make((Column("a", "A"), Column("a", "B")))
    with pytest.raises(ValueError, match="none of text"):
        Column("a", "A", kind="sound")


def test_closing_leaves_nothing():
    before = len(ipywidgets.widgets.widget._instances)
    for _ in range(3):
        table = Table(COLUMNS, label="Targets")
        table.show(rows(2))
        table.close()
        table.close()
    assert len(ipywidgets.widgets.widget._instances) == before
