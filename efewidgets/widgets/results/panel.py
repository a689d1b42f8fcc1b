"""The results as tables, as files, and number by number: which recordings stand behind it."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ...engine.outputs.standard_files import FILE_NAMES
from ...state import ExtractionState
from ..actions.edits import DOWNLOAD
from ..parts.base import StateWidget
from ..parts.download import Download
from ..parts.html import escape, tag
from ..parts.message import Message
from ..parts.style import FILLS, row
from ..parts.table import Table
from . import data as results_data
from . import files as results_files
from .export import ExportPanel
from .models import ModelsPanel

VIEWS = {"features": "Features", "protocols": "Protocols", "currents": "Currents", "json": "JSON"}

NOTHING = "There are no results yet."

#: Characters of a JSON file that are shown; a browser has trouble with more, and people have too
MOST_TEXT = 200_000


class ResultsPanel(StateWidget):
    """Shows what an extraction gives, says who contributed to a number, and saves it all.

    The same by hand: ``state.results.target_statistics``, ``state.explain(target)``, ``state.results.texts``,
    ``state.write(folder)``.

    Parameters
    ----------
    state : ExtractionState
    root : path, optional
        Folder that saving can't leave.
    read_only : bool
        Whether nothing can be saved on the server; downloads remain.

    Attributes
    ----------
    view : ipywidgets.ToggleButtons
        What is shown, one of `VIEWS`.
    table, contributors : Table
    which : ipywidgets.Dropdown
        The JSON file shown.
    zip, csv, parquet, exclusions : Download
    export : ExportPanel
        The results for BluePyEModel and others.
    models : ModelsPanel
        Models beside the cells.
    folder : ipywidgets.Text
    save, replace, keep : ipywidgets.Button
    """

    watches = ("revision", "status")
    watches_view = ("target", "recordings")

    def __init__(
        self,
        state: ExtractionState,
        *,
        root: str | os.PathLike[str] | None = None,
        read_only: bool = False,
    ):
        self.root = root
        self.read_only = read_only
        super().__init__(state)

    # --- controls

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the tables, the text and the buttons."""
        self.view = ipywidgets.ToggleButtons(
            options=[(label, name) for name, label in VIEWS.items()], value="features"
        )
        self.view.add_class("efe-results-views")
        self.view.observe(self._turned, "value")
        self.note = Message()
        self.table = Table((), label="features", on_select=self._target_chosen, height="max(300px, 40vh)")
        self.table.add_class(FILLS)
        self.title = ipywidgets.HTML()
        self.contributors = Table(
            (),
            label="recordings behind the number",
            on_select=self._recordings_chosen,
            height="260px",
            empty="Choose a feature above to see which recordings stand behind its number.",
        )
        files = [(file, name) for name, file in FILE_NAMES.items()]
        self.which = ipywidgets.Dropdown(options=files, description="File", layout={"width": "360px"})
        self.which.observe(self._turned, "value")
        self.text = ipywidgets.HTML()
        self.json = ipywidgets.VBox([self.which, self.text])
        views = row(self.view)
        parts = [views, self.note, self.table, self.title, self.contributors, self.json]
        self.models = ModelsPanel(self.state, root=self.root, read_only=self.read_only)
        return [*self._exports(), *parts, *([] if self.read_only else self._saving()), self.models]

    def _exports(self) -> Sequence[ipywidgets.Widget]:
        self.zip = Download(
            "Download all (zip)", "efewidgets-results.zip", self.make_zip, tooltip=DOWNLOAD,
        )  # fmt: skip
        self.zip.add_class("efe-download-first")
        self.csv = Download("Feature table (CSV)", "features.csv", self.make_csv)
        there = results_files.has_parquet()
        self.parquet = Download(
            "Feature table (Parquet)", "features.parquet", self.make_parquet,
            tooltip="" if there else results_files.NO_PARQUET, disabled=not there,
        )  # fmt: skip
        self.exclusions = Download(
            "Exclusions (CSV)", "exclusions.csv", self.make_exclusions,
            tooltip="each recording that is left out, with the reason, for who reviews the results",
        )  # fmt: skip
        self.downloads = row(self.zip, self.csv, self.parquet, self.exclusions)
        self.export = ExportPanel(self.state)
        return [self.downloads, self.export]

    def _saving(self) -> Sequence[ipywidgets.Widget]:
        where = "" if self.root is None else "inside the folder of this dashboard"
        self.folder = ipywidgets.Text(
            self.state.inputs.output_directory or "efewidgets-output",
            description="Save to",
            placeholder=where or "a folder",
            layout={"width": "min(420px, 100%)"},
        )
        self.save = ipywidgets.Button(description="Save", tooltip="write the results to this folder")
        self.question = ipywidgets.HTML()
        self.replace = ipywidgets.Button(description="Replace them", button_style="danger")
        self.keep = ipywidgets.Button(description="Leave them")
        self.said, self.done = Message(), Message()
        self.on_click(self.save, self.ask_or_save, self.said)
        self.on_click(self.replace, self.save_now, self.said)
        self.on_click(self.keep, self._ask_nothing, self.said)
        self.folder.observe(lambda _: self._ask_nothing(), "value")
        self.asking = row(self.question, self.replace, self.keep)
        self._ask_nothing()
        return [row(self.folder, self.save), self.asking, self.said, self.done]

    # --- from the state to the screen

    def view_data(self) -> dict[str, Any]:
        """Return the rows, or the text, of what is shown, and for features those of the chosen target too."""
        results, name = self.state.results, self.view.value
        data: dict[str, Any] = {"view": name, "note": self._note(), "empty": "", "rows": [], "columns": ()}
        data |= {"any": bool(results.members), "features": bool(results.outputs.features)}
        if name == "features":
            target = self.state.view.target
            data |= {
                "columns": results_data.feature_columns(results),
                "rows": results_data.feature_rows(results),
                "contributor_columns": results_data.contributor_columns(results, target),
                "contributors": results_data.contributor_rows(results, target),
                "title": results_data.contributor_title(results, target),
            }
        elif name == "protocols":
            data["columns"] = results_data.PROTOCOL_COLUMNS
            data["rows"] = results_data.protocol_rows(results.outputs.protocols)
        elif name == "currents":
            data["columns"] = results_data.CURRENT_COLUMNS
            data["rows"] = results_data.current_rows(results.outputs.currents)
        else:
            data["text"] = results.texts[self.which.value]
        if name != "json" and not data["rows"]:
            data["empty"] = f"{NOTHING} " + " ".join(self.state.blockers)
        return data

    def _note(self) -> str:
        if self.state.status == "ready":
            return ""
        return {
            "running": "A run is under way: these are the results of the last one that was complete.",
            "stale": "These are the results of the last complete run, older than the last edit: press Run.",
            "failed": "The last run failed: these are the results of the last one that was complete.",
        }[self.state.status]

    def render(self, data: dict[str, Any]) -> None:
        """Put rows and text on the page; what is not shown is empty."""
        self.note.say(data["note"], "warning" if data["note"] else "note")
        # a file of nothing would be taken for a result
        self.put(self.zip, disabled=not data["any"], hint=DOWNLOAD if data["any"] else NOTHING)
        self.put(self.csv, disabled=not data["features"])
        self.put(self.parquet, disabled=not (data["features"] and results_files.has_parquet()))
        name, features = data["view"], data["view"] == "features"
        if name != "json":
            self._show_table(self.table, data["columns"], data["rows"])
            self.put(self.table, label=VIEWS[name].lower(), empty=data["empty"])
        if features:
            self._show_table(self.contributors, data["contributor_columns"], data["contributors"])
            self.put(self.title, value=tag("div", escape(data["title"]), class_="efe-heading", role="status"))
            chosen = self.state.view.target
            known = {row["id"] for row in data["rows"]}
            self.put(self.table, selected=(chosen,) if chosen in known else ())
            there = {row["id"] for row in data["contributors"]}
            self.put(self.contributors, selected=tuple(r for r in self.state.view.recordings if r in there))
        self.put(self.text, value=_pre(data.get("text", "")))
        for part, seen in (
            (self.table, name != "json"),
            (self.title, features and bool(data["title"])),
            (self.contributors, features and bool(data["rows"])),
            (self.json, name == "json"),
        ):
            self.put(part.layout, display=None if seen else "none")

    def _show_table(self, table: Table, columns: Sequence[Any], rows: Sequence[Any]) -> None:
        if tuple(columns) != table.columns:
            table.show(())  # rows of other columns
            table.set_columns(columns)
        table.show(rows)

    # --- what a person does

    def _turned(self, change: Any) -> None:
        if not self._rendering:
            self.refresh()

    def _target_chosen(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            if self.view.value == "features" and ids:
                self.state.view.target = ids[0]

    def _recordings_chosen(self, ids: tuple[str, ...]) -> None:
        with self._guard:
            members = self.state.results.members
            self.state.view.recordings = tuple(name for name in ids if name in members)

    def make_zip(self) -> bytes:
        """Return the output files and the config."""
        with self._guard:
            return results_files.as_zip(self.state.results, self.root)

    def make_csv(self) -> bytes:
        """Return the feature table."""
        with self._guard:
            return results_files.as_csv(self.state.results)

    def make_exclusions(self) -> bytes:
        """Return which recordings were left out, and why."""
        with self._guard:
            return results_files.exclusions_as_csv(self.state.results)

    def make_parquet(self) -> bytes:
        """Return the feature table."""
        with self._guard:
            return results_files.as_parquet(self.state.results)

    def ask_or_save(self) -> None:
        """Save to the folder that is named, or ask first if files there would be replaced."""
        self._ask_nothing()
        folder = results_files.folder_at(self.folder.value, self.root)
        there = results_files.would_replace(folder, self.state.inputs)
        if not there:
            self.save_now()
            return
        names = ", ".join(str(path.relative_to(folder)) for path in there[:4])
        more = f" and {len(there) - 4} more" if len(there) > 4 else ""
        self.put(self.question, value=tag("span", escape(f"Replace {names}{more}?"), role="alert"))
        self.put(self.asking.layout, display=None)

    def save_now(self) -> None:
        """Save to the folder that is named, whatever is there."""
        self._ask_nothing()
        said, whole = results_files.save(self.state, results_files.folder_at(self.folder.value, self.root))
        self.done.say(said, "note" if whole else "warning")

    def _ask_nothing(self) -> None:
        self.done.clear()
        self.put(self.question, value="")
        self.put(self.asking.layout, display="none")


def _pre(text: str) -> str:
    if not text:
        return ""
    left = len(text) - MOST_TEXT
    shown = html.escape(text[:MOST_TEXT])
    more = tag("div", f"… and {left:,} more characters: download it.", class_="efe-faint") if left > 0 else ""
    return tag("pre", shown, class_="efe-json", tabindex="0", aria_label="contents of the file") + more
