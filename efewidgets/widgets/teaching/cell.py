"""A virtual cell to experiment on: inject currents, see spikes appear, and keep sweeps as recordings of the state."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ...datasets import virtual_cell
from ...datasets.models import CellModel
from ...engine.figures.style import counted
from ...engine.problems import EfeError
from ...state import ExtractionState
from ..parts.base import StateWidget
from ..parts.cell_text import read_number
from ..parts.html import escape, tag
from ..parts.message import Message
from ..parts.style import row
from .bench import Bench
from .controls import PURPOSES, Controls
from .data import PA, Recorded, behind, kept_in_words, series_of
from .plots import Plots, current_ends
from .store import Kept, Store

MOST_IN_A_SERIES = 60
WORDS = {
    "amp": "The amplitude",
    "holding": "The holding current",
    "ton": "The onset",
    "duration": "The duration",
    "threshold": "The detection threshold",
}


class VirtualCell(StateWidget, Bench):
    """A simulated neuron under current clamp, for teaching.

    Whatever a slider does, one line does too: ``cell.amplitude = 0.06`` (nA), ``cell.protocol = "IDrest"``,
    ``cell.keep()``, ``cell.keep_series(0.04, 0.07, 0.005)``, ``cell.remove()``.

    Parameters
    ----------
    state : ExtractionState
        Gets the sweeps that are kept.
    cell : str or CellModel
        Name of a sample cell ("RS1", "FS1", "IB1", …), or a model of one's own.
    name : str, optional
        What the cell is called in the state; by default the sample cell's name or that of the model.
    protocol : str
        What to begin with.
    protocols : sequence of str, optional
        Those that can be chosen; by default all steps and ramps of the sample cells.
    folder : path, optional
        Where kept sweeps are written. By default a temporary folder, which is removed when the widget is closed: the
        state then lacks their files.
    noise : bool
        Whether the rig is noisy.
    seed : int
        Of the noise.
    detection : bool
        Whether the state's detection threshold can be moved here, too.

    Attributes
    ----------
    controls : Controls
        Everything that is turned, typed or pressed.
    plots : Plots
        Figures and marks.
    model : CellModel
    injection : Injection
        What the sliders give; `amplitude`, `holding` (nA), `onset`, `duration` (ms) change it.
    recorded : Recorded
        The live sweep.

    Raises
    ------
    EfeError
        For a cell or a protocol that there isn't.
    """

    def __init__(
        self,
        state: ExtractionState,
        cell: str | CellModel = "RS1",
        *,
        name: str | None = None,
        protocol: str = "IDthresh",
        protocols: Sequence[str] | None = None,
        folder: str | os.PathLike[str] | None = None,
        noise: bool = False,
        seed: int = 1,
        detection: bool = False,
    ):
        model = cell if isinstance(cell, CellModel) else virtual_cell(cell)
        self._set_up(model, protocol, PURPOSES if protocols is None else protocols, noise, seed)
        self.name = name or (cell if isinstance(cell, str) else model.name)
        self._proposed = ""
        self._store = Store(self.name, self.model, self._seed, folder)
        self._detection = bool(detection)
        super().__init__(state)

    # --- controls

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the figures and the controls."""
        self.controls = controls = Controls(list(self._injections), self._high, self._detection)
        self.plots = Plots(self.put)
        self.heading, self.facts, self.kept_words = (ipywidgets.HTML() for _ in range(3))
        self.slider_message, self.keep_message = Message(), Message()
        self.on(controls.protocol, self._choose_protocol, message=self.slider_message)
        for field, (slider, _) in controls.place(self._injections[self._protocol]).items():
            self._listen(field, slider)
        self._listen("threshold", controls.threshold)
        self.on(controls.noise, self._choose_noise, message=self.slider_message)
        self.on_click(controls.keep, self.keep, self.keep_message)
        self.on_click(controls.keep_series, self._keep_typed_series, self.keep_message)
        self.on_click(controls.remove, self.remove, self.keep_message)
        figures = ipywidgets.VBox([self.plots.voltage, self.plots.current])
        figures.add_class("efe-cell-figures")
        return [
            row(self.heading, controls.choice_row), controls.sliders, self.slider_message, self.facts, figures,
            controls.keep_row, controls.series_row, self.kept_words, self.keep_message,
        ]  # fmt: skip

    def _listen(self, field: str, slider: Any) -> None:
        factor = PA if field in ("amp", "holding") else 1.0

        def moved(value: float) -> None:
            if field == "threshold":
                self.threshold = value
            else:
                self._change(**{field: value / factor})

        def typed(text: str) -> None:
            if text:
                moved(float(read_number(text, WORDS[field])))

        self.on(slider, moved, message=self.slider_message)
        self.on(slider, typed, "typed", message=self.slider_message)

    # --- what is shown

    def view_data(self) -> dict[str, Any]:
        """Return the live sweep, the kept ones and the words about them.

        Returns
        -------
        dict
            ``live``: Recorded; ``behind``: list of Recorded; ``kept``: dict of Kept by the ids of their files;
            ``answer`` and ``more``: str, how the cell answers; ``kept_words``: str; ``threshold``: mV.
        """
        live = self.recorded
        kept = self.kept
        sweeps = [one.recorded for one in kept.values()]
        answer, more = live.in_words()
        return {
            "live": live,
            "behind": behind(sweeps, self._protocol, live.settings),
            "kept": kept,
            "answer": answer,
            "more": more,
            "kept_words": kept_in_words(sweeps),
            "threshold": live.threshold,
        }

    def render(self, data: dict[str, Any]) -> None:
        """Put it on the figures and the controls."""
        controls, live = self.controls, data["live"]
        title = tag("span", escape(f"Virtual cell {self.name}"), class_="efe-heading")
        self.put(self.heading, value=title + tag("span", escape(f" · {self.model.name}"), class_="efe-faint"))
        if self._proposed != self._protocol:
            self._propose_series()
        self.put(controls.protocol, value=self._protocol)
        self.put(controls.purpose, value=escape(PURPOSES.get(self._protocol, "")))
        values = [*controls.place(live.injection).values(), (controls.threshold, data["threshold"])]
        for slider, value in values:
            self.put(slider, low=min(slider.low, value), high=max(slider.high, value), value=value)
        self.put(controls.noise, value=self._noise)
        self.put(controls.remove, disabled=not data["kept"])
        answer = tag(
            "b", escape(data["answer"]), class_="efe-answer" + (" efe-fires" * bool(len(live.spike_times)))
        )
        self.put(
            self.facts,
            value=tag(
                "div", answer, tag("span", escape(data["more"])), class_="efe-cell-facts", role="status"
            ),
        )
        self.put(self.kept_words, value=tag("span", escape(data["kept_words"]), class_="efe-faint"))
        ends = current_ends(controls.amplitude.low, controls.amplitude.high, live, data["behind"])
        self.plots.draw(live, data["behind"], data["threshold"], ends)

    def _choose_protocol(self, name: str) -> None:
        self.protocol = name

    def _choose_noise(self, on: bool) -> None:
        self.noise = on

    # --- what is kept

    @property
    def folder(self) -> str:
        """Where kept sweeps are written."""
        return self._store.folder

    @property
    def kept(self) -> dict[str, Kept]:
        """The kept sweeps that the state has, by the ids of their files."""
        return self._store.kept_in(self.state)

    def keep(self) -> str:
        """Write the live sweep to a file and add it to the state; return the file's id.

        Raises
        ------
        EfeError
            If the file can't be written.
        """
        return self._keep([self.recorded])[0]

    def keep_series(self, first: float, last: float, step: float) -> list[str]:
        """Give a series of amplitudes, keep all sweeps in one edit, and return their files' ids.

        Parameters
        ----------
        first, last, step : float
            nA; the last one is included if the steps meet it.

        Raises
        ------
        EfeError
            If there would be none, or too many, or an amplitude that can't be.
        """
        if not (step > 0 and last >= first):
            raise EfeError("a series goes from a smaller to a larger current in steps above 0.")
        if (last - first) / step >= MOST_IN_A_SERIES:
            raise EfeError(f"a series can have {MOST_IN_A_SERIES} sweeps: take larger steps.")
        injections = [dataclasses.replace(self.injection, amp=amp) for amp in series_of(first, last, step)]
        self.keep_message.say(f"Recording {counted(len(injections), 'sweep')} …", "note")
        try:
            return self._keep([self._record(one, self._number + k) for k, one in enumerate(injections)])
        finally:
            self.keep_message.clear()

    def _keep(self, sweeps: list[Recorded]) -> list[str]:
        files = [self._store.write(recorded, self._rig) for recorded in sweeps]
        self._number += len(sweeps)
        ids = self.state.add_files(self.name, self._protocol, files)
        with self.state.view.hold_trait_notifications():
            self.state.view.cell, self.state.view.protocol = self.name, self._protocol
            self.state.view.recordings = ()
        return ids

    def remove(self) -> None:
        """Take the kept sweeps out of the state; undo brings them back."""
        if self.kept:
            self.state.remove_files(list(self.kept))

    def _propose_series(self) -> None:
        """Write a series into the boxes: all that the slider reaches, so that it gives no rheobase away."""
        self._proposed = self._protocol
        high = self._high
        first, last = (-high / 2, 0.0) if self._protocol == "IV" else (0.0, high)
        controls = self.controls
        for control, value in ((controls.first, first), (controls.last, last), (controls.step, high / 10)):
            self.put(control, value=f"{value:g}".replace("-", "−"))

    def _keep_typed_series(self) -> None:
        controls = self.controls
        first, last, step = (
            float(read_number(control.value, f"“{control.description}”")) / PA
            for control in (controls.first, controls.last, controls.step)
        )
        self.keep_series(first, last, step)

    # --- the end

    def leave(self) -> None:
        """Remove the temporary folder."""
        self._store.close()
