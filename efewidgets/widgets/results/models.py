"""Models beside the cells: added by their responses, scored target by target, and removed."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.names import safe_name
from ...engine.problems import EfeError
from ...state import ExtractionState
from ..parts.base import StateWidget
from ..parts.html import escape, plain, tag
from ..parts.later import Later, Seen
from ..parts.message import Message, failure
from ..parts.style import row
from ..parts.table import Column, Table
from ..parts.upload import Upload
from . import data as results_data
from . import files as results_files

logger = logging.getLogger(__name__)

#: Standard deviations from which a model is told to miss a target, and to be far off
FAR, FARTHER = 2.0, 5.0

#: Bytes of one response that is uploaded
MOST_BYTES = 200 * 2**20

#: What a model is called while nobody has named it
NAME = "model"


@dataclass(frozen=True)
class ModelsData:
    """What a panel of models shows.

    Attributes
    ----------
    models, cells : tuple of str
        Names of the models, and of the cells that may be taken for one.
    summary : tuple of str
        Each model in a sentence.
    rows : list of dict
        One a model and target, with an id.
    """

    models: tuple[str, ...]
    cells: tuple[str, ...]
    summary: tuple[str, ...]
    rows: list[dict[str, Any]]


class ModelsPanel(StateWidget):
    """Looks at models beside the cells: which targets they reach, in standard deviations.

    The same by hand: ``state.add_model(name, responses, folder)``, ``state.use_as_model(cell)``,
    ``state.remove_model(name)``, ``state.results.model_scores``.

    Parameters
    ----------
    state : ExtractionState
    root : path, optional
        Folder that reading and writing can't leave.
    read_only : bool
        Whether no model can be added.

    Attributes
    ----------
    name, folder : ipywidgets.Text
        What the next model is called; a folder with its responses.
    upload : Upload or None
    add, remove, take : ipywidgets.Button
    job : Later or None
        The model that is being added, with a button to stop it.
    model, cell : ipywidgets.Dropdown
        Which model is removed; the cell whose recordings are a model's.
    table : Table
    """

    def __init__(
        self,
        state: ExtractionState,
        *,
        root: str | os.PathLike[str] | None = None,
        read_only: bool = False,
    ):
        self.root, self.read_only = root, read_only
        self.upload: Upload | None = None
        self.job: Later | None = None
        super().__init__(state)

    # --- controls

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls and the table."""
        self.said = Message()
        self.summary = ipywidgets.HTML()
        self.model = ipywidgets.Dropdown(description="Model", layout={"width": "220px"})
        self.remove = _button("Remove", "trash", "look at the chosen model no longer; its files stay")
        self.on_click(self.remove, self._remove, self.said)
        self.chosen = row(self.model, self.remove)
        self.table = Table(_columns(""), label="what the models reach of each target", height="300px")
        heading = tag("div", "Models beside the cells", class_="efe-heading")
        about = tag(
            "div",
            "A model's responses to the stimuli of the targets, with the same features: plots of features and traces "
            "show them over the cells, and they change no output.",
            class_="efe-hint",
        )
        adding = [] if self.read_only else self._adding()
        return [ipywidgets.HTML(heading + about), *adding, self.said, self.summary, self.table, self.chosen]

    def _adding(self) -> list[ipywidgets.Widget]:
        self.job = Later()
        self.name = ipywidgets.Text(NAME, description="Name", layout={"width": "240px"})
        self.folder = ipywidgets.Text(
            description="Responses in", placeholder="a folder of <protocol>.soma.v.dat or .csv",
            layout={"width": "min(420px, 100%)"},
            tooltip="as BluePyEModel (recordings/…) and BluePyOpt write them",
        )  # fmt: skip
        self.folder.style.description_width = "initial"
        self.add = _button("Add model", "plus", "read the responses in the folder")
        self.on_click(self.add, self._add_folder, self.said)
        own = None if self.root is None else pathlib.Path(self.root) / "model-uploads"
        self.upload = Upload(
            own, limit=MOST_BYTES, accept=".dat,.csv", on_received=self._received, what="Responses"
        )
        self.cell = ipywidgets.Dropdown(description="or take the cell", layout={"width": "260px"})
        self.cell.style.description_width = "initial"
        self.take = _button(
            "as a model",
            "exchange",
            "its recordings, in whatever format, are a model's: they go into no target",
        )
        self.on_click(self.take, self._take, self.said)
        self.others = row(self.cell, self.take)
        return [row(self.name, self.folder, self.add, self.job.box), self.upload, self.others]

    # --- from the state to the screen

    def view_data(self) -> ModelsData:
        """Return the models, and what they reach; with a runner in the background of the last complete run."""
        inputs, results = self.state.inputs, self.state.results
        models = tuple(cell.name for cell in inputs.cells if cell.model)
        rows = _rows(results.model_scores.to_dict("records")) if models else []
        return ModelsData(
            models,
            tuple(cell.name for cell in inputs.measured),
            tuple(
                _in_words(model, [row for row in rows if row["model"] == plain(model)]) for model in models
            ),
            rows,
        )

    def render(self, data: ModelsData) -> None:
        """Show them; without a model only how one is added."""
        self._offer(self.model, data.models)
        there = "" if data.models else "none"
        for part in (self.summary, self.table, self.chosen):
            self.put(part.layout, display=there)
        if not self.read_only:
            self._offer(self.cell, data.cells)
            self.put(self.others.layout, display="" if data.cells else "none")
        lines = [tag("li", escape(sentence)) for sentence in data.summary]
        self.put(
            self.summary, value=tag("ul", *lines, class_="efe-sentences", role="status") if lines else ""
        )
        self.table.set_columns(_columns(results_data.level_unit(self.state.results)))
        self.table.show(data.rows)

    def _offer(self, control: ipywidgets.Dropdown, names: tuple[str, ...]) -> None:
        """Offer names; the chosen one stays chosen while it is there."""
        chosen = control.value
        self.put(control, options=names)
        self.put(control, index=names.index(chosen) if chosen in names else 0 if names else None)

    # --- what a person does

    def _add_folder(self) -> None:
        folder = results_files.folder_at(self.folder.value, self.root)
        if not folder.is_dir():
            raise EfeError(f"there is no folder {self.folder.value!r}.")
        self._begin(folder)

    def _received(self, paths: tuple[str, ...]) -> None:
        """Add a model whose responses were uploaded; they are kept as files of it, so that the uploads aren't."""

        def forget(*_: object) -> None:
            for path in paths:
                with contextlib.suppress(OSError):
                    os.unlink(path)

        self.said.clear()
        try:
            self._begin(paths).add_done_callback(forget)
        except EfeError as error:
            self.said.say(str(error))
            forget()

    def _begin(self, responses: Any) -> Future[list[str]]:
        future = self.begin_model(responses)
        future.add_done_callback(self._say)
        return future

    def _say(self, done: Future[list[str]]) -> None:
        """Say what came of adding a model."""
        error = done.exception()
        if error is not None:
            if not isinstance(error, EfeError):
                logger.error("a model can't be added", exc_info=error)
            self.said.say(failure(error))
        elif passed_over := done.result():
            self.said.say(f"Of no target's protocol: {', '.join(map(plain, passed_over))}.", "note")

    def begin_model(self, responses: Any) -> Future[list[str]]:
        """Begin to add the model of the name that is typed, apart from the page; see `ExtractionState.add_model`.

        Parameters
        ----------
        responses : dict, path or list of path
            See `engine.export.responses.read_responses`.

        Returns
        -------
        concurrent.futures.Future
            Of what of the responses is of no protocol of the targets.

        Raises
        ------
        EfeError
            If nothing can be written here, the model has no name, or another is being added. What is wrong with the
            responses is raised by the future.
        """
        if self.job is None:
            raise EfeError("nothing can be written here.")
        name = self.name.value.strip()
        if not name:
            raise EfeError("give the model a name.")
        place = self._place(name)

        def work(seen: Seen) -> list[str]:
            return self.state.add_model(name, responses, place, seen=seen)

        return self.job.start("reading responses", work)

    def add_model(self, responses: Any) -> list[str]:
        """Add a model as `begin_model` does, and wait for it.

        Raises
        ------
        EfeError
            If it isn't a model of these targets.
        """
        return self.begin_model(responses).result()

    def leave(self) -> None:
        """End work that is under way."""
        if self.job is not None:
            self.job.cancel()

    def _place(self, name: str) -> pathlib.Path:
        """Return where a model's responses are kept: below the folder of the output."""
        output = self.state.inputs.output_directory or "efewidgets-output"
        return results_files.folder_at(output, self.root) / "models" / safe_name(name)

    def _take(self) -> None:
        if self.cell.value is None:
            raise EfeError("there is no cell.")
        self.state.use_as_model(self.cell.value)

    def _remove(self) -> None:
        if self.model.value is None:
            raise EfeError("there is no model.")
        self.state.remove_model(self.model.value)


def _button(label: str, icon: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=label, icon=icon, tooltip=tooltip, layout={"width": "auto"})


def _columns(unit: str) -> tuple[Column, ...]:
    return (
        Column("model", "model"),
        Column("protocol", "protocol"),
        Column("amplitude", "amplitude", "number", unit=unit),
        Column("feature", "feature"),
        Column("value", "model's value", "number"),
        Column("mean", "cells' mean", "number"),
        Column("std", "± std", "number", hint="of the cells, as in features.json"),
        Column("unit", "unit"),
        Column("z", "z-score", "number", hint="how many standard deviations the model is off"),
    )


def _rows(scores: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Return a row a model and target, with a look by how far the model is off."""
    return [
        {
            "id": f"{score['target']}/{score['model']}",
            "model": plain(score["model"]),
            "protocol": plain(score["protocol"]),
            "amplitude": score["amplitude"],
            "feature": plain(score["feature"]),
            **{name: _finite(score[name]) for name in ("value", "mean", "std", "z")},
            "unit": score["unit"],
            "_class": _look(score["z"]),
        }
        for score in scores
    ]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _look(z: float) -> dict[str, str]:
    if not math.isfinite(z) or abs(z) < FAR:
        return {}
    return {"z": "efe-bad" if abs(z) >= FARTHER else "efe-warn"}


def _in_words(model: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return how near a model is to the targets."""
    scored = [row for row in rows if row["z"] is not None]
    if not scored:
        return f"{model}: there is no value to be compared with a target yet."
    near = sum(abs(row["z"]) < FAR for row in scored)
    worst = max(scored, key=lambda row: abs(row["z"]))
    lacking = len(rows) - len(scored)
    more = f"; {lacking} without a value" if lacking else ""
    return (
        f"{model}: {near} of {len(scored)} targets within {FAR:g} standard deviations{more}; the farthest is "
        f"{worst['feature']} of {worst['protocol']} at {worst['amplitude']:g} (z = {worst['z']:.3g})."
    )
