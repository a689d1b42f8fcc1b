"""Single stimuli given to a virtual cell, as a student or an experimenter gives them, and its true rheobase."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from efewidgets.engine.problems import EfeError, nearest
from efewidgets.engine.traces.spikes import peak_times

from . import stimuli
from .models import CellModel
from .rig import Rig
from .samples import PROTOCOLS, Sweep
from .simulator import simulate

__all__ = ["FINE", "NOISY", "SHAPES", "Injection", "chronaxie", "inject", "rheobase", "usual_injection"]

Floats = NDArray[np.float64]

#: A set-up without noise, whose converter has steps of 0.1 pA and 0.01 mV
FINE = Rig(
    synaptic_current=0.0, voltage_noise=0.0, current_noise=0.0, hum=0.0, drift=0.0,
    voltage_bit=0.01, current_bit=0.0001,
)  # fmt: skip
#: The same converter with the noise of a good recording
NOISY = Rig(voltage_bit=0.01, current_bit=0.0001)

MOST_CURRENT = 3.0  # nA, either way: the converter's range
LONGEST = 5000.0  # ms, of a sweep
SHAPES = ("step", "ramp")
SPIKE = -20.0  # mV
DT = 0.1  # ms
STRONGEST = 20.0  # nA, beyond which nobody looks for a rheobase


@dataclass(frozen=True)
class Injection:
    """A current that is injected once.

    Attributes
    ----------
    protocol : str
        What an experimenter calls it.
    amp : float
        nA on top of the holding current; of a ramp at its end.
    ton, duration : float
        Onset and length of the stimulus (ms).
    holding : float
        nA.
    after : float
        How long is recorded after the stimulus (ms).
    dt : float
        Sampling step (ms).
    shape : {"step", "ramp"}

    Raises
    ------
    EfeError
        If a current or a time can't be.
    """

    protocol: str
    amp: float = 0.0
    ton: float = 200.0
    duration: float = 500.0
    holding: float = 0.0
    after: float = 100.0
    dt: float = 0.1
    shape: str = "step"

    def __post_init__(self) -> None:
        for name, value in (("amplitude", self.amp), ("holding current", self.holding)):
            if not abs(value) <= MOST_CURRENT:
                raise EfeError(
                    f"the {name} can be from −{MOST_CURRENT:g} to {MOST_CURRENT:g} nA, but is {value:g} nA."
                )
        if not abs(self.amp + self.holding) <= MOST_CURRENT:
            raise EfeError(
                f"amplitude and holding current together can be {MOST_CURRENT:g} nA at most, "
                f"but are {self.amp + self.holding:g} nA."
            )
        for name, value in (("onset", self.ton), ("duration", self.duration)):
            if not self.dt <= value <= LONGEST:
                raise EfeError(f"the {name} can be from {self.dt:g} to {LONGEST:g} ms, but is {value:g} ms.")
        if self.shape not in SHAPES:
            raise EfeError(f"a stimulus can be a {' or a '.join(SHAPES)}, not {self.shape!r}.")

    @property
    def toff(self) -> float:
        """End of the stimulus (ms)."""
        return self.ton + self.duration

    @property
    def current(self) -> Floats:
        """The injected current (nA), holding current included, one value per sample."""
        draw = getattr(stimuli, self.shape)
        found: Floats = draw(
            self.amp, self.ton, self.toff, duration=self.toff + self.after, dt=self.dt, holding=self.holding
        )
        return found

    @property
    def timings(self) -> dict[str, float]:
        """The stimulus' times, as metadata of a file."""
        return {"ton": self.ton, "toff": self.toff}


def usual_injection(protocol: str) -> Injection:
    """Return the stimulus of one of the sample cells' protocols that are steps or ramps, at 0 nA.

    Raises
    ------
    EfeError
        If there is no such protocol.
    """
    known = {p.name: p for p in PROTOCOLS if p.shape in SHAPES}
    if protocol not in known:
        raise EfeError(
            f"a virtual cell can be given {', '.join(known)}, not {protocol!r}.{nearest(protocol, known)}"
        )
    found = known[protocol]
    ton, toff = found.timings["ton"], found.timings["toff"]
    return Injection(
        protocol, ton=ton, duration=toff - ton, after=found.duration - toff, dt=found.dt, shape=found.shape
    )


def inject(
    model: CellModel, injection: Injection, rig: Rig = FINE, *, seed: int = 0, number: int = 1
) -> Sweep:
    """Return what is recorded of a cell while a current is injected.

    Parameters
    ----------
    model : CellModel
    injection : Injection
    rig : Rig
        Its noise, and the steps of its converter: ``sweep.voltage * rig.voltage_bit`` is in mV.
    seed, number : int
        The noise is the same for the same seed and number of a sweep.
    """
    random = np.random.RandomState([seed, number])
    current = injection.current
    synaptic = rig.synaptic(len(current), injection.dt, random) if rig.synaptic_current else 0.0
    voltage = simulate(model, current + synaptic, injection.dt)
    v, i = rig.digitise(voltage, current, injection.dt, random)
    return Sweep(injection.protocol, 1, number, injection.dt, v, i)


@lru_cache(maxsize=64)
def rheobase(
    model: CellModel, duration: float = 500.0, *, holding: float = 0.0, precision: float = 1e-4
) -> float:
    """Find the smallest step that makes a cell fire, by bisection of simulated steps.

    Parameters
    ----------
    model : CellModel
    duration : float
        Of the step (ms). Strictly, the rheobase is that of a step without end; shorter ones need more current.
    holding : float
        nA; the cell is held there before.
    precision : float
        nA.

    Returns
    -------
    float
        nA on top of the holding current: the cell fires at this current, and not at one lower by `precision`.

    Raises
    ------
    EfeError
        If the cell fires without a step, or at none.
    """

    def fires(amp: float) -> bool:
        return _fires(model, amp, duration, holding)

    if model.g_na == 0:  # its voltage may cross any threshold, but not as a spike
        raise EfeError(f"{model.name}: a cell that has no sodium current doesn't fire.")
    if fires(0.0):
        raise EfeError(f"{model.name}: the cell fires at the holding current already; it has no rheobase.")
    silent, firing = 0, max(round(0.05 / precision), 1)  # whole steps of the precision
    while not fires(firing * precision):
        silent, firing = firing, 2 * firing
        if silent * precision > STRONGEST:
            raise EfeError(f"{model.name}: the cell doesn't fire at {silent * precision:.3g} nA either.")
    while firing - silent > 1:
        middle = (silent + firing) // 2
        silent, firing = (silent, middle) if fires(middle * precision) else (middle, firing)
    return round(firing * precision, 12)


@lru_cache(maxsize=64)
def chronaxie(
    model: CellModel, duration: float = 500.0, *, holding: float = 0.0, precision: float = 0.1
) -> float:
    """Find the shortest step of twice the rheobase that makes a cell fire (ms).

    Parameters
    ----------
    model : CellModel
    duration : float
        Of the step that gives the rheobase (ms).
    holding : float
        nA.
    precision : float
        ms.

    Raises
    ------
    EfeError
        If the cell has no rheobase.
    """
    twice = 2.0 * rheobase(model, duration, holding=holding)
    silent, firing = 0, math.ceil(duration / precision)  # whole steps of the precision
    while firing - silent > 1:
        middle = (silent + firing) // 2
        fires = _fires(model, twice, middle * precision, holding)
        silent, firing = (silent, middle) if fires else (middle, firing)
    return round(firing * precision, 12)


def _fires(model: CellModel, amp: float, duration: float, holding: float) -> bool:
    """Whether a cell fires in a step, or just after it."""
    v = simulate(model, stimuli.step(amp, 20.0, 20.0 + duration, 50.0 + duration, DT, holding), DT)
    return len(peak_times(np.arange(len(v)) * DT, v, SPIKE, 0.0, math.inf, strict=False)) > 0
