"""Values that never change, their digests, the graph that keeps results under them, and history."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efewidgets import EfeError
from efewidgets.engine.stages.graph import Graph, Stage
from efewidgets.engine.stages.inputs import FileInputs, Inputs, Recipe, Target
from efewidgets.engine.stages.values import Frozen, digest, freeze, thaw
from efewidgets.state.history import History

LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
DATA = st.recursive(LEAVES, lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=20)


@given(DATA)
def test_frozen_data_thaw_to_what_they_were(data):
    assert thaw(freeze(data)) == data
    hash(freeze(data))


@given(DATA, DATA)
def test_digests_differ_where_values_do(a, b):
    same = repr(a) == repr(b)  # 1, 1.0 and True are equal, but not the same
    assert (digest(freeze(a)) == digest(freeze(b))) == same


@given(st.lists(st.text(), min_size=2))
def test_texts_in_a_row_do_not_run_together(texts):
    joined = "".join(texts)
    assert digest(tuple(texts)) != digest((joined,))
    assert digest(*texts) != digest(joined)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (0, False),
        (None, ""),
        ("", ()),
        ("1", 1),
        (0.0, -0.0),
        ((1, (2,)), ((1, 2),)),
        (np.float32(0.1), np.float64(0.1)),
        ((), Frozen()),
    ],
)
def test_what_is_only_equal_has_another_digest(a, b):
    assert digest(a) != digest(b)


def test_digests_are_the_same_in_every_process():
    code = (
        "from efewidgets.engine.stages.values import *; print(digest(Frozen(a=1, b=('x', 2.5)), None).hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_frozen_is_like_a_dictionary_and_can_not_change():
    found = Frozen({"a": [1, {"b": 2}], "c": np.float64(0.5)})
    assert found == {"a": (1, {"b": 2}), "c": 0.5}
    assert found["a"][1]["b"] == 2
    with pytest.raises(TypeError):
        found["a"] = 1
    assert found.changed({"a": None, "d": 4}) == {"c": 0.5, "d": 4}
    assert "a" in found


@pytest.mark.parametrize("value", [object(), lambda: 0, b"bytes"])
def test_what_a_config_can_not_hold_is_refused(value):
    with pytest.raises(EfeError, match="can't be kept"):
        freeze({"a": value})


def test_ids_do_not_count():
    """The same file or target under another id is the same to the results."""
    recipe = Recipe("IV", Frozen(filepath="a.abf"))
    assert FileInputs("f1", recipe).digest == FileInputs("f2", recipe).digest
    assert Target("t1", "voltage_base", "IV", 0, 1) == Target("t2", "voltage_base", "IV", 0, 1)
    assert FileInputs("f1", recipe) != FileInputs("f1", recipe, Frozen(sweep="leak"))


# --- graph


def counting(name, **more):
    return Stage(name, lambda read, values, work: (read, *values), **more)


def test_a_covering_stage_does_not_look_at_what_it_covers_until_it_must():
    looked = []

    def reads(context, item, get):
        looked.append(item)
        return (context[item],)

    stages = [
        counting("leaf", reads=reads),
        counting(
            "all",
            reads=lambda c, i, g: tuple(sorted(c.values())),
            covered=lambda c, i, g: [("leaf", k) for k in c],
        ),
    ]
    graph = Graph(stages)
    graph.evaluate({"a": 1, "b": 2}).get("all")
    assert looked == ["a", "b"]
    graph.evaluate({"a": 1, "b": 2}).get("all")
    assert looked == ["a", "b"]
    graph.evaluate({"a": 1, "b": 3}).get("all")
    assert graph.runs == {"leaf": 3, "all": 2}


def test_the_same_content_ends_an_update():
    stages = [
        Stage("value", lambda read, values, work: read[0], lambda c, i, g: (c,)),
        Stage(
            "sign",
            lambda read, values, work: (values[0] > 0, values[0]),
            needs=lambda c, i, g: [("value", None)],
            content=lambda found: (found[0],),
        ),
        counting("after", needs=lambda c, i, g: [("sign", None)]),
    ]
    graph = Graph(stages)
    for number in (1, 2, 3, -1):
        graph.evaluate(number).get("after")
    assert graph.runs == {"value": 4, "sign": 4, "after": 2}


def test_results_that_were_used_long_ago_go_first_and_those_in_use_never():
    big = Stage("big", lambda read, values, work: read[0], lambda c, i, g: (c, i), size=lambda value: 100)
    needs = [("big", 0), ("big", 1)]
    both = Stage("both", lambda read, values, work: None, needs=lambda c, i, g: needs, size=lambda value: 1)
    graph = Graph([big, both], most=1000)
    for number in range(50):
        evaluation = graph.evaluate(number)
        evaluation.get("both")
        evaluation.trim()
    assert len(graph) < 40
    before = dict(graph.runs)
    graph.evaluate(49).get("both")
    assert dict(graph.runs) == before
    graph.evaluate(48).get("both")
    assert dict(graph.runs) == before
    graph.evaluate(0).get("both")
    assert graph.runs["big"] == before["big"] + 2


def test_a_failing_stage_leaves_nothing_behind():
    def fail(read, values, work):
        raise ValueError("no")

    graph = Graph([Stage("bad", fail)])
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            graph.evaluate(None).get("bad")
    assert len(graph) == 0


def test_a_result_kept_elsewhere_is_not_computed():
    stages = [
        counting("leaf", reads=lambda c, i, g: (c,)),
        counting("made", reads=lambda c, i, g: (c,), covered=lambda c, i, g: [("leaf", 0)]),
    ]
    graph = Graph(stages, restore={"made": lambda context, item: "kept" if context == 1 else None})
    assert list(graph.evaluate(1).missing("leaf", ("made", None))) == []
    assert graph.evaluate(1).get("made") == "kept"
    assert list(graph.evaluate(2).missing("leaf", ("made", None))) == [("leaf", 0)]
    graph.evaluate(2).get("made")
    assert graph.runs["leaf"] == 1


# --- history


def test_undo_and_redo_walk_the_same_way():
    history, states = History(), [Inputs(default_std_value=float(k)) for k in range(4)]
    for k in range(3):
        history.add(f"edit {k}", states[k])
    now = states[3]
    for k in (2, 1, 0):
        step = history.undo(now)
        assert (step.label, step.inputs) == (f"edit {k}", states[k])
        now = step.inputs
    assert history.undo(now) is None
    for k in (1, 2, 3):
        now = history.redo(now).inputs
        assert now is states[k]
    assert history.redo(now) is None


def test_steps_of_a_slider_are_one():
    history, states = History(), [Inputs(default_std_value=float(k)) for k in range(5)]
    history.add("before", states[0])
    for k in (1, 2, 3):
        history.add("drag", states[k], merge="ton")
    assert history.undo(states[4]).inputs is states[1]
    assert history.undo_label == "before"
    history.add("drag", states[1], merge="ton")
    history.add("other", states[2])
    history.add("drag", states[3], merge="ton")
    assert [history.undo(states[4]).label for _ in range(3)] == ["drag", "other", "drag"]


def test_an_edit_forgets_what_was_undone():
    history = History()
    history.add("a", Inputs())
    history.undo(Inputs(plot=True))
    history.add("b", Inputs())
    assert history.redo_label == ""


def test_history_is_bounded():
    history = History(limit=3)
    for k in range(10):
        history.add(str(k), Inputs())
    assert len(history) == 3
