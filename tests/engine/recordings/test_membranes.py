"""Files of several cells in one cell are told; one neuron that drifts or is held elsewhere isn't."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from efewidgets.engine.recordings.ecodes import Step
from efewidgets.engine.recordings.membranes import judge_membranes, membrane_of
from efewidgets.engine.traces.trace import Trace
from efewidgets.extract import read_recordings
from efewidgets.state import ExtractionState

NEURON = {"rest": -70.0, "ohm": 100.0}  # mV, MΩ


def step(amp, rest=-70.0, ohm=100.0, holding=0.0, seed=0):
    """A passive membrane (10 ms) under a step of 100 to 300 ms (nA) on a holding current."""
    time = np.arange(4000) * 0.1
    current = holding + np.where((time >= 100) & (time < 300), amp, 0.0)
    charged = np.clip(1 - np.exp(-(time - 100) / 10), 0, None) - np.clip(
        1 - np.exp(-(time - 300) / 10), 0, None
    )
    voltage = rest + ohm * (holding + amp * charged) + np.random.default_rng(seed).normal(0, 0.1, len(time))
    return {"voltage": voltage, "current": current, "dt": 0.1}


def recordings(*files):
    """One recording a step of each file: dicts of the cell's properties, and of holding (nA)."""
    found = []
    for name, properties in enumerate(files):
        for seed, amp in enumerate((-0.1, -0.05, -0.03, 0.03, 0.05)):
            config = {"filepath": f"{name}.abf", "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
            sweep = step(amp, **properties, seed=seed)
            found.append(Step(config | {"ton": 100.0, "toff": 300.0}, sweep, "Step"))
    return found


def told(*files):
    return [problem.message for problem in judge_membranes(recordings(*files))]


def test_baseline_and_resistance_are_measured():
    sweep = step(-0.05, rest=-65.0, ohm=120.0, holding=0.02)
    trace = Trace(sweep["voltage"], sweep["current"], 0.1, "ms")
    found = membrane_of(trace, 1000, 3000, -0.05)
    assert found["baseline"] == pytest.approx(-65 + 2.4, abs=0.05)
    assert found["resistance"] == pytest.approx(120.0, rel=0.02)
    assert membrane_of(trace, 0, 3000, -0.05) == {"baseline": None, "resistance": None}
    assert membrane_of(trace, 1000, 3000, 0.05)["resistance"] is None  # it answers the wrong way
    assert membrane_of(trace, 1000, 3000, -0.001)["resistance"] is None


def test_a_step_that_makes_it_fire_tells_no_resistance():
    sweep = step(0.3)
    sweep["voltage"][1500:1510] = 20.0
    trace = Trace(sweep["voltage"], sweep["current"], 0.1, "ms")
    assert membrane_of(trace, 1000, 3000, 0.3)["resistance"] is None


@pytest.mark.parametrize(
    "other",
    [
        {"rest": -70.0, "ohm": 300.0},  # another resistance
        {"rest": -45.0, "ohm": 100.0},  # another resting potential
        {"rest": -40.0, "ohm": 100.0, "holding": -0.3},  # at the same potential, by another holding current
    ],
)
def test_files_of_two_neurons_are_told(other):
    (message,) = told(NEURON, other)
    assert "hardly of one cell" in message
    assert "0.abf" in message
    assert "1.abf" in message


@pytest.mark.parametrize(
    "other",
    [
        {"rest": -62.0, "ohm": 150.0},  # a drift
        {"rest": -70.0, "ohm": 100.0, "holding": -0.2},  # held 20 mV lower on purpose
        {"rest": -70.0, "ohm": 100.0, "holding": 0.15},
        {"rest": -70.0, "ohm": 100.0},
    ],
)
def test_one_neuron_is_not(other):
    assert told(NEURON, other) == []


def test_one_file_is_one_cell():
    assert told(NEURON) == []
    assert judge_membranes([]) == []


def test_a_file_of_two_sweeps_tells_nothing():
    few = recordings(NEURON, {"rest": -40.0, "ohm": 300.0})[:7]
    assert judge_membranes(few) == []


def test_order_of_the_files_does_not_count():
    files = (NEURON, {"rest": -70.0, "ohm": 400.0}, {"rest": -68.0, "ohm": 110.0})
    assert all(len(told(*order)) == 1 for order in itertools.permutations(files))


def test_command_and_page_say_it(tmp_path):
    def reader(metadata):
        properties = NEURON if metadata["filepath"].endswith("0.dat") else {"rest": -60.0, "ohm": 400.0}
        common = {"t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
        return [step(amp, **properties, seed=k) | common for k, amp in enumerate((-0.05, -0.03, -0.02, 0.02))]

    files = [str(tmp_path / f"{k}.dat") for k in range(2)]
    for file in files:
        with open(file, "wb") as written:
            written.write(b"x")
    metadata = {"c": {"Step": [{"filepath": file, "ton": 100.0, "toff": 300.0} for file in files]}}
    (cell,) = read_recordings(metadata, recording_reader=reader)
    (problem,) = [p for p in cell.all_problems() if "hardly of one cell" in p.message]
    assert (problem.cell, problem.severity) == ("c", "warning")
    state = ExtractionState.from_arguments(
        {
            "files_metadata": metadata,
            "targets": [{"efeature": "voltage_base", "protocol": "Step", "amplitude": 100, "tolerance": 10}],
            "protocols_rheobase": ["Step"],
            "recording_reader": reader,
        }
    )
    assert problem.message in [p.message for p in state.results.problems]
