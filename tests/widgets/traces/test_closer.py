"""Looking closer at traces: marks of a feature, phase plane, spikes over each other, means, filters, contact sheet."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.features.marks import marks
from efewidgets.widgets.traces.colours import INK, RAMP, UNUSED, bar, colours
from efewidgets.widgets.traces.viewer import TraceViewer
from tests.state import lab
from tests.state.lab import ids

# --- colours


def test_a_sweep_by_itself_is_in_ink_and_several_by_their_amplitudes():
    assert colours({"a": 0.1}) == {"a": INK}
    found = colours({"a": 0.0, "b": 0.02, "c": 0.1, "lost": np.inf})
    assert found == {"a": RAMP[0], "b": RAMP[2], "c": RAMP[-1], "lost": UNUSED}
    assert list(colours({"a": 0.1, "b": 0.1}).values()) == [RAMP[0], RAMP[-1]]  # repeats: by their order
    assert bar({"a": 0.0, "b": 0.1, "lost": np.inf}) == (0.0, 0.1)
    assert bar({"a": 0.1, "b": 0.1}) is None


def test_the_bar_tells_the_amplitudes_of_what_is_laid_over_each_other(state, viewer):
    state.view.cell, state.view.protocol = "A", "IDthresh"
    low, high = viewer.view_data().ramp
    amps = [state.results.recording(one).amp for one in ids(state, "A", "IDthresh")]
    assert (low, high) == (f"{1e3 * min(amps):.1f} pA", f"{1e3 * max(amps):.0f} pA")
    assert high in viewer.controls.legend.value
    viewer.show([ids(state, "A", "IDthresh")[0]])
    assert viewer.view_data().ramp is None
    assert viewer.panels.voltages.colors == [INK]


def test_one_switch_changes_the_unit_of_all_currents(state, viewer):
    viewer.show([ids(state, "A", "IDrest")[0]])
    assert "pA" in viewer.panels._y_axes[1].label
    viewer.controls.unit.value = "nA"
    facts = dict(viewer.view_data().facts)
    assert facts["amplitude"] == "0.100 nA, 100 % of rheobase"
    assert (viewer.panels._y_axes[1].label, viewer.panels.glass.unit) == ("current (nA)", "nA")
    assert "nA" in [column.unit for column in viewer.controls.sweeps.columns]


# --- marks of a feature


def test_marks_stand_where_the_engine_says(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    assert len(viewer.panels.measured.x) == 0
    name = next(name for name in viewer.view_data().features if name == "AP_amplitude")
    viewer.controls.feature.value = name
    recording = state.results.recording(identity)
    trace = recording.samples()
    settings = {"Threshold": -20.0, "interp_step": 0.1, "strict_stiminterval": True}
    wanted = marks(name, trace.time, trace.voltage, recording.ton, recording.toff, settings)
    x = np.concatenate([times for times, _ in wanted.points.values()])
    assert len(x) == 2 * recording.spikecount
    np.testing.assert_allclose(np.sort(viewer.panels.measured.x), np.sort(x), rtol=1e-5)
    assert f"peak ({recording.spikecount})" in viewer.view_data().marked
    assert "AP_amplitude" in viewer.controls.legend.value
    state.view.time_range = (float(x[0]) - 1.0, float(x[0]) + 3.0)
    assert 1 <= len(viewer.panels.measured.x) < len(x)


def test_a_feature_that_the_protocol_has_not_is_not_marked(state, viewer):
    state.view.feature = "AP_amplitude"
    viewer.show([ids(state, "A", "IV")[0]])
    assert viewer.view_data().feature == (
        "AP_amplitude" if "AP_amplitude" in viewer.view_data().features else ""
    )
    state.view.feature = "no such feature"
    assert (viewer.view_data().marks, viewer.view_data().marked) == (None, "")


# --- what is seen through


def test_the_baseline_is_subtracted_for_the_eye_alone(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    trace = state.results.trace(identity)
    before = np.median(trace.voltage[: round(state.results.recording(identity).ton / trace.dt)])
    shown = viewer.panels.voltages.y.copy()
    viewer.controls.baseline.value = True
    np.testing.assert_allclose(viewer.panels.voltages.y, shown - before, atol=1e-3)
    assert viewer.panels.thresholds.y[0] == pytest.approx(-20.0 - before, abs=1e-3)
    assert "above baseline" in viewer.panels._y_axes[0].label
    assert state.results.trace(identity).voltage is trace.voltage


def test_a_low_pass_says_what_it_is(state, viewer):
    viewer.show([ids(state, "A", "IDrest")[-1]])
    high = viewer.panels.voltages.y.max()
    viewer.controls.low_pass.value = True
    assert viewer.panels.voltages.y.max() < high
    assert "no feature is computed from it" in viewer.controls.legend.value
    viewer.controls.hertz.value = 0.0
    assert "from 1 to" in viewer.range_message.text
    viewer.controls.low_pass.value = False
    assert viewer.panels.voltages.y.max() == high
    assert "no feature" not in viewer.controls.legend.value


def test_repeats_are_seen_as_their_mean(tmp_path):
    """Sweeps of 50, 50 and 20 pA: two means, and where the repeats differ a band as wide as their deviation."""
    from efewidgets import ExtractionState

    path = str(lab.write_file(tmp_path / "repeats.json", [0.05, 0.05, 0.02], 9.0))
    given = {"filepath": path, "ton": lab.TON, "toff": lab.TOFF}
    state = ExtractionState.from_arguments(lab.arguments({"A": {"IV": [given]}}))
    state.view.cell = "A"
    viewer = TraceViewer(state)
    assert len(viewer.view_data().curves) == 3
    viewer.controls.mean.value = True
    curves = viewer.view_data().curves
    assert len(curves) == 2
    members = sorted(state.results.members, key=lambda one: state.results.recording(one).amp)
    voltages = np.stack([np.asarray(state.results.trace(one).voltage, float) for one in members[1:]])
    at = np.rint(curves[1].seen.time_voltage / lab.DT).astype(int)
    np.testing.assert_allclose(curves[1].seen.voltage, voltages.mean(axis=0)[at], atol=1e-4)
    _, low, high = curves[1].spread
    np.testing.assert_allclose(high - low, 2 * voltages.std(axis=0, ddof=1)[at], atol=1e-4)
    assert viewer.panels.bands.x.shape[-1] == 2 * max(len(curve.spread[0]) for curve in curves)
    viewer.close()


# --- beside the traces


def test_nothing_is_made_for_what_is_not_seen(viewer):
    assert (viewer.plots.closer, viewer.plots.sheet) == (None, None)


def test_the_phase_plane_is_the_slope_against_the_voltage(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    viewer.controls.plot.value = "phase"
    trace = state.results.trace(identity)
    x, y = viewer.plots.closer.shown.lines[0]
    np.testing.assert_allclose(x, trace.voltage, rtol=1e-6)
    np.testing.assert_allclose(y, np.gradient(np.asarray(trace.voltage, float), trace.dt), rtol=1e-6)
    state.view.time_range = (60.0, 80.0)
    assert len(viewer.plots.closer.shown.lines[0][0]) == 101
    viewer.controls.plot.value = "traces"
    assert viewer.plots.closer.figure.layout.display == "none"


def test_spikes_lie_over_each_other_at_their_peaks(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    state.view.plot = "spikes"
    count = state.results.recording(identity).spikecount
    shown = viewer.plots.closer.shown
    assert len(shown.lines) == count
    for time, voltage in shown.lines:
        assert time[np.nanargmax(voltage)] == pytest.approx(0.0, abs=1e-9)
    state.view.align = "threshold"
    peaks = [time[np.nanargmax(voltage)] for time, voltage in viewer.plots.closer.shown.lines]
    assert all(0 < ms < 2 for ms in peaks)
    assert "threshold" in viewer.plots.closer.figure.title


def test_a_silent_sweep_has_no_spikes_to_lay_over_each_other(state, viewer):
    state.view.plot = "spikes"
    viewer.show([ids(state, "A", "IV")[0]])
    assert viewer.plots.closer.shown.lines == []
    assert not viewer.message.text


def test_the_contact_sheet_shows_all_sweeps_on_one_scale(state, viewer):
    group = ids(state, "A", "IDthresh")
    viewer.show([group[0]])
    viewer.controls.plot.value = "sheet"
    sweeps = viewer.plots.sheet.sweeps
    assert {one["id"] for one in sweeps} == set(group)
    assert viewer.plots.sheet.chosen == [group[0]]
    highest = max(group, key=lambda one: state.results.trace(one).voltage.max())
    tops = {one["id"]: max(one["y"]) for one in sweeps}
    assert max(tops.values()) == tops[highest] == pytest.approx(1.0, abs=0.01)
    assert all(0 <= x <= 1 for one in sweeps for x in one["x"])
    viewer.plots.sheet._handle_custom_msg({"kind": "press", "id": "f99/none"}, [])
    assert state.view.plot == "sheet"
    press = viewer.plots.sheet._handle_custom_msg
    # with Ctrl several are chosen; the one that was looked at before, or all over each other, are none of them
    for pressed, chosen in ((2, {2}), (3, {2, 3}), (1, {1, 2, 3}), (2, {1, 3})):
        press({"kind": "press", "id": group[pressed], "more": True}, [])
        assert set(viewer.plots.sheet.chosen) == {group[k] for k in chosen}
    assert state.view.plot == "sheet"
    assert viewer.controls.exclude.description == "exclude 2 sweeps"
    state.view.recordings = ()
    press({"kind": "press", "id": group[3], "more": True}, [])
    assert state.view.recordings == (group[3],)
    press({"kind": "press", "id": group[2]}, [])
    assert (state.view.plot, state.view.recordings) == ("traces", (group[2],))
