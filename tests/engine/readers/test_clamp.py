"""Sweeps in voltage clamp are no recordings of a cell that was given a current: told by the file, or by the samples."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.clamp import clamp_in_words, is_command

from .binary_files import write_abf1, write_ibw
from .nwb_files import add_current, add_series, groups, step, volts

DT = 0.05  # ms


def command(levels=(-70.0, -50.0, -70.0), ms=(50.0, 200.0, 150.0)):
    """Return a command of steps, mV."""
    return np.concatenate([np.full(round(t / DT), level) for level, t in zip(levels, ms, strict=True)])


def clamped(voltage, noise=3.0, leak=0.2, seed=0):
    """Return what a cell of 5 GΩ (`leak` in pA/mV) with capacitive transients of 1 nA answers to a command, pA."""
    jumps = np.diff(voltage, prepend=voltage[0])
    transients = np.convolve(jumps * 50, np.exp(-np.arange(400) * DT / 1.0))[: len(voltage)]
    return (voltage + 60) * leak + transients + np.random.default_rng(seed).normal(0, noise, len(voltage))


def membrane(current, noise=0.05, resistance=0.1, tau=10.0, rest=-70.0, seed=0, access=0.0):
    """Return what a passive membrane answers to a current (pA; `resistance` in GΩ), mV."""
    voltage, u = np.empty(len(current)), 0.0
    for k, i in enumerate(current):
        u += DT / tau * (resistance * i - u)
        voltage[k] = rest + u + access * i
    return voltage + np.random.default_rng(seed).normal(0, noise, len(current))


def digitised(samples, digit):
    return np.round(samples / digit) * digit


def filtered(samples):
    """Return samples as a filter of about 5 kHz leaves them: a step takes three samples."""
    return np.convolve(np.r_[[samples[0]] * 2, samples, [samples[-1]]], [0.1, 0.4, 0.4, 0.1], "valid")


# --- by the samples

COMMANDS = {
    "a step": command(),
    "down": command((-70.0, -120.0, -70.0)),
    "two pulses": command((-70, 0, -70, 0, -70), (50, 20, 50, 20, 50)),
    "stopped within the step": command((-70.0, -50.0), (50.0, 350.0)),
    "a brief step of 2 ms": command((-70.0, 0.0, -70.0), (50.0, 2.0, 150.0)),
    "a family with a prepulse": command((-80, -110, -40, -80), (20, 100, 150, 60)),
    "5 mV only": command((-70.0, -65.0, -70.0)),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("recorded", ["exact", "float32", "with one digit of noise", "filtered"])
def test_a_noiseless_step_is_a_command(name, recorded):
    voltage = COMMANDS[name]
    current = clamped(voltage)
    if recorded == "float32":
        voltage = voltage.astype(np.float32)
    if recorded == "with one digit of noise":
        voltage = digitised(voltage + np.random.default_rng(1).normal(0, 0.01, len(voltage)), 0.0305)
    if recorded == "filtered":
        voltage = filtered(voltage)
    assert is_command(voltage, current)
    assert is_command(voltage * 1e-3, current * 1e-12)  # whatever the unit


def test_a_command_that_was_filtered_and_sampled_often_is_a_command(tmp_path):
    # At 100 kHz a filter of 2 kHz lets a step take some 20 samples.
    rise = np.linspace(0, 1, 20)
    voltage = -70 + 20 * np.concatenate([np.zeros(5000), rise, np.ones(20000), 1 - rise, np.zeros(15000)])
    samples = {"voltage": voltage, "current": clamped(voltage), "dt": 0.01, "t_unit": "ms"}
    (tmp_path / "a.dat").write_bytes(b"x")
    with pytest.raises(ReadError, match="looks like voltage clamp"):
        read(
            {"filepath": str(tmp_path / "a.dat"), "v_unit": "mV", "i_unit": "pA"},
            lambda _: [samples],
        )


def test_a_command_is_told_by_its_own_noise_not_by_the_size_of_the_answer():
    voltage = command()
    assert is_command(voltage, clamped(voltage, noise=30.0, leak=0.01))
    assert is_command(voltage, clamped(voltage, noise=0.5, leak=20.0))


@pytest.mark.parametrize("current", ["nothing", "a constant", "noise alone"])
def test_a_step_without_noise_is_a_command_whatever_the_current(current):
    voltage = command()
    currents = {
        "nothing": np.zeros(len(voltage)),
        "a constant": np.full(len(voltage), -60.0),
        "noise alone": np.random.default_rng(2).normal(-60, 3.0, len(voltage)),
    }
    assert is_command(voltage, currents[current])


def test_of_two_computed_steps_nobody_can_tell_which_was_commanded():
    assert not is_command(command(), (command() + 10.0) * 1.0)


CURRENT = command((0.0, 100.0, 0.0))
SMALL = command((0.0, 10.0, 0.0))
QUIET = np.random.default_rng(5).normal(0, 1.0, len(CURRENT))

MEMBRANES = {
    "a step": (membrane(CURRENT), CURRENT),
    "a recorded current, noisier than the voltage": (membrane(CURRENT, 0.01), CURRENT + 5 * QUIET),
    "a fast membrane": (membrane(CURRENT, tau=1.0), CURRENT + QUIET),
    "a bridge out of balance": (membrane(CURRENT, access=0.05), CURRENT + QUIET),
    "no answer but artefacts": (
        membrane(SMALL, 0.05, 0.001) + 60 * np.abs(np.diff(SMALL, prepend=0)) / 10,
        SMALL + QUIET,
    ),
    "coarse digits": (digitised(membrane(CURRENT, 0.02), 0.3), CURRENT + QUIET),
    "a simulation without noise": (membrane(CURRENT, 0.0), CURRENT),
    "silence": (np.full(len(CURRENT), -70.0), np.zeros(len(CURRENT))),
    "silence with a noisy current": (membrane(0 * CURRENT), QUIET),
    "an electrode in the bath": (digitised(-1 + 0.005 * CURRENT + 0.02 * QUIET, 0.03), CURRENT),
}


@pytest.mark.parametrize("name", MEMBRANES)
def test_membranes_are_no_commands(name):
    voltage, current = MEMBRANES[name]
    assert not is_command(voltage, current)


@pytest.mark.parametrize("digit", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("amp", [10.0, 20.0, 50.0, 100.0, 300.0])
@pytest.mark.parametrize("tau", [0.5, 2.0, 10.0, 30.0])
def test_a_quiet_membrane_rounded_to_few_numbers_is_no_command(digit, amp, tau):
    current = command((0.0, amp, 0.0))
    voltage = digitised(membrane(current, 0.0, tau=tau), digit)
    assert not is_command(voltage, current)
    assert not is_command(voltage, current + 0.5 * QUIET)


@pytest.mark.parametrize("last", [True, False])
def test_a_sweep_that_was_stopped_and_padded_is_no_command(last):
    voltage, current = digitised(membrane(SMALL, 0.03), 0.03), SMALL + QUIET
    half = len(voltage) // 8
    voltage[half:] = voltage[half - 1] if last else 0.0
    current[half:] = current[half - 1] if last else 0.0
    assert not is_command(voltage, current)


def test_too_short_or_not_finite_is_no_command():
    assert not is_command(np.array([0.0, 1.0, 1.0]), np.array([0.0, 2.0, 1.0]))
    voltage = command()
    voltage[100] = np.inf
    assert not is_command(voltage, clamped(command()))


# --- by words


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ("Clamp mode: V-Clamp", "voltage"),
        ("clamp_mode=VC;gain=1", "voltage"),
        ("Mode: I-Clamp\nGain: 10", "current"),
        ("Clamp Mode: 0\nHolding: -70", "voltage"),
        ("Clamp Mode: 1", "current"),
        ("Clamp Mode: 2", "current"),
        ("recording mode: I = 0", "current"),
        ("whole-cell voltage clamp, 35 °C", "voltage"),
        ("Current Clamp", "current"),
        ("UNITS0#A\nGAIN0#1e-12", "current"),
        ("UNITS0#V\nGAIN0#1e-3", "voltage"),
        ("UNITS0#pA", "current"),
        ("voltage clamp, then current clamp", None),
        ("UNITS0#A\nUNITS1#V", None),
        ("acquired at 20 kHz in DC mode", None),
        ("file VC12_cell.ibw mode: fast", None),
        ("", None),
    ],
)
def test_notes(words, mode):
    assert clamp_in_words(words) == mode


# --- in every format that says it


def igor(folder, note=b"", version=5, voltage=None, current=None):
    voltage = membrane(CURRENT) if voltage is None else voltage
    current = CURRENT if current is None else current
    for name, samples, unit in (("v.ibw", voltage, "mV"), ("i.ibw", current, "pA")):
        path = write_ibw(folder / name, samples.astype(np.float32), DT / 1000, unit, version=version)
        raw = bytearray(path.read_bytes())
        at = 12 if version == 5 else 6
        raw[at : at + 4] = len(note).to_bytes(4, "big")
        path.write_bytes(bytes(raw) + note)
    return {"v_file": str(folder / "v.ibw"), "i_file": str(folder / "i.ibw")}


@pytest.mark.parametrize("version", [2, 3, 5])
def test_the_note_of_an_igor_wave_says_it(tmp_path, version):
    (sweep,), problems = read(igor(tmp_path, b"\rVERSION#2\rUNITS0#A\rGAIN0#1e-12\r", version))
    assert problems == []
    assert sweep["clamp_mode"] == "current"
    with pytest.raises(ReadError, match="in voltage clamp, as the file says"):
        read(igor(tmp_path, b"\rVERSION#2\rUNITS0#V\rGAIN0#1e-3\r", version))
    (sweep,), _ = read(igor(tmp_path, b"what a fine cell", version))
    assert "clamp_mode" not in sweep


def test_what_a_note_says_beats_the_samples(tmp_path):
    metadata = igor(tmp_path, b"\rUNITS0#A\r", voltage=command(), current=clamped(command()))
    assert len(read(metadata)[0]) == 1
    with pytest.raises(ReadError, match="looks like voltage clamp"):
        read(igor(tmp_path, voltage=command(), current=clamped(command())))


def test_what_a_person_says_beats_all(tmp_path):
    metadata = igor(tmp_path, voltage=command(), current=clamped(command()))
    assert len(read(metadata | {"clamp_mode": "current"})[0]) == 1
    with pytest.raises(ReadError, match="as the metadata say"):
        read(igor(tmp_path) | {"clamp_mode": "voltage"})
    with pytest.raises(ReadError, match="must be 'current' or 'voltage', but is 'VC'"):
        read(metadata | {"clamp_mode": "VC"})


def test_an_axon_file_without_a_mode_is_told_by_its_samples(tmp_path):
    # One digit is 10/32768 in both channels: 100 mV and 3 nA are 327680 digits, so both are written in V and nA.
    channels = [("Vcmd", "V"), ("Im", "nA")]

    def digits(voltage, current):
        return np.round(np.column_stack([voltage * 1e-3, current * 1e-3]) * 3276.8).astype(np.int16)

    sweeps = [digits(command((-70, level, -70)), clamped(command((-70, level, -70)))) for level in (-50, -40)]
    sweeps.append(digits(membrane(CURRENT), CURRENT))
    path = write_abf1(tmp_path / "a.abf", channels, sweeps, DT * 1000)
    found, (problem,) = read({"filepath": str(path)})
    assert [sweep is None for sweep in found] == [True, True, False]
    assert problem.severity == "error"
    assert "looks like voltage clamp" in problem.message
    assert "(2 sweeps: sweep 1, sweep 2)" in problem.message


@pytest.mark.parametrize("hdf5", [False, True])
def test_an_export_of_patchmaster_is_told_by_its_samples(tmp_path, hdf5):
    t = np.arange(len(CURRENT)) * DT / 1000
    variables = {
        "Trace_1_1_1_1": np.column_stack([t, clamped(command()) * 1e-12]),
        "Trace_1_1_1_2": np.column_stack([t, command() * 1e-3]),
        "Trace_1_2_1_1": np.column_stack([t, CURRENT * 1e-12]),
        "Trace_1_2_1_2": np.column_stack([t, membrane(CURRENT) * 1e-3]),
    }
    path = tmp_path / "a.mat"
    if hdf5:
        with h5py.File(path, "w") as file:
            for name, values in variables.items():
                file[name] = values.T
    else:
        from scipy.io import savemat

        savemat(path, variables)
    found, (problem,) = read({"filepath": str(path), "v_unit": "V", "i_unit": "A", "t_unit": "s"})
    assert [sweep is None for sweep in found] == [True, False]
    assert problem.recording == "Trace_1_1_1"
    assert "looks like voltage clamp" in problem.message


def test_a_table_is_told_by_its_samples(tmp_path):
    path = tmp_path / "a.csv"
    rows = np.column_stack([np.arange(len(CURRENT)) * DT, command(), clamped(command())])
    np.savetxt(path, rows, "%.4f", delimiter=",", header="t (ms),V (mV),I (pA)", comments="")
    with pytest.raises(ReadError, match="looks like voltage clamp"):
        read({"filepath": str(path)})
    rows = np.column_stack([np.arange(len(CURRENT)) * DT, membrane(CURRENT), CURRENT])
    for words, used in (("recording mode: VC", False), ("clamp mode: I-Clamp", True)):
        header = f"# {words}\nt (ms),V (mV),I (pA)"
        np.savetxt(path, rows, "%.4f", delimiter=",", header=header, comments="")
        if used:
            assert len(read({"filepath": str(path)})[0]) == 1
        else:
            with pytest.raises(ReadError, match="in voltage clamp, as the file says"):
                read({"filepath": str(path)})


def test_inspection_says_it_without_samples(tmp_path):
    metadata = igor(tmp_path, b"\rUNITS0#V\r")
    assert "voltage clamp" in inspect(metadata["v_file"]).problems[-1].message
    path = write_abf1(tmp_path / "a.abf", [("Vm", "mV"), ("Im", "pA")], [np.zeros((99, 2), np.int16)], 100.0)
    raw = bytearray(path.read_bytes())
    for at, number in ((4512, 1), (4544, 24), (4768, 0)):
        raw[at : at + 2] = number.to_bytes(2, "little")
    raw[4576:4580] = np.float32(1.0).tobytes()
    path.write_bytes(bytes(raw))
    assert "voltage clamp, as the amplifier told" in inspect(path).problems[-1].message


def test_the_type_of_an_nwb_series_says_it(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        add_series(acquisition, "one", volts(0), kind="CurrentClampSeries", sweep_number=1)
        add_current(presentation, "one", step(0), kind="CurrentClampStimulusSeries", sweep_number=1)
        add_current(acquisition, "two", step(1), kind="VoltageClampSeries", sweep_number=2)
        add_series(presentation, "two", volts(1), kind="VoltageClampStimulusSeries", sweep_number=2)
        add_series(acquisition, "three", volts(0), kind="IZeroClampSeries", sweep_number=3)
    found, problems = read({"filepath": str(path)})
    assert [sweep["id"] for sweep in found] == ["one"]
    told = {problem.recording: problem for problem in problems}
    assert set(told) - {None} == {"two", "three"}
    assert "voltage clamp" in told["two"].message
    assert "I = 0" in told["three"].message
    assert {problem.severity for problem in problems} == {"note"}


def test_a_lab_s_own_reader_may_say_it(tmp_path):
    sweep = {
        "voltage": membrane(CURRENT),
        "current": CURRENT,
        "dt": DT,
        "t_unit": "ms",
        "v_unit": "mV",
        "i_unit": "pA",
    }
    (tmp_path / "a.dat").write_bytes(b"x")
    metadata = {"filepath": str(tmp_path / "a.dat")}
    found, (problem,) = read(metadata, lambda _: [sweep, {**sweep, "clamp_mode": "voltage"}])
    assert [one is None for one in found] == [False, True]
    assert (problem.recording, problem.severity) == ("sweep 2", "note")


def test_no_sweep_of_real_cells_is_taken_for_voltage_clamp(shared_data):
    folder = shared_data / "recordings"
    for path in sorted(folder.glob("abf*/*.abf")):
        found, problems = read({"filepath": str(path)})
        assert all(sweep is not None for sweep in found), problems
