"""Problems on the page: groups that open and close, each sentence once, each place a button that leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from ..parts.style import static


class ProblemList(anywidget.AnyWidget):
    """Groups of problems; what is asked for by a person is told to the kernel.

    Parameters
    ----------
    on_go : callable
        ``on_go(index)`` when a problem is chosen.
    on_more : callable
        ``on_more(key)`` when more of a group or of a sentence is to be seen.
    on_do : callable
        ``on_do(sentence, action)`` when something is to be done about a sentence.

    Attributes
    ----------
    groups : list of dict
        ``key``, ``severity``, ``title``, ``count_text``, ``open`` and ``more`` (the text of a button, or ""), and in
        ``sentences`` what is said: ``key``, ``message``, ``count``, ``actions`` (``id``, ``title``, ``hint``),
        ``more``, and in ``places`` of what: ``index``, ``place``, ``hint``, ``message``.
    """

    _esm = static(__file__, "problem_list.js")

    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        on_go: Callable[[int], Any],
        on_more: Callable[[str], Any],
        on_do: Callable[[str, str], Any],
    ):
        super().__init__()
        self._on_go, self._on_more, self._on_do = on_go, on_more, on_do
        self.on_msg(self._told)

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "go" and isinstance(content.get("index"), int):
            self._on_go(content["index"])
        elif content.get("kind") == "more" and isinstance(content.get("key"), str):
            self._on_more(content["key"])
        elif content.get("kind") == "do":
            sentence, action = content.get("sentence"), content.get("action")
            if isinstance(sentence, str) and isinstance(action, str):
                self._on_do(sentence, action)
