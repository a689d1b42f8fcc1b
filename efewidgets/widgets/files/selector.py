"""Choose recordings on the server or upload them, say which cell and protocol they are of, and see what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from ... import datasets
from ...engine.files.roots import Folder, roots_of
from ...engine.problems import EfeError
from ...engine.readers import always_apart
from ...engine.readers.registry import suffixes_that_name_protocols
from ...engine.recordings.ecodes import FAMILIES
from ...engine.remote import is_url
from ...engine.stages.inputs import FileInputs, files_in_words
from ...state import ExtractionState
from ..parts.base import StateWidget
from ..parts.style import row
from ..parts.table import Column, Table
from ..parts.upload import Upload
from . import lab_names
from .browser import ANY_FORMAT, Browser, suffixes_of
from .by_current import ByCurrent
from .details import details_button
from .drawer import TABLE, Drawer
from .elsewhere import Elsewhere, stopped
from .lab_names import LabNames
from .looker import Looker
from .preview import PREVIEW, Preview
from .rows import chosen_rows, counted, found_by, number_from, stimulus_family, told_of_files, units_from
from .same_as import SameAs

#: Columns in which Delete removes the files: what stands there can't be empty, or can't be typed
_DELETE_IN = ("file", "cell", "protocol", "sweeps", "rate", "problems")
_NOTHING = "No recordings yet. Open files or folders above{}, or add the sample cells to try things out."


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
    upload : Upload or None
    elsewhere : Elsewhere
        Addresses of recordings on other computers, how far one is that is fetched, and a button that ends it.
    table : Table
        The files of the state.
    waiting : str
        What `finish` would do, as "Add 12 files to 3 cells"; "" while nothing waits.
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
        self.upload: Upload | None = None
        self._uploads = uploads
        self.root = roots_of(root if root is not None else Path.cwd())
        self._scratch, self._limit = scratch, limit
        self.lab = LabNames(lab_names.place()) if lab is None else lab
        self._told_last: dict[str, tuple[str, ...]] = {}
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls."""
        always_apart()
        self.looker = Looker(self._news, fetching=self._fetched)
        self.elsewhere = Elsewhere(self, self.hosts, self.choose, self._stop_fetching)
        if self._uploads:
            self.upload = Upload(
                self._scratch,
                limit=self._limit,
                accept=",".join(suffixes_of(ANY_FORMAT)),
                on_received=self._received,
                anywhere=True,
            )
        self.preview = Preview(
            self, self.looker, self._named, self.lab, lambda about: self.drawer.follow(about), self._waits
        )
        self.browser = Browser(self, self.root, self.preview.start)
        self.address = self.elsewhere.address
        places: dict[str, ipywidgets.Widget] = {"Folders": self.browser.box}
        if self.upload is not None:
            places["Drop or upload"] = self.upload
        places["Elsewhere"] = self.elsewhere.box
        self.sources = ipywidgets.Tab(list(places.values()), titles=list(places))
        self.samples = ipywidgets.Button(
            description="Add sample cells", icon="flask", layout={"width": "auto"},
            tooltip="Add five simulated cells that come with efewidgets",
        )  # fmt: skip
        self.details = details_button()
        self.remove = ipywidgets.Button(description="Remove selected", icon="trash", layout={"width": "auto"})
        self.new_name = ipywidgets.Text(
            description="Rename cell", placeholder="select one of its files", continuous_update=False,
            layout={"width": "auto", "flex": "0 1 300px"}, tooltip="New name of the selected cell; Enter renames",
        )  # fmt: skip
        self.count = ipywidgets.HTML()
        self.table = Table(
            self._columns({}), label="Chosen files", on_edit=self._edit, on_select=self._select,
            on_delete=self.state.remove_files, delete_in=_DELETE_IN,
            empty=_NOTHING.format(", drop your own anywhere on the page" if self._uploads else ""),
            height="420px",
        )  # fmt: skip
        self.drawer = Drawer(self, self.looker, self.preview, self.table)
        self.by_current = ByCurrent(self, self._news)
        self.same_as = SameAs(self, self.lab)
        self.search = ipywidgets.Text(
            description="Find", placeholder="file, cell, protocol, problem",
            layout={"width": "auto", "flex": "0 1 260px"},
            tooltip="Only files in whose row all of these words stand",
        )  # fmt: skip
        find = self.later(self.refresh, 0.2)
        self.search.observe(lambda _: find(), "value")
        self.on_click(self.samples, self._add_samples)
        self.on_click(self.remove, self._remove)
        self.on_click(self.details, lambda: self.drawer.open(TABLE))
        self.on_click(self.preview.details, lambda: self.drawer.open(PREVIEW), self.preview.message)
        self.on(self.new_name, self._rename)
        line = row(
            self.count,
            self.samples,
            self.details,
            self.remove,
            self.search,
            self.new_name,
            self.by_current.look,
        )
        self.act(self.browser.show, message=self.browser.message)
        return (
            self.sources,
            self.elsewhere.progress.box,
            self.preview.box,
            self.drawer.places[PREVIEW],
            line,
            self.same_as.box,
            self.table,
            self.drawer.places[TABLE],
            self.by_current.box,
        )

    # --- what is shown

    def depends_on(self) -> tuple[Any, ...]:
        """Return the files, and what was told of them when they were read."""
        return self.state.inputs.cells, self.state.inputs.recording_reader, self._told()

    def _told(self) -> dict[str, tuple[str, ...]]:
        """Return what was told of files when they were read last; nothing is read for that."""
        if self.state.status == "ready" and not self.state.needs_run:
            self._told_last = told_of_files(self.state.problems)
        return self._told_last

    def view_data(self) -> dict[str, Any]:
        """Return the rows of the chosen files, and how many there are."""
        inputs = self.state.inputs
        rows = chosen_rows(inputs, self.looker.get, self._told())
        all_of_them, rows = len(rows), found_by(rows, self.search.value)
        return {
            "rows": rows,
            "less": f"{len(rows):,} of " if len(rows) < all_of_them else "",
            "stimuli": self.by_current.rows(),
            "cells": [cell.name for cell in inputs.cells],
            "protocols": sorted(inputs.protocols),
            "cell": self.state.view.cell,
            "files": files_in_words(file for _, file in inputs.files()),
        }

    def render(self, data: Mapping[str, Any]) -> None:
        """Put the rows on the table, and look into files that are not known yet."""
        self.table.set_columns(self._columns(data))
        self.table.show(data["rows"])
        self.by_current.show(data["stimuli"])
        self.same_as.show(self.state.inputs)
        words = (
            f"{data['less']}{data['files']} of {counted(len(data['cells']), 'cell')}"
            if data["cells"]
            else "Chosen files"
        )
        self.put(self.count, value=f'<span class="efe-heading">{words}</span>')
        self.put(self.remove, disabled=not data["rows"])
        known = data["cell"] if data["cell"] in data["cells"] else ""
        self.put(self.new_name, disabled=not known, value=known)
        if self.preview.paths:
            self.preview.news()
        self.drawer.follow()
        # thousands of files on a network's disk would take seconds to be asked whether they have changed
        paths = (path for cell in self.state.inputs.cells for path in cell.paths.names)
        self.looker.ask(paths, again=False)

    def _columns(self, data: Mapping[str, Any]) -> tuple[Column, ...]:
        cells, protocols = (tuple(data.get(name, ()))[:500] for name in ("cells", "protocols"))
        return (
            Column("file", "File"),
            Column("cell", "Cell", editable=True, choices=cells, hint="To which cell the file belongs"),
            Column("protocol", "Protocol", editable=True, choices=protocols, hint="Another name for the same sweeps"),
            Column("ecode", "Stimulus", editable=True, choices=tuple(FAMILIES),
                   hint="The family of stimuli as which it is read: by the protocol's name, or as chosen here"),
            Column("sweeps", "Sweeps", kind="number"),
            Column("rate", "Rate", kind="number", unit="kHz", hint="Sampling rate"),
            Column("units", "File’s units", editable=True,
                   hint="Of voltage and current in the file; asked for where it has none"),
            Column("ljp", "LJP", kind="number", unit="mV", editable=True, hint="Liquid junction potential, subtracted"),
            Column("problems", "Problems"),
        )  # fmt: skip

    def _named(self, path: str) -> str:
        """Return a path as patterns see it: below the root, or below the folder of uploads."""
        uploaded = None if self.upload is None else self.upload.inbox.made
        for folder in (*filter(None, (uploaded,)), *self.root.paths):
            start = os.path.join(folder, "")
            if path.startswith(start):
                return path[len(start) :].replace(os.sep, "/")
        return os.path.basename(path)

    def _news(self) -> None:
        """More is known about files: show it, from the thread that has found it."""
        if self.comm is not None and self.browser.box.comm is not None:
            self.refresh()

    def _waits(self, words: str) -> None:
        """Say what waits to be added, to whoever leads on from here."""
        self.waiting = words

    def _fetched(self, told: tuple[str, int, int | None] | None) -> None:
        """Show how far a file is that is fetched whole, from the thread that does so."""
        self.elsewhere.show(told)

    # --- what a person does

    def _stop_fetching(self) -> None:
        """Fetch no more of the file; what was only proposed is proposed no more."""
        path = self.looker.stop()
        with self._guard:
            self.preview.drop(path)
            self.refresh()
            if path:
                self.message.say(stopped(path), "note")

    def choose(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Propose files of the root or of the uploads, as `browser` does; `preview.add` then adds them."""
        self.preview.start([self._place(os.fspath(path)) for path in paths])

    def finish(self) -> None:
        """Add what waits to be added.

        Raises
        ------
        EfeError
            If some of it lacks a cell or a protocol, so that nothing can be added.
        """
        if not self.preview.paths:
            return
        if self.preview.all_there:
            self.preview.clear()
            return
        self.preview.add()

    def _place(self, path: str) -> str:
        """Return the path of a file below the root, or an address that may be read. Raises EfeError."""
        if not is_url(path):
            return str(self.root.resolve(path))
        self.elsewhere.check(path)
        return path

    def _received(self, paths: tuple[str, ...]) -> None:
        self.state.view.tab = "recordings"  # they may have been dropped at another step
        suffixes = suffixes_of(ANY_FORMAT)
        wanted = [path for path in paths if path.lower().endswith(suffixes)]
        if wanted:
            self.act(self.preview.start, wanted)
        if len(wanted) < len(paths):
            self.message.say(
                f"{len(paths) - len(wanted)} uploaded files are of no known format: left aside.", "warning"
            )

    def _add_samples(self) -> None:
        names = [name for name in datasets.sample_cells() if name not in self.state.inputs.by_name]
        if not names:
            raise EfeError("the sample cells are there already.")
        self.state.add_files_metadata(datasets.sample_files_metadata(names))

    def _remove(self) -> None:
        if not self.table.selected:
            raise EfeError("select the rows of files first; Ctrl+A selects all.")
        self.state.remove_files(self.table.selected)

    def _rename(self, name: str) -> None:
        old = self.state.view.cell
        if not old or old not in self.state.inputs.by_name or name.strip() == old:
            return
        if not name.strip():
            raise EfeError("a cell needs a name.")
        self.state.rename_cell(old, name.strip())
        self.state.view.cell = name.strip()

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        with self._guard:
            if column in ("cell", "protocol"):
                if not str(text).strip():
                    raise EfeError(f"a {column} needs a name.")
                before = self._protocols_of(ids) if column == "protocol" else set()
                self.state.regroup_files(ids, **{column: str(text).strip()}, answers=self._answers)
                for name in before - self.state.inputs.protocols.keys():
                    self.lab.called(name, str(text).strip())
            elif column == "ecode":
                self._set_ecode(ids, str(text).strip())
            elif column == "ljp":
                self.state.set_metadata(ids, ljp=number_from(text, "the liquid junction potential (mV)"))
            elif column == "units":
                self.state.set_metadata(ids, **units_from(text))

    def _protocols_of(self, ids: Iterable[str]) -> set[str]:
        return {file.protocol for _, file in self.state.inputs.files() if file.id in set(ids)}

    def _answers(self, file: FileInputs) -> bool:
        """Whether a file chooses its sweeps by the name of their protocol and has some of its present one."""
        seen = self.looker.get(file.path)
        summary = None if seen is None else seen.summary
        by_name = file.path.lower().endswith(suffixes_that_name_protocols())
        return summary is not None and by_name and summary.has_protocol(file.protocol)

    def _set_ecode(self, ids: tuple[str, ...], text: str) -> None:
        if text and not stimulus_family("", text):
            raise EfeError(f"{text!r} is no known stimulus: choose one of {', '.join(FAMILIES)}.")
        self.state.set_metadata(ids, ecode=text or None)
        for name in self._protocols_of(ids):
            self.lab.read_as(name, text)

    def _select(self, ids: tuple[str, ...]) -> None:
        """Let all views show the cell and protocol of the selected files, as far as they have one in common."""
        with self._guard:
            self.drawer.follow(TABLE)
            inputs = self.state.inputs
            found = [(inputs.cell_of_file[i], i) for i in ids if i in inputs.cell_of_file]
            cells = {cell.name for cell, _ in found}
            protocols = {cell.by_id[i].protocol for cell, i in found}
            if len(cells) == 1:
                self.state.view.cell = cells.pop()
            if len(protocols) == 1:
                self.state.view.protocol = protocols.pop()

    def wait(self, seconds: float = 60) -> bool:
        """Wait until a search is over and all files are looked into; whether they are."""
        self.browser.wait(seconds)
        return self.looker.wait(seconds) and self.by_current.wait(seconds)

    def leave(self) -> None:
        """Look into no more files; uploads that did not come whole are removed."""
        self.browser.close()
        self.looker.close()
        self.drawer.leave()
        self.by_current.close()
        if self.upload is not None:
            self.upload.inbox.close()
