"""The results for the program that takes them next: which one, the choices, what it would refuse, and a zip."""

from __future__ import annotations

import io
import zipfile
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
        self.zip = Download("Download for it (zip)", "export.zip", self.make_zip, kind="application/zip")
        self.about, self.told = ipywidgets.HTML(), ipywidgets.HTML()
        self.about.add_class("efe-faint")
        self._show_format()
        return [
            row(self.format, self.name, self.floor, self.check, self.zip),
            self.about,
            row(*self.ticked.values()),
            self.told,
        ]

    def _show_format(self) -> None:
        chosen = FORMATS[self.format.value]
        self.about.value = escape(chosen.description[:1].upper() + chosen.description[1:] + ".")
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

    def export(self) -> Export:
        """Return the files of the chosen format, and what is to be said of them."""
        return export(self.state.results, self.format.value)

    def _check(self) -> None:
        found = self.export()
        self.put(self.told, value=told(found, FORMATS[self.format.value].title))

    def make_zip(self) -> bytes:
        """Return a zip of the files.

        Raises
        ------
        EfeError
            If the program can't take them.
        """
        found = self.export()
        title = FORMATS[self.format.value].title
        self.put(self.told, value=told(found, title))
        if found.refusals:
            raise EfeError(f"{title} can't take this; see below why.")
        self.put(self.zip, filename=f"{export_choices(self.state.inputs).name}-{self.format.value}.zip")
        return as_zip(found)


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


def told(found: Export, title: str) -> str:
    """Return as HTML what a consumer would refuse, and what a person should know."""
    head = (
        f"{title} can't take this:" if found.refusals else f"{title} can take this: {len(found.files)} files."
    )
    parts = [tag("div", escape(head), class_="efe-warn" if found.refusals else "efe-heading", role="status")]
    for sentences, look in ((found.refusals, "efe-bad"), (found.remarks, "efe-faint")):
        if sentences:
            items = [tag("li", escape(sentence[:1].upper() + sentence[1:])) for sentence in sentences]
            parts.append(tag("ul", *items, class_=look))
    return tag("div", *parts)
