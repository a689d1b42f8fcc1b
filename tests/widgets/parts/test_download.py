"""The download button: bytes are made when they are asked for, and errors are said."""

from __future__ import annotations

import ipywidgets.widgets.widget as models
import pytest

from efewidgets.engine.problems import EfeError
from efewidgets.widgets.parts.download import Download


@pytest.fixture
def told(monkeypatch):
    """What is sent to the browser."""
    found = []
    monkeypatch.setattr(
        Download, "send", lambda self, content, buffers=None: found.append((content, buffers))
    )
    return found


def ask(button, number=7):
    button._handle_custom_msg({"kind": "ask", "number": number}, [])


def test_the_contents_are_made_when_they_are_asked_for(told):
    made = []
    button = Download("CSV", "targets.csv", lambda: made.append(1) or "a,ä\n", kind="text/csv")
    assert not made
    ask(button)
    file = {"kind": "file", "number": 7, "filename": "targets.csv", "type": "text/csv"}
    assert (made, told) == ([1], [(file, ["a,ä\n".encode()])])
    button.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [(EfeError("no targets."), "no targets."), (KeyError("x"), "that failed: KeyError: 'x'")],
)
def test_what_goes_wrong_is_said(told, error, said):
    def make():
        raise error

    button = Download("CSV", "targets.csv", make)
    ask(button)
    assert told == [({"kind": "failed", "number": 7, "text": said}, None)]
    button.close()


def test_other_messages_are_passed_over(told):
    button = Download("CSV", "targets.csv", lambda: b"x")
    for content in ({"kind": "other"}, {}, None, "ask"):
        button._handle_custom_msg(content, [])
    assert not told
    button.close()


def test_closing_leaves_no_model():
    before = len(models._instances)
    Download("CSV", "targets.csv", lambda: b"x").close()
    assert len(models._instances) == before
