"""Voltage and current with clocks of their own: laid together by time in every format that has such clocks."""

from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import read
from efewidgets.engine.readers.clocks import Overlap, on_one_clock, overlap

from .binary_files import write_ibw
from .nwb_files import add_current, add_series, groups

N = 6000
DT = 1e-4  # s
AMP = 0.3e-9
TIMES = np.arange(N) * DT
CURRENT = np.where((TIMES >= 0.1) & (TIMES < 0.5), AMP, 0.0)
# A membrane that follows its current at once: what belongs together can be seen. Without noise it would be a command.
VOLTAGE = -0.07 + 1e8 * CURRENT + 1e-4 * np.random.default_rng(1).normal(size=N)


def nwb(folder, voltage, current, v_start, i_start):
    path = folder / "a.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        add_series(acquisition, "sweep0", voltage, conversion=1.0)
        add_current(presentation, "sweep0", current, conversion=1.0)
        for group, start in ((acquisition, v_start), (presentation, i_start)):
            group["sweep0/starting_time"][()] = start
    return {"filepath": str(path), "protocol_name": "Step"}


def stamped(folder, voltage, current, v_start, i_start):
    found = nwb(folder, voltage, current, 0.0, 0.0)
    with h5py.File(found["filepath"], "a") as file:
        for group, samples, start in (
            (file["acquisition/sweep0"], voltage, v_start),
            (file["stimulus/presentation/sweep0"], current, i_start),
        ):
            del group["starting_time"]
            group["timestamps"] = start + np.arange(len(samples)) * DT
    return found


def igor(version):
    def write(folder, voltage, current, v_start, i_start):
        # x0 stands in the header as sfB[0] (version 5) or hsB (version 2).
        place = 64 + 116 if version == 5 else 16 + 56
        for name, samples, unit, start in (("v", voltage, "V", v_start), ("i", current, "A", i_start)):
            path = write_ibw(folder / f"{name}.ibw", samples.astype(np.float64), DT, unit, "s", version)
            raw = bytearray(path.read_bytes())
            struct.pack_into(">d", raw, place, start)
            path.write_bytes(raw)
        return {"v_file": str(folder / "v.ibw"), "i_file": str(folder / "i.ibw")}

    return write


def matlab(folder, voltage, current, v_start, i_start):
    columns = {
        f"Trace_1_1_1_{channel}": np.column_stack([start + np.arange(len(samples)) * DT, samples])
        for channel, samples, start in ((1, current, i_start), (2, voltage, v_start))
    }
    savemat(folder / "a.mat", columns)
    return {"filepath": str(folder / "a.mat"), "v_unit": "V", "i_unit": "A", "t_unit": "s"}


FORMATS = {"nwb": nwb, "nwb stamps": stamped, "igor 2": igor(2), "igor 5": igor(5), "matlab": matlab}
each_format = pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)


@each_format
@pytest.mark.parametrize("origin", [0.0, 10.0, 86_400.0])
def test_a_current_stored_later_is_laid_where_it_was_given(tmp_path, write, origin):
    late = np.concatenate([CURRENT[500:], np.zeros(500)])
    (sweep,), (problem,) = read(write(tmp_path, VOLTAGE, late, origin, origin + 0.05))
    assert np.array_equal(sweep["current"] > AMP / 2, CURRENT > 0)
    assert np.array_equal(sweep["voltage"], VOLTAGE.astype(sweep["voltage"].dtype))
    assert problem.severity == "warning"
    assert "50 ms later than the voltage" in problem.message


@each_format
def test_a_current_stored_earlier_is_cut(tmp_path, write):
    early = np.concatenate([np.zeros(700), CURRENT[:-700]])
    (sweep,), (problem,) = read(write(tmp_path, VOLTAGE, early, 1.0, 0.93))
    # 5300 samples are known of both: the voltage ends where the current does.
    assert len(sweep["voltage"]) == len(sweep["current"]) == 5300
    assert np.array_equal(sweep["current"] > AMP / 2, CURRENT[:5300] > 0)
    assert "70 ms earlier" in problem.message


@each_format
def test_lengths_may_differ_where_the_clocks_say_why(tmp_path, write):
    (sweep,), (problem,) = read(write(tmp_path, VOLTAGE, CURRENT[500:], 2.0, 2.05))
    assert np.array_equal(sweep["current"] > AMP / 2, CURRENT > 0)
    assert "(600 ms)" in problem.message


@each_format
@pytest.mark.parametrize(("v_start", "i_start"), [(0.0, 100.0), (10.0, 0.0), (0.0, 0.55), (0.0, 0.6)])
def test_what_does_not_overlap_is_refused_and_the_way_out_works(tmp_path, write, v_start, i_start):
    metadata = write(tmp_path, VOLTAGE, CURRENT, v_start, i_start)
    with pytest.raises(
        ReadError, match=r"the voltage lasts from .* (don't overlap|have only 50 ms in common)"
    ):
        read(metadata)
    (sweep,), problems = read(metadata | {"alignment": "samples"})
    assert problems == []
    assert np.array_equal(sweep["current"] > AMP / 2, CURRENT > 0)
    with pytest.raises(ReadError, match="'alignment' must be one of 'time', 'samples'"):
        read(metadata | {"alignment": "both"})


@each_format
def test_a_converter_that_takes_turns_is_no_other_clock(tmp_path, write):
    (sweep,), problems = read(write(tmp_path, VOLTAGE, CURRENT, 5.0, 5.0 + DT))
    assert problems == []
    assert np.array_equal(sweep["current"] > AMP / 2, CURRENT > 0)


@each_format
def test_what_the_current_was_before_is_not_invented(tmp_path, write):
    # Stored from within the step on: it begins at 0.3 nA and ends at 0.
    with pytest.raises(ReadError, match="what it was before can't be told"):
        read(write(tmp_path, VOLTAGE, CURRENT[1500:], 0.0, 0.15))


def test_samples_by_hand():
    assert overlap(0.0, 0.0, 0.1, 100, 90) is None
    assert overlap(None, 5.0, 0.1, 100, 100) is None
    assert overlap(float("nan"), 5.0, 0.1, 100, 100) is None
    assert overlap(1000.0, 1001.0, 0.1, 100, 100) == Overlap(before=10, skipped=0, n=100)
    assert overlap(1000.0, 999.0, 0.1, 100, 100) == Overlap(before=0, skipped=10, n=90)
    assert overlap(1000.0, 1001.0, 0.1, 100, 60) == Overlap(before=10, skipped=0, n=70)
    sweep = {"voltage": np.arange(8.0), "current": np.array([5.0, 5.0, 9.0, 5.0, 5.0])}
    found = on_one_clock(sweep, Overlap(before=2, skipped=0, n=7), 0.1, problems := [])
    assert found["voltage"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found["current"].tolist() == [5, 5, 5, 5, 9, 5, 5]
    assert len(problems) == 1
    assert sweep["voltage"].size == 8  # what was passed in stays


def many(path, v_start, i_start, shared=False, sweeps=4):
    """Write several sweeps that are paired by name, or by a table if they share one stimulus."""
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k in range(sweeps):
            add_series(acquisition, f"s{k}", VOLTAGE, conversion=1.0)["starting_time"][()] = v_start(k)
            add_current(presentation, f"s{k}", CURRENT, conversion=1.0)["starting_time"][()] = i_start(k)
    return {"filepath": str(path)}


def test_starting_times_that_were_never_filled_in_mean_nothing(tmp_path):
    # All stimuli at 0 s, the responses on the clock of the session: one electrode can't do that.
    sweeps, problems = read(many(tmp_path / "a.nwb", lambda k: 10.0 * k, lambda k: 0.0))
    assert all(np.array_equal(s["current"] > AMP / 2, CURRENT > 0) for s in sweeps)
    assert any("gives all its stimuli the same starting time" in p.message for p in problems)


def test_each_sweep_has_its_own_lag(tmp_path):
    sweeps, _ = read(many(tmp_path / "a.nwb", lambda k: 10.0 * k, lambda k: 10.0 * k + 0.01 * k))
    # What is stored is the same everywhere; laid by time, the step of sweep k begins 10 k ms later.
    assert [int(np.argmax(s["current"] > AMP / 2)) for s in sweeps] == [1000, 1100, 1200, 1300]
