"""The sample cells and the experiment that each of them went through."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import stimuli
from .models import (
    CellModel,
    fast_spiking,
    intrinsically_bursting,
    regular_spiking,
    regular_spiking_with_sag,
)
from .rig import Rig
from .simulator import simulate

__all__ = ["PROTOCOLS", "ROLES", "SAMPLES", "TARGETS", "Protocol", "Sample", "Sweep", "record"]


@dataclass(frozen=True)
class Sample:
    """One sample cell: the model, and what the experimenter did with it.

    Attributes
    ----------
    name : str
    firing_type : str
        "RS", "IB" or "FS".
    model : CellModel
    holding : float
        Holding current (nA).
    guess : float
        Rheobase (nA above holding) as estimated during the experiment: stimuli are given in percent of it.
    ljp : float
        Liquid junction potential (mV); recorded voltages are too high by it.
    seed : int
        Of the noise.
    rig : Rig
    """

    name: str
    firing_type: str
    model: CellModel
    holding: float
    guess: float
    seed: int
    ljp: float = 14.0
    rig: Rig = field(default_factory=Rig)


# Within a firing type, size and leak vary from cell to cell.
SAMPLES = {
    sample.name: sample
    for sample in (
        Sample("RS1", "RS", regular_spiking(), -0.010, 0.065, 1, rig=Rig(synaptic_current=0.0015)),
        Sample(
            "RS2", "RS", regular_spiking_with_sag(diameter=80.0, g_h=0.04), -0.020, 0.145, 2,
            rig=Rig(synaptic_current=0.003, voltage_noise=0.11, hum=0.04),
        ),
        Sample(
            "IB1", "IB", intrinsically_bursting(diameter=70.0), -0.050, 0.360, 3,
            rig=Rig(synaptic_current=0.006),
        ),
        Sample(
            "FS1", "FS", fast_spiking(diameter=50.0, g_leak=0.09, e_leak=-66.0, g_kd=8.0), -0.030, 0.124, 4,
            rig=Rig(synaptic_current=0.003, voltage_noise=0.06),
        ),
        Sample("FS2", "FS", fast_spiking(), -0.050, 0.435, 5, rig=Rig(synaptic_current=0.008)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    """A stimulus given at several amplitudes.

    Attributes
    ----------
    name, shape : str
        Protocol name in the file; function of `stimuli` that draws it.
    timings : dict
        Times of the stimulus (ms), by the function's argument names.
    percents : tuple of float
        Amplitude of each sweep, in % of the guessed rheobase.
    duration, dt : float
        Of a sweep (ms).
    repetitions : int
    """

    name: str
    shape: str
    timings: dict[str, float]
    percents: tuple[float, ...]
    duration: float
    dt: float = 0.1
    repetitions: int = 1

    def current(self, percent: float, sample: Sample) -> NDArray[np.float64]:
        """Injected current (nA), holding current included; amplitudes are whole pA."""
        amp = round(percent / 100.0 * sample.guess, 3)
        amps = {"amp": round(0.4 * sample.guess, 3), "amp2": amp} if self.shape == "sahp" else {"amp": amp}
        draw = getattr(stimuli, self.shape)
        current: NDArray[np.float64] = draw(
            **amps, **self.timings, duration=self.duration, dt=self.dt, holding=sample.holding
        )
        return current


PROTOCOLS = (
    Protocol("IDthresh", "step", {"ton": 200, "toff": 700}, tuple(range(68, 133, 8)), 800, repetitions=2),
    Protocol(
        "IDrest", "step", {"ton": 200, "toff": 1200}, (100, 125, 150, 200, 250, 300), 1400, repetitions=2
    ),
    Protocol("IV", "step", {"ton": 150, "toff": 750}, (-100, -75, -50, -25, 25, 50), 1000),
    Protocol(
        "APWaveform", "step", {"ton": 50, "toff": 100}, (200, 250, 300, 350), 200, dt=0.05, repetitions=2
    ),
    Protocol(
        "sAHP", "sahp", {"ton": 100, "tmid": 400, "tmid2": 600, "toff": 1300}, (150, 200, 250, 300), 1500
    ),
    Protocol("APThreshold", "ramp", {"ton": 200, "toff": 1700}, (200, 300), 2000),
    Protocol("SineSpec", "chirp", {"ton": 150, "toff": 5100}, (30, 50), 5300, dt=0.2),
)


@dataclass(frozen=True)
class Sweep:
    """One recorded sweep, as integers of the converter."""

    protocol: str
    repetition: int
    number: int
    dt: float
    voltage: NDArray[np.int16]
    current: NDArray[np.int16]


def record(sample: Sample, protocols: tuple[Protocol, ...] = PROTOCOLS) -> list[Sweep]:
    """Run an experiment on a sample cell.

    The noise of a sweep depends on the sample's seed, the protocol's name and the sweep alone, so that a
    subset of protocols gives the same sweeps as the whole.
    """
    sweeps = []
    for protocol in protocols:
        trials = [
            (repetition, i)
            for repetition in range(1, protocol.repetitions + 1)
            for i in range(len(protocol.percents))
        ]
        sources = [_random(sample, protocol, repetition, i) for repetition, i in trials]
        currents = np.array([protocol.current(protocol.percents[i], sample) for _, i in trials])
        noise = np.array([sample.rig.synaptic(currents.shape[1], protocol.dt, random) for random in sources])
        voltages = simulate(sample.model, currents + noise, protocol.dt) + sample.ljp
        for number, ((repetition, _), random) in enumerate(zip(trials, sources, strict=True), start=1):
            v, i = sample.rig.digitise(voltages[number - 1], currents[number - 1], protocol.dt, random)
            sweeps.append(Sweep(protocol.name, repetition, number, protocol.dt, v, i))
    return sweeps


def _random(sample: Sample, protocol: Protocol, repetition: int, i: int) -> np.random.RandomState:
    # RandomState, not default_rng: only its stream is promised to stay the same in every numpy to come
    return np.random.RandomState([sample.seed, *protocol.name.encode(), repetition, i])


# protocol, amplitudes (% of rheobase), tolerance (%), features. The baseline is before the step, so that at 0 % the
# steps of ±25 and ±50 % serve.
TARGETS: tuple[tuple[str, tuple[int, ...], int, tuple[str, ...]], ...] = (
    ("IDrest", (100, 150, 200, 300), 15, (
        "spike_count", "mean_frequency", "time_to_first_spike", "time_to_last_spike", "inv_first_ISI",
        "inv_last_ISI", "ISI_CV", "adaptation_index2", "AP_amplitude", "AHP_depth", "voltage_base",
    )),
    ("APWaveform", (300,), 30, (
        "AP_amplitude", "AP1_amp", "AP_duration_half_width", "AP_rise_time", "AP_fall_time", "AHP_depth_abs",
    )),
    ("IV", (-100, -50), 10, (
        "voltage_base", "steady_state_voltage_stimend", "ohmic_input_resistance_vb_ssse",
        "voltage_deflection", "sag_amplitude", "sag_ratio1", "decay_time_constant_after_stim",
    )),
    ("IV", (0,), 60, ("voltage_base",)),
    ("sAHP", (200, 300), 20, (
        "spike_count", "mean_frequency", "steady_state_voltage_stimend", "voltage_base",
    )),
    ("APThreshold", (200,), 20, ("AP_begin_voltage", "time_to_first_spike", "spike_count")),
    ("SineSpec", (50,), 15, ("voltage_base", "maximum_voltage", "minimum_voltage")),
)  # fmt: skip

# What targets are for in a threshold-based fit, by protocol, amplitude and feature
ROLES: dict[tuple[str, int, str], str] = {
    ("IV", 0, "voltage_base"): "RMP",
    ("IV", -50, "ohmic_input_resistance_vb_ssse"): "Rin",
    ("IV", -50, "voltage_base"): "holding",
}
