"""How far work is that takes long, and a button that ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from .html import escape, plain, tag
from .style import row


class Progress:
    """A bar and a button, there while work is under way.

    Parameters
    ----------
    on_stop : callable
        Called when a person doesn't want the work any more.

    Attributes
    ----------
    bar : ipywidgets.HTML
        How far the work is; nothing if none is done.
    stop : ipywidgets.Button
    box : ipywidgets.Box
        Both, to be shown.
    """

    def __init__(self, on_stop: Callable[[], Any]) -> None:
        self.bar = ipywidgets.HTML()
        self.bar.add_class("efe-run-progress")
        self.stop = ipywidgets.Button(description="Stop", icon="stop", layout={"width": "auto"})
        self.stop.on_click(lambda _: on_stop())
        self.box = row(self.bar, self.stop)
        self.box.layout.display = "none"

    def show(self, activity: str, words: str, done: int, of: int | None) -> None:
        """Show that so much is done, by a bar and in words; of None: nobody knows how much there is."""
        if self.bar.comm is None:  # the widget is closed
            return
        known = {"max": of, "value": done} if of else {}
        bar = tag("progress", aria_label=activity, **known)
        self.bar.value = bar + tag("span", escape(f"{plain(activity)}: {words}"))
        self.box.layout.display = ""

    def hide(self) -> None:
        """Show nothing: no work is under way."""
        if self.bar.comm is not None:
            self.bar.value = ""
            self.box.layout.display = "none"
