"""The lab's recordings whose stimulus is known, and how to tell a right answer from a wrong one.

The timings are those of the recorded current, read off the quietest sweeps sample by sample. They differ
from the nominal ones of the configs where the rig lags, its clock drifts, or the config is round: the sAHP of
the SSCx cells changes at 21, 521, 721.5 and 2721.5 ms (nominal 20, 520, 720, 2720), their ramps end at 2002.3 ms
(nominal 2000) and start somewhere between 1 and 4 ms (nominal 10), the hippocampal steps of 30 to 430 ms are at
31.2 to 431.2 ms. NaN stands for a timing that nobody can tell within 1 ms.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from efewidgets.engine.detection import Window
from efewidgets.engine.readers import read
from efewidgets.engine.recordings.ecodes import ecode_of
from efewidgets.engine.traces.trace import standardize

from .stimuli import TIMINGS

NEAR = 1.0  # ms
PULSES = "SpikeRec"
UNKNOWN = float("nan")

Times = tuple[float, ...]

#: cases to read; the others repeat the same recordings
CASES = (
    "ibw_auto_targets_default",
    "ibw_sahp_given_timing",
    "ibw_ramp",
    "ibw_spikerec",
    "ibw_swapped_channels",
    "ibw_hyperdepol_from_idhyperpol",
    "ibw_dehyperpol_from_sahp",
    "ibw_little_endian_firepattern",
    "ibw_pA_mV",
    "abf1_pulse_train",
    "abf1_current_first_by_unit",
    "abf2_steps",
    "abf2_pclamp11",
    "mat_patchmaster_cc",
    "nwb_aibs",
    "nwb_bbp",
    "nwb_bbp_protocols",
    "nwb_hyperdepol",
    "nwb_scala_ferguson",
    "nwb_scala_lantyer_detected",
    "nwb_scala_repetition",
    "nwb_trt",
    "nwb_vu_nwb1",
    "nwb_vu_nwb2",
    "syn_cheops_default_timing",
    "syn_dehyperpol",
    "syn_hyperdepol_default_timing",
    "syn_pinknoise_capcheck",
    "syn_sinespec_given_timing",
    "syn_spikerec_ramp_sahp",
    "syn_steps",
    "txt_lccr_real",
)

# cells whose every sweep has the same stimulus
_CELLS: dict[str, Times] = {
    "97509008": (31.2, 431.2),
    "96711008": (31.2, 431.2),
    "99111002": (31.2, 431.2),
    "DRG": (27.8, 127.8),
    "PYR2": (81.3, 1081.3),
    "trigeminal": (131.3, 631.3),
    "17o05028": (146.85, 646.85),
    "180817_ME_9": (100.05, 600.05),
    "B6": (700.25, 2700.25),
    "B95": (700.25, 2700.25),
    "150216_A1": (250.05, 3250.05),
    "150218_A1": (250.05, 3250.05),
    "demo_1": (278.1, 578.1, 1278.1),
}
# simulated currents: exact
_SIMULATED: dict[str, Times] = {
    "idrest": (300, 1100),
    "idthresh": (200, 700),
    "iv": (100, 1100),
    "hyperdepol": (250, 700, 970),
    "dehyperpol": (250, 520, 970),
    "poscheops": (250, 8250, 10250, 14250, 16250, 18916),
    "negcheops": (1750, 8416, 10416, 13748, 15748, 17970),
    "sinespec": (150, 5100),
    "pinknoise": (200, 2300),
    "capcheck": (100, 630),
    "ramp": (100, 1900),
    "sahp": (100, 400, 600, 1600),
}
# the protocols of the SSCx rig
_SSCX: dict[str, Times] = {
    "idrest": (700.5, 2700.75),
    "idthresh": (700.5, 2700.75),
    "genericstep": (700.5, 2700.75),
    "step_rheo": (700.5, 2700.75),
    "iv": (20.5, 1020.75),
    "apwaveform": (5.0, 55.05),
    "sahp": (21, 521, 721.5, 2721.5),
    "idhyperpol": (100.5, 700.5, 2700.75, 2900.75),
    "hyperdepol": (100.5, 700.5, 2700.75),
    "dehyperpol": (521, 721.5, 2721.5),
    "apthreshold": (UNKNOWN, 2002.3),
    "ramp": (UNKNOWN, 2002.3),
}


@dataclass
class Sweep:
    """A recorded current (nA), its sampling step (ms), its true timings (ms) and pulses (ms)."""

    current: np.ndarray
    dt: float
    times: Times
    pulses: tuple[tuple[float, float], ...] = ()


@dataclass
class Protocol:
    """The sweeps of one protocol of one cell."""

    case: str
    cell: str
    name: str
    family: str
    sweeps: list[Sweep] = field(default_factory=list)


def protocols(folder: pathlib.Path, cases: Sequence[str] = CASES) -> Iterator[Protocol]:
    """Read the recordings whose stimulus is known, each once."""
    seen: set[tuple[str, str, str]] = set()
    for case in cases:
        config = json.loads((folder / "cases" / case / "config.json").read_text(encoding="utf-8"))
        for cell, named in config["files_metadata"].items():
            for name, files in named.items():
                family = ecode_of(name).__name__
                protocol = Protocol(case, cell, name, family)
                for number, metadata in enumerate(files):
                    key = (
                        metadata.get("filepath") or metadata["i_file"],
                        name,
                        str(metadata.get("repetition")),
                    )
                    if key not in seen:
                        seen.add(key)
                        protocol.sweeps += list(_sweeps(folder, cell, name, family, metadata, number))
                if protocol.sweeps:
                    yield protocol


def _sweeps(
    folder: pathlib.Path, cell: str, name: str, family: str, metadata: Mapping, number: int
) -> Iterator[Sweep]:
    where = {
        k: str(folder / "recordings" / metadata[k]) for k in ("filepath", "i_file", "v_file") if k in metadata
    }
    if "filepath" in where:
        where.pop("v_file", None)
    full = {"protocol_name": name, **metadata, **where}
    found, _ = read(full)
    for index, sweep in enumerate(found):
        if sweep is None:
            continue
        trace = standardize(full, sweep)
        current = np.asarray(trace.current)
        pulses = _pulses(cell, number + index) if family == PULSES else ()
        times = (pulses[0][0], pulses[-1][1]) if pulses else _times(cell, name, current, trace.dt)
        if times:
            yield Sweep(current, trace.dt, times, pulses)


def _times(cell: str, name: str, current: np.ndarray, dt: float) -> Times:
    """True timings (ms); none where the file doesn't show the stimulus."""
    key = name.lower()
    if cell in _CELLS:
        return _CELLS[cell]
    if cell == "hh0":
        return _SIMULATED[key]
    if cell in ("vu", "vu1"):
        if key == "step":
            return (146.85, 646.85)
        if key == "ramp":
            return (15.6, 980.5) if np.ptp(current) else ()
        if key in ("iv", "sinespec"):  # its start was overwritten by the writer of the file; has no baseline
            return ()
    if key == "step":  # two protocols under one name
        return _SSCX["iv" if len(current) * dt < 2000 else "idrest"]
    if key == "apwaveform" and cell == "C060110A5" and abs(current[round(9.0 / dt)] - current[0]) < 0.2:
        return (11.1, 55.05)  # one sweep starts late
    return _SSCX[key]


def _pulses(cell: str, number: int) -> tuple[tuple[float, float], ...]:
    """True pulses (ms) of a SpikeRec sweep, by its position in the series."""
    if cell == "18425108_abf1":
        return tuple((1000.04 + 10 * k, 1002.04 + 10 * k) for k in range(20))
    if cell == "hh0":
        period = (10, 22, 42)[number]
        return tuple((20.0 + period * k, 22.0 + period * k) for k in range(4))
    if number == 0:
        return ((10.1, 16.15),)
    return ((10.1, 13.65), (13.6 + 10 * number, 16.15 + 10 * number))


def verdict(family: str, window: Window, times: Times, pulses: Sequence[tuple[float, float]] = ()) -> str:
    """Judge an answer: "hit", "unsure" (right, but it wouldn't say so), "miss" (and it says so), or "silent"."""
    found = [window.edges.get(name) for name in TIMINGS[family]]
    right = all(k is not None and _near(k * window.dt, t) for k, t in zip(found, times, strict=True))
    if family == PULSES:
        right = len(window.pulses) == len(pulses) and all(
            _near(a * window.dt, c) and _near(b * window.dt, d)
            for (a, b), (c, d) in zip(window.pulses, pulses, strict=True)
        )
    if right:
        return "hit" if window.sure else "unsure"
    return "silent" if window.sure else "miss"


def _near(found: float, true: float) -> bool | np.bool_:
    return np.isnan(true) or abs(found - true) <= NEAR * (1 + 1e-9)
