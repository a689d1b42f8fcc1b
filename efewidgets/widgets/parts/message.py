"""What is wrong, beside the control that it belongs to."""

from __future__ import annotations

import html

import ipywidgets

from ...engine.problems import EfeError

KINDS = ("error", "warning", "note")


def failure(error: BaseException) -> str:
    """Return what a person is told of an error: its own words if it was written for them, else what it is."""
    return str(error) if isinstance(error, EfeError) else f"that failed: {type(error).__name__}: {error}"


class Message(ipywidgets.HTML):
    """A sentence, or nothing; screen readers say it when it appears."""

    def __init__(self) -> None:
        super().__init__()
        self.add_class("efe-message")
        self.text = ""

    def say(self, text: str, kind: str = "error") -> None:
        """Show a sentence of one of `KINDS`; it may hold anybody's text."""
        self.text = text
        role = "alert" if kind == "error" else "status"
        self.value = (
            f'<div class="efe-says efe-{kind}" role="{role}">{html.escape(text)}</div>' if text else ""
        )

    def clear(self) -> None:
        """Show nothing."""
        self.say("")
