"""The spikes of a sweep by themselves: what counts as one, thresholds, and what is odd."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.recordings.spikes import Spikes
from efewidgets.engine.traces.trace import Trace

DT = 0.1
TON, TOFF = 20.0, 80.0


def sweep(peaks=(), rest=-70.0, step=-60.0, top=30.0, width=10):
    """100 ms at `rest`, `step` during the stimulus (mV), and triangles of 2 ms that reach `top` at `peaks` (ms)."""
    voltage = np.full(1000, rest)
    voltage[200:800] = step
    for peak in peaks:
        at = round(peak / DT)
        rise = np.linspace(voltage[at - width], top, width + 1)
        voltage[at - width : at + 1] = rise
        voltage[at : at + width + 1] = rise[::-1]
    return Trace(voltage, np.zeros(1000), DT, "ms")


def counted(trace, settings=None, held_down=None):
    spikes = Spikes(settings)
    if spikes.threshold is None:
        spikes.set_threshold(trace, TON, TOFF)
    spikes.find(trace, TON, TOFF, held_down)
    return spikes


def test_not_counted_yet():
    spikes = Spikes()
    assert (spikes.peak_time, spikes.count, spikes.threshold) == (None, None, None)
    assert spikes.artefact_time.tolist() == []


def test_only_those_of_the_stimulus_count():
    spikes = counted(sweep([30.0, 60.0, 90.0]), {"Threshold": -20.0})
    assert spikes.peak_time == pytest.approx([30.0, 60.0])
    assert spikes.count == 2
    everywhere = counted(sweep([30.0, 60.0, 90.0]), {"Threshold": -20.0, "strict_stiminterval": False})
    assert everywhere.count == 3


def test_settings_have_another_window():
    found = counted(sweep([30.0, 60.0]), {"Threshold": -20.0, "stim_start": 50.0, "stim_end": None})
    assert found.peak_time == pytest.approx([60.0])


def test_automatic_threshold_is_20_mV_above_the_step_or_the_baseline():
    assert counted(sweep()).auto_threshold == -60.0 + 20.0
    assert counted(sweep(step=-90.0)).auto_threshold == -70.0 + 20.0
    spikes = Spikes()
    spikes.set_threshold(sweep(), TON, TOFF, 35.0)
    assert spikes.threshold == -25.0
    assert Spikes({"Threshold": 0.0}).threshold == 0.0


def test_the_threshold_decides():
    trace = sweep([30.0], top=10.0)
    assert counted(trace, {"Threshold": 9.0}).count == 1
    assert counted(trace, {"Threshold": 11.0}).count == 0


def test_forgotten_with_the_automatic_threshold():
    spikes = counted(sweep([30.0]))
    spikes.forget()
    assert (spikes.peak_time, spikes.auto_threshold) == (None, None)


def test_set_by_hand():
    spikes = Spikes()
    spikes.peak_time = [1, 2]
    assert spikes.peak_time.dtype == float
    assert spikes.count == 2
    spikes.peak_time = None
    assert spikes.count is None


def test_artefacts_only_while_the_cell_is_held_down():
    """A glitch of one sample, and an action potential of 1 ms at half its height: only that is one."""
    trace = sweep([50.0], step=-90.0)
    trace.voltage[400] = 20.0
    assert counted(trace, {"Threshold": -20.0}).peak_time == pytest.approx([40.0, 50.0])
    down = counted(trace, {"Threshold": -20.0}, [TON, TOFF])
    assert down.peak_time == pytest.approx([50.0])
    assert down.artefact_time == pytest.approx([40.0])
    (problem,) = down.odd(trace, TON)
    assert "crosses the spike threshold 1 time(s) during a hyperpolarising current, first at 40 ms" in str(
        problem
    )
    assert (problem.kind, problem.severity) == ("spikes", "note")


def test_nothing_odd():
    spiking, silent = sweep([30.0]), sweep()
    assert counted(spiking, {"Threshold": -20.0}).odd(spiking, TON) == []
    assert counted(silent, {"Threshold": -20.0}).odd(silent, TON) == []


def test_high_without_a_spike():
    trace = sweep([90.0])
    (problem,) = counted(trace, {"Threshold": -20.0}).odd(trace, TON)
    assert "no spike was found, though the voltage reaches 30 mV, above the spike threshold of -20 mV" in str(
        problem
    )


def test_a_baseline_above_the_threshold():
    trace = sweep(rest=-10.0, step=-10.0)
    spikes = counted(trace, {"Threshold": -20.0})
    (problem,) = spikes.odd(trace, TON)
    assert spikes.rests_above_threshold
    assert "the baseline of -10 mV lies above the spike threshold of -20 mV" in str(problem)
    assert problem.severity == "warning"
