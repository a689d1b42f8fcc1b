"""Sweeps that were stopped and filled up, or have gaps filled with a constant; and what is still by nature."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.datasets import models, simulator, stimuli
from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import read
from efewidgets.engine.readers.padding import find_gaps
from efewidgets.extract import compute_rheobase, read_recordings

from .nwb_files import add_current, add_series, groups

DT = 0.1  # ms
N = 6000
TON, TOFF = 1000, 5000  # samples
REST, RESISTANCE, TAU = -70.0, 100.0, 10.0  # mV, MΩ, ms
FILLS = {"zeros": 0.0, "the last value": None, "the lowest integer": -32768 * 0.03}


def step(amp, n=N, ton=TON, toff=TOFF):
    """Return a current of one step, nA."""
    return np.where((np.arange(n) >= ton) & (np.arange(n) < toff), amp, 0.0)


def membrane(current, spikes=(), dt=DT, tau=TAU):
    """Return what a passive membrane answers (mV), with action potentials at some samples; without noise."""
    voltage, u = np.empty(len(current)), 0.0
    for k, i in enumerate(current):
        u += dt / tau * (RESISTANCE * i - u)
        voltage[k] = REST + u
    t = np.arange(len(current)) * dt
    for at in spikes:
        voltage += 90.0 * np.exp(-0.5 * ((t - at * dt) / 0.35) ** 2)
    return voltage


TIMES = tuple(range(TON + 100, TOFF, 150))
CLEAN = {amp: membrane(step(amp), TIMES if amp > 0.2 else ()) for amp in (-0.1, 0.05, 0.1, 0.3)}
RNG = np.random.default_rng(4)


def noise(size=0.1, n=N, seed=0):
    return np.random.default_rng(seed).normal(0, size, n)


def digits(samples, digit=0.03):
    return np.round(samples / digit) * digit


RECORDED = {
    "float64": lambda v: v,
    "float32": lambda v: v.astype(np.float32),
    "digits of a converter": digits,
    "filtered": lambda v: np.convolve(np.pad(v, 2, "edge"), [0.1, 0.2, 0.4, 0.2, 0.1], "valid"),
}
CURRENTS = ("computed", "computed, stopped too", "recorded", "recorded, stopped too")


def filled(samples, start, stop, value):
    samples = samples.copy()
    samples[start:stop] = samples[start - 1] if value is None else value
    return samples


def sweep(amp, fill, how, kind, start, stop=N):
    """Return voltage (mV) and current (nA) with a stretch filled in."""
    voltage, current = RECORDED[how](CLEAN[amp] + noise()), step(amp)
    if kind.startswith("recorded"):
        current = current + noise(0.002, seed=1)
    if kind.endswith("too"):
        current = filled(current, start, stop, FILLS[fill])
    return filled(voltage, start, stop, FILLS[fill]), current


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("how", RECORDED)
@pytest.mark.parametrize("kind", CURRENTS)
@pytest.mark.parametrize("amp", CLEAN)
@pytest.mark.parametrize("stop", [500, 3000, 5050, 5880])
def test_a_stop_is_seen_where_it_is(fill, how, kind, amp, stop):
    (gap,) = find_gaps(*sweep(amp, fill, how, kind, stop), DT)
    assert (gap.stop, stop - 10 <= gap.start <= stop) == (N, True)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("kind", CURRENTS)
@pytest.mark.parametrize("amp", CLEAN)
def test_a_gap_within_is_seen(fill, kind, amp):
    (gap,) = find_gaps(*sweep(amp, fill, "float32", kind, 3000, 3400), DT)
    assert (abs(gap.start - 3000) <= 1, abs(gap.stop - 3400) <= 1) == (True, True)


@pytest.mark.parametrize("fill", ["zeros", "the lowest integer"])
@pytest.mark.parametrize("kind", CURRENTS)
@pytest.mark.parametrize("amp", CLEAN)
@pytest.mark.parametrize("until", [300, 900, 2550])
def test_a_gap_at_the_start_is_seen(fill, kind, amp, until):
    (gap,) = find_gaps(*sweep(amp, fill, "digits of a converter", kind, 0, until), DT)
    assert (gap.start, gap.stop) == (0, until)


def test_chunks_that_were_never_written_are_seen_one_by_one():
    voltage, chunks = CLEAN[0.1] + noise(), [(512 * k, 512 * k + 512) for k in (1, 3, 4, 8)]
    for start, stop in chunks:
        voltage[start:stop] = 0.0
    found = [(gap.start, gap.stop) for gap in find_gaps(voltage, step(0.1), DT)]
    assert found == [(512, 1024), (1536, 2560), (4096, 4608)]


@pytest.mark.parametrize("stop", [1100, 3000, 5050])
@pytest.mark.parametrize("amp", CLEAN)
def test_a_computed_cell_that_is_filled_with_zeros_is_seen(stop, amp):
    voltage, current = filled(CLEAN[amp], stop, N, 0.0), step(amp)
    assert [gap.start for gap in find_gaps(voltage, current, DT)] == [stop]
    assert [gap.start for gap in find_gaps(voltage, filled(current, stop, N, 0.0), DT)] == [stop]


def test_channels_that_stop_some_samples_apart_end_with_the_first():
    voltage = filled(CLEAN[0.1] + noise(), 3004, N, 0.0)
    (gap,) = find_gaps(voltage, filled(step(0.1), 3000, N, 0.0), DT)
    assert gap.start == 3000


# --- what is still by nature


@pytest.mark.parametrize("name", ["regular_spiking", "fast_spiking", "intrinsically_bursting"])
def test_computed_cells_are_whole(name):
    currents = np.array([stimuli.step(amp, 20, 220, 900, DT) for amp in (-0.05, 0.0, 0.1, 0.3)])
    voltages = simulator.simulate(getattr(models, name)(), currents, DT)
    for voltage, current in zip(voltages, currents, strict=True):
        for samples in (voltage, voltage.astype(np.float32), *(digits(voltage, d) for d in (0.03, 0.3, 1.0))):
            assert find_gaps(samples, current, DT) == []
            assert find_gaps(samples, current + noise(0.002, len(current)), DT) == []


@pytest.mark.parametrize("digit", [0.03, 0.3, 1.0])
@pytest.mark.parametrize("size", [0.0, 0.05, 0.1, 0.3, 0.6])  # of a digit
@pytest.mark.parametrize("amp", CLEAN)
def test_coarse_digits_of_a_quiet_membrane_are_whole(digit, size, amp):
    for seed in range(5):
        shift = digit * np.random.default_rng(seed).uniform(-0.5, 0.5)
        voltage = digits(CLEAN[amp] + shift + noise(size * digit, seed=seed), digit)
        assert find_gaps(voltage, step(amp), DT) == []
        assert find_gaps(voltage, step(amp) + noise(0.002, seed=seed), DT) == []


def resistor(current):
    return REST + RESISTANCE * current


NOISY = CLEAN[0.1] + noise()
STILL = {
    "a constant": (np.full(N, REST), step(0.1)),
    "a resistor": (resistor(step(0.1)), step(0.1)),
    "a resistor, cut inside its step": (resistor(step(0.1, toff=N)), step(0.1, toff=N)),
    "a resistor and a noisy current": (resistor(step(0.1)), step(0.1) + noise(0.001)),
    "an access resistance": (CLEAN[0.1] + 300 * step(0.1), step(0.1)),
    "a leap to rest": (np.where(step(1.0) > 0, CLEAN[0.3], REST), step(0.3)),
    "an amplifier at its limit": (np.clip(CLEAN[0.3] + noise(), None, 10.0), step(0.3)),
    "an amplifier at its limit for 15 ms": (filled(NOISY, 2000, 2150, 50.0), step(0.1)),
    "an amplifier at its limit for 100 ms": (
        np.clip(NOISY + 60 * np.exp(-(((np.arange(N) - 3000) / 900) ** 2)), None, -20.0),
        step(0.1),
    ),
    "switched off for 3 ms": (filled(NOISY, 1000, 1030, None), step(0.1)),
    "the first value held by a reader": (filled(NOISY[::-1], N - 900, N, None)[::-1], step(0.1)),
    "a command that is still, and a noisy voltage": (NOISY, step(0.0)),
    "a commanded noise": (NOISY, np.where(step(1.0) > 0, noise(0.1, seed=3), 0.0)),
}


@pytest.mark.parametrize("name", STILL)
def test_what_is_still_for_another_reason_is_whole(name):
    assert find_gaps(*STILL[name], DT) == []


# --- what becomes of the sweeps


def made(voltage, current, name):
    units = {"t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return {"voltage": voltage, "current": current, "dt": DT, "id": name, **units}


def cell(sweeps, tmp_path):
    """Return the cell of some sweeps, with its rheobase."""
    (tmp_path / "a.dat").write_bytes(b"x")
    files = {"c": {"Step": [{"filepath": str(tmp_path / "a.dat")}]}}
    cells = read_recordings(files, recording_reader=lambda _: sweeps, efel_settings={"Threshold": -20.0})
    compute_rheobase(cells, ["Step"], "absolute")
    return cells[0]


AMPS = (0.05, 0.1, 0.3, 0.3)


def stopped(value, which=(1, 3), at=3000):
    """Return four sweeps of which some are filled with a value from a sample on."""
    sweeps = []
    for k, amp in enumerate(AMPS):
        voltage = CLEAN[amp] + noise(seed=k)
        voltage = filled(voltage, at, N, value) if k in which else voltage
        sweeps.append(made(voltage, step(amp), f"s{k}"))
    return sweeps


def known(found):
    return [(r.label, r.amp, r.hypamp, r.ton, r.toff, r.tend, r.spikecount) for r in found.recordings]


def test_a_sweep_that_was_filled_with_zeros_is_what_it_is_if_filled_with_nan(tmp_path):
    zeros, nan = (cell(stopped(value), tmp_path) for value in (0.0, np.nan))
    assert known(zeros) == known(nan)
    assert [r.tend for r in zeros.recordings] == pytest.approx([600, 300, 600, 300])


def test_levels_and_spikes_of_a_stopped_sweep_are_those_until_the_stop(tmp_path):
    found = cell(stopped(0.0), tmp_path)
    assert [r.amp for r in found.recordings] == pytest.approx(AMPS)
    before = sum(at < 3000 - 5 for at in TIMES)
    assert [r.spikecount for r in found.recordings] == [0, 0, len(TIMES), before]
    told = [problem.message for problem in found.all_problems()]
    assert sum("stands still at 0 from 300 ms to the end (600 ms)" in message for message in told) == 1
    assert sum("ends at 300 ms, inside its stimulus" in message for message in told) == 2


def test_the_input_resistance_of_a_stopped_sweep_is_the_cell_s(tmp_path):
    whole, cut = cell(stopped(0.0), tmp_path).recordings[:2]
    name = "ohmic_input_resistance_vb_ssse"
    for recording in (whole, cut):
        (value,) = recording.call_efel([name])[0][name]
        assert value == pytest.approx(RESISTANCE, rel=0.01)


def test_a_short_tail_is_told_and_changes_nothing(tmp_path):
    whole, cut = (cell(stopped(0.0, which), tmp_path) for which in ((), (1, 3)))
    cut = cell(stopped(0.0, at=N - N // 50), tmp_path)
    same = ("amp", "hypamp", "ton", "toff", "spikecount")
    for a, b in zip(whole.recordings, cut.recordings, strict=True):
        assert [getattr(a, name) for name in same] == [getattr(b, name) for name in same]
    assert "stands still" in " ".join(problem.message for problem in cut.all_problems())
    assert "stands still" not in " ".join(problem.message for problem in whole.all_problems())


def test_a_sweep_with_a_gap_is_left_out_and_the_others_stay(tmp_path):
    sweeps = stopped(0.0, ())
    sweeps[1]["voltage"][2000:2500] = 0.0
    sweeps[2]["voltage"][:300] = 0.0
    found = cell(sweeps, tmp_path)
    assert [r.label for r in found.recordings] == ["s0", "s3"]
    told = {
        problem.recording: problem.message for problem in found.all_problems() if problem.severity == "error"
    }
    assert "stands still at 0 from 200 to 250 ms" in told["s1"]
    assert "stands still at 0 from 0 to 30 ms" in told["s2"]
    assert all("filled in, not recorded" in message for message in told.values())


def test_nan_and_zeros_together_are_cut(tmp_path):
    sweeps = stopped(0.0)
    sweeps[1]["voltage"][5000:] = np.nan
    sweeps[3]["current"][4000:] = np.nan
    assert [r.tend for r in cell(sweeps, tmp_path).recordings] == pytest.approx([600, 300, 600, 300])


def test_an_nwb_file_of_integers_that_ends_with_zeros(tmp_path):
    path = tmp_path / "a.nwb"
    kinds = ("CurrentClampSeries", "CurrentClampStimulusSeries")
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k, amp in enumerate((0.05, 0.1)):
            numbers = np.round(100 * (CLEAN[amp] + noise(seed=k))).astype(np.int16)
            numbers = filled(numbers, 3000, N, 0) if k == 1 else numbers
            add_series(acquisition, f"s{k}", numbers, conversion=1e-5, kind=kinds[0], sweep_number=k)
            add_current(presentation, f"c{k}", 1e3 * step(amp), kind=kinds[1], sweep_number=k)
    sweeps, problems = read({"filepath": str(path), "protocol_name": "Step"})
    assert [len(found["voltage"]) for found in sweeps if found] == [N, 3000]
    assert [len(found["current"]) for found in sweeps if found] == [N, 3000]
    (told,) = [problem for problem in problems if "stands still at 0 from 300 ms" in problem.message]
    assert (told.recording, told.severity) == ("s1", "warning")


@pytest.mark.parametrize("at", [0, 2, 15])
def test_a_sweep_that_was_never_recorded_is_left_out(tmp_path, at):
    (tmp_path / "a.dat").write_bytes(b"x")
    sweeps = [made(filled(CLEAN[amp] + noise(), at, N, 0.0), step(amp), f"s{amp}") for amp in (0.1, 0.3)]
    with pytest.raises(ReadError, match=r"the voltage is 0 all along"):
        read({"filepath": str(tmp_path / "a.dat")}, lambda _: sweeps)
