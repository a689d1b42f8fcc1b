"""Offers to pool protocols that are called nearly the same: a button for each, which can be undone."""

from __future__ import annotations

import functools
from collections import Counter

import ipywidgets

from ...engine.files.alike import Alike, alike
from ...state import ExtractionState, Inputs
from ..actions.buttons import button
from ..actions.record import Action
from ..parts.base import StateWidget
from ..parts.html import plain
from ..parts.owned import replace
from .lab_names import LabNames
from .rows import counted

_MOST = 4  # offers at a time


def same_as(one: Alike, lab: LabNames) -> Action:
    """Return what makes protocols one: their files get the name that most have, which is remembered."""

    def files(state: ExtractionState) -> list[str]:
        return [file.id for _, file in state.inputs.files() if file.protocol in one.others]

    def do(state: ExtractionState) -> str:
        chosen = files(state)
        state.regroup_files(chosen, protocol=one.name)
        for name in one.others:
            lab.called(name, one.name)
        return f"Pooled: {plain(one.name)} has the {counted(len(chosen), 'file')} of {others} now."

    others = ", ".join(map(plain, one.others))
    return Action(
        f"same-as-{one.name}",
        f"{others}: the same as {plain(one.name)} ({counted(one.files, 'file')})",
        f"pool these protocols under the name {plain(one.name)}, here and when files are added next time",
        do,
        lambda state: f"state.regroup_files({files(state)!r}, protocol={one.name!r})",
    )


class SameAs:
    """The buttons, where there are protocols that are called nearly the same.

    Parameters
    ----------
    owner : StateWidget
    lab : LabNames

    Attributes
    ----------
    actions : list of Action
    box : HBox
    """

    def __init__(self, owner: StateWidget, lab: LabNames):
        self.owner, self.lab = owner, lab
        self.actions: list[Action] = []
        self._offered: list[Alike] = []
        self.box = ipywidgets.HBox(layout={"display": "none"})
        self.box.add_class("efe-row")

    def show(self, inputs: Inputs) -> None:
        """Offer what can be pooled now."""
        offered = alike(Counter(file.protocol for _, file in inputs.files()))[:_MOST]
        if offered == self._offered:
            return
        self._offered, self.actions = offered, [same_as(one, self.lab) for one in offered]
        buttons = [button(action, icon="compress") for action in self.actions]
        for action, control in zip(self.actions, buttons, strict=True):
            self.owner.on_click(control, functools.partial(self._do, action))
        replace(self.box, buttons)
        self.box.layout.display = "" if buttons else "none"

    def _do(self, action: Action) -> None:
        words = action.do(self.owner.state)
        self.owner.message.say(words, "note")
