"""The part of `FileSelector` that shows folders of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.files.folders import RECORDING_FOLDERS, Listing, Root
from ...engine.files.roots import Roots
from ...engine.problems import EfeError
from ...engine.readers.registry import formats
from ..parts.base import StateWidget
from ..parts.crumbs import Crumbs
from ..parts.html import plain
from ..parts.message import Message
from ..parts.style import row
from ..parts.table import Column, Table
from .rows import entry_row

ANY_FORMAT = "all recordings"
_MOST_SHOWN = 20_000

COLUMNS = (
    Column("name", "Name"),
    Column("open", "Folder", kind="button"),
    Column("size", "Size"),
    Column("modified", "Changed"),
)


def suffixes_of(format_name: str) -> tuple[str, ...]:
    """Return the endings of a format's files, or of all formats'."""
    return tuple(s for known in formats() if format_name in (ANY_FORMAT, known.name) for s in known.suffixes)


class Browser:
    """Folders below a root, with filters, and the search in what is below them.

    Parameters
    ----------
    owner : StateWidget
    root : Root or Roots
    found : callable
        ``found(paths)`` with the files that were chosen.

    Attributes
    ----------
    told : callable
        Is told when a search begins (true) and ends (false), from its thread.
    """

    def __init__(self, owner: StateWidget, root: Root | Roots, found: Callable[[Sequence[str]], Any]):
        self.owner, self.root, self._found = owner, root, found
        self.place = ""
        self._stop = threading.Event()
        self._search: threading.Thread | None = None
        self.told: Callable[[bool], Any] = lambda searches: None
        self.message = Message()
        wide = {"width": "auto", "flex": "1 1 220px"}
        self.up = ipywidgets.Button(
            description="Up", icon="level-up", tooltip="Open the folder above", layout={"width": "70px"}
        )
        self.folder = ipywidgets.Text(
            description="Folder", continuous_update=False, layout=wide,
            placeholder="the top folder", tooltip=f"below {', '.join(map(str, root.paths))}; Enter opens",
        )  # fmt: skip
        self.name = ipywidgets.Text(
            description="Name", placeholder="words, or a pattern like *_IV_*", layout=wide,
            tooltip="Only names that hold these words, or fit this pattern",
        )  # fmt: skip
        names = list(dict.fromkeys(known.name for known in formats()))
        self.format = ipywidgets.Dropdown(
            description="Format", options=[ANY_FORMAT, *names], layout={"width": "230px"}
        )
        self.table = Table(
            COLUMNS,
            label="Files and folders",
            on_button=lambda name, column: self.go(name),
            on_open=self.open,
            empty="No recording fits here. Open a folder, or change name and format.",
            height="clamp(260px, 36vh, 620px)",
        )
        self.way = Crumbs("Folder that is open", self._go_along)
        self.add = ipywidgets.Button(description="Add selected …", icon="plus", button_style="primary",
                                     tooltip="Add the selected files, and all in the selected folders")  # fmt: skip
        self.add_tree = ipywidgets.Button(description="Add all below …", icon="sitemap",
                                          tooltip="Add all files that fit, here and below")  # fmt: skip
        self.stop = ipywidgets.Button(
            description="Stop", tooltip="Stop the search", layout={"display": "none"}
        )
        above = row(self.up, self.folder, self.name, self.format)
        self.below = row(self.add, self.add_tree, self.stop)
        self.box = ipywidgets.VBox([self.way, above, self.table, self.below, self.message])
        owner.on(self.folder, self.go, message=self.message)
        again = owner.later(self.show, 0.2)
        for control in (self.name, self.format):
            control.observe(lambda _: again(), "value")
        owner.on_click(self.up, self.go_up, self.message)
        owner.on_click(self.add, self.choose, self.message)
        owner.on_click(self.add_tree, lambda: self.search([self.place]), self.message)
        owner.on_click(self.stop, self._stop.set, self.message)

    def show(self) -> None:
        """Show what is in the folder that is open."""
        found = self.root.list(self.place, self.name.value, suffixes_of(self.format.value))
        self.owner.put(self.folder, value=self.place)
        self.way.names = (self._top(), *map(plain, filter(None, self.place.split("/"))))
        self.owner.put(self.up, disabled=not self.place)
        self.table.show([entry_row(entry) for entry in found.entries[:_MOST_SHOWN]])
        self._say(found)

    def go(self, folder: str) -> None:
        """Open a folder, named from the root on. Raises EfeError if that leads out of the root."""
        try:
            relative = self.root.relative(folder)
            self.root.list(relative)
        except EfeError:
            self.owner.put(self.folder, value=self.place)
            raise
        self.place = relative
        self.table.selected = ()
        self.show()

    def _top(self) -> str:
        """Return the path of what is above all folders that can be opened."""
        paths = self.root.paths
        return plain(str(paths[0])) if len(paths) == 1 else "all folders"

    def _go_along(self, number: int) -> None:
        """Open a folder on the way to the present one."""
        self.owner.act(self.go, "/".join(self.place.split("/")[:number]), message=self.message)

    def open(self, name: str) -> None:
        """Do what a double click or Enter does: open a folder, or choose a file with all that are selected with it."""
        if name in self.table.selected and len(self.table.selected) > 1:
            self.choose()
        elif self.root.resolve(name).is_dir() and not name.lower().endswith(RECORDING_FOLDERS):
            self.go(name)
        else:
            self._found([str(self.root.at(name))])

    def go_up(self) -> None:
        """Open the folder above."""
        self.go(self.place.rpartition("/")[0])

    def choose(self) -> None:
        """Choose the selected files, and all that is in the selected folders."""
        if not self.table.selected:
            raise EfeError("select files or folders in the table first, or add all below this folder.")
        folders = [path for path in self.table.selected if self.root.resolve(path).is_dir()]
        files = [str(self.root.at(path)) for path in self.table.selected if path not in folders]
        self.search(folders, files)
        self.table.selected = ()

    def search(self, folders: Sequence[str], files: Sequence[str] = ()) -> None:
        """Look for files below folders, in the background; what is found is chosen."""
        if self.searches:
            raise EfeError("a search is under way: stop it first.")
        if not folders:
            self._found(list(files))
            return
        self._stop.clear()
        wanted = self.name.value, suffixes_of(self.format.value)
        self.stop.layout.display = ""
        self.told(True)
        self._search = threading.Thread(target=self._look_below, args=(list(folders), list(files), *wanted))
        self._search.start()

    def _look_below(self, folders: list[str], files: list[str], name: str, suffixes: tuple[str, ...]) -> None:
        whole = Listing()
        told = time.monotonic()

        def seen(number: int, found: int) -> bool:
            nonlocal told
            if time.monotonic() - told > 0.4:
                told = time.monotonic()
                self.message.say(f"Looked into {number:,} folders: {found + len(files):,} files.", "note")
            return not self._stop.is_set() and threading.main_thread().is_alive()

        def chosen() -> None:
            self._say(whole)
            if not files and not whole.problems:
                raise EfeError("there is no recording that fits, here or below.")
            if files:
                self._found(files)

        try:
            for folder in folders:
                found = self.root.tree(folder, name, suffixes, seen=seen)
                files += [str(self.root.at(entry.relative)) for entry in found.entries]
                whole.problems += found.problems
        except EfeError as error:
            self.message.say(str(error))
        else:
            if self.owner.comm is not None:
                said = self.message
                if self.owner.act(chosen, message=self.owner.message):
                    self._say(whole)
                else:
                    said.clear()
        finally:
            if self.stop.comm is not None:
                self.stop.layout.display = "none"
            self.told(False)

    def _say(self, found: Listing) -> None:
        words = [f"{plain(p.file)}: {p.message}" if p.file else p.message for p in found.problems]
        more = f" … and {len(words) - 3} more" if len(words) > 3 else ""
        self.message.say("; ".join(words[:3]) + more, "warning") if words else self.message.clear()

    @property
    def searches(self) -> bool:
        """Whether a search is under way."""
        return self._search is not None and self._search.is_alive()

    def wait(self, seconds: float = 60) -> None:
        """Wait until a search is over."""
        if self._search is not None:
            self._search.join(seconds)

    def close(self) -> None:
        """End a search."""
        self._stop.set()
