"""The part of `FileSelector` that watches a folder: recordings that are written there are added by themselves."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets

from ...engine.files.watching import Seen, Watched
from ...engine.problems import EfeError
from ...engine.systems.paths import same_path
from ..parts.base import StateWidget
from ..parts.html import escape, plain, tag
from .browser import ANY_FORMAT, Browser, suffixes_of
from .preview import Preview
from .rows import counted

#: s between two looks into the folder; where one takes long, five times as long
PACE = 2.0
_STEP = 0.2  # s after which it is seen that nobody watches any more


class Watch:
    """A switch, and a thread that looks into a folder while it is on; files are looked into as all others are.

    What is new and whole is proposed; where cells, protocols and stimuli are plain it is added by itself. By hand:
    ``state.view.watched = "2026-11-30"``.

    Parameters
    ----------
    owner : StateWidget
    browser : Browser
        The folder that is open there is watched, for files of the names and the format that are shown.
    preview : Preview

    Attributes
    ----------
    toggle : ipywidgets.ToggleButton
    told : ipywidgets.HTML
        What is watched, and what has come so far.
    """

    def __init__(self, owner: StateWidget, browser: Browser, preview: Preview):
        self.owner, self.browser, self.preview = owner, browser, preview
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen, self._fault, self._added = Seen(), "", 0
        self._mine: set[str] = set()
        self.toggle = ipywidgets.ToggleButton(
            description="Watch this folder", icon="eye", layout={"width": "auto"},
            tooltip="Add recordings that are written into this folder from now on, once they are whole",
        )  # fmt: skip
        self.told = ipywidgets.HTML()
        owner.on(self.toggle, self._switch)
        owner.state.view.observe(self._follow, "watched")
        self._follow()

    def _switch(self, on: bool) -> None:
        self.owner.state.view.watched = self.browser.place if on else None

    def _follow(self, change: Any = None) -> None:
        """Watch the folder of which the shared view says so."""
        folder = self.owner.state.view.watched
        self._stop.set()
        self._seen, self._fault, self._added = Seen(), "", 0
        self.owner.put(self.toggle, value=folder is not None)
        if folder is not None:
            self._stop = stop = threading.Event()
            suffixes = suffixes_of(self.browser.format.value or ANY_FORMAT)
            entries = partial(self._entries, folder, self.browser.name.value, suffixes)
            # not a daemon: at the end of Python it is waited for, which it knows
            self._thread = threading.Thread(target=self._run, args=(stop, entries), name="efewidgets-watch")
            self._thread.start()
        self._say()

    # --- in the thread

    def _entries(self, folder: str, name: str, suffixes: tuple[str, ...]) -> Any:
        return self.browser.root.list(folder, name, suffixes).entries

    def _run(self, stop: threading.Event, entries: Callable[[], Any]) -> None:
        watched, begin = Watched(entries), 0.0
        while not _over(stop):
            begin = time.monotonic()
            try:
                found, fault = watched.look(), ""
            except EfeError as error:
                found, fault = Seen((), self._seen.growing), str(error)
            if not stop.is_set() and (
                found.whole or (found.growing, fault) != (self._seen.growing, self._fault)
            ):
                self._came(stop, found, fault)
            until = time.monotonic() + max(PACE, 5 * (time.monotonic() - begin))
            while time.monotonic() < until and not _over(stop):
                stop.wait(_STEP)

    def _came(self, stop: threading.Event, found: Seen, fault: str) -> None:
        """Propose what is new; what is there already and has grown is used anew."""
        paths = [str(self.browser.root.at(name)) for name in found.whole]
        known = {same_path(path) for cell in self.owner.state.inputs.cells for path in cell.paths.names}
        new = [path for path in paths if same_path(path) not in known]
        if len(new) < len(paths):
            self.owner.state.refresh_files()

        def show() -> None:
            if stop.is_set() or self.owner.comm is None:
                return
            self._seen, self._fault = found, fault
            if new:
                self._mine |= set(new)
                self.preview.start(new, self._beside(new[0]))
                self.settle()
            self._say()

        self.owner.act(show, message=self.browser.message)

    # --- what is shown

    def _beside(self, path: str) -> dict[str, str]:
        """Return the cells of files that lie beside one."""
        folder = os.path.dirname(path)
        files = (
            (cell.name, one) for cell, file in self.owner.state.inputs.files() for one in file.recipe.paths
        )
        return {one: name for name, one in files if os.path.dirname(one) == folder}

    def settle(self) -> None:
        """Add what has come, if it is known what it becomes, and nothing else waits to be added."""
        waiting = set(self.preview.paths)
        if not waiting:
            self._mine.clear()
        elif waiting <= self._mine and not self.preview.looker.waiting and self.preview.is_plain:
            self._mine.clear()
            self.preview.add()
            self._added += len(waiting)
            self._say()

    def _say(self) -> None:
        folder = self.owner.state.view.watched
        if folder is None:
            self.owner.put(self.told, value="")
            return
        words = [
            f"Watching {plain(folder) or 'the top folder'}: {counted(self._added, 'file')} added by itself"
        ]
        if self._seen.growing:
            names = ", ".join(plain(os.path.basename(name)) for name in self._seen.growing[:3])
            words.append(f"waiting until {names} {'is' if len(self._seen.growing) == 1 else 'are'} whole")
        if self._mine:
            words.append(f"{counted(len(self._mine), 'file')} to be looked at below")
        words += [self._fault] * bool(self._fault)
        text = tag("span", escape("; ".join(words) + "."), class_="efe-faint", role="status")
        self.owner.put(self.told, value=text)

    def wait(self, seconds: float = 10) -> bool:
        """Wait until nobody watches any more; whether that came about in time (s)."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """Watch no more; the view remembers the folder, for the next widget that shows it."""
        self.owner.state.view.unobserve(self._follow, "watched")
        self._stop.set()


def _over(stop: threading.Event) -> bool:
    return stop.is_set() or not threading.main_thread().is_alive()
