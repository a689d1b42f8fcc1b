"""Spikes in numpy against eFEL's, the automatic threshold against BluePyEfe's, and what is no spike."""

from __future__ import annotations

import collections
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efewidgets.engine.traces.artefacts import artefact
from efewidgets.engine.traces.spikes import artefacts, auto_threshold, peak_times

from .conftest import MADE_UP, Trace, read_case
from .reference import efel_values


def efel_peaks(trace, **settings):
    found = efel_values(trace, ["peak_time"], settings)["peak_time"]
    return np.empty(0) if found is None else found


def ours(trace, Threshold=-20.0, strict_stiminterval=False, interp_step=0.1):
    return peak_times(trace.t, trace.v, Threshold, trace.on, trace.off, strict_stiminterval, interp_step)


def assert_as_efel(trace, **settings):
    found, expected = ours(trace, **settings), efel_peaks(trace, **settings)
    assert found.dtype == float
    np.testing.assert_array_equal(found, expected, err_msg=f"{trace.name} {settings}")


@pytest.mark.parametrize("threshold", [-20.0, 0.0, -45.5, -72.0, 10.0, 200.0, -200.0])
@pytest.mark.parametrize("step", [0.025, 0.1, 0.37])
def test_peaks_are_efels_to_the_last_bit(trace, threshold, step):
    for strict in (True, False):
        assert_as_efel(trace, Threshold=threshold, strict_stiminterval=strict, interp_step=step)


@st.composite
def traces(draw):
    """Random walks, rough or smooth, some in whole numbers so that they meet the threshold itself."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(3, 300))
    dt = draw(st.sampled_from([0.1, 0.05, 0.02, 1 / 30, 0.025, 1.0]))
    v = np.cumsum(rng.normal(0, draw(st.sampled_from([1.0, 10.0])), n))
    if draw(st.booleans()):
        v = np.round(v)
    if draw(st.booleans()):
        v = v.astype(np.float32)
    if draw(st.booleans()):
        v = np.clip(v, -3, 4)  # plateaus
    t = np.arange(n) * dt + draw(st.sampled_from([0.0, 5.3]))
    on, length = draw(st.floats(-2, 4)), draw(st.floats(0.01, 400))
    threshold = draw(st.sampled_from([0.0, 1.0, 2.5, -3.0, float(v[n // 2]), float(v.max()), float(v.min())]))
    return Trace("walk", t, v, None, on, on + length, threshold=threshold)


@settings(deadline=None, max_examples=150)
@given(walk=traces(), step=st.sampled_from([0.1, 0.025, 0.05, 0.3, 1.7]), strict=st.booleans())
def test_peaks_of_random_walks_are_efels(walk, step, strict):
    assert_as_efel(walk, Threshold=walk.threshold, strict_stiminterval=strict, interp_step=step)


def test_ends_plateaus_and_nothing():
    t = np.arange(8.0)
    for v, expected in (
        ([-70, -70, 30, -70, -70, -70, -70, -70], [2.0]),
        ([30, -70, -70, -70, -70, -70, -70, -70], []),  # begins above: no crossing upwards
        ([-70, -70, -70, -70, -70, -70, -70, 30], []),  # ends above: no crossing downwards
        ([30, -70, 30, -70, 30, -70, -70, 30], [2.0, 4.0]),
        ([-70, 10, 30, 30, 30, 10, -70, -70], [2.0]),  # the first of equal samples
        ([-70, -20, 30, -70, -70, -30, -30, -70], []),  # on the threshold itself it isn't below it
        ([-70] * 8, []),
        ([30] * 8, []),
        ([-20] * 8, []),
        ([np.nan] * 8, []),
    ):
        trace = Trace("short", t, np.array(v, dtype=float), None, 0.0, 7.0)
        found = ours(trace, interp_step=1.0)
        np.testing.assert_array_equal(found, expected)
        assert_as_efel(trace, interp_step=1.0)
    assert len(peak_times(t[:2], np.array([-70.0, 30.0]), -20.0, 0.0, 2.0)) == 0


def test_only_peaks_within_the_stimulus_count_if_strict():
    trace = MADE_UP["spikes outside"]
    inside = ours(trace, strict_stiminterval=True)
    assert len(ours(trace)) == len(inside) + 2
    assert trace.on <= inside.min() <= inside.max() <= trace.off


def test_peaks_of_real_recordings_are_efels(real_traces):
    for trace in real_traces[::2]:
        assert_as_efel(trace, Threshold=trace.threshold, strict_stiminterval=True, interp_step=0.025)


@pytest.mark.slow
def test_peaks_of_all_real_recordings_are_efels(all_real_traces):
    assert len(all_real_traces) > 500
    for trace in all_real_traces:
        for threshold, step in ((-20.0, 0.025), (trace.threshold, 0.1), (0.0, 0.05)):
            assert_as_efel(trace, Threshold=threshold, strict_stiminterval=step != 0.1, interp_step=step)


# --- the automatic threshold


def peer_threshold(v, on, off, offset):
    """BluePyEfe's own."""
    recording = pytest.importorskip(
        "bluepyefe.recording", reason="needs BluePyEfe, to compare with"
    ).Recording

    class Sweep(recording):
        interpret = generate = compute_relative_amp = in_target = None

        def __init__(self):
            self.voltage, self.ton, self.toff, self.dt = v, on, off, 1.0

    sweep = Sweep()
    sweep.set_autothreshold(offset)
    return sweep.auto_threshold


@given(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from([np.float32, np.float64]),
    base=st.floats(-90, 60),
    step=st.floats(-60, 60),
    offset=st.floats(0, 40),
)
def test_automatic_threshold_is_bluepyefes(seed, dtype, base, step, offset):
    v = np.random.default_rng(seed).normal(base, 1, 40)
    v[10:31] += step
    v = v.astype(dtype)
    found, expected = auto_threshold(v, 10, 31, offset), peer_threshold(v, 10, 31, offset)
    assert found == expected
    assert np.asarray(found).dtype == np.asarray(expected).dtype == dtype


def test_automatic_threshold_without_baseline_or_step():
    v = np.array([-70, -70, -70, -50, -50], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert auto_threshold(v, 0, 3) == -50.0  # no baseline
        assert auto_threshold(v, 5, 9) == -50.0  # the step lies beyond the end
        assert auto_threshold(v, 3, 3) == -50.0  # no step
        assert auto_threshold(v, 0, 0) == -50.0  # neither: the whole trace
        assert auto_threshold(v, -4, -1) == -50.0
        assert auto_threshold(v + 200, 3, 5) == 50.0
    assert auto_threshold(v, 0, 3).dtype == np.float32


# --- what is no spike


def peaked(shape, at=50.0, dt=0.1, base=-70.0):
    """A trace of 100 ms with a deflection, given by times (ms) and potentials (mV) around its peak."""
    t = np.arange(int(100 / dt)) * dt
    times, potentials = np.array(shape).T
    return t, base + np.interp(t - at, times, potentials, left=0.0, right=0.0)


SPIKE = [(-0.35, 0.0), (-0.2, 25.0), (0.0, 90.0), (0.18, 40.0), (0.4, -5.0), (4.0, 0.0)]
SLOW_SPIKE = [(-1.0, 0.0), (-0.6, 15.0), (0.0, 85.0), (0.8, 45.0), (2.0, 5.0), (5.0, 0.0)]
GLITCH = [(-0.1, 0.0), (0.0, 90.0), (0.1, 0.0)]
TRANSIENT = [(-0.25, 0.0), (0.0, 60.0), (0.25, 40.0), (0.5, 25.0), (1.5, 0.0)]


@pytest.mark.parametrize(
    ("shape", "dt", "edge", "kind"),
    [
        (SPIKE, 0.003, 10.0, ""),
        (SLOW_SPIKE, 0.01, 10.0, ""),
        (SPIKE, 0.02, 10.0, ""),
        (SPIKE, 0.1, 10.0, ""),
        (SPIKE, 0.02, 49.8, ""),  # a fast spike that happens to peak just after an edge
        (SLOW_SPIKE, 0.1, 49.8, ""),
        (SLOW_SPIKE, 0.25, 49.6, ""),
        (SLOW_SPIKE, 0.25, 10.0, ""),
        (GLITCH, 0.1, 10.0, "glitch"),
        (GLITCH, 0.02, 10.0, "glitch"),
        (TRANSIENT, 0.25, 49.8, "transient"),
        (TRANSIENT, 0.25, 50.0, "transient"),
        (TRANSIENT, 0.25, 10.0, ""),  # far from any edge it may be a spike, sampled too rarely
        (TRANSIENT, 0.25, 48.0, ""),
    ],
)
def test_kinds(shape, dt, edge, kind):
    t, v = peaked(shape, dt=dt)
    for sign in (v, v.astype(np.float32)):
        peaks = peak_times(t, sign, -30.0, 0.0, 100.0)
        assert len(peaks) == 1
        assert artefact(t, sign, peaks[0], [edge, 90.0]) == kind
        np.testing.assert_array_equal(artefacts(t, sign, peaks, [edge, 90.0]), [bool(kind)])


def test_noise_at_the_threshold():
    t, v = peaked(SLOW_SPIKE)
    v[100:300] = -20.0 + np.random.default_rng(0).normal(0, 0.5, 200)
    peaks = peak_times(t, v, -20.0, 0.0, 100.0)
    kinds = collections.Counter(artefact(t, v, peak, [10.0, 30.0]) for peak in peaks)
    assert kinds[""] == 1
    assert kinds["noise"] == len(peaks) - 1 > 20


def test_at_the_ends_of_a_trace():
    t, v = peaked(SLOW_SPIKE)
    for cut in (slice(495, None), slice(None, 505), slice(495, 505)):
        assert not artefacts(t[cut], v[cut], np.array([50.0]), []).any()
    assert len(artefacts(t, v, np.empty(0), [10.0])) == 0


def test_made_up_spikes_are_spikes():
    for trace in MADE_UP.values():
        peaks = ours(trace, interp_step=0.025)
        assert not artefacts(trace.t, trace.v, peaks, [trace.on, trace.off]).any(), trace.name


def marked(trace, threshold=-20.0):
    """Spikes within the stimulus: how many are real, and how many of each kind are not."""
    edges = [
        trace.on,
        trace.off,
        *trace.extra.get("multi_stim_start", ()),
        *trace.extra.get("multi_stim_end", ()),
    ]
    peaks = peak_times(trace.t, trace.v, threshold, trace.on, trace.off)
    return collections.Counter(artefact(trace.t, trace.v, peak, edges) for peak in peaks)


def test_transients_of_a_hyperpolarising_step(shared_data):
    """Cell 96711008: the four strongest negative steps begin with a jump upwards, for a rheobase of -2 nA."""
    cell = [trace for trace in read_case(shared_data, "abf2_steps") if "96711008" in trace.name]
    assert len(cell) == 16
    found = {round(trace.amp, 1): marked(trace) for trace in cell}
    for amplitude, kinds in found.items():
        if amplitude < 0.3:
            assert kinds == ({"glitch": 1} if amplitude < -1.3 else {})
    assert {amplitude: kinds[""] for amplitude, kinds in found.items() if amplitude > 0.3} == {
        0.4: 4,
        0.6: 5,
        0.8: 6,
        1.0: 8,
    }


def test_glitches_and_noise_of_a_leaky_cell(shared_data):
    """Cell 99111002: interference 315 ms into the sweeps, and a baseline at the threshold; no spike is real."""
    cell = read_case(shared_data, "nwb_bbp")
    assert len(cell) == 16
    total = sum((marked(trace) for trace in cell), collections.Counter())
    assert total == {"glitch": 2, "noise": 22}
    # 30 mV finds the spikes that the cell does fire, on its high baseline
    fired = {round(trace.amp, 1): marked(trace, 30.0) for trace in cell}
    assert all(not kinds[""] for amplitude, kinds in fired.items() if amplitude <= 0)
    assert all(kinds[""] >= 7 for amplitude, kinds in fired.items() if amplitude > 0)


def test_transients_at_the_ends_of_pulses(shared_data):
    """20 pulses of 2.6 nA, each with a spike after 0.8 ms; the jump at its end crosses the threshold again."""
    (trace,) = read_case(shared_data, "abf1_pulse_train")
    starts = 1000.0 + 10.0 * np.arange(20)
    peaks = peak_times(trace.t, trace.v, -20.0, 0.0, trace.t[-1])
    marks = artefacts(trace.t, trace.v, peaks, [*starts, *(starts + 2.09)])
    delays = (peaks - 1000.0) % 10.0
    assert (~marks).sum() == 20
    assert ((delays[~marks] > 0.5) & (delays[~marks] < 2.0)).all()
    assert marks.sum() == 19
    assert ((delays[marks] > 2.0) & (delays[marks] < 2.3)).all()


#: Recordings with marks at -20 mV within the stimulus; each was looked at, and none of the marked is a spike
NOT_SPIKES = {
    "abf1_current_first_by_unit/PYR2": {"noise": 136},  # block: the potential stays near -20 mV
    "abf1_pulse_train/18425108_abf1": {"transient": 18, "glitch": 1},
    "abf2_given_timing_low_threshold/96711008": {"glitch": 3},
    "abf2_steps/96711008": {"glitch": 4},
    "nwb_bbp/ic__Step__2": {"glitch": 1},
    "nwb_bbp/ic__Step__8": {"glitch": 1},
    "nwb_bbp/ic__Step__10": {"noise": 22},
    "nwb_hyperdepol/ic__HyperDePol__7": {"noise": 2},  # on the slow way to two spikes
    "nwb_hyperdepol/ic__HyperDePol__8": {"noise": 1},
    "nwb_scala_ferguson/CurrentClampSeries_11": {"noise": 8},  # the same block, from another file
    "nwb_scala_ferguson/CurrentClampSeries_12": {"noise": 127},
    "nwb_scala_ferguson/CurrentClampSeries_13": {"noise": 1},
    "nwb_vu_nwb2/data_00056_DA0": {"glitch": 1},  # the end of a pulse
}


@pytest.mark.slow
def test_no_other_spike_of_any_real_recording_is_marked(all_real_traces):
    spikes, found = 0, collections.defaultdict(collections.Counter)
    for trace in all_real_traces:
        kinds = marked(trace)
        spikes += kinds.pop("", 0)
        if kinds:
            case, _, name = trace.name.split("/", 2)
            found[f"{case}/{name}"].update(kinds)
    print(found)
    assert found == NOT_SPIKES
    assert spikes > 8000
