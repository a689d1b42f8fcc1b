"""Impedance: that of a membrane whose impedance is known, and eFEL's frequency."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.figures import draw_all, impedance_figures
from efewidgets.engine.figures.impedance import impedance, smoothed
from efewidgets.engine.problems import EfeError
from tests.engine.figures.fakes import FakeCell, FakeRecording, assert_readable, written_on

R, C = 120.0, 0.1  # MΩ, nF: a time constant of 12 ms


def membrane(n: int, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Noise current (nA) into a resistor and a capacitor, and the voltage (mV), exact for a periodic current."""
    current = np.random.default_rng(3).normal(0, 0.05, n)
    z = R / (1 + 2j * np.pi * np.fft.rfftfreq(n, dt / 1000) * R * C / 1000)
    return np.fft.irfft(np.fft.rfft(current) * z, n) - 70, current


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.4])
def test_of_a_resistor_and_a_capacitor_at_any_sampling_interval(dt):
    voltage, current = membrane(round(6000 / dt), dt)
    frequency, modulus, _ = impedance(voltage, current, dt, 50.0)
    assert frequency[0] == pytest.approx(1 / 6)
    assert 49.8 < frequency[-1] <= 50
    assert modulus == pytest.approx(R / np.sqrt(1 + (2 * np.pi * frequency * R * C / 1000) ** 2), rel=1e-6)


def sine_sweep(resonance: float = 0.0) -> FakeRecording:
    """A chirp from 1 to 40 Hz; with a resonance, the voltage is that of a damped oscillator."""
    recording = FakeRecording(protocol_name="SineSpec", tend=5000.0, ton=0.0, toff=5000.0)
    t = recording.t / 1000
    recording.current = 0.05 * np.sin(2 * np.pi * (1 + 39 * t / 10) * t)
    f = np.fft.rfftfreq(len(t), 1e-4)
    z = R / (1 + 0.4j * (f / resonance - resonance / np.maximum(f, 1e-9)) * 5)
    recording.voltage = -70 + np.fft.irfft(np.fft.rfft(recording.current) * z, len(t))
    return recording


@pytest.mark.parametrize("resonance", [8.0, 15.0])
def test_greatest_where_the_membrane_resonates(resonance):
    (job,) = impedance_figures(FakeCell("A", [sine_sweep(resonance)]))
    assert job.data.peak == pytest.approx(resonance, abs=0.6)
    assert f"greatest at {job.data.peak:#.3g} Hz" in " ".join(t.string for t in written_on(job.pages()[0]))
    assert_readable(job.pages()[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_peak_is_that_of_efel_where_its_step_is_the_recording_s():
    """The feature `impedance` of eFEL, told the right sampling interval, is an independent second opinion."""
    efel = pytest.importorskip("efel")
    recording = sine_sweep(12.0)
    efel.reset()
    efel.set_setting("interp_step", 0.1)
    trace = {"T": recording.t, "V": recording.voltage, "I": recording.current}
    trace |= {"stim_start": [0.0], "stim_end": [4990.0]}
    try:
        (found,) = efel.get_feature_values([trace], ["impedance"])
    finally:
        efel.reset()
    (job,) = impedance_figures(FakeCell("A", [recording]))
    assert job.data.peak == pytest.approx(found["impedance"][0], abs=0.021)  # eFEL takes one sample less


def test_names_and_end_of_the_axis():
    cell = FakeCell("A", [FakeRecording(), sine_sweep(9.0), sine_sweep(9.0)])
    jobs = impedance_figures(cell, {"impedance_max_freq": 20.0})
    assert [job.path for job in jobs] == [f"A/impedance/A_SineSpec_{i}_sweep_impedance" for i in (0, 1)]
    assert jobs[0].data.frequency[-1] == pytest.approx(20.0)


def test_says_where_the_current_has_hardly_any_power():
    low, high = impedance_figures(FakeCell("A", [sine_sweep(12.0)]))[0].data.driven
    assert low < 2
    assert 38 < high < 48


def test_spikes_are_pointed_out():
    recording = sine_sweep(12.0)
    recording.peak_time = [100.0]
    (job,) = impedance_figures(FakeCell("A", [recording]))
    (page,) = job.pages()
    assert any(text.string.startswith("1 spike:") for text in written_on(page))
    assert_readable(page)


@pytest.mark.parametrize(
    "broken", [{"current": np.zeros(50_000)}, {"voltage": np.full(50_000, np.nan)}, {"t": []}]
)
def test_what_cannot_be_computed_is_a_problem_of_that_figure(broken, tmp_path):
    recording = sine_sweep(12.0)
    for name, value in broken.items():
        setattr(recording, name, value)
    jobs = impedance_figures(FakeCell("A", [recording, sine_sweep(12.0)]))
    paths, problems = draw_all(jobs, tmp_path)
    assert [path.name for path in paths] == ["A_SineSpec_1_sweep_impedance.pdf"]
    (problem,) = problems
    assert (problem.severity, problem.kind, problem.cell, problem.protocol) == (
        "error",
        "output",
        "A",
        "SineSpec",
    )


def test_too_short_for_any_frequency():
    with pytest.raises(EfeError, match="too short"):
        impedance(np.zeros(3), np.zeros(3), 0.1)


def test_smoothing_keeps_a_flat_line():
    assert smoothed(np.full(50, 7.0)) == pytest.approx(np.full(50, 7.0))
