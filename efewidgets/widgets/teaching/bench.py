"""What is injected into a virtual cell, and what is recorded of it: the rig, without its controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from ...datasets.experiments import FINE, NOISY, Injection, inject, rheobase, usual_injection
from ...datasets.models import CellModel
from ...datasets.rig import Rig
from ...engine.problems import EfeError
from ...state import ExtractionState
from ...state.convert import settings_in_force
from .data import PA, Recorded, nice

#: Amplitude with which a protocol begins, as a share of what the slider reaches (some three times the rheobase)
FIRST = {"IV": -0.25, "APWaveform": 0.8, "APThreshold": 0.6}


class Bench:
    """A cell under current clamp; part of `VirtualCell`, which shows each change.

    Attributes
    ----------
    model : CellModel
    """

    state: ExtractionState

    def refresh(self) -> None:
        """Show the present state."""
        raise NotImplementedError

    def _set_up(
        self, model: CellModel, protocol: str, protocols: Iterable[str], noise: bool, seed: int
    ) -> None:
        """Put the cell on the rig; each protocol begins with a stimulus of its own."""
        self.model = model
        self._high = _reach(model)
        self._injections = {name: self._first(name) for name in dict.fromkeys((*protocols, protocol))}
        self._protocol, self._noise, self._seed = protocol, bool(noise), int(seed)
        self._number = 1  # of the next sweep that is kept
        self._recorded: tuple[Any, Recorded] | None = None

    def _first(self, protocol: str) -> Injection:
        amp = FIRST.get(protocol, 0.1) * self._high / PA
        return dataclasses.replace(usual_injection(protocol), amp=round(amp, 3))

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
        self.refresh()

    @property
    def noise(self) -> bool:
        """Whether the rig is noisy: a sweep that is given again is then another one."""
        return self._noise

    @noise.setter
    def noise(self, on: bool) -> None:
        self._noise = bool(on)
        self.refresh()


def _reach(model: CellModel) -> float:
    """Return how far the slider of the amplitude goes (pA): some three times the rheobase."""
    try:
        return nice(3.0 * rheobase(model)) * PA
    except EfeError:  # a cell that never fires, or always, is worth a look, too
        return 1.0 * PA
