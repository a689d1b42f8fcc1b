"""Traces for the tests of features and spikes: made up, and real ones as BluePyEfe reads them."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest


@dataclass
class Trace:
    """What eFEL is given: ms, mV, nA."""

    name: str
    t: np.ndarray
    v: np.ndarray
    i: np.ndarray | None
    on: float
    off: float
    amp: float = 0.1
    threshold: float = -20.0
    extra: dict = field(default_factory=dict)


def _spike(t, peak, height=90.0, width=0.6, ahp=12.0):
    """An action potential as a difference of exponentials and a Gaussian."""
    after = np.clip(t - peak, 0, None)
    return height * np.exp(-(((t - peak) / width) ** 2)) - ahp * (after > 0) * (
        np.exp(-after / 25.0) - np.exp(-after / 2.0)
    )


def _response(t, on, off, depth, tau=15.0, sag=0.0):
    charge = np.where(t >= on, 1 - np.exp(-np.clip(t - on, 0, None) / tau), 0.0)
    charge = np.where(
        t >= off, (1 - np.exp(-(off - on) / tau)) * np.exp(-np.clip(t - off, 0, None) / tau), charge
    )
    dip = sag * ((t >= on) & (t < off)) * np.exp(-np.clip(t - on, 0, None) / 60.0) * charge
    return depth * charge + dip


def made_up(dt=0.1, end=420.0, on=70.0, off=320.0) -> list[Trace]:
    """Regular firing, bursts, one spike, silence with sag, block, a plateau at the rails, a chirp, pulses."""
    t = np.arange(int(end / dt)) * dt
    noise = np.random.default_rng(7).normal(0, 0.15, len(t))
    step = 0.2 * ((t >= on) & (t < off))
    base = -72.0 + noise
    regular = base + _response(t, on, off, 14) + sum(_spike(t, p) for p in np.arange(on + 11, off - 3, 29.3))
    times = [on + start + k * 5.5 for start in (9, 80, 160) for k in range(4)]
    burst = (
        base + _response(t, on, off, 14) + sum(_spike(t, p, 85 - 3 * (k % 4)) for k, p in enumerate(times))
    )
    outside = regular + _spike(t, 30.0) + _spike(t, 380.0)
    one = base + _response(t, on, off, 10) + _spike(t, on + 40)
    sag = base + _response(t, on, off, -18, sag=-6)
    block = base + _response(t, on, off, 45, tau=4) + _spike(t, on + 8) + _spike(t, on + 16, 60)
    rails = np.clip(np.round(regular / 0.5) * 0.5, -80, 0.0)
    chirp = 0.05 * np.sin(2 * np.pi * (t / 1000) * (2 + 30 * t / 1000)) * ((t >= on) & (t < off))
    wave = base + 40 * np.convolve(chirp, np.exp(-t[:500] / 10) * dt / 10)[: len(t)]
    starts = [on + 60.0 * k for k in range(4)]
    pulses = -72.0 + sum(_response(t, s, s + 4, 40, tau=8) for s in starts)
    multi = {"multi_stim_start": [s - 1 for s in starts], "multi_stim_end": [s + 4 for s in starts]}
    return [
        Trace("regular", t, regular, step, on, off, 0.2),
        Trace("burst", t, burst, step, on, off, 0.2),
        Trace("spikes outside", t, outside.astype(np.float32), step.astype(np.float32), on, off, 0.2),
        Trace("one spike", t, one, step, on, off, 0.2),
        Trace("sag", t, sag, -step, on, off, -0.2),
        Trace("block", t, block, step, on, off, 0.2),
        Trace("rails", t, rails, step, on, off, 0.2),
        Trace("chirp", t, wave, chirp, on, off, 0.05),
        Trace("pulses", t, pulses, None, on, off, 1.5, -50.0, multi),
        Trace("from the start", t, regular, step, 0.0, off, 0.2),
        Trace("to the end", t, regular, step, on, t[-1] + dt, 0.2),
        Trace("flat", t, np.full(len(t), -70.0), np.zeros(len(t)), on, off, 0.0),
    ]


MADE_UP = {trace.name: trace for trace in made_up()}


@pytest.fixture(params=MADE_UP)
def trace(request) -> Trace:
    """Each of the traces that are made up."""
    return MADE_UP[request.param]


#: case → how many recordings of each cell and protocol
CASES = {
    "ibw_relative_given_timing": 2,
    "ibw_sahp_given_timing": 1,
    "ibw_ramp": 1,
    "ibw_spikerec": 1,
    "ibw_pA_mV": 1,
    "ibw_little_endian_firepattern": 1,
    "abf2_steps": 1,
    "abf1_pulse_train": 1,
    "nwb_bbp": 2,
    "nwb_vu_nwb2": 1,
    "nwb_scala_lantyer": 2,
    "nwb_trt": 1,
    "syn_sinespec_given_timing": 1,
    "syn_cheops_given_timing": 1,
    "syn_dehyperpol": 1,
}


def read_case(shared_data, case, most=None) -> list[Trace]:
    """Recordings of a case, read by BluePyEfe; `most` of each cell and protocol."""
    pytest.importorskip("bluepyefe", reason="needs BluePyEfe, which reads the recordings")
    config = json.loads((shared_data / "cases" / case / "config.json").read_text(encoding="utf-8"))
    wanted = copy.deepcopy(config["files_metadata"])
    for protocols in wanted.values():
        for files in protocols.values():
            if most is not None:
                del files[most:]
    with _quietly(), contextlib.chdir(shared_data / "recordings"):
        import bluepyefe.extract

        reader = _reader(config.get("settings", {}).get("recording_reader"))
        cells = bluepyefe.extract.read_recordings(wanted, reader, efel_settings={"Threshold": -20.0})
        found = []
        for cell in cells:
            for protocol in dict.fromkeys(r.protocol_name for r in cell.recordings):
                found += [_trace(case, r) for r in cell.recordings if r.protocol_name == protocol][:most]
    return found


def _reader(name):
    import bluepyefe.reader

    return _axon_by_unit if name == "axon_by_unit" else getattr(bluepyefe.reader, name) if name else None


def _axon_by_unit(metadata):
    """Read an Axon file of which the channels are known by their units, not their order."""
    from neo.io import AxonIO

    sweeps = []
    for segment in AxonIO(filename=metadata["filepath"]).read_block().segments:
        units = [signal.units.dimensionality.string for signal in segment.analogsignals]
        v, i = (next(k for k, unit in enumerate(units) if unit.endswith(end)) for end in "VA")
        voltage, current = (np.asarray(segment.analogsignals[k][:, 0]).flatten() for k in (v, i))
        dt = 1.0 / float(segment.analogsignals[0].sampling_rate)
        sweeps.append({"voltage": voltage, "v_unit": units[v], "current": current, "i_unit": units[i]})
        sweeps[-1] |= {"dt": dt, "t_unit": "s"}
    return sweeps


def _trace(case, recording) -> Trace:
    r = recording
    extra = {}
    if hasattr(r, "multi_stim_start"):
        extra = {"multi_stim_start": list(r.multi_stim_start), "multi_stim_end": list(r.multi_stim_end)}
    r.set_autothreshold()
    name = f"{case}/{r.protocol_name}/{r.name}"
    threshold = float(r.auto_threshold) if np.isfinite(r.auto_threshold) else -20.0
    return Trace(name, r.t, r.voltage, r.current, float(r.ton), float(r.toff), float(r.amp), threshold, extra)


@contextlib.contextmanager
def _quietly():
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def real_traces(shared_data) -> list[Trace]:
    """A few recordings of each kind of file."""
    return [trace for case, most in CASES.items() for trace in read_case(shared_data, case, most)]


@pytest.fixture(scope="session")
def all_real_traces(shared_data) -> list[Trace]:
    """Every recording that BluePyEfe can read and that isn't known to be misread, once."""
    misread = ("four_channels", "current_first_as_is", "sawtooth", "units_override", "mixup")
    found: dict[tuple, Trace] = {}
    for folder in sorted((shared_data / "cases").iterdir()):
        if any(word in folder.name for word in misread) or (folder / "expected/error.json").exists():
            continue
        for one in read_case(shared_data, folder.name):
            found.setdefault((np.asarray(one.v).tobytes(), one.on, one.off), one)
    return list(found.values())
