"""A student who reads numbers off the pages for teaching, and rounds them, is told that they are right."""

from __future__ import annotations

import ast
import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import matplotlib
import pytest
from ipywidgets.widgets import widget as widget_module

from efewidgets.widgets import Question

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[3] / "notebooks"


@contextlib.contextmanager
def study(name: str) -> Iterator[tuple[dict[str, Any], list[Question]]]:
    """Run a notebook's code here; give its names, and its questions in their order."""
    nbformat = pytest.importorskip("nbformat")
    matplotlib.use("agg")
    before = set(widget_module._instances)
    names: dict[str, Any] = {}
    questions = []
    try:
        for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells:
            if cell.cell_type == "code":
                *body, last = ast.parse(cell.source).body
                exec(compile(ast.Module(body, []), cell.id, "exec"), names)
                if isinstance(last, ast.Expr):
                    shown = eval(compile(ast.Expression(last.value), cell.id, "eval"), names)
                    questions += [shown] if isinstance(shown, Question) else []
                else:
                    exec(compile(ast.Module([last], []), cell.id, "exec"), names)
        yield names, questions
    finally:
        for made in set(widget_module._instances) - before:
            if made in widget_module._instances:
                widget_module._instances[made].close()
        if "plt" in names:
            names["plt"].close("all")


def ask(questions: list[Question], replies: dict[str, str]) -> list[str]:
    """Answer the questions by some of their words; return what is said about those that aren't right."""
    assert len(questions) == len(replies)
    return [
        f"{question.text} {reply}: {question.says}"
        for question, (words, reply) in zip(questions, replies.items(), strict=True)
        if words not in question.text or not question.check(reply)
    ]


def test_what_is_rheobase():
    with study("10_what_is_rheobase") as (names, questions):
        not_yet = [
            question for question in questions if not question.check("1") and question.verdict == "not yet"
        ]
        assert len(not_yet) == 2  # those about kept sweeps
        names["cell"].keep_series(0.05, 0.06, 0.001)
        wrong = ask(
            questions,
            {
                "20 pA lift": "6",  # at rest −71.9 mV, at the end of the stimulus −65.9 mV
                "input resistance": "300",
                "smallest whole number of picoamperes at which": "56",
                "A stronger current": "makes it come earlier, at nearly the same height",
                "your sweeps": "56",
                "to 1 pA": "56",
                "20 ms": "154",
                "twice the rheobase": "31",
            },
        )
        assert wrong == []


@pytest.mark.slow
def test_features_and_thresholds():
    with study("11_features_and_thresholds") as (names, questions):
        names["waveform"].keep()
        names["steps_down"].keep_series(-0.25, 0.0, 0.05)
        wrong = ask(
            questions,
            {
                "amplitude": "91",
                "half width": "0.7",
                "threshold": "46",
                "misses half": "it is 5 % too low",
                "input resistance": "133",
                "sag back": "3",
                "last interval": "2.1",
                "FS cell": "9",
                "features.json": "91.36",
            },
        )
        assert wrong == []
