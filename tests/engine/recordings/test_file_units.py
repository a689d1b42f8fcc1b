"""Units are judged over all sweeps of a file, protocol by protocol or not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from efewidgets.engine.recordings.cell import Cell
from efewidgets.extract import read_recordings
from efewidgets.state import ExtractionState

NA = {"A": 1e9, "mA": 1e6, "uA": 1e3, "nA": 1.0, "pA": 1e-3}
MV = {"V": 1e3, "mV": 1.0, "uV": 1e-3}
AMPS = (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # nA; one at 0


def sweep(amp, seed=0, gain=1.0):
    """A step of 100 to 300 ms (nA) on noise of 0.1 pA, a cell of 50 MΩ at -70 mV."""
    rng = np.random.default_rng(seed)
    time = np.arange(4000) * 0.1
    current = np.where((time >= 100) & (time < 300), amp, 0.0) + rng.normal(0, 1e-4, len(time))
    voltage = gain * (-70 + 50 * current + rng.normal(0, 0.05, len(time)))
    return voltage, current


def sweeps_of(amps, v_unit="mV", i_unit="nA", gain=1.0):
    """Sweeps as a reader delivers them, with the samples in these units."""
    return [
        {
            "voltage": voltage / MV[v_unit],
            "current": current / NA[i_unit],
            "dt": 0.1,
            "t_unit": "ms",
            "id": f"s{k}",
        }
        for k, (voltage, current) in enumerate(sweep(amp, seed, gain) for seed, amp in enumerate(amps))
    ]


def read(tmp_path, sweeps, v_unit="mV", i_unit="nA", protocol="Step"):
    path = tmp_path / "x.dat"
    path.write_bytes(b"x")
    metadata = {
        "filepath": str(path),
        "v_unit": v_unit,
        "i_unit": i_unit,
        "ton": 100.0,
        "toff": 300.0,
    }
    files = {"c": {protocol: [metadata]}}
    return read_recordings(
        files, recording_reader=lambda metadata: sweeps, efel_settings={"Threshold": -20.0}
    )[0]


def units(cell):
    return [problem for problem in cell.all_problems() if problem.kind == "unit"]


def test_a_sweep_at_0_pA_is_refused_with_its_file(tmp_path):
    cell = read(tmp_path, sweeps_of(AMPS), i_unit="A")
    assert cell.recordings == []  # 0.1 pA of noise, in "A", would be up to 0.4 million nA
    (problem,) = units(cell)
    assert "taken as 'A': the samples are probably in 'nA'" in problem.message
    assert problem.file.endswith("x.dat")


def test_a_silent_sweep_that_passes_alone_is_refused_with_its_file(tmp_path):
    sweeps = sweeps_of(AMPS)
    sweeps[2]["current"] = (
        sweeps[2]["current"] * 1e-4
    )  # up to 4e-8 nA: in "A" some 40 nA, which a cell may be given
    cell = read(tmp_path, sweeps, i_unit="A")
    assert cell.recordings == []
    (problem,) = units(cell)
    assert problem.severity == "error"
    assert "(7 of 8 sweeps; the other 1 is in the same unit" in problem.message
    alone = read(tmp_path, [sweeps[2]], i_unit="A")
    assert len(alone.recordings) == 1  # by itself it can be
    assert "probably in" in units(alone)[0].message  # but nobody gives 40 nA


@pytest.mark.parametrize(("right", "taken"), list(itertools.permutations(NA, 2)))
def test_a_wrong_unit_of_current_is_told_once_with_the_right_one(tmp_path, right, taken):
    cell = read(tmp_path, sweeps_of(AMPS, i_unit=right), i_unit=taken)
    (problem,) = units(cell)
    assert f"taken as '{taken}': the samples are probably in '{right}'" in problem.message
    assert f"probably in '{taken}'" not in problem.message
    possible = {recording.amp for recording in cell.recordings}
    assert not possible or len(possible) == len(AMPS)  # all or none


@pytest.mark.parametrize(("right", "taken"), [("V", "mV"), ("mV", "V"), ("uV", "mV"), ("mV", "uV")])
def test_a_wrong_unit_of_voltage_is_told_once_with_the_right_one(tmp_path, right, taken):
    sweeps = sweeps_of(AMPS, v_unit=right)
    # an electrode in the bath: 0 mV in any unit, and a converter's last digit
    sweeps[0]["voltage"] = np.random.default_rng(9).integers(-1, 2, len(sweeps[0]["voltage"])) * 1e-9
    cell = read(tmp_path, sweeps, v_unit=taken)
    assert cell.recordings == []
    (problem,) = units(cell)
    assert f"taken as '{taken}': the samples are probably in '{right}'" in problem.message
    assert "(8 of 8 sweeps)" in problem.message


def test_pA_of_more_than_1000_takes_the_smaller_steps_with_it(tmp_path):
    cell = read(tmp_path, sweeps_of((-0.2, 0.0, 0.3, 0.6, 0.9, 1.2, 1.5), i_unit="pA"), i_unit="nA")
    assert cell.recordings == []
    assert "probably in 'pA'" in units(cell)[0].message


def test_a_gain_that_was_not_taken_off_is_told(tmp_path):
    (problem,) = units(read(tmp_path, sweeps_of(AMPS, gain=10.0)))
    assert problem.severity == "warning"
    assert "gain" in problem.message


def test_right_units_say_nothing(tmp_path):
    for amps in (AMPS, (0.0,) * 5, (0.002, 0.004, -0.002), (2.0, -3.0)):
        cell = read(tmp_path, sweeps_of(amps))
        assert units(cell) == []
        assert len(cell.recordings) == len(amps)


def test_one_broken_sweep_does_not_take_the_others_with_it(tmp_path):
    for good in (AMPS, (0.0,) * 5):
        sweeps = sweeps_of(good)
        sweeps[1]["current"] = sweeps[1]["current"] + 5000.0
        cell = read(tmp_path, sweeps)
        assert len(cell.recordings) == len(good) - 1
        (problem,) = units(cell)
        assert problem.recording == "s1"


def _by_protocol(metadata):
    """A file with sweeps of two protocols; that without a stimulus would pass alone."""
    if metadata["protocol_name"] == "Step":
        return sweeps_of(AMPS[3:])
    rest = sweeps_of((0.0,))
    rest[0]["current"] = rest[0]["current"] * 1e-4
    return rest


def _files(path, protocols=("Step", "IV")):
    timing = {"v_unit": "mV", "i_unit": "A", "ton": 100.0, "toff": 300.0}
    return {"c": {protocol: [{"filepath": str(path), **timing}] for protocol in protocols}}


@pytest.mark.parametrize("protocols", [("Step", "IV"), ("IV", "Step")])
def test_a_file_is_judged_over_its_protocols(tmp_path, protocols):
    path = tmp_path / "x.dat"
    path.write_bytes(b"x")
    files = _files(path, protocols)
    (cell,) = read_recordings(files, recording_reader=_by_protocol, efel_settings={"Threshold": -20.0})
    assert cell.recordings == []
    (problem,) = units(cell)
    assert "(5 of 6 sweeps" in problem.message
    one_by_one = Cell("c")
    for protocol, metadata in files["c"].items():
        one_by_one.read_recordings(metadata, protocol, _by_protocol, {"Threshold": -20.0})
    assert one_by_one.recordings == []
    assert [problem.message for problem in units(one_by_one)] == [problem.message]


def test_the_state_judges_as_the_engine_does(tmp_path):
    path = tmp_path / "x.dat"
    path.write_bytes(b"x")
    state = ExtractionState.from_arguments(
        {
            "files_metadata": _files(path),
            "targets": [{"efeature": "voltage_base", "protocol": "Step", "amplitude": 100, "tolerance": 10}],
            "protocols_rheobase": ["Step"],
            "recording_reader": _by_protocol,
        }
    )
    results = state.results
    assert results.cells["c"].recordings == []
    assert "probably in 'nA'" in results.members[next(iter(results.members))].excluded
    told = [problem for problem in results.problems if problem.kind == "unit"]
    assert len(told) == 1


def test_files_of_one_sweep_are_judged_with_those_beside_them(tmp_path):
    sweeps = {}
    for k, one in enumerate(sweeps_of(AMPS)):
        path = tmp_path / f"x{k}.dat"
        path.write_bytes(b"x")
        sweeps[str(path)] = one
    quiet = str(tmp_path / "x2.dat")
    sweeps[quiet]["current"] = sweeps[quiet]["current"] * 1e-4
    metadata = [{"filepath": path, "v_unit": "mV", "i_unit": "A", "ton": 100, "toff": 300} for path in sweeps]
    (cell,) = read_recordings(
        {"c": {"Step": metadata}}, recording_reader=lambda metadata: [sweeps[metadata["filepath"]]]
    )
    assert cell.recordings == []
    (problem,) = units(cell)
    assert "(7 of 8 sweeps" in problem.message
    assert problem.file == str(tmp_path)
