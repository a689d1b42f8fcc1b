"""Files from the browser's machine: sent in pieces that no server's limit stops, straight to disk."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...engine.files.receiving import Inbox
from ...engine.problems import EfeError
from .message import failure
from .style import static

logger = logging.getLogger(__name__)


class Upload(anywidget.AnyWidget):
    """Choose or drop files, or a folder; each goes to disk piece by piece, with progress, and can be cancelled.

    Parameters
    ----------
    folder : path, optional
        Where files go; by default a temporary folder that `close` removes. Names are made safe, and never those of
        files that are there.
    limit : int
        Bytes that one file may have.
    accept : str
        Endings that are offered, ".abf,.nwb".
    on_received : callable, optional
        ``on_received(paths)`` when all files that were chosen together are there.
    what : str
        What the files are called on the page, in the plural; two uploads on one page are told apart by it.
    anywhere : bool
        Whether files that are dropped beside it are meant for it: on a page of our own anywhere, in a notebook on the
        widget that it is a part of.

    Attributes
    ----------
    received : tuple of str
        Paths of all files that came.
    """

    _esm = static(__file__, "upload.js")

    label = traitlets.Unicode("Upload files").tag(sync=True)
    what = traitlets.Unicode("Files").tag(sync=True)
    accept = traitlets.Unicode("").tag(sync=True)
    anywhere = traitlets.Bool(False).tag(sync=True)
    piece = traitlets.Int(1_500_000).tag(sync=True)

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        limit: int = 8 * 2**30,
        accept: str = "",
        on_received: Callable[[tuple[str, ...]], Any] | None = None,
        what: str = "Files",
        anywhere: bool = False,
    ):
        self.inbox = Inbox(folder, limit)
        self.on_received = on_received
        self.received: tuple[str, ...] = ()
        self._batches: dict[str, list[str]] = {}
        self._lock = threading.RLock()
        super().__init__(accept=accept, what=what, label=f"Upload {what.lower()}", anywhere=anywhere)
        self.on_msg(self._told)

    @property
    def folder(self) -> Path:
        """Where files go."""
        return self.inbox.folder

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        key = str(content.get("id", ""))
        with self._lock:
            try:
                self._do(key, content, buffers)
            except EfeError as error:
                self.send({"kind": "refused", "id": key, "reason": str(error)})
            except Exception as error:
                logger.exception("an upload failed")
                self.inbox.drop(key)
                self.send({"kind": "refused", "id": key, "reason": failure(error)})

    def _do(self, key: str, content: Any, buffers: Any) -> None:
        kind = content.get("kind")
        if kind == "begin":
            self.inbox.begin(key, str(content.get("name", "")), content.get("size", -1))
            self._go_on(key, 0, content)
        elif kind == "piece":
            self._go_on(key, self.inbox.take(key, content["offset"], buffers[0]), content)
        elif kind == "cancel":
            self.inbox.drop(key)
        elif kind == "end":
            paths = tuple(self._batches.pop(str(content.get("batch")), ()))
            if paths and self.on_received is not None:
                self.on_received(paths)

    def _go_on(self, key: str, there: int, content: Any) -> None:
        """Ask for the next piece, or say that the file is whole."""
        if there < self.inbox.incoming[key].size:
            self.send({"kind": "go", "id": key, "offset": there})
            return
        path = self.inbox.finish(key)
        self.received += (str(path),)
        self._batches.setdefault(str(content.get("batch")), []).append(str(path))
        self.send({"kind": "done", "id": key, "name": path.name})

    def close(self) -> None:
        """Leave the page; files that did not come whole are removed."""
        self.inbox.close()
        if self.comm is not None:
            self.layout.close()
        super().close()
