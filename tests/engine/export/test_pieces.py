"""Stimuli rebuilt from protocols.json, and taken apart into pieces: against waveforms drawn here by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from efewidgets.engine.export.pieces import pieces, rebuild, stimulus_from
from efewidgets.engine.outputs.standard_files import to_json
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.ecodes import FAMILIES, eCodes, register_ecode

DT = 0.5
HOLDING = {"delay": 0.0, "amp": -0.02, "duration": 100.0, "totduration": 100.0}


def entry(**step):
    return {"holding": HOLDING, "step": {"totduration": 100.0, "thresh_perc": 150.0, **step}}


def at(time, current, ms):
    """The current at a time, above the holding current."""
    return current[np.argmin(np.abs(time - ms))] + 0.02


# name, entry, {time: nA above holding}
CASES = {
    "IDrest_150": (
        entry(delay=20.0, duration=50.0, amp=0.3),
        {0: 0, 19.5: 0, 20: 0.3, 69.5: 0.3, 70: 0, 99.5: 0},
    ),
    "sAHP_150": (
        entry(delay=10.0, tmid=30.0, tmid2=50.0, toff=90.0, duration=20.0, amp=0.3, long_amp=0.1),
        {9.5: 0, 10: 0.1, 29.5: 0.1, 30: 0.3, 49.5: 0.3, 50: 0.1, 89.5: 0.1, 90: 0},
    ),
    # from 0 at 20 ms to the full height at the last sample before 70 ms
    "APThreshold_150": (
        entry(delay=20.0, duration=50.0, amp=0.99),
        {19.5: 0, 20: 0, 45: 0.5, 69.5: 0.99, 70: 0},
    ),
    "HyperDePol_-100": (
        entry(delay=10.0, tmid=40.0, toff=80.0, duration=70.0, amp=-0.1, amp2=0.2),
        {9.5: 0, 10: -0.1, 39.5: -0.1, 40: 0.2, 79.5: 0.2, 80: 0},
    ),
    "DeHyperPol_-100": (
        entry(delay=10.0, tmid=40.0, toff=80.0, duration=70.0, amp=0.1, amp2=-0.2),
        {10: 0.1, 40: -0.2, 80: 0},
    ),
    "PosCheops_300": (
        entry(delay=10.0, t1=30.0, t2=40.0, t3=50.0, t4=60.0, toff=64.0, duration=54.0, amp=0.3),
        {10: 0, 20: 0.3, 30: 0, 35: 0, 45: 0.3, 50: 0, 62: 0.3, 64: 0},
    ),
    "SpikeRec_20": (
        entry(delay=10.0, n_spikes=3, spike_duration=2.0, delta=18.0, amp=1.0),
        {9.5: 0, 10: 1, 11.5: 1, 12: 0, 29.5: 0, 30: 1, 32: 0, 50: 1, 52: 0, 70: 0},
    ),
    "CapCheck_100": (
        entry(delay=10.0, duration=2.0, amp=0.5, dt=0.5, waveform=[1.0, -1.0, 0.5, 0.25]),
        {9.5: 0, 10: 0.5, 10.5: -0.5, 11: 0.25, 11.5: 0.125, 12: 0},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stimulus_is_rebuilt_from_its_entry(name):
    data, expected = CASES[name]
    time, current = rebuild(json.loads(to_json(data)), name, dt=DT)
    assert time[0] == 0
    assert len(time) == len(current) == 200
    assert {ms: round(at(time, current, ms), 9) for ms in expected} == pytest.approx(expected, abs=2e-3)


def test_a_chirp_counts_its_time_from_the_start_of_the_sweep():
    chirp = {
        "chirp_frequency_base": 1.0,
        "chirp_frequency_scale": 1.0,
        "chirp_frequency_denominator": 5.15,
        "chirp_time_offset": 0.1,
    }
    holding = {**HOLDING, "duration": 5300.0, "totduration": 5300.0}
    step = {"delay": 150.0, "duration": 4950.0, "amp": 0.2, "totduration": 5300.0, **chirp}
    time, current = rebuild({"holding": holding, "step": step}, "SineSpec_50", dt=0.1)
    u = 1.0  # s after the offset: 1100 ms of the sweep
    assert at(time, current, 1100) == pytest.approx(
        0.2 * np.sin(2 * np.pi * (1 + 1 / (5.15 - u)) * u), abs=1e-9
    )
    assert at(time, current, 149) == at(time, current, 5101) == 0


def played(parts, time):
    """The sum of pieces, drawn by the definition of each."""
    total = np.zeros(len(time))
    for part in parts:
        if part["shape"] == "samples":
            n = ((time - part["delay"]) / part["dt"] + 1e-6).astype(int)
            inside = (time >= part["delay"] - 1e-9) & (n < len(part["current"]))
            total[inside] += np.array(part["current"])[n[inside]]
            continue
        inside = (time >= part["delay"] - 1e-9) & (time < part["delay"] + part["duration"] - 1e-9)
        if part["shape"] == "square":
            total[inside] += part["amp"]
        else:
            slope = (part["end"] - part["start"]) / part["duration"]
            total[inside] += part["start"] + slope * (time[inside] - part["delay"])
    return total


@pytest.mark.parametrize("name", CASES)
def test_the_pieces_of_a_stimulus_add_up_to_it(name):
    stimulus = stimulus_from(CASES[name][0], name, dt=0.05)
    time, current = stimulus.generate()
    parts = pieces(stimulus)
    # a ramp's last sample stands at its end, so that one of n samples lags by 1/n of the height
    assert played(parts, time) == pytest.approx(current + 0.02, abs=0.3 * 0.05 / 2 + 2e-3)


def test_pieces_know_their_share_of_the_rheobase():
    data = entry(
        delay=10.0, tmid=30.0, tmid2=50.0, toff=90.0, duration=20.0, amp=0.3, long_amp=0.1, long_amp_rel=50.0
    )
    short, before, after = pieces(stimulus_from(data, "sAHP_150"))
    assert (short["amp_rel"], before["amp_rel"], after["amp_rel"]) == (150.0, 50.0, 50.0)


def test_a_lab_s_own_family_that_draws_otherwise_comes_as_samples():
    class Sawtooth(FAMILIES["Step"]):
        def generate(self):
            time, current = self.holding()
            current[self.index(self.ton) : self.index(self.toff)] += self.amp * (time[:100] % 10) / 10
            return time, current

    register_ecode("labsaw", Sawtooth)
    try:
        stimulus = stimulus_from(entry(delay=20.0, duration=50.0, amp=0.3), "labsaw_150", dt=DT)
        (part,) = pieces(stimulus)
    finally:
        eCodes.pop("labsaw")
        FAMILIES.pop("Sawtooth")
    assert part["shape"] == "samples"
    assert part["delay"] == 20.5  # the first sample is 0
    assert part["current"][:19] == pytest.approx([0.3 * k / 20 for k in range(1, 20)])


def test_a_name_that_tells_nothing_needs_the_kind():
    data = entry(delay=20.0, duration=50.0, amp=0.3)
    with pytest.raises(EfeError, match="kind"):
        rebuild(data, "my own")
    _, ramp = rebuild(data, "my own", kind="Ramp", dt=DT)
    _, step = rebuild(data, "my own", kind="Step", dt=DT)
    assert ramp[60] + 0.02 == pytest.approx(0.3 * 20 / 99)
    assert step[60] + 0.02 == pytest.approx(0.3)


@pytest.mark.parametrize("lacking", ["amp", "duration", "delay", "totduration"])
def test_an_entry_that_lacks_something_is_refused_by_name(lacking):
    data = entry(delay=20.0, duration=50.0, amp=0.3)
    del data["step"][lacking]
    with pytest.raises(EfeError, match={"duration": "toff"}.get(lacking, lacking)):
        rebuild(data, "IDrest_150")
