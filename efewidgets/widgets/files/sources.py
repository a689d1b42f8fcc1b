"""The part of `FileSelector` where recordings come from: folders, what is dropped or uploaded, addresses."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.files.folders import Root
from ...engine.files.roots import Roots
from ...engine.remote import is_url
from ..parts.base import StateWidget
from ..parts.upload import Upload
from .browser import ANY_FORMAT, Browser, suffixes_of
from .elsewhere import Elsewhere


class Sources:
    """Ways by which files are found; each proposes what it has found.

    Parameters
    ----------
    owner : StateWidget
    root : Root or Roots
        What can be browsed.
    hosts : sequence of str or None
        From which recordings may be read by their addresses; None: from any.
    found : callable
        ``found(paths)`` with files that a person wants to add.
    stop : callable
        Gives up what is being fetched.

    Attributes
    ----------
    browser : Browser
    elsewhere : Elsewhere
    upload : Upload or None
        None until `receive`.
    box : ipywidgets.Tab
    """

    def __init__(
        self,
        owner: StateWidget,
        root: Root | Roots,
        hosts: Sequence[str] | None,
        found: Callable[[Sequence[str]], Any],
        stop: Callable[[], Any],
    ):
        self.owner, self.root, self._found = owner, root, found
        self.upload: Upload | None = None
        self.elsewhere = Elsewhere(owner, hosts, self.choose, stop)
        self.browser = Browser(owner, root, found)
        self.box = ipywidgets.Tab([self.browser.box, self.elsewhere.box], titles=["Folders", "Elsewhere"])

    def receive(self, scratch: str | os.PathLike[str] | None, limit: int) -> None:
        """Let files be dropped anywhere, and uploaded; they go to a folder, by default a temporary one."""
        self.upload = Upload(
            scratch,
            limit=limit,
            accept=",".join(suffixes_of(ANY_FORMAT)),
            on_received=self.received,
            anywhere=True,
        )
        self.box.children = (self.browser.box, self.upload, self.elsewhere.box)
        self.box.titles = ("Folders", "Drop or upload", "Elsewhere")

    def choose(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Propose files of the root or of the uploads, and addresses. Raises EfeError if one can't be had."""
        self._found([self._place(os.fspath(path)) for path in paths])

    def _place(self, path: str) -> str:
        """Return the path of a file below the root, or an address that may be read. Raises EfeError."""
        if not is_url(path):
            return str(self.root.resolve(path))
        self.elsewhere.check(path)
        return path

    def received(self, paths: tuple[str, ...]) -> None:
        """Propose what was uploaded, as far as it can be a recording."""
        owner = self.owner
        owner.state.view.tab = "recordings"  # they may have been dropped at another step
        suffixes = suffixes_of(ANY_FORMAT)
        wanted = [path for path in paths if path.lower().endswith(suffixes)]
        if wanted:
            owner.act(self._found, wanted)
        if len(wanted) < len(paths):
            words = f"{len(paths) - len(wanted)} uploaded files are of no known format: left aside."
            owner.message.say(words, "warning")

    def named(self, path: str) -> str:
        """Return a path as patterns see it: below the root, or below the folder of uploads."""
        uploaded = None if self.upload is None else self.upload.inbox.made
        for folder in (*filter(None, (uploaded,)), *self.root.paths):
            start = os.path.join(folder, "")
            if path.startswith(start):
                return path[len(start) :].replace(os.sep, "/")
        return os.path.basename(path)

    def close(self) -> None:
        """Search no more; uploads that did not come whole are removed."""
        self.browser.close()
        if self.upload is not None:
            self.upload.inbox.close()
