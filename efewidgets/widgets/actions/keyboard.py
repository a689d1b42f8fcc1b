"""Keys, the sheet of keys and the palette of a widget or a page, all made from its actions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any

import anywidget
import traitlets

from ...engine.problems import EfeError
from ...state import ExtractionState
from ..parts.base import drawn_once, lock_of
from ..parts.in_order import SENDING
from ..parts.message import failure
from ..parts.owned import close_all
from ..parts.style import static
from .record import Action, by_id

logger = logging.getLogger(__name__)

GROUP = "Help"

#: s that a key waits for those pressed before it, which may be lost
PATIENCE = 5.0


def _nothing(state: ExtractionState) -> None:
    """The page opens these by itself."""


PALETTE = Action(
    "palette", "All commands", "type what you want to do; Enter does it", _nothing, "", ("Ctrl+K",), GROUP
)
KEYS = Action("keys", "Keys", "show which key does what", _nothing, "", ("?",), GROUP)


class Keyboard(anywidget.AnyWidget):
    """Stands in a widget or a page and hears its keys; does what they are for, one after the other.

    Parameters
    ----------
    state : ExtractionState
    actions : list of Action
    within : str
        Model id of the widget in which it stands.
    everywhere : bool
        Whether its keys are those of the whole page; in a notebook they are those of the widget in any case.
    """

    _esm = SENDING + static(__file__, "keys.js", "palette.js", "keyboard.js")
    _css = static(__file__, "keyboard.css")

    within = traitlets.Unicode().tag(sync=True)
    everywhere = traitlets.Bool(False).tag(sync=True)
    actions = traitlets.List(traitlets.Dict()).tag(sync=True)
    now = traitlets.Dict().tag(sync=True)

    def __init__(
        self, state: ExtractionState, actions: Iterable[Action], within: str, *, everywhere: bool = False
    ):
        self.state = state
        self.records = by_id((*actions, KEYS, PALETTE))
        self._turn = threading.Condition()
        self._done: dict[str, int] = {}  # of each page that shows it, the number of the key done last
        told = [_told(action) for action in self.records.values()]
        super().__init__(within=within, everywhere=everywhere, actions=told)
        self.on_msg(self._asked)

    def do(self, identity: str) -> bool:
        """Do an action; whether it could be done. What was done, or why it can't be, is said on the page."""
        action = self.records.get(identity)
        if action is None:
            return False
        with lock_of(self.state):
            try:
                with drawn_once():
                    words = action.do(self.state)
            except EfeError as error:
                self.say(str(error), refused=True)
                return False
            except Exception as error:
                logger.exception("%s failed", identity)
                self.say(failure(error), refused=True)
                return False
        if isinstance(words, str):
            self.say(words)
        return True

    def say(self, text: str, *, refused: bool = False) -> None:
        """Say a few words over the page, for a moment."""
        self.send({"kind": "said", "text": text[:1].upper() + text[1:], "refused": refused})

    def show(self, what: str) -> None:
        """Open the "palette" or the sheet of "keys"."""
        self.send({"kind": "open", "what": what})

    def present(self) -> dict[str, dict[str, Any]]:
        """Return of each action what it is called now, whether it can be done, and its line of Python."""
        return {identity: self._present(action) for identity, action in self.records.items()}

    def _present(self, action: Action) -> dict[str, Any]:
        try:
            found = (
                action.called(self.state),
                action.enabled(self.state),
                action.line(self.state),
                action.there(self.state),
            )
        except Exception:  # results that can't be had just now
            logger.exception("%s can't be described", action.id)
            found = action.title, False, "", True
        return dict(zip(("title", "enabled", "line", "there"), found, strict=True))

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "do":
            self._do_in_turn(str(content.get("id")), str(content.get("page")), content.get("number"))
        elif kind == "open":
            with lock_of(self.state):
                self.now = self.present()

    def _do_in_turn(self, identity: str, page: str, number: Any) -> None:
        """Do what a key is for, once those pressed before it are done.

        JupyterLab sends to the main thread until the kernel has told it of another one for widgets, and to that from
        then on: a key overtook the one before it, which waited behind a cell or a computation.
        """
        number = number if isinstance(number, int) else 0
        with self._turn:
            self._turn.wait_for(lambda: self._done.get(page, 0) >= number - 1, PATIENCE)
        try:
            self.do(identity)
        finally:
            with self._turn:
                self._done[page] = max(self._done.get(page, 0), number)
                self._turn.notify_all()

    def close(self) -> None:
        """Leave the page, with the layout."""
        if self.comm is not None:
            close_all(self)
            super().close()


def _told(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "title": action.title,
        "hint": action.tooltip,
        "keys": list(action.keys),
        "group": action.group,
        "repeats": action.repeats,
    }
