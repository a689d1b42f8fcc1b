"""Buttons that are made from actions, and say what those say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from ...state import ExtractionState
from .record import Action

Put = Callable[..., None]


def button(action: Action, label: str | None = None, **traits: Any) -> ipywidgets.Button:
    """Return a button for an action, with its title, what it does, and its key."""
    return ipywidgets.Button(
        description=label or action.title, tooltip=action.hint, layout={"width": "auto"}, **traits
    )


def draw(put: Put, control: ipywidgets.Button, action: Action, state: ExtractionState) -> None:
    """Let a button be pressed while its action can be done."""
    put(control, disabled=not action.enabled(state))
