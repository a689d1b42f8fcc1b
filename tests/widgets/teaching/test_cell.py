"""The virtual cell: what it shows is what is simulated, and what it keeps is what the state reads back."""

from __future__ import annotations

import os
import pathlib
import re

import numpy as np
import pytest
from ipywidgets.widgets import widget as widget_module

from efewidgets import ExtractionState
from efewidgets.datasets import virtual_cell
from efewidgets.datasets.experiments import FINE, Injection, rheobase
from efewidgets.datasets.models import CellModel, regular_spiking
from efewidgets.datasets.simulator import simulate
from efewidgets.engine.problems import EfeError
from efewidgets.state import BackgroundRunner
from efewidgets.widgets import RheobaseInspector, VirtualCell
from efewidgets.widgets.teaching.data import nice, series_of


@pytest.fixture
def state():
    with ExtractionState() as found:
        yield found


@pytest.fixture
def cell(state):
    found = VirtualCell(state)
    yield found
    found.close()


def only_recording(state, file):
    (found,) = [m.recording for i, m in state.results.members.items() if i.startswith(f"{file}/")]
    return found


def spikes_of(model, injection, threshold=-20.0):
    """Count upward crossings of the threshold within the stimulus."""
    v = simulate(model, injection.current, injection.dt)
    crossings = np.flatnonzero((v[:-1] < threshold) & (v[1:] >= threshold)) * injection.dt
    return int(np.sum((crossings >= injection.ton) & (crossings <= injection.toff)))


def peaks_of(recorded):
    return recorded.heights(recorded.spike_times)


# --- what is shown


@pytest.mark.parametrize("name", ["RS1", "IB1", "FS1"])
def test_the_live_sweep_is_the_simulation(state, name):
    cell = VirtualCell(state, name)
    for amp in (0.02, 0.15, 0.4):
        cell.amplitude = amp
        wanted = Injection("IDthresh", amp)
        exact = simulate(virtual_cell(name), wanted.current, wanted.dt)
        data = cell.view_data()
        np.testing.assert_allclose(data["live"].voltage, exact, atol=0.5 * FINE.voltage_bit + 1e-9)
        np.testing.assert_allclose(data["live"].current, wanted.current, atol=1e-9)
        count = spikes_of(virtual_cell(name), wanted)
        assert len(cell.plots.spikes.x) == count
        assert data["answer"] == {0: "No spike", 1: "1 spike"}.get(count, f"{count} spikes")
    cell.close()


def test_a_sweep_by_itself_changes_nothing(cell):
    cell.duration, cell.holding, cell.noise = 100.0, -0.02, True
    before = cell.injection
    found = cell.sweep(0.06)
    exact = simulate(cell.model, Injection("IDthresh", 0.06).current, 0.1)
    np.testing.assert_allclose(found.voltage, exact, atol=0.5 * FINE.voltage_bit + 1e-9)
    assert found.voltage_at_rest() == pytest.approx(cell.model.resting_potential(), abs=0.01)
    assert cell.sweep(0.1, protocol="IDrest", duration=30.0).time[-1] == pytest.approx(429.9)
    assert cell.injection == before
    assert not cell.kept


def test_no_peak_is_lost_in_drawing(cell):
    cell.protocol = "APThreshold"
    cell.amplitude = 0.2
    live = cell.recorded
    assert len(live.spike_times) > 5
    assert len(cell.plots.live.x) <= 4000
    drawn = set(np.round(cell.plots.live.x, 2))
    assert all(round(float(time), 2) in drawn for time in live.time[np.isin(live.voltage, peaks_of(live))])
    assert cell.plots.live.y.max() == pytest.approx(live.voltage.max(), abs=1e-4)


def test_sliders_and_python_are_two_ways_to_the_same(cell):
    controls = cell.controls
    controls.amplitude.value = 61.0
    assert cell.amplitude == 0.061
    cell.amplitude = 0.0735
    assert controls.amplitude.value == 73.5
    controls.holding.value = -12.0
    assert cell.holding == -0.012
    controls.onset.value = 120.0
    controls.duration.value = 340.0
    assert (cell.onset, cell.duration) == (120.0, 340.0)
    assert cell.recorded.injection == Injection("IDthresh", 0.0735, 120.0, 340.0, -0.012)
    controls.protocol.value = "IDrest"
    assert (cell.protocol, cell.duration) == ("IDrest", 1000.0)
    cell.protocol = "IDthresh"
    assert controls.duration.value == 340.0
    controls.noise.value = True
    assert cell.noise


def test_a_number_is_typed(cell):
    slider = cell.controls.amplitude
    high = slider.high
    slider._told(slider, {"typed": "62,5"}, [])
    assert cell.amplitude == 0.0625
    slider._told(slider, {"typed": "much"}, [])
    assert "must be a number" in cell.slider_message.text
    assert cell.amplitude == 0.0625
    slider._told(slider, {"typed": "9000"}, [])
    assert "from −3 to 3 nA" in cell.slider_message.text
    assert (cell.amplitude, slider.value, slider.high) == (0.0625, 62.5, high)
    slider._told(slider, {"typed": "700"}, [])
    assert cell.slider_message.text == ""
    assert (cell.amplitude, slider.value, slider.high) == (0.7, 700.0, 700.0)


def test_what_cannot_be_injected_is_refused(cell):
    before = cell.injection
    for name, value in (("amplitude", 5.0), ("duration", 0.0), ("onset", -1.0), ("holding", float("nan"))):
        with pytest.raises(EfeError):
            setattr(cell, name, value)
    with pytest.raises(EfeError, match="IDthresh"):
        cell.protocol = "SineSpec"
    assert cell.injection == before


def test_the_threshold_of_the_state_decides_what_a_spike_is(cell, state):
    cell.amplitude = 0.1
    peaks = peaks_of(cell.recorded)
    assert len(peaks) >= 3
    state.set_efel_settings(Threshold=float(peaks.max()) + 1.0)
    assert cell.view_data()["answer"] == "No spike"
    assert cell.plots.threshold.y == pytest.approx([peaks.max() + 1.0] * 2)
    cell.controls.threshold.value = -30.0
    assert state.inputs.efel_settings["Threshold"] == -30.0
    assert (cell.threshold, len(cell.plots.spikes.x)) == (-30.0, len(peaks))
    slider = cell.controls.threshold
    slider._told(slider, {"typed": "low"}, [])
    assert "threshold must be a number" in cell.slider_message.text
    assert slider.value == cell.threshold == -30.0


def test_a_spike_after_a_brief_step_is_told_apart(cell, state):
    cell.duration, cell.amplitude = 20.0, 0.1532
    assert spikes_of(cell.model, cell.injection) == 0
    data = cell.view_data()
    assert data["answer"] == "No spike during the stimulus"
    assert "1 spike outside the stimulus" in data["more"]
    assert (len(cell.plots.spikes.x), len(cell.plots.others.x)) == (0, 1)
    state.set_efel_settings(strict_stiminterval=False)
    assert cell.view_data()["answer"] == "1 spike"
    assert (len(cell.plots.spikes.x), len(cell.plots.others.x)) == (1, 0)


def test_noise_is_another_one_from_sweep_to_sweep(cell):
    cell.noise = True
    first = cell.recorded.voltage
    cell.amplitude = 0.03
    cell.amplitude = 0.02
    np.testing.assert_array_equal(cell.recorded.voltage, first)
    cell.keep()
    assert not np.array_equal(cell.recorded.voltage, first)


# --- what is kept


def test_a_kept_sweep_reads_back_as_it_was_seen(cell, state):
    cell.amplitude, cell.holding, cell.noise = 0.083, -0.005, True
    seen = cell.recorded
    identity = cell.keep()
    recording = only_recording(state, identity)
    # NWB holds steps of the converter, and is read as float32 volts and amperes
    np.testing.assert_allclose(recording.voltage, seen.voltage, rtol=3e-7)
    np.testing.assert_allclose(recording.current, seen.current, rtol=3e-7, atol=1e-9)
    assert recording.dt == pytest.approx(0.1)
    assert (recording.ton, recording.toff) == pytest.approx((200.0, 700.0))
    assert recording.amp == pytest.approx(0.083, abs=0.001)
    assert recording.hypamp == pytest.approx(-0.005, abs=0.001)
    assert recording.peak_time == pytest.approx(seen.spike_times, abs=0.026)
    assert state.view.cell == "RS1"
    assert state.view.protocol == "IDthresh"


def test_the_files_are_read_by_anybody(cell):
    pynwb = pytest.importorskip("pynwb")
    cell.amplitude = 0.08
    cell.keep()
    (path,) = pathlib.Path(cell.folder).iterdir()
    with pynwb.NWBHDF5IO(path, "r") as file:
        (series,) = file.read().acquisition.values()
        volts = series.data[:] * series.conversion
        np.testing.assert_allclose(volts * 1e3, cell.recorded.voltage, atol=1e-6)


def test_the_rheobase_is_the_smallest_kept_amplitude_that_fires(cell, state):
    inspector = RheobaseInspector(state)
    ids = cell.keep_series(0.04, 0.08, 0.004)
    assert len(ids) == 11
    amps = [0.04 + 0.004 * k for k in range(11)]
    fires = [spikes_of(cell.model, Injection("IDthresh", amp)) > 0 for amp in amps]
    wanted = amps[fires.index(True)]
    found = state.results.rheobases["RS1"].value
    assert found == pytest.approx(wanted, abs=1e-6)
    (row,) = inspector.view_data()["rows"]
    assert row["value"] == pytest.approx(1000 * wanted, abs=1e-3)
    true = rheobase(cell.model)
    assert found - 0.004 < true <= found + 1e-9
    inspector.close()


def test_a_series_is_one_edit_and_the_kept_sweeps_follow_the_state(cell, state):
    cell.keep_series(0.02, 0.06, 0.02)
    assert state.undo_label == "add 3 files"
    assert [round(one.recorded.injection.amp, 3) for one in cell.kept.values()] == [0.02, 0.04, 0.06]
    assert cell.plots.behind.x.shape[0] == 3
    assert "3 sweeps" in cell.kept_words.value
    state.undo()
    assert not cell.kept
    assert not len(cell.plots.behind.x)
    assert cell.controls.remove.disabled
    state.redo()
    assert len(cell.kept) == 3
    cell.controls.remove.click()
    assert not cell.kept
    assert not state.inputs.cells


def test_a_long_series_says_that_it_is_being_recorded(cell):
    said = []
    cell.keep_message.observe(lambda change: said.append(cell.keep_message.text), "value")
    cell.keep_series(0.0, 0.02, 0.01)
    assert said == ["Recording 3 sweeps …", ""]


def test_a_typed_series(cell, state):
    controls = cell.controls
    controls.first.value, controls.last.value, controls.step.value = "50", "70", "10 pA"
    controls.keep_series.click()
    assert "must be a number" in cell.keep_message.text
    controls.step.value = "0"
    controls.keep_series.click()
    assert "steps above 0" in cell.keep_message.text
    controls.step.value = "0.01"
    controls.keep_series.click()
    assert "larger steps" in cell.keep_message.text
    assert not state.inputs.cells
    controls.step.value = "10"
    controls.keep_series.click()
    assert cell.keep_message.text == ""
    assert [one.recorded.injection.amp for one in cell.kept.values()] == [0.05, 0.06, 0.07]


@pytest.mark.parametrize("protocol", ["IDthresh", "IDrest", "IV", "APWaveform", "APThreshold"])
def test_every_protocol_is_read_as_what_it_is(cell, state, protocol):
    cell.protocol = protocol
    assert not re.search("nan|None", cell.facts.value)
    recording = only_recording(state, cell.keep())
    assert recording.protocol_name == protocol
    assert recording.amp == pytest.approx(cell.amplitude, rel=0.01)
    assert recording.spikecount == len(cell.recorded.spike_times)
    assert (recording.ton, recording.toff) == pytest.approx((cell.onset, cell.onset + cell.duration))


def test_two_cells_share_a_state_and_a_folder(state, tmp_path):
    one = VirtualCell(state, "RS1", folder=tmp_path)
    other = VirtualCell(state, "FS1", name="it's <b>/..", folder=tmp_path)
    again = VirtualCell(state, "RS1", folder=tmp_path)
    for cell in (one, other, again):
        cell.keep_series(0.05, 0.1, 0.05)
    assert [len(cell.kept) for cell in (one, other, again)] == [2, 2, 2]
    assert set(state.inputs.by_name) == {"RS1", "it's <b>/.."}
    assert len(state.results.members) == 6
    assert all(not member.lost for member in state.results.members.values())
    assert "&lt;b&gt;" in other.heading.value
    assert "<b>" not in other.heading.value
    files = sorted(os.listdir(tmp_path))
    for cell in (one, other, again):
        cell.close()
    assert sorted(os.listdir(tmp_path)) == files
    assert len(files) == 6


def test_a_model_of_ones_own(state):
    model = regular_spiking(diameter=80.0)
    cell = VirtualCell(state, model, name="big")
    assert cell.model is model
    cell.keep()
    assert "big" in state.inputs.by_name
    cell.close()
    passive = CellModel("leak", diameter=50.0, g_leak=0.05, e_leak=-70.0, g_na=0.0, g_kd=0.0, v_t=-50.0)
    cell = VirtualCell(state, passive)
    assert cell.view_data()["answer"] == "No spike"
    cell.close()


def test_background_runs_follow(tmp_path):
    with ExtractionState(runner=BackgroundRunner()) as state:
        cell = VirtualCell(state, folder=tmp_path)
        cell.keep_series(0.04, 0.07, 0.01)
        assert state.wait(60)
        assert state.results.rheobases["RS1"].value == pytest.approx(0.06, abs=1e-6)
        cell.close()


def test_a_folder_that_cannot_be_written_to(state, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    cell = VirtualCell(state, folder=tmp_path / "file")
    cell.controls.keep.click()
    assert "can't be written" in cell.keep_message.text
    assert not state.inputs.cells
    cell.close()


def test_unknown_cells_and_protocols(state):
    with pytest.raises(EfeError, match="RS1"):
        VirtualCell(state, "RS9")
    with pytest.raises(EfeError, match="IDthresh"):
        VirtualCell(state, protocol="nothing")
    with pytest.raises(TypeError):
        VirtualCell(state, colour="red")


def test_closing_leaves_nothing(state):
    before = len(widget_module._instances)
    cell = VirtualCell(state)
    folder = cell.folder
    cell.keep()
    assert os.listdir(folder)
    cell.close()
    assert not os.path.exists(folder)
    assert len(widget_module._instances) == before


def test_numbers():
    assert series_of(0.05, 0.3, 0.05) == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert series_of(-0.1, -0.1, 0.05) == [-0.1]
    assert [nice(value) for value in (0.19, 0.2, 0.31, 1.1, 0.9)] == [0.2, 0.2, 0.5, 2.0, 1.0]
