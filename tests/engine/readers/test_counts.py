"""Every sweep of a file is used, or named with the reason: the sums agree in every format."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import Problem, ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.inspection import Contents, SweepInfo, known_sweep
from efewidgets.engine.recordings.reading import read_file

from .binary_files import write_abf1, write_abf2, write_ibw
from .nwb_files import add_current, add_series, groups, step, volts
from .nwb_tables import add_long, add_rows, sweeps_of
from .test_channel_cells import write_wcp

N = 3000
UNITS = {"v_unit": "mV", "i_unit": "pA"}
V, I = ("Vm", "mV"), ("Im", "pA")  # noqa: E741


def digits(n: int = N) -> np.ndarray:
    return np.column_stack([np.arange(n) % 50 - 70, 50 * ((np.arange(n) // 1000) % 2)]).astype(np.int16)


def abf1(path: Path) -> tuple[dict[str, Any], int]:
    return {"filepath": str(write_abf1(path / "a.abf", [V, I], [digits(), digits(0), digits()], 100.0))}, 3


def abf2(path: Path) -> tuple[dict[str, Any], int]:
    return {"filepath": str(write_abf2(path / "a.abf", [V, I], [digits(0), digits(), digits(1)]))}, 3


def abf_of_two_cells(path: Path) -> tuple[dict[str, Any], int]:
    """Two cells of three sweeps: without a choice one is read, and the other's are named."""
    both = [np.hstack([digits(), digits() + 1]) for _ in range(3)]
    channels = [V, I, ("Vm 2", "mV"), ("Im 2", "pA")]
    return {"filepath": str(write_abf2(path / "a.abf", channels, both))}, 6


def wcp_of_two_cells(path: Path) -> tuple[dict[str, Any], int]:
    return {"filepath": str(write_wcp(path / "a.wcp"))}, 4


def nwb_rows(path: Path) -> tuple[dict[str, Any], int]:
    """Rows of long series: three sweeps, one of which isn't even; one I = 0; one without a stimulus."""
    with h5py.File(path / "a.nwb", "w") as file:
        v, i = add_long(file, range(3), gap=2.0)
        v["timestamps"][4000:5000] += 0.01
        zero = add_long(file, [3], "Z", stimulus=False, kind="IZeroClampSeries")
        bare = add_long(file, [4], "N", stimulus=False)
        add_rows(file, [*sweeps_of((v, i), 3), *sweeps_of(zero, 1), *sweeps_of(bare, 1)])
    return {"filepath": str(path / "a.nwb")}, 5


def igor(path: Path) -> tuple[dict[str, Any], int]:
    for name, samples, unit in (("v.ibw", volts(), "mV"), ("i.ibw", step(), "pA")):
        write_ibw(path / name, samples, 1e-4, unit)
    return {"v_file": str(path / "v.ibw"), "i_file": str(path / "i.ibw")}, 1


def matlab(hdf5: bool) -> Callable[[Path], tuple[dict[str, Any], int]]:
    def make(path: Path) -> tuple[dict[str, Any], int]:
        t = np.arange(N) * 1e-4
        variables = {}
        for k in range(5):
            variables[f"Trace_1_{k}_1_1"] = np.column_stack([t, step(k)])
            variables[f"Trace_1_{k}_1_2"] = np.column_stack([t, volts(k)])
        del variables["Trace_1_1_1_1"], variables["Trace_1_2_1_2"]
        variables["Trace_1_3_1_2"] = variables["Trace_1_3_1_2"][:100]
        if hdf5:
            with h5py.File(path / "a.mat", "w") as file:
                for name, values in variables.items():
                    file[name] = values.T
        else:
            from scipy.io import savemat

            savemat(path / "a.mat", variables)
        return {"filepath": str(path / "a.mat"), "t_unit": "s", **UNITS}, 5

    return make


def nwb(house: str) -> Callable[[Path], tuple[dict[str, Any], int]]:
    """Five responses of a house's names: one lacks its stimulus, one has no samples, one a missing one."""
    names = {
        "plain": ("resp_{}", "stim_{}", "CurrentClampSeries", "CurrentClampStimulusSeries"),
        "MIES": ("data_0000{}_AD0", "data_0000{}_DA0", "CurrentClampSeries", "CurrentClampStimulusSeries"),
        "Scala": ("CurrentClampSeries_{}", "CurrentClampStimulusSeries_{}", "", ""),
        "AIBS": ("Sweep_{}", "Sweep_{}", "", ""),
    }
    v_name, i_name, v_kind, i_kind = names[house]

    def make(path: Path) -> tuple[dict[str, Any], int]:
        with h5py.File(path / "a.nwb", "w") as file:
            acquisition, presentation = groups(file)
            if house == "AIBS":
                acquisition = acquisition.create_group("timeseries")
            for k in range(5):
                more = {"stimulus_description": "Step_DA_0"} if house == "MIES" else {}
                samples = volts(k)
                samples[100:101] = np.nan if k == 3 else samples[100]
                add_series(acquisition, v_name.format(k), samples, kind=v_kind, **more)
                if k not in (1, 2):
                    add_current(presentation, i_name.format(k), step(k), kind=i_kind, **more)
            del acquisition[v_name.format(2)]["data"]
        return {"filepath": str(path / "a.nwb")}, 5

    return make


def lccr(path: Path) -> tuple[dict[str, Any], int]:
    columns = np.column_stack([volts(k) for k in range(3)]).astype(object)
    columns[500, 1] = "NaN"
    text = "\n".join("\t".join(map(str, row)) for row in columns)
    (path / "a.txt").write_text(text, encoding="utf-8", newline="\n")
    given = {"dt": 0.1, "t_unit": "ms", "ton": 50, "toff": 200, "hypamp": 0, "amplitudes": [1, 2, 3]}
    return {"filepath": str(path / "a.txt"), **UNITS, **given}, 3


def table(path: Path) -> tuple[dict[str, Any], int]:
    columns = [np.arange(N) * 0.1, volts(0), volts(1), volts(2), step()]
    rows = np.column_stack(columns).astype(object)
    rows[7, 3] = ""
    lines = ["t (ms),V1 (mV),V2 (mV),V3 (mV),I (pA)", *(",".join(map(str, row)) for row in rows)]
    (path / "a.csv").write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return {"filepath": str(path / "a.csv")}, 3


MAKERS = {
    "ABF1": abf1,
    "ABF2": abf2,
    "ABF of two cells": abf_of_two_cells,
    "WinWCP of two cells": wcp_of_two_cells,
    "NWB of rows": nwb_rows,
    "Igor": igor,
    "MATLAB 5": matlab(False),
    "MATLAB 7.3": matlab(True),
    **{f"NWB {house}": nwb(house) for house in ("plain", "MIES", "Scala", "AIBS")},
    "lccr": lccr,
    "CSV": table,
}


def named(problems: list[Problem]) -> set[str]:
    """Return the sweeps that are said not to be used; problems of several sweeps list their names."""
    found: set[str] = set()
    for problem in problems:
        several = re.search(r"\(\d+ sweeps: ([^)]*)\)$", problem.message)
        if several:
            assert "…" not in several[1]
            found |= set(several[1].split(", "))
        elif problem.recording is not None:
            found.add(problem.recording)
    return found


@pytest.mark.parametrize("name", MAKERS)
def test_used_and_named_are_all(tmp_path, name):
    metadata, count = MAKERS[name](tmp_path)
    sweeps, problems = read(metadata)
    used = {sweep["label"] for sweep in sweeps if sweep is not None}
    assert used  # something must be left to use
    assert not used & named(problems)
    assert len(used) + len(named(problems)) == count
    # the same after all else that may go wrong with a sweep
    recordings, problems = read_file(metadata, "Step")
    labels = {recording.label for recording in recordings}
    assert labels <= used
    assert len(labels) + len(named(problems) - labels) == count


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("Igor", "lccr")])
def test_inspection_counts_the_same(tmp_path, name):
    metadata, count = MAKERS[name](tmp_path)
    summary = inspect(metadata["filepath"])
    listed = {sweep.id for sweep in summary.sweeps}
    missing = {problem.recording for problem in summary.problems} - {None} - listed
    assert len(listed) + len(missing) == count


def test_a_lab_s_own_sweeps_are_counted_too(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"x")
    good = {"voltage": volts(), "current": step(), "dt": 0.1, "t_unit": "ms", **UNITS}
    bad = [{}, good | {"dt": -1}, good | {"v_unit": "furlong"}]
    sweeps, problems = read({"filepath": str(tmp_path / "a.dat")}, lambda _: [good, *bad])
    assert [sweep is None for sweep in sweeps] == [False, True, True, True]
    assert named(problems) == {"sweep 2", "sweep 3", "sweep 4"}


def test_what_a_reader_forgets_is_told():
    told = Problem("its voltage is missing.", recording="b")
    contents = Contents("x", problems=[told], holds=["a", "b", "c"])
    contents.sweeps.append(known_sweep(SweepInfo("a"), lambda problems: {}))
    (lost,) = contents.lost()
    assert (lost.recording, lost.severity) == ("c", "error")
    assert [problem.recording for problem in contents.summary("f").problems] == ["b", "c"]


def test_sweeps_of_nwb_whose_partners_can_not_be_told_are_named(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        acquisition, presentation = groups(file)
        for k in range(4):
            more = {"kind": "CurrentClampSeries", "sweep_number": k % 3}
            add_series(acquisition, f"r{k}", volts(k), **more)
            more["kind"] = "CurrentClampStimulusSeries"
            add_current(presentation, f"s{k}", step(k), **more)
    sweeps, problems = read({"filepath": str(tmp_path / "a.nwb")})
    responses = {name for name in named(problems) if name.startswith("r")}
    assert len(sweeps) + len(responses) == 4
    assert {"r0", "r3"} <= responses  # both have number 0


def test_a_file_from_which_nothing_can_be_had_says_why(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        acquisition, presentation = groups(file)
        for k in range(3):
            add_series(acquisition, f"Vm_{k}", volts(k), kind="CurrentClampSeries")
            add_current(presentation, f"Icmd_{k}", step(k), kind="CurrentClampStimulusSeries")
    with pytest.raises(ReadError, match=r"Vm_0(.|\n)*can't be told"):
        read({"filepath": str(tmp_path / "a.nwb")})


def test_responses_of_other_protocols_are_not_told_again_and_again(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        acquisition, presentation = groups(file)
        for k, protocol in enumerate(["IV", "IV", "Ramp", "Ramp"]):
            more = {"stimulus_description": protocol, "sweep_number": k}
            add_series(acquisition, f"r{k}", volts(k), kind="CurrentClampSeries", **more)
            if k % 2 == 0:
                add_current(presentation, f"s{k}", step(k), kind="CurrentClampStimulusSeries", **more)
        add_series(acquisition, "temperature", volts(0), kind="TimeSeries")
    for protocol, lost in (("IV", "r1"), ("Ramp", "r3")):
        sweeps, problems = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": protocol})
        assert len(sweeps) == 1
        assert named(problems) == {lost}


def test_a_recording_that_fails_is_named_by_its_sweep(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"x")
    good = {"voltage": volts(), "current": step(), "dt": 0.1, "t_unit": "ms", **UNITS}
    stray = good | {"voltage": np.where(np.arange(N) == 7, 1e9, volts())}
    recordings, problems = read_file(
        {"filepath": str(tmp_path / "a.dat")}, "Step", reader=lambda _: [good, stray]
    )
    assert [recording.label for recording in recordings] == ["sweep 1"]
    assert [problem.recording for problem in problems if problem.severity == "error"] == ["sweep 2"]
