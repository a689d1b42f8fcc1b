"""The results for the program that takes them next: which one, the choices, what it would refuse, and a zip."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import ipywidgets

from ...engine.export import FORMATS, Export
from ...engine.export.choices import Choices
from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.exporting import export, export_choices
from ..parts.base import StateWidget
from ..parts.download import Download
from ..parts.html import escape, tag
from ..parts.later import Later, Seen
from ..parts.style import row

#: Choices that are ticked, their words and what they mean
TICKED = {
    "threshold_based": ("in % of the model's rheobase", "otherwise stimuli are given in nA"),
    "interpolate_rmp": ("resting potential by Ohm's law", "baseline less Rin times the holding current"),
    "std_cap": ("no std above its mean", "as BluePyEModel's bound_max_std"),
    "figures": ("with PDFs", "draw all figures where the program looks for them; takes a while"),
    "pickles": (
        "with pickles",
        "cells and protocols for BluePyEModel's analysis, which needs efewidgets then",
    ),
}

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

logger = logging.getLogger(__name__)


class ExportPanel(StateWidget):
    """Writes the results in the form of a consumer; what that would refuse is said before.

    The same by hand: ``efewidgets.state.exporting.export(state.results, "bluepyemodel")``.

    Attributes
    ----------
    format : ipywidgets.Dropdown
        One of `engine.export.FORMATS`.
    name, floor : ipywidgets.Text
        Name of the model; least standard deviation, in % of the mean.
    ticked : dict of ipywidgets.Checkbox
        By the names of the choices.
    check : ipywidgets.Button
    zip : Download
    job : Later
        The work that is under way, with a button to stop it.
    told : ipywidgets.HTML
        Refusals and remarks.
    """

    watches = ("revision",)

    def __init__(self, state: ExtractionState):
        super().__init__(state)

    # --- controls

    def build(self) -> list[ipywidgets.Widget]:
        """Make the controls."""
        options = [(known.title, known.name) for known in FORMATS.values()]
        self.format = ipywidgets.Dropdown(options=options, description="Export for")
        self.format.observe(lambda _: self._show_format(), "value")
        self.name = ipywidgets.Text(description="Model's name", continuous_update=False)
        self.on(self.name, lambda text: self._set(name=text.strip() or None))
        self.floor = ipywidgets.Text(
            description="least std, %", placeholder="none", tooltip="of the mean", continuous_update=False
        )
        self.on(self.floor, lambda text: self._set(std_floor=_floor(text)))
        self.ticked = {
            name: ipywidgets.Checkbox(description=label, tooltip=hint, indent=False)
            for name, (label, hint) in TICKED.items()
        }
        for name, box in self.ticked.items():
            self.on(box, partial(self._tick, name))
        self.check = ipywidgets.Button(
            description="Check", icon="check", tooltip="say what the program would refuse, or do otherwise"
        )
        self.on_click(self.check, self._check)
        self.zip = Download("Download (zip)", "export.zip", self.begin_zip, kind="application/zip")
        self.job = Later()
        self.about, self.told = ipywidgets.HTML(), ipywidgets.HTML()
        self.about.add_class("efe-faint")
        self._show_format()
        return [
            row(self.format, self.name, self.floor),
            self.about,
            row(*self.ticked.values()),
            row(self.check, self.zip, self.job.box),
            self.told,
        ]

    def _show_format(self) -> None:
        chosen = FORMATS[self.format.value]
        self.about.value = escape(chosen.description[:1].upper() + chosen.description[1:] + ".")
        self.zip.label = f"Download for {chosen.title} (zip)"
        self.told.value = ""

    # --- from the state to the screen

    def view_data(self) -> Choices:
        """Return the choices in force."""
        return export_choices(self.state.inputs)

    def render(self, data: Choices) -> None:
        """Show them; what was told of results that aren't any more is taken away."""
        self.put(self.name, value=data.name)
        self.put(self.floor, value="" if data.std_floor is None else f"{100 * data.std_floor:g}")
        for name, box in self.ticked.items():
            self.put(box, value=bool(getattr(data, name)))
        self.put(self.told, value="")

    # --- what a person does

    def _tick(self, name: str, on: bool) -> None:
        self._set(**{name: on})

    def _set(self, **choices: Any) -> None:
        self.state.set_export(**choices)

    def _check(self) -> None:
        """Say what the program makes of it; figures and pickles change nothing about that."""
        checked = self._begin("checking", lambda found: None, figures=False, pickles=False)
        checked.add_done_callback(self._say_failure)

    def _say_failure(self, done: Future[None]) -> None:
        error = done.exception()
        if error is not None:
            logger.error("the export can't be checked", exc_info=error)
            failed = f"that failed: {type(error).__name__}: {error}"
            self.told.value = tag("div", escape(failed), class_="efe-says", role="alert")

    def make_zip(self) -> bytes:
        """Return a zip of the files.

        Raises
        ------
        EfeError
            If the program can't take them.
        """
        future = self.begin_zip()
        return future.result()

    def begin_zip(self) -> Future[bytes]:
        """Begin with a zip of the files, apart from the page; return what will hold it, or say why there is none."""
        name = self.format.value
        title = FORMATS[name].title
        self.put(self.zip, filename=f"{export_choices(self.state.inputs).name}-{name}.zip")

        def zipped(found: Export) -> bytes:
            if found.refusals:
                raise EfeError(f"{title} can't take this; see below why.")
            return as_zip(found)

        return self._begin("drawing figures", zipped)

    def _begin(self, activity: str, finish: Callable[[Export], Any], **choices: Any) -> Future[Any]:
        """Make the files apart from the page, say what is to be said of them, and do what remains."""
        results, name, revision = self.state.results, self.format.value, self.state.revision

        def work(seen: Seen) -> Any:
            found = export(results, name, seen=seen, **choices)
            if (self.format.value, self.state.revision) == (name, revision):
                self.told.value = told(found, FORMATS[name].title, export_choices(results.inputs).figures)
            return finish(found)

        return self.job.start(activity, work)

    def leave(self) -> None:
        """End work that is under way."""
        self.job.cancel()


def _floor(text: str) -> float | None:
    from ..parts.cell_text import read_number

    return read_number(text.replace("%", ""), "The least std") / 100 if text.strip() else None


def as_zip(found: Export) -> bytes:
    """Return a zip of the files of an export; the same files are the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in found.files.items():
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return stream.getvalue()


def told(found: Export, title: str, figures: bool = False) -> str:
    """Return as HTML what a consumer would refuse, and what a person should know."""
    taken = not found.refusals
    files = sum(not name.endswith(".pdf") for name in found.files)
    more = ", and figures" if figures else ""
    head = f"{title} can take this: {files} files{more}." if taken else f"{title} can't take this:"
    said = tag("div", escape(head), class_="efe-heading") + _listed(found.refusals)
    look = f"efe-says efe-{'note' if taken else 'error'}"
    parts = [tag("div", said, class_=look, role="status" if taken else "alert")]
    if found.remarks:
        heading = tag("div", "What it will do otherwise than one may expect, or can't be told:")
        parts.append(tag("div", heading, _listed(found.remarks), class_="efe-remarks efe-faint"))
    return tag("div", *parts)


def _listed(sentences: Sequence[str]) -> str:
    items = [tag("li", escape(sentence[:1].upper() + sentence[1:])) for sentence in sentences]
    return tag("ul", *items, class_="efe-sentences") if items else ""
