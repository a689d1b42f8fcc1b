"""A button that saves a file in the browser; the kernel makes it when it is asked for, and keeps nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import anywidget
import traitlets

from ...engine.problems import EfeError
from .html import plain
from .owned import close_all
from .style import static

logger = logging.getLogger(__name__)


class Download(anywidget.AnyWidget):
    """A button that saves a file in the browser.

    Parameters
    ----------
    label : str
        What stands on the button.
    filename : str
        Under which name the browser saves it.
    make : callable
        Returns the contents, as bytes or text, or a Future of them if they take long; called when the button is
        pressed. What it raises is said beside the button.
    kind : str
        Media type of the contents.
    tooltip : str
        What the button does, in a few words.
    disabled : bool
        Whether it can't be pressed.
    """

    _esm = static(__file__, "saving.js", "download.js")

    label = traitlets.Unicode().tag(sync=True)
    filename = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)  # what is called tooltip wants a description in the browser
    disabled = traitlets.Bool(False).tag(sync=True)
    pressed = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        label: str,
        filename: str,
        make: Callable[[], bytes | str | Future[bytes]],
        *,
        kind: str = "application/octet-stream",
        tooltip: str = "",
        disabled: bool = False,
    ):
        super().__init__(label=label, filename=filename, hint=tooltip, disabled=disabled)
        self.make = make
        self.kind = kind
        self.on_msg(self._asked)

    def press(self) -> None:
        """Have the browser fetch the file, as if the button had been pressed."""
        self.pressed = True

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("kind") != "ask":
            return
        number = content.get("number")
        try:
            made = self.make()
        except Exception as error:
            self._failed(number, error)
        else:
            if isinstance(made, Future):
                made.add_done_callback(lambda done: self._finished(number, done))
            else:
                self._answer(number, made)

    def _finished(self, number: Any, done: Future[bytes]) -> None:
        """Answer from the thread that has made the file."""
        if self.comm is None:
            return
        error = done.exception()
        if error is None:
            self._answer(number, done.result())
        else:
            self._failed(number, error)

    def _answer(self, number: Any, made: bytes | str) -> None:
        data = made.encode("utf-8") if isinstance(made, str) else made
        file = {"kind": "file", "number": number, "filename": self.filename, "type": self.kind}
        self.send(file, buffers=[data])

    def _failed(self, number: Any, error: BaseException) -> None:
        text = str(error)
        if not isinstance(error, EfeError):
            logger.error("%s can't be made", self.filename, exc_info=error)
            text = f"that failed: {type(error).__name__}: {plain(error)}"
        self.send({"kind": "failed", "number": number, "text": text})

    def close(self) -> None:
        """Leave the page, with the layout."""
        if self.comm is not None:
            close_all(self)
            super().close()
