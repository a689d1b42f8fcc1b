"""A virtual cell to experiment on: inject currents, see spikes appear, and keep sweeps as recordings of the state."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ..datasets import virtual_cell
from ..datasets.experiments import FINE, NOISY, Injection, inject, rheobase, usual_injection
from ..datasets.models import CellModel
from ..datasets.rig import Rig
from ..engine.figures.style import counted
from ..engine.problems import EfeError
from ..state import ExtractionState
from ..state.convert import settings_in_force
from .base import StateWidget
from .html import escape, tag
from .message import Message
from .style import row
from .target_text import read_number
from .virtual_cell_controls import PURPOSES, Controls
from .virtual_cell_data import PA, Recorded, behind, kept_in_words, nice, series_of
from .virtual_cell_plots import Plots, current_ends
from .virtual_cell_store import Kept, Store

MOST_IN_A_SERIES = 60
#: Amplitude with which a protocol begins, as a share of what the slider reaches (some three times the rheobase)
FIRST = {"IV": -0.25, "APWaveform": 0.8, "APThreshold": 0.6}
WORDS = {
    "amp": "The amplitude",
    "holding": "The holding current",
    "ton": "The onset",
    "duration": "The duration",
    "threshold": "The detection threshold",
}


class VirtualCell(StateWidget):
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
        self.model = cell if isinstance(cell, CellModel) else virtual_cell(cell)
        self.name = name or (cell if isinstance(cell, str) else self.model.name)
        self._high = _reach(self.model)
        names = list(dict.fromkeys((*(PURPOSES if protocols is None else protocols), protocol)))
        self._injections = {one: self._first(one) for one in names}
        self._protocol, self._noise, self._seed = protocol, bool(noise), int(seed)
        self._number = 1
        self._recorded: tuple[Any, Recorded] | None = None
        self._store = Store(self.name, self.model, self._seed, folder)
        self._detection = bool(detection)
        super().__init__(state)

    def _first(self, protocol: str) -> Injection:
        """Return the stimulus with which a protocol begins."""
        amp = FIRST.get(protocol, 0.1) * self._high / PA
        return dataclasses.replace(usual_injection(protocol), amp=round(amp, 3))

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
        self._propose_series()
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

    # --- what is injected

    @property
    def injection(self) -> Injection:
        """The stimulus that the sliders give."""
        return self._injections[self._protocol]

    @property
    def recorded(self) -> Recorded:
        """The live sweep: ``time`` (ms), ``voltage`` (mV), ``current`` (nA), ``spike_times`` (ms)."""
        settings = settings_in_force(self.state.inputs)
        key = (self.injection, self._noise, self._number if self._noise else 0, str(settings))
        if self._recorded is None or self._recorded[0] != key:
            self._recorded = key, self._record(self.injection, self._number)
        return self._recorded[1]

    @property
    def _rig(self) -> Rig:
        return NOISY if self._noise else FINE

    def _record(self, injection: Injection, number: int) -> Recorded:
        sweep = inject(self.model, injection, self._rig, seed=self._seed, number=number)
        return Recorded(injection, sweep, settings_in_force(self.state.inputs))

    def sweep(self, amplitude: float, *, protocol: str | None = None, **changes: Any) -> Recorded:
        """Return how the cell answers to the usual stimulus of a protocol, without noise; nothing is shown or kept.

        Parameters
        ----------
        amplitude : float
            nA.
        protocol : str, optional
            By default the one that is chosen.
        **changes
            Other fields of `Injection`, e.g. ``duration=20`` (ms).
        """
        usual = usual_injection(protocol or self._protocol)
        injection = dataclasses.replace(usual, amp=amplitude, **changes)
        return Recorded(injection, inject(self.model, injection), settings_in_force(self.state.inputs))

    def _change(self, **fields: float) -> None:
        """Inject something else."""
        rounded = {name: round(float(value), 4) for name, value in fields.items()}
        try:
            self._injections[self._protocol] = dataclasses.replace(self.injection, **rounded)  # type: ignore[arg-type]
        finally:
            self.refresh()  # a slider that was moved too far goes back

    @property
    def amplitude(self) -> float:
        """Current on top of the holding current (nA); of a ramp at its end."""
        return self.injection.amp

    @amplitude.setter
    def amplitude(self, value: float) -> None:
        self._change(amp=value)

    @property
    def holding(self) -> float:
        """Holding current (nA)."""
        return self.injection.holding

    @holding.setter
    def holding(self, value: float) -> None:
        self._change(holding=value)

    @property
    def onset(self) -> float:
        """When the stimulus begins (ms)."""
        return self.injection.ton

    @onset.setter
    def onset(self, value: float) -> None:
        self._change(ton=value)

    @property
    def duration(self) -> float:
        """How long the stimulus lasts (ms)."""
        return self.injection.duration

    @duration.setter
    def duration(self, value: float) -> None:
        self._change(duration=value)

    @property
    def threshold(self) -> float:
        """What the state takes for a spike (mV): eFEL's setting ``Threshold``."""
        return self.recorded.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        try:
            self.state.set_efel_settings(Threshold=round(float(value), 4))
        finally:
            self.refresh()

    @property
    def protocol(self) -> str:
        """Name of the protocol; each remembers its own stimulus."""
        return self._protocol

    @protocol.setter
    def protocol(self, name: str) -> None:
        if name not in self._injections:
            raise EfeError(f"this cell is given {', '.join(self._injections)}, not {name!r}.")
        self._protocol = name
        self._propose_series()
        self.refresh()

    @property
    def noise(self) -> bool:
        """Whether the rig is noisy: a sweep that is given again is then another one."""
        return self._noise

    @noise.setter
    def noise(self, on: bool) -> None:
        self._noise = bool(on)
        self.refresh()

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


def _reach(model: CellModel) -> float:
    """Return how far the slider of the amplitude goes (pA): some three times the rheobase."""
    try:
        return nice(3.0 * rheobase(model)) * PA
    except EfeError:  # a cell that never fires, or always, is worth a look, too
        return 1.0 * PA
