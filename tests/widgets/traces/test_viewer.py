"""Traces: what is drawn of them, and what can be done to their timings and exclusions."""

from __future__ import annotations

import dataclasses
import gc

import ipywidgets
import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings import ecodes
from efewidgets.engine.traces.trace import Trace
from efewidgets.state import BackgroundRunner
from efewidgets.widgets.parts.plots import tick_key
from efewidgets.widgets.traces.colours import RAMP
from efewidgets.widgets.traces.controls import Scope
from efewidgets.widgets.traces.data import trace_view
from efewidgets.widgets.traces.drawn import MOST_SWEEPS
from efewidgets.widgets.traces.samples import BUDGET, Samples, TraceCache, bins, seen
from efewidgets.widgets.traces.viewer import TraceViewer
from tests.state import lab
from tests.state.lab import ids


def override(state, identity):
    file, _, label = identity.partition("/")
    return dict(state.inputs.cell_of_file[file].by_id[file].recipe.sweeps.get(label) or {})


def long_trace(n=1_000_000, dt=0.05):
    """A noisy trace with one-sample spikes, two of them often in one bin; and where they are."""
    rng = np.random.default_rng(7)
    voltage = rng.normal(-70.0, 1.0, n).astype(np.float32)
    peaks = np.unique(np.concatenate([rng.integers(10, n - 10, 400), 5000 + np.arange(20) * 40]))
    voltage[peaks] = rng.uniform(10.0, 40.0, len(peaks)).astype(np.float32)
    trace = Trace(voltage, np.zeros(n, np.float32), dt, "ms")
    return Samples(trace, peaks, (np.empty(0), np.empty(0)), (-75.0, 40.0), (0.0, 1.0)), peaks


# --- samples


@pytest.mark.parametrize(
    "between", [None, (0.0, 50_000.0), (240.0, 300.0), (20_000.0, 20_100.0), (49_990.0, 60_000.0)]
)
def test_every_spike_in_view_is_drawn_at_its_peak(between):
    samples, peaks = long_trace()
    found = seen(samples, between, bins(1))
    low, high = between or (0.0, np.inf)
    times = peaks * 0.05
    wanted = peaks[(times >= low) & (times <= high)]
    drawn = dict(
        zip(np.rint(found.time_voltage / 0.05).astype(int).tolist(), found.voltage.tolist(), strict=True)
    )
    assert len(wanted) or between == (49_990.0, 60_000.0)
    for peak in wanted.tolist():
        assert drawn[peak] == samples.trace.voltage[peak]
    assert set(np.rint(found.time_spikes / 0.05).astype(int).tolist()) >= set(wanted.tolist())
    assert len(found.voltage) <= BUDGET


def test_what_is_drawn_are_real_samples_from_one_before_to_one_after_the_view():
    samples, _ = long_trace(20_000)
    found = seen(samples, (100.02, 110.03), bins(1))
    at = np.rint(found.time_voltage / 0.05).astype(int)
    assert at.tolist() == list(range(1999, 2203))
    np.testing.assert_array_equal(found.voltage, samples.trace.voltage[at])
    np.testing.assert_allclose(found.time_voltage, at * 0.05, rtol=1e-6)


def test_a_view_beside_the_recording_is_empty():
    samples, _ = long_trace(20_000)
    assert len(seen(samples, (5000.0, 6000.0), bins(1)).voltage) == 0


@pytest.mark.parametrize("sweeps", [1, 2, 10, 50])
def test_all_sweeps_together_keep_to_the_budget(sweeps):
    samples, _ = long_trace(200_000)
    plain = Samples(samples.trace, np.empty(0, int), samples.stimulus, (0, 1), (0, 1))
    assert sweeps * len(seen(plain, None, bins(sweeps)).voltage) <= BUDGET


def test_times_of_long_recordings_stay_apart():
    samples, _ = long_trace(4_000_000, dt=0.025)
    found = seen(samples, (99_990.0, 99_991.0), bins(1))
    assert np.all(np.diff(found.time_voltage) > 0.02)


def test_peaks_are_the_highest_samples_at_the_spikes(state):
    identity = ids(state, "A", "IDrest")[-1]
    samples = TraceCache().get(state.results, identity)
    recording = state.results.recording(identity)
    assert len(samples.peaks) == recording.spikecount > 3
    np.testing.assert_allclose(samples.peaks * lab.DT, recording.peak_time, atol=lab.DT)
    voltage = samples.trace.voltage
    assert np.all(
        voltage[samples.peaks] >= np.maximum(voltage[samples.peaks - 1], voltage[samples.peaks + 1])
    )


def test_only_what_is_shown_is_kept(state, viewer):
    first, second = ids(state, "A", "IDrest")[:2]
    viewer.show([first, second])
    assert len(viewer.cache) == 2
    viewer.show([second])
    assert len(viewer.cache) == 1


# --- which sweeps


def test_without_a_selection_the_first_recording_is_shown(state):
    view = trace_view(state, TraceCache())
    assert view.active == next(iter(state.results.members))
    assert [c.id for c in view.curves] == [view.active]


def test_the_selected_group_is_shown_in_the_order_of_the_amplitudes(state):
    state.view.cell, state.view.protocol = "B", "IDrest"
    view = trace_view(state, TraceCache())
    amps = [state.results.recording(c.id).amp for c in view.curves]
    np.testing.assert_allclose(amps, sorted(amps))
    assert len(amps) == 4
    assert [row.colour for row in view.rows][:: len(amps) - 1] == [RAMP[0], RAMP[-1]]


def test_selected_recordings_win_over_cell_and_protocol(state):
    chosen = (ids(state, "A", "IV")[0], ids(state, "B", "IV")[0])
    state.view.cell, state.view.recordings = "A", chosen
    view = trace_view(state, TraceCache(), chosen[1])
    assert {c.id for c in view.curves} == set(chosen)
    assert (view.cell, view.active) == ("B", chosen[1])
    assert {row.id for row in view.rows} == {*ids(state, "B", "IV"), chosen[0]}


def test_unknown_recordings_are_left_out(state):
    state.view.recordings = ("f99/none", ids(state, "A", "IV")[0])
    assert trace_view(state, TraceCache()).chosen == (ids(state, "A", "IV")[0],)


def test_not_more_than_so_many_are_drawn(tmp_path):
    files = {
        "A": {
            "IV": [
                {
                    "filepath": str(
                        lab.write_file(tmp_path / "many.json", [0.01 * k for k in range(1, 61)], 9.0)
                    ),
                    "ton": lab.TON,
                    "toff": lab.TOFF,
                }
            ]
        }
    }
    state = ExtractionState.from_arguments(lab.arguments(files))
    state.view.cell = "A"
    view = trace_view(state, TraceCache(), ids(state, "A", "IV")[-1])
    assert len(view.rows) == 60
    assert len(view.curves) == MOST_SWEEPS
    assert view.active in {c.id for c in view.curves}
    assert "50 of 60" in view.notes[-1]


def test_no_recordings_say_what_to_do():
    state = ExtractionState()
    viewer = TraceViewer(state)
    assert viewer.view_data().active is None
    assert "Add files" in viewer.controls.empty.value
    assert not viewer.message.text
    viewer.close()


def test_sweeps_are_stepped_through(state, viewer):
    state.view.cell, state.view.protocol = "A", "IDthresh"
    order = [row.id for row in viewer.view_data().rows]
    viewer.controls.next.click()
    assert state.view.recordings == (order[0],)  # all were overlaid: the first by itself
    viewer.controls.next.click()
    assert state.view.recordings == (order[1],)
    viewer.controls.next.click()
    viewer.controls.previous.click()
    viewer.controls.previous.click()
    viewer.controls.previous.click()
    assert state.view.recordings == (order[0],)
    assert viewer.controls.previous.disabled
    viewer.controls.all.click()
    assert state.view.recordings == ()  # of a whole protocol none is selected
    assert viewer.panels.voltages.y.shape[0] == 4
    viewer.show([order[2]])
    viewer.controls.all.click()
    assert viewer.controls.all.description == "one sweep"
    viewer.controls.all.click()
    assert state.view.recordings == (order[2],)


def test_a_choice_in_the_list_is_the_shared_selection(state, viewer):
    state.view.cell, state.view.protocol = "A", "IDthresh"
    order = [row.id for row in viewer.view_data().rows]
    viewer.controls.sweeps.set_state({"selected": order[1:3], "active": order[2]})
    assert state.view.recordings == tuple(order[1:3])
    assert viewer.active == order[2]
    assert (state.view.cell, state.view.protocol) == ("A", "IDthresh")
    viewer.controls.sweeps.set_state({"selected": ["f99/none"], "active": "f99/none"})
    assert state.view.recordings == tuple(order[1:3])


def test_another_cell_keeps_the_protocol(state, viewer):
    state.view.cell, state.view.protocol = "A", "IV"
    viewer.controls.cell.value = "B"
    assert (state.view.cell, state.view.protocol, state.view.recordings) == ("B", "IV", ())
    assert {c.id for c in viewer.view_data().curves} == set(ids(state, "B", "IV"))
    viewer.controls.protocol.value = "IDrest"
    assert {c.id for c in viewer.view_data().curves} == set(ids(state, "B", "IDrest"))


# --- marks


def test_marks_are_where_the_engine_says(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    recording, panels = state.results.recording(identity), viewer.panels
    np.testing.assert_allclose(panels.spikes.x, recording.peak_time, atol=lab.DT)
    assert np.all(panels.spikes.y > 25.0)
    np.testing.assert_array_equal(panels.thresholds.y, [-20.0, -20.0])
    assert panels.handles.names.tolist() == ["ton", "toff"]
    np.testing.assert_allclose(panels.handles.x, [50.0, 250.0])
    np.testing.assert_allclose(panels._upright[0].x, [[50.0, 50.0], [250.0, 250.0]])
    time, current = recording.generate()
    level = np.interp(panels.stimuli.x, time, current)
    np.testing.assert_allclose(panels.stimuli.y, level, rtol=1e-6)
    assert panels.stimuli.y.max() == pytest.approx(recording.amp + recording.hypamp, rel=1e-6)
    assert len(panels.stimuli.x) == 6


def test_the_automatic_threshold_is_shown_where_none_is_set(tmp_path):
    arguments = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1}))
    arguments["efel_settings"] = {"strict_stiminterval": True, "interp_step": 0.1}
    state = ExtractionState.from_arguments(arguments)
    viewer = TraceViewer(state)
    wanted = state.results.auto_thresholds[viewer.active]
    np.testing.assert_allclose(viewer.panels.thresholds.y, wanted, rtol=1e-6)
    assert "automatic" in dict(viewer.view_data().facts)["threshold"]
    viewer.close()


def test_facts_say_what_the_sweep_is(state, viewer):
    viewer.show([ids(state, "A", "IDrest")[0]])
    facts = dict(viewer.view_data().facts)
    assert facts["cell"] == "A"
    assert facts["file"] == "A_IDrest_0.json"
    assert facts["amplitude"] == "100 pA, 100 % of rheobase"
    assert facts["sampling"] == "5.00 kHz"
    assert facts["spikes"] == "1"
    assert facts["timing"] == "given in the metadata"


# --- times


def test_a_zoom_of_the_mouse_is_the_shared_range_and_brings_the_samples(state, viewer):
    viewer.show([ids(state, "A", "IDrest")[-1]])
    whole = len(viewer.panels.voltages.x)
    with viewer.panels.time.hold_trait_notifications():
        viewer.panels.time.min, viewer.panels.time.max = 100.0, 120.0
    viewer._resample.flush()
    assert state.view.time_range == (100.0, 120.0)
    assert len(viewer.panels.voltages.x) == 103 < whole
    assert viewer.panels.time.min == 100.0
    assert (viewer.controls.start.value, viewer.controls.end.value) == (100.0, 120.0)


def test_a_zoom_beyond_the_ends_comes_back(state, viewer):
    with viewer.panels.time.hold_trait_notifications():
        viewer.panels.time.min, viewer.panels.time.max = -50.0, 50.0
    viewer._resample.flush()
    assert state.view.time_range == (0.0, 100.0)
    assert (viewer.panels.time.min, viewer.panels.time.max) == (0.0, 100.0)
    viewer.panels.time.max = 1e5
    viewer._resample.flush()
    assert state.view.time_range is None
    assert viewer.panels.time.max == pytest.approx(lab.DURATION)


def test_the_shared_range_is_shown(state, viewer):
    state.view.time_range = (10.0, 60.0)
    assert (viewer.panels.time.min, viewer.panels.time.max) == (10.0, 60.0)
    assert viewer.panels.handles.names.tolist() == ["ton"]
    viewer.controls.reset.click()
    assert state.view.time_range is None
    assert viewer.panels.time.max == pytest.approx(lab.DURATION)


def test_times_are_typed(state, viewer):
    viewer.controls.start.value = 20.0
    viewer.controls.end.value = 80.0
    assert state.view.time_range == (20.0, 80.0)
    viewer.controls.end.value = 5.0
    assert "before they end" in viewer.range_message.text
    assert state.view.time_range == (20.0, 80.0)
    viewer.controls.wider.click()
    assert state.view.time_range == (0.0, 120.0)
    assert not viewer.range_message.text
    viewer.controls.closer.click()
    assert state.view.time_range == (30.0, 90.0)


def test_a_box_is_zoomed_to(state, viewer):
    """The browser sets the scales of a box; what they show becomes the shared range."""
    viewer.show([ids(state, "A", "IDrest")[-1]])
    time, voltage = viewer.panels.time, viewer.panels.heights[0]
    whole = voltage.min, voltage.max
    time.set_state({"min": 60.0, "max": 120.0})
    voltage.set_state({"min": -70.0, "max": -50.0})
    viewer._resample.flush()
    assert (state.view.time_range, state.view.voltage_range) == ((60.0, 120.0), (-70.0, -50.0))
    assert state.view.current_range is None
    assert (voltage.min, voltage.max) == (-70.0, -50.0)
    viewer.controls.next.click() if not viewer.controls.next.disabled else None
    assert (voltage.min, voltage.max) == (-70.0, -50.0)  # the next sweep is seen as closely
    viewer.controls.reset.click()
    assert (state.view.time_range, state.view.voltage_range) == (None, None)
    viewer.show([ids(state, "A", "IDrest")[-1]])
    assert (voltage.min, voltage.max) == whole


def test_another_protocol_is_seen_as_a_whole(state, viewer):
    state.view.time_range, state.view.voltage_range = (10.0, 20.0), (-80.0, -60.0)
    viewer.controls.protocol.value = "IV"
    assert (state.view.time_range, state.view.voltage_range) == (None, None)


# --- what lies over the panels


def test_the_glass_knows_what_is_drawn(state, viewer):
    group = ids(state, "A", "IDthresh")
    state.view.cell, state.view.protocol = "A", "IDthresh"
    glass = viewer.panels.glass
    assert set(glass.ids) == set(group)
    assert len(glass.ids) == len(viewer.panels.voltages.y) == len(glass.names)
    assert glass.active == viewer.active
    assert glass.timings == {"ton": 50.0, "toff": 250.0}
    assert glass.limits[0] == [0.0, pytest.approx(lab.DURATION)]
    viewer.panels.glass._handle_custom_msg({"kind": "choose", "id": group[1]}, [])
    assert state.view.recordings == (group[1],)
    viewer.panels.glass._handle_custom_msg({"kind": "choose", "id": "f99/none"}, [])
    viewer.panels.glass._handle_custom_msg("nonsense", [])
    assert state.view.recordings == (group[1],)


def test_a_timings_line_is_dragged(state, viewer):
    viewer.panels.glass._handle_custom_msg({"kind": "moved", "name": "toff", "ms": 199.93}, [])
    assert override(state, viewer.active) == {"toff": 200.0}
    viewer.panels.glass._handle_custom_msg({"kind": "moved", "name": "toff", "ms": 1e6}, [])
    assert "lies outside" in viewer.timing_message.text
    assert override(state, viewer.active) == {"toff": 200.0}


def test_cursors_read_the_nearest_samples(state, viewer):
    identity = ids(state, "A", "IDrest")[-1]
    viewer.show([identity])
    glass, trace = viewer.panels.glass, state.results.trace(identity)
    glass.set_state({"cursors": [60.07, 100.0]})
    assert state.view.cursors == (60.07, 100.0)
    at = [300, 500]  # samples of 0.2 ms
    assert [one[:2] for one in glass.exact] == [[60.07, 60.0], [100.0, 100.0]]
    np.testing.assert_allclose([one[2] for one in glass.exact], trace.voltage[at])
    np.testing.assert_allclose([one[3] for one in glass.exact], 1e3 * trace.current[at])
    viewer.controls.cursors.click()
    assert (state.view.cursors, glass.cursors) == ((), [])


def test_heights_can_be_fitted(state, viewer):
    viewer.show([ids(state, "A", "IDrest")[-1]])
    state.view.time_range = (0.0, 40.0)
    assert viewer.panels.voltages.scales["y"].max > 20.0
    viewer.controls.fit.value = True
    assert viewer.panels.voltages.scales["y"].max < -60.0


# --- timings


def drag(viewer, **times):
    """Move handles as the mouse does."""
    handles = viewer.panels.handles
    handles.x = np.array([times.get(name, x) for name, x in zip(handles.names, handles.x, strict=True)])


def test_a_dragged_handle_becomes_an_override(state, viewer):
    identity = viewer.active
    drag(viewer, toff=200.0)
    drag(viewer, toff=180.07)
    assert override(state, identity) == {}
    np.testing.assert_allclose(viewer.panels._upright[1].x[1], 180.07, rtol=1e-6)
    assert viewer.controls.timings["toff"].value == 180.0
    viewer._dropped.flush()
    assert override(state, identity) == {"toff": 180.0}
    assert state.results.recording(identity).toff == 180.0
    assert viewer.view_data().timings["toff"].by_hand
    assert "toff set by hand" in viewer.controls.facts.value
    state.undo()
    assert viewer.panels.handles.x[1] == pytest.approx(250.0)


def test_the_place_where_the_mouse_let_go_counts(state, viewer):
    rec = ids(state, "A", "IDrest")[0]
    viewer.show([rec])
    drag(viewer, toff=230.0)
    viewer._dropped.flush()
    told = {"event": "drag_end", "index": 1, "point": {"x": 220.0, "y": 1.0}}  # later moves were overtaken
    viewer.panels.handles._handle_custom_msgs(None, told)
    viewer._dropped.flush()
    assert viewer.panels.handles.x[1] == pytest.approx(220.0)
    assert state.results.recording(rec).toff == pytest.approx(220.0, abs=0.2)


def test_a_drag_is_undone_as_one(state, viewer):
    viewer.drags.begins()
    for ms in (200.0, 190.0):
        drag(viewer, toff=ms)
        viewer._dropped.flush()
    viewer.drags.begins()
    drag(viewer, toff=150.0)
    viewer._dropped.flush()
    state.undo()
    assert override(state, viewer.active) == {"toff": 190.0}
    state.undo()
    assert override(state, viewer.active) == {}


def test_a_timing_is_typed_for_all_sweeps_of_the_protocol(state, viewer):
    state.view.cell, state.view.protocol = "A", "IDrest"
    viewer.controls.scope.value = "protocol"
    viewer.controls.timings["ton"].value = 60.0
    group = ids(state, "A", "IDrest")
    assert [override(state, identity) for identity in group] == [{"ton": 60.0}] * 4
    assert override(state, ids(state, "B", "IDrest")[0]) == {}
    viewer.controls.detected.click()
    assert [override(state, identity) for identity in group] == [{}] * 4
    assert viewer.controls.timings["ton"].value == 50.0
    viewer.controls.detected.click()
    assert "no timing was set by hand" in viewer.timing_message.text


@pytest.mark.parametrize(
    ("name", "ms", "said"),
    [
        ("toff", 900.0, "lasts from 0 to 300"),
        ("toff", 40.0, "must come after ton"),
        ("ton", float("nan"), "number"),
    ],
)
def test_a_timing_that_cannot_be_is_refused_beside_the_boxes(state, viewer, name, ms, said):
    before = state.inputs
    viewer.controls.timings[name].value = ms
    assert said in viewer.timing_message.text
    assert state.inputs is before
    assert viewer.controls.timings["toff"].value == 250.0
    drag(viewer, toff=40.0)
    viewer._dropped.flush()
    assert state.inputs is before
    assert viewer.panels.handles.x[1] == pytest.approx(250.0)


def test_what_was_decided_is_shown_before_its_results_are_there(tmp_path):
    arguments = lab.arguments(lab.write_cells(tmp_path, {"A": 0.1}))
    state = ExtractionState.from_arguments(arguments, runner=BackgroundRunner())
    viewer = TraceViewer(state)
    assert state.wait(60)
    viewer.refresh()
    identity = viewer.active
    assert identity is not None
    viewer.set_timing({"toff": 200.0})
    assert viewer.panels.handles.x[1] == 200.0
    assert state.wait(60)
    viewer.refresh()
    assert state.results.recording(identity).toff == 200.0
    assert viewer.panels.stimuli.x[-3] == pytest.approx(200.0, abs=lab.DT)
    viewer.close()
    state.close()


def boxes(viewer):
    """Return the names of the boxes of timings that are seen."""
    of_box = {box: name for name, box in viewer.controls.timings.items()}
    return [of_box[box] for box in viewer.controls.timing_row.children if box in of_box]


def test_other_families_have_their_own_timings():
    state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
    viewer = TraceViewer(state)
    state.view.cell, state.view.protocol = "RS1", "sAHP"
    assert viewer.panels.handles.names.tolist() == ["ton", "tmid", "tmid2", "toff"]
    assert boxes(viewer) == ["ton", "tmid", "tmid2", "toff"]
    drag(viewer, tmid=450.0)
    viewer._dropped.flush()
    assert override(state, viewer.active) == {"tmid": 450.0}
    viewer.close()


def pulses(metadata):
    """Three pulses of 5 ms at 50, 80 and 110 ms."""
    current = np.zeros(2000)
    for k in range(3):
        current[500 + 300 * k : 550 + 300 * k] = 0.8
    units = {"dt": 0.1, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return [{"voltage": np.full(2000, -70.0), "current": current, "id": "train", **units}]


def test_the_ramp_of_trains_of_pulses_stands_for_times(tmp_path):
    """Of 8.7 and 48.8 ms between pulses it said 8700 and 48800 pA."""

    def trains(metadata):
        made = []
        for gap in (10.0, 30.0):
            current = np.zeros(2000)
            current[500:550] = current[550 + round(10 * gap) : 600 + round(10 * gap)] = 0.8
            made.append({**pulses(metadata)[0], "current": current, "id": f"{gap:g}"})
        return made

    path = tmp_path / "train.x"
    path.touch()
    arguments = lab.arguments({"A": {"SpikeRec": [{"filepath": str(path)}]}}) | {"recording_reader": trains}
    with ExtractionState.from_arguments(arguments) as state:
        viewer = TraceViewer(state)
        state.view.cell, state.view.protocol = "A", "SpikeRec"
        assert len(viewer.view_data().curves) == 2
        low, high = viewer.view_data().ramp
        assert low.endswith(" ms")
        assert float(low[:-3]) == pytest.approx(10.0, abs=0.3)
        assert high.endswith(" ms")
        assert float(high[:-3]) == pytest.approx(30.0, abs=0.3)
        assert [column.unit for column in viewer.controls.sweeps.columns][2] == ""
        viewer.close()


def test_a_train_of_pulses_is_taken_hold_of(tmp_path):
    path = tmp_path / "train.x"
    path.touch()
    arguments = lab.arguments({"A": {"SpikeRec": [{"filepath": str(path)}]}}) | {"recording_reader": pulses}
    state = ExtractionState.from_arguments(arguments)
    viewer = TraceViewer(state)
    typed, handles = viewer.controls.timings, viewer.panels.handles
    assert handles.names.tolist() == ["delay", "spike_duration", "delta"]
    np.testing.assert_allclose(handles.x, [50.0, 55.0, 110.0], atol=0.21)
    assert {name: box.value for name, box in typed.items()} == pytest.approx(
        {"delay": 50.0, "spike_duration": 5.0, "delta": 25.0, "n_spikes": 3}, abs=0.21
    )
    viewer.drags.begins()
    drag(viewer, delta=float(handles.x[2]) + 4.0)  # the last pulse 4 ms later: 2 ms more between two
    viewer._dropped.flush()
    own = override(state, viewer.active)
    assert own == {"delta": pytest.approx(27.0, abs=0.11)}
    assert len(state.results.recording(viewer.active).tspike) == 3
    assert state.results.recording(viewer.active).delta == own["delta"]
    assert "delta set by hand" in viewer.controls.facts.value
    assert viewer.view_data().rows[0].mark == "✎"
    typed["n_spikes"].value = 2.0
    assert override(state, viewer.active) == own | {"n_spikes": 2}
    typed["n_spikes"].value = 99
    assert "don&#x27;t fit" in viewer.timing_message.value or "don't fit" in viewer.timing_message.value
    assert typed["n_spikes"].value == 2
    viewer.controls.detected.click()
    assert override(state, viewer.active) == {}
    viewer.close()


class TwoPulses(ecodes.Step):
    """A lab's own: a second step begins at `tagain`."""

    timings = ("ton", "tagain", "toff")


def test_a_timing_that_only_a_labs_own_family_has(tmp_path, monkeypatch):
    monkeypatch.setattr(ecodes, "FAMILIES", dict(ecodes.FAMILIES))
    monkeypatch.setattr(ecodes, "eCodes", dict(ecodes.eCodes))
    ecodes.register_ecode("twice", TwoPulses)
    path = tmp_path / "train.x"
    path.touch()
    given = {"filepath": str(path), "ton": 50.0, "tagain": 80.0, "toff": 115.0}
    arguments = lab.arguments({"A": {"Twice": [given]}}) | {"recording_reader": pulses}
    state = ExtractionState.from_arguments(arguments)
    viewer = TraceViewer(state)
    assert boxes(viewer) == ["ton", "tagain", "toff"]
    drag(viewer, tagain=81.0)
    viewer._dropped.flush()
    assert override(state, viewer.active) == {"tagain": 81.0}
    assert viewer.controls.timings["tagain"].value == 81.0
    viewer.close()


def flat(metadata):
    """A sweep without a stimulus."""
    voltage = np.full(2000, -70.0)
    units = {"dt": 0.2, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    return [{"voltage": voltage, "current": np.zeros(2000), "id": "flat", **units}]


def test_a_sweep_without_a_stimulus_says_so_and_is_given_one(tmp_path):
    path = tmp_path / "flat.x"
    path.touch()
    arguments = lab.arguments({"A": {"sAHP": [{"filepath": str(path)}]}}) | {"recording_reader": flat}
    state = ExtractionState.from_arguments(arguments)
    viewer = TraceViewer(state)
    view = viewer.view_data()
    assert state.results.members[view.active].lost
    assert view.rows[0].label == "no stimulus"
    assert "no stimulus was found: the current never changes" in view.notes[0]
    assert view.curves[0].opacity < 1
    assert dict(view.facts)["timing"] == "no stimulus found"
    assert not view.timings["ton"].known
    drag(viewer, ton=70.0)
    viewer._dropped.flush()
    assert set(override(state, view.active)) == {"ton", "tmid", "tmid2", "toff"}
    assert not state.results.members[view.active].lost
    assert viewer.controls.timings["ton"].value == 70.0
    viewer.close()


# --- the scope is the selection


def test_what_is_done_is_done_to_all_chosen_sweeps_and_the_button_says_so(state, viewer):
    group = ids(state, "A", "IDrest")
    viewer.show(group[:3])
    assert viewer.controls.exclude.description == "exclude 3 sweeps"
    assert viewer.controls.include.disabled
    viewer.controls.reason.value = "seal lost"
    viewer.controls.exclude.click()
    assert [state.results.members[one].excluded for one in group] == ["seal lost"] * 3 + [None]
    assert viewer.controls.include.description == "take back: 3 sweeps"
    viewer.show(group[2:])
    assert viewer.controls.exclude.description == "exclude 2 sweeps"
    assert viewer.controls.include.description == "take back"  # the one of them that is left out
    viewer.controls.include.click()
    assert [state.results.members[one].excluded for one in group] == ["seal lost"] * 2 + [None] * 2
    state.undo()
    state.undo()
    assert not any(state.results.members[one].excluded for one in group)
    viewer.show(group[:1])
    assert viewer.controls.exclude.description == "exclude"


def test_a_dragged_timing_is_that_of_all_chosen_sweeps_and_undone_as_one(state, viewer):
    group = ids(state, "A", "IDrest")
    viewer.show([group[3], group[1]])
    drag(viewer, ton=60.0)
    viewer._dropped.flush()
    assert [override(state, one) for one in group] == [{}, {"ton": 60.0}, {}, {"ton": 60.0}]
    assert viewer.controls.detected.description == "back to detected: 2 sweeps"
    state.undo()
    assert [override(state, one) for one in group] == [{}] * 4
    assert viewer.controls.detected.disabled


def test_the_scope_of_timings_can_be_narrowed_and_widened(state, viewer):
    group = ids(state, "A", "IDrest")
    viewer.show(group[:2], group[1])
    everywhere = {one for one, member in state.results.members.items() if member.protocol == "IDrest"}
    viewer.controls.scope.value = "cells"
    assert set(viewer.scope()) == everywhere > set(group)
    for scope, wanted in (("this", (group[1],)), ("protocol", tuple(group)), ("shown", tuple(group[:2]))):
        viewer.controls.scope.value = scope
        assert viewer.scope() == wanted
        assert viewer.controls.exclude.description == "exclude 2 sweeps"


def test_one_sweep_is_left_out_though_timings_are_set_for_the_protocol(state, viewer):
    """By a button as by its key: what was chosen for a timing says nothing of exclusions."""
    group = ids(state, "A", "IDrest")
    viewer.controls.scope.value = "protocol"
    viewer.show(group[1:2])
    assert viewer.controls.exclude.description == "exclude"
    viewer.controls.reasons.pressed("drift")
    assert [state.results.members[one].excluded for one in group] == [None, "drift", None, None]
    assert viewer.controls.reason.placeholder == "else: drift"
    viewer.controls.accept.click()
    assert state.inputs.accepted == (group[1],)
    viewer.controls.include.click()
    assert not state.inputs.accepted


def test_a_long_list_shows_the_thousand_in_which_the_active_sweep_is(state, viewer, monkeypatch):
    state.view.cell, state.view.protocol = "A", "IDrest"
    group = [row.id for row in viewer.view_data().rows]
    monkeypatch.setattr("efewidgets.widgets.traces.words.MOST_ROWS", 3)
    viewer.show(group[:1])
    view = viewer.view_data()
    assert [row.id for row in view.rows] == group[:3]
    assert "the list shows sweeps 1 to 3 of 4" in view.notes[-1]
    viewer.show(group[3:])
    assert [row.id for row in viewer.view_data().rows] == group[3:]
    assert viewer.controls.place.value == "sweep 4 of 4"
    assert "sweeps 4 to 4 of 4" in viewer.controls.notes.value
    monkeypatch.undo()
    assert not [note for note in viewer.view_data().notes if "the list shows" in note]


def test_chosen_sweeps_without_a_stimulus_get_the_other_timing_too(tmp_path):
    with ExtractionState.from_arguments(lab.arguments(lab.write_cells(tmp_path, {"A": 0.1}))) as state:
        viewer = TraceViewer(state)
        group = ids(state, "A", "IDrest")
        lost = state.results.members[group[0]]
        viewer.show(group[:2], group[1])
        lost.recording.timing_from = "lost"
        toff = viewer._view.timings["toff"].ms
        viewer.controls.timings["ton"].value = 60.0
        assert override(state, group[0]) == {"ton": 60.0, "toff": toff}
        assert override(state, group[1]) == {"ton": 60.0}
        state.undo()
        assert [override(state, one) for one in group[:2]] == [{}, {}]
        viewer.close()


def test_ticks_follow_the_step_on_both_axes(state, viewer):
    axes = viewer.panels._y_axes + viewer.panels._x_axes
    for between in (None, (49.0, 51.0), (49.99, 50.05)):
        viewer.zoom(between)
        for axis in axes:
            factor = 1e3 if "pA" in axis.label else 1.0
            values = np.asarray(axis.tick_values) * factor
            said = [axis.tick_labels[tick_key(value)].replace("−", "-") for value in axis.tick_values]
            assert [float(text) for text in said] == pytest.approx(values.tolist(), abs=1e-9)


# --- exclusion


def test_a_sweep_is_left_out_for_a_reason(state, viewer):
    identity = viewer.active
    viewer.controls.exclude.click()
    assert state.results.members[identity].excluded == "by eye"  # nothing was typed
    viewer.controls.reason.value = "seal <lost>"
    viewer.controls.exclude.click()
    assert state.results.members[identity].excluded == "seal <lost>"
    assert not viewer.exclusion_message.text
    assert viewer.controls.reason.value == ""
    assert "seal &lt;lost&gt;" in viewer.controls.status.value
    assert viewer.panels.voltages.opacities[0] < 1
    viewer.controls.include.click()
    assert state.results.members[identity].excluded is None
    assert viewer.panels.voltages.opacities[0] == 1.0


def test_what_was_accepted_is_shown_and_taken_back(state, viewer):
    state.accept(viewer.active)
    assert "accepted" in viewer.controls.status.value
    assert [row["state"] for row in viewer.controls.sweeps.rows if row["id"] == viewer.active] == [
        "✓ accepted"
    ]
    state.take_back(viewer.active)
    assert viewer.controls.status.value == ""
    assert not any(row["state"] for row in viewer.controls.sweeps.rows)


def test_a_tag_stands_in_the_list_as_soon_as_it_is_given(state, viewer):
    identity = viewer.active
    state.describe(identity, drug="TTX")
    assert {row["id"]: row["tags"] for row in viewer.controls.sweeps.rows}[identity] == "drug: TTX"
    state.undo()
    assert not any(row["tags"] for row in viewer.controls.sweeps.rows)


# --- the end


def test_close_leaves_nothing(state):
    gc.collect()
    before = len(ipywidgets.widgets.widget._instances)
    viewer = TraceViewer(state)
    state.view.cell = "A"
    state.view.cursors = (20.0, 40.0)
    state.view.time_range = (10.0, 60.0)
    viewer.close()
    assert len(ipywidgets.widgets.widget._instances) == before
    state.view.time_range = None


def test_names_do_no_harm(tmp_path):
    evil = '<img src=x onerror="alert(1)">'
    files = lab.write_cells(tmp_path, {"A": 0.1})["A"]["IDthresh"]
    files = [file | {"ecode": "step"} for file in files]
    state = ExtractionState.from_arguments(lab.arguments({evil: {"协议\n<b>": files}}) | {"targets": []})
    viewer = TraceViewer(state)
    assert not viewer.message.text
    shown = viewer.controls.facts.value + viewer.controls.notes.value + viewer.controls.place.value
    assert "<img" not in shown
    assert viewer.controls.cell.options[0][0] == evil  # the browser takes options as text
    with_file = dataclasses.replace(viewer.view_data(), facts=[("file", evil), ("sweep", '"><b>')])
    viewer.controls.draw(viewer.put, with_file, Scope(1, 0, 1, 0))
    said = viewer.controls.facts.value
    assert "<img" not in said
    assert said.count("&lt;img") == 2  # in the text and in its tooltip
    assert viewer.controls.protocol.options[0][0] == "协议␊<b>"
    viewer.close()


def test_a_file_that_went_away_is_told(state, viewer, monkeypatch):
    def gone(self, identity):
        raise EfeError("the file is gone.")

    monkeypatch.setattr(type(state.results), "trace", gone)
    viewer.show([ids(state, "B", "IV")[0]])
    assert "the file is gone." in viewer.controls.notes.value
    assert len(viewer.panels.voltages.x) == 0


@pytest.mark.parametrize(("cell", "protocol"), [("B", None), (None, "IDrest"), ("B", "IV")])
def test_a_selected_cell_or_protocol_shows_one_group(state, cell, protocol):
    """Sweeps of different protocols, or of different cells, are not laid over each other unasked."""
    state.view.cell, state.view.protocol = cell, protocol
    chosen = trace_view(state, TraceCache()).chosen
    ((shown_cell, shown_protocol),) = {
        (state.results.members[identity].cell, state.results.members[identity].protocol)
        for identity in chosen
    }
    assert shown_cell == (cell or shown_cell)
    assert shown_protocol == (protocol or shown_protocol)


def test_sweeps_of_two_files_with_the_same_names_can_be_told_apart(state, viewer):
    state.view.cell, state.view.protocol = "A", "IDrest"
    labels = [state.results.members[row.id].recording.label for row in viewer.view_data().rows]
    assert len(set(labels)) < len(labels)
    assert [row.detail for row in viewer.view_data().rows] == ["…0 s0", "…1 s0", "…0 s1", "…1 s1"]
