"""The sessions to go on with, as links."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..widgets.parts.html import plain
from ..widgets.parts.style import static
from .recent import MOST, Ask, Recent
from .steps import count


class RecentList(anywidget.AnyWidget):
    """Links to sessions, the last first; a click goes on with one.

    Parameters
    ----------
    ask : callable
        Returns the sessions, given names that the browser knows; see `recent.Recents`.
    whole : bool
        Whether they can be told without asking the browser.

    Attributes
    ----------
    sessions : list of dict
        ``name``, ``title``, ``lines`` (of words) and ``when`` (s since 1970) of each.
    """

    _esm = static(__file__, "recent_list.js")

    sessions = traitlets.List(traitlets.Dict()).tag(sync=True)
    asks = traitlets.Bool(False).tag(sync=True)

    def __init__(self, ask: Ask, whole: bool):
        super().__init__(asks=not whole)
        self._ask = ask
        self.on_msg(self._told)
        if whole:
            self.look()

    def look(self, known: tuple[str, ...] = ()) -> None:
        """Show the sessions that there are now; `known` are names that the browser knows."""
        self.sessions = [_item(one) for one in self._ask(known)]

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("kind") != "known":
            return
        names = content.get("names")
        if isinstance(names, list) and self.asks:
            self.look(tuple(name for name in names[:MOST] if isinstance(name, str)))


def _item(one: Recent) -> dict[str, Any]:
    names = ", ".join(map(plain, one.cells)) + (", …" if one.number > len(one.cells) else "")
    counts = f"{count(one.number, 'cell')}, {count(one.files, 'file')}" if one.number else ""
    title = plain(one.title) or names or "A session without a name"
    lines = [names if one.title else "", counts, one.far]
    return {"name": one.name, "title": title, "lines": list(filter(None, lines)), "when": one.when}
