"""Pages of recordings: every recording, its spikes and its stimulus, readable."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from efewidgets.engine.figures import plot_recording, recordings_figures
from efewidgets.engine.figures.recordings import PIXELS
from efewidgets.engine.figures.sweeps import sweep_view
from tests.engine.figures.fakes import FakeCell, FakeRecording, assert_readable, written_on


def drawn_lines(page):
    return [artist for artist in page.get_children() if hasattr(artist, "get_xdata")]


def test_one_figure_a_protocol_named_as_by_bluepyefe(cells):
    cells[0].recordings[0].protocol_name = "IV"
    assert [job.path for job in recordings_figures(cells[0])] == [
        "A/A_IV_recordings",
        "A/A_IDrest_recordings",
    ]


def test_keeps_every_spike_of_a_long_recording():
    """Spikes are one sample wide here; each peak must be among the points that are drawn."""
    peaks = np.arange(100, 60_000, 617.0)
    sweep = sweep_view(FakeRecording(tend=60_000.0, peak_time=peaks), PIXELS)
    assert len(sweep.voltage) <= 4 * PIXELS
    for i, peak in enumerate(peaks):
        at = np.flatnonzero(sweep.voltage == 30 + i)
        assert len(at) == 1
        assert sweep.time_voltage[at[0]] == pytest.approx(peak, abs=0.06)
    assert sweep.spikes.tolist() == peaks.tolist()
    assert sweep.n_spikes == f"{len(peaks)} spikes"


def test_stimulus_is_drawn_through_its_corners():
    sweep = sweep_view(FakeRecording(amp=0.3), PIXELS)
    assert sweep.time_stimulus.tolist() == pytest.approx([0, 49.9, 50, 149.9, 150, 199.9])
    assert sweep.stimulus.tolist() == pytest.approx([-0.01, -0.01, 0.29, 0.29, -0.01, -0.01])
    assert sweep.edges == (50.0, 150.0)


def test_says_what_the_recording_is():
    sweep = sweep_view(FakeRecording(amp=-0.0512, amp_rel=-25.6, peak_time=[70.0], repetition=2), PIXELS)
    assert (sweep.title, sweep.n_spikes) == ("−0.0512 nA · −26 %", "1 spike")
    assert (sweep.subtitle, sweep.name) == ("hold −0.010 · rep. 2 · ", "sweep")


def test_of_two_steps_both_amplitudes_are_told():
    recording = FakeRecording(amp=0.1, amp_rel=50.0)
    recording.amp2, recording.amp2_rel = 0.4, 200.0
    assert sweep_view(recording, PIXELS).title == "0.100 / 0.400 nA · 50 / 200 %"


def test_threshold_is_the_one_that_the_spikes_were_found_with():
    recording = FakeRecording()
    assert sweep_view(recording, PIXELS).threshold == -40
    recording.efel_settings = {"Threshold": -20.0}
    assert sweep_view(recording, PIXELS).threshold == -20


@pytest.mark.parametrize(
    "missing",
    [
        {"current": None},
        {"voltage": None},
        {"peak_time": None},
        {"amp": None, "amp_rel": None},
        {"hypamp": None},
        {"auto_threshold": None},
        {"ton": None},
        {"current": np.full(2000, np.nan)},
    ],
    ids=str,
)
def test_what_is_not_known_is_left_out(missing):
    """A recording without current, spikes, amplitude … is drawn with what it has."""
    recording = FakeRecording()
    for name, value in missing.items():
        setattr(recording, name, value)
    for job in recordings_figures(FakeCell("A", [recording, FakeRecording()])):
        assert_readable(job.pages()[0])
        assert job.render("png")[0].startswith(b"\x89PNG")


def test_recordings_are_in_the_order_of_their_amplitudes(cells):
    cells[0].recordings.reverse()
    sweeps = recordings_figures(cells[0])[0].data.sweeps
    assert [sweep.name for sweep in sweeps] == ["A-50", "A0", "A50", "A100", "A150", "A200"]


def test_stimuli_are_ordered_by_the_amplitude_that_targets_are_compared_with():
    recordings = [FakeRecording(amp=0.1, name=str(i)) for i in range(3)]
    for recording, amp2 in zip(recordings, (0.3, 0.1, 0.2), strict=True):
        recording.amp2, recording.target_amplitude = amp2, "amp2"
    sweeps = recordings_figures(FakeCell("A", recordings))[0].data.sweeps
    assert [sweep.name for sweep in sweeps] == ["1", "2", "0"]


@pytest.mark.parametrize(("n", "pages"), [(1, 1), (12, 1), pytest.param(25, 3, marks=pytest.mark.slow)])
def test_twelve_recordings_a_page_each_drawn_once(n, pages):
    recordings = [FakeRecording(amp=0.01 * i, name=f"r{i}") for i in range(n)]
    job = recordings_figures(FakeCell("A", recordings))[0]
    drawn = job.pages()
    assert len(drawn) == pages
    names = [text.string.split(" · ")[-1] for page in drawn for text in written_on(page)]
    assert [name for name in names if name.startswith("r") and name[1:].isdigit()] == [
        f"r{i}" for i in range(n)
    ]
    for page in drawn:
        assert_readable(page)


def test_nothing_overlaps_however_long_the_names():
    long = "X" * 300
    recordings = [FakeRecording(name=long, repetition=12345, protocol_name=long) for _ in range(3)]
    for recording in recordings:
        recording.amp2, recording.amp2_rel = -0.123456, -12345.6
    for page in recordings_figures(FakeCell(long, recordings))[0].pages():
        assert_readable(page)


def test_recordings_of_unlike_length_have_time_axes_of_their_own():
    unlike = [FakeRecording(tend=200.0, name="short"), FakeRecording(tend=5000.0, name="long")]
    texts = {text.string for text in written_on(recordings_figures(FakeCell("A", unlike))[0].pages()[0])}
    assert {"100", "4000"} <= texts


def test_an_artefact_in_the_voltage_does_not_make_the_rest_flat():
    recording = FakeRecording(peak_time=[70.0])
    recording.voltage[500] = 5000.0
    texts = {text.string for text in written_on(recordings_figures(FakeCell("A", [recording]))[0].pages()[0])}
    assert {"0", "−50"} <= texts


def test_spikes_in_the_current_do_not_hide_the_step_but_a_lost_pulse_shows():
    """The recorded current has artefacts of 5 nA on a step of 0.2 nA, and the stimulus found lacks a pulse."""
    recording = FakeRecording(amp=0.2)
    recording.current[600:1400:100] = 5.0
    low, high = sweep_view(recording, PIXELS).current_range
    assert low <= -0.01
    assert 0.19 < high < 0.5
    recording = FakeRecording(amp=0.2)
    recording.current[1600:1640] = 1.0
    assert sweep_view(recording, PIXELS).current_range[1] > 0.25


def test_data_of_a_figure_is_small_and_can_be_sent(cells):
    long = FakeCell("A", [FakeRecording(tend=60_000.0) for _ in range(3)])
    job = recordings_figures(long)[0]
    sent = pickle.dumps(job)
    assert len(sent) < 300_000
    assert pickle.loads(sent).render() == job.render()


def test_samples_are_read_once():
    """`trace` of a recording may read its file each time it is asked for."""

    class Lazy(FakeRecording):
        n_read = 0

        @property
        def trace(self):
            self.n_read += 1
            return type("Trace", (), {"time": self.t, "voltage": self.voltage, "current": self.current})

    recording = Lazy()
    sweep_view(recording, PIXELS)
    assert recording.n_read == 1


class TestPlotRecording:
    def test_draws_on_given_axes_and_returns_them(self):
        from matplotlib.figure import Figure

        upper, lower = Figure().subplots(2, 1)
        assert plot_recording(FakeRecording(peak_time=[70.0]), upper, lower) == (upper, lower)
        assert len(upper.lines) == 2
        current, stimulus = upper.lines
        assert max(stimulus.get_ydata()) == pytest.approx(0.19)
        assert len(current.get_xdata()) == 2000
        assert max(lower.lines[0].get_ydata()) == 30
        assert lower.get_xlabel() == "time (ms)"
        assert lower.get_ylabel() == "voltage (mV)"
        assert upper.get_ylabel() == "current (nA)"
        low, high = lower.get_ylim()
        assert low < -70
        assert high > 30

    def test_makes_a_figure_of_its_own(self):
        upper, lower = plot_recording(FakeRecording(), display_xlabel=False, display_ylabel=False)
        assert upper.figure is lower.figure
        assert (lower.get_xlabel(), lower.get_ylabel(), upper.get_ylabel()) == ("", "", "")

    def test_names_are_no_mathematics(self):
        upper, _ = plot_recording(FakeRecording(name="$x$\n_1"))
        upper.figure.draw_without_rendering()
        assert r"$x$\n_1" in upper.get_title(loc="left")
