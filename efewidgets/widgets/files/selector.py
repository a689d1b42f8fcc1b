"""Choose recordings on the server or upload them, say which cell and protocol they are of, and see what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from ...engine.files.roots import Folder, roots_of
from ...engine.problems import EfeError
from ...engine.readers import always_apart
from ...state import ExtractionState
from ..parts.base import StateWidget
from ..parts.style import row
from . import lab_names
from .by_current import ByCurrent
from .chosen import Chosen
from .drawer import TABLE, Drawer
from .elsewhere import stopped
from .lab_names import LabNames
from .looker import Looker
from .preview import PREVIEW, Preview
from .same_as import SameAs
from .sources import Sources
from .watch import Watch

_SEARCHING = "Searching folders…"


class FileSelector(StateWidget):
    """Browse, upload, group and describe files.

    Parameters
    ----------
    state : ExtractionState
    root : path or list of path, optional
        The folder that can be browsed, and not be left, or several; by default that in which Python runs.
    scratch : path, optional
        Where uploaded files go; by default a temporary folder, removed when the widget is closed.
    limit : int
        Bytes that one uploaded file may have.
    uploads : bool
        Whether files can be uploaded at all.
    hosts : list of str, optional
        From which recordings may be read by their addresses; by default from any.
    lab : LabNames, optional
        What protocols are called here; by default as this person has called them before.

    Attributes
    ----------
    browser, preview : Browser, Preview
        Folders of the server, and what chosen files would become.
    watch : Watch
        A folder whose new recordings are added by themselves while that is switched on.
    upload : Upload or None
    elsewhere : Elsewhere
        Addresses of recordings on other computers, how far one is that is fetched, and a button that ends it.
    table : Table
        The files of the state.
    waiting : str
        What `finish` would do, as "Add 12 files to 3 cells", or what it waits for; "" while nothing waits.
    details : Button
        Opens `drawer`, with all that can be said of the selected files, over their trace.
    by_current : ByCurrent
        Which stimuli protocols are by their currents, where their names say nothing; one click takes it.
    """

    watches_view = ("cell", "protocol")

    waiting = traitlets.Unicode("")

    def __init__(
        self,
        state: ExtractionState,
        *,
        root: Folder | Iterable[Folder] | None = None,
        scratch: str | os.PathLike[str] | None = None,
        limit: int = 8 * 2**30,
        uploads: bool = True,
        hosts: Iterable[str] | None = None,
        lab: LabNames | None = None,
    ):
        self.hosts = None if hosts is None else tuple(hosts)
        self._uploads = uploads
        self.root = roots_of(root if root is not None else Path.cwd())
        self._scratch, self._limit = scratch, limit
        self.lab = LabNames(lab_names.place()) if lab is None else lab
        super().__init__(state)
        state.view.observe(self._details_asked, "details")
        self._details_asked()

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls."""
        always_apart()
        self.looker = Looker(self._news, fetching=self._fetched)
        self.sources = Sources(self, self.root, self.hosts, self._propose, self._stop_fetching)
        if self._uploads:
            self.sources.receive(self._scratch, self._limit)
        self.preview = Preview(
            self,
            self.looker,
            self.sources.named,
            self.lab,
            lambda about: self.drawer.follow(about),
            self._waits,
        )
        self.chosen = Chosen(self, self.looker, self.lab, self._uploads, lambda: self.drawer.follow(TABLE))
        self.drawer = Drawer(self, self.looker, self.preview, self.chosen.table)
        self.by_current = ByCurrent(self, self._news)
        self.same_as = SameAs(self, self.lab)
        self._name_controls()
        self.on_click(self.details, lambda: self.drawer.open(TABLE))
        self.on_click(self.preview.details, lambda: self.drawer.open(PREVIEW), self.preview.message)
        line = row(
            self.count,
            self.samples,
            self.details,
            self.remove,
            self.search,
            self.new_name,
            self.by_current.look,
        )
        self.watch = Watch(self, self.browser, self.preview)
        self.browser.below.children = (*self.browser.below.children, self.watch.toggle, self.watch.told)
        self.act(self.browser.show, message=self.browser.message)
        return (
            self.sources.box,
            self.elsewhere.progress.box,
            self.preview.box,
            self.drawer.places[PREVIEW],
            line,
            self.same_as.box,
            self.table,
            self.drawer.places[TABLE],
            self.by_current.box,
        )

    def _name_controls(self) -> None:
        """Give the controls of the parts a name here."""
        self.browser, self.elsewhere, self.upload = (
            self.sources.browser,
            self.sources.elsewhere,
            self.sources.upload,
        )
        self.browser.told = self._searches
        self.address = self.elsewhere.address
        self.table, self.search, self.new_name = self.chosen.table, self.chosen.search, self.chosen.new_name
        self.samples, self.details, self.remove = (
            self.chosen.samples,
            self.chosen.details,
            self.chosen.remove,
        )
        self.count = self.chosen.count

    # --- what is shown

    def depends_on(self) -> tuple[Any, ...]:
        """Return the files, the tags of their cells, and what was told of them when they were read."""
        inputs = self.state.inputs
        return inputs.cells, inputs.cell_notes, inputs.recording_reader, self.chosen.told()

    def view_data(self) -> dict[str, Any]:
        """Return the rows of the chosen files, and how many there are."""
        return self.chosen.data() | {"stimuli": self.by_current.rows()}

    def render(self, data: Mapping[str, Any]) -> None:
        """Put the rows on the table, and look into files that are not known yet."""
        self.chosen.show(data)
        self.by_current.show(data["stimuli"])
        self.same_as.show(self.state.inputs)
        if self.preview.paths:
            self.preview.news()
            self.watch.settle()
        self.drawer.follow()
        # thousands of files on a network's disk would take seconds to be asked whether they have changed
        paths = (path for cell in self.state.inputs.cells for path in cell.paths.names)
        self.looker.ask(paths, again=False)

    def _news(self) -> None:
        """More is known about files: show it, from the thread that has found it."""
        if self.comm is not None and self.browser.box.comm is not None:
            self.refresh()

    def _waits(self, words: str) -> None:
        """Say what waits to be added, to whoever leads on from here."""
        self.waiting = words

    def _searches(self, under_way: bool) -> None:
        """Say that files are searched for, unless something was found that waits."""
        if under_way or self.waiting == _SEARCHING:
            self._waits(_SEARCHING if under_way else "")

    def _fetched(self, told: tuple[str, int, int | None] | None) -> None:
        """Show how far a file is that is fetched whole, from the thread that does so."""
        self.elsewhere.show(told)

    def _details_asked(self, change: Any = None) -> None:
        """Open the details of files of which somebody wants to see them, as a problem does."""
        with self._guard:
            if self.state.view.details:
                self.chosen.show_all_of(self.state.view.details)
                self.act(self.drawer.open_asked)

    # --- what a person does

    def choose(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Propose files of the root or of the uploads, as `browser` does; `preview.add` then adds them."""
        self.sources.choose(paths)

    def _propose(self, paths: Sequence[str]) -> None:
        """Propose files that were found."""
        self.preview.start(paths)

    def _stop_fetching(self) -> None:
        """Fetch no more of the file; what was only proposed is proposed no more."""
        path = self.looker.stop()
        with self._guard:
            self.preview.drop(path)
            self.refresh()
            if path:
                self.message.say(stopped(path), "note")

    def finish(self) -> None:
        """Add what waits to be added.

        Raises
        ------
        EfeError
            If some of it lacks a cell or a protocol, so that nothing can be added.
        """
        if self.browser.searches:
            raise EfeError("the folders are still being searched: wait a moment.")
        if not self.preview.paths:
            return
        if self.preview.all_there:
            self.preview.clear()
            return
        self.preview.add()

    def wait(self, seconds: float = 60) -> bool:
        """Wait until a search is over and all files are looked into; whether they are."""
        self.browser.wait(seconds)
        return self.looker.wait(seconds) and self.by_current.wait(seconds)

    def leave(self) -> None:
        """Look into no more files; uploads that did not come whole are removed."""
        self.state.view.unobserve(self._details_asked, "details")
        self.watch.close()
        self.sources.close()
        self.looker.close()
        self.drawer.leave()
        self.by_current.close()
