"""PatchMaster's exports for MATLAB, in the old container and in that of MATLAB 7.3."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read, read_matlab

UNITS = {"v_unit": "V", "i_unit": "A", "t_unit": "s"}
TIMES = np.arange(500) * 5e-5


def matrices(sweeps=3, times=TIMES):
    """Return what PatchMaster exports: current (_1) and voltage (_2) of each sweep, beside other variables."""
    rng = np.random.default_rng(1)
    found = {"Comment": np.array(["a text"])}
    for k in range(1, sweeps + 1):
        for channel, size in ((1, 1e-10), (2, 0.07)):
            values = size * rng.standard_normal(len(times))
            found[f"Trace_1_1_{k}_{channel}"] = np.column_stack([times, values])
    return found


def write(path, variables, hdf5):
    """Write a .mat file in one container or the other."""
    if not hdf5:
        from scipy.io import savemat

        savemat(path, variables, do_compression=True)
        return path
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in variables.items():
            if values.dtype.kind == "f":
                file[name] = values.T
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116))
    return path


@pytest.mark.parametrize("hdf5", [False, True])
def test_sweeps(tmp_path, hdf5):
    variables = matrices()
    path = write(tmp_path / "a.mat", variables, hdf5)
    sweeps, problems = read({"filepath": str(path), **UNITS})
    assert problems == []
    assert [s["label"] for s in sweeps] == ["Trace_1_1_1", "Trace_1_1_2", "Trace_1_1_3"]
    for k, sweep in enumerate(sweeps, start=1):
        assert np.array_equal(sweep["current"], variables[f"Trace_1_1_{k}_1"][:, 1])
        assert np.array_equal(sweep["voltage"], variables[f"Trace_1_1_{k}_2"][:, 1])
        assert (sweep["dt"], sweep["t_unit"]) == (5e-5, "s")
    summary = inspect(path)
    assert (summary.format, summary.dialect) == ("MATLAB", "version 7.3" if hdf5 else "version 5")
    assert [s.n_samples for s in summary.sweeps] == [500] * 3


@pytest.mark.parametrize("hdf5", [False, True])
@pytest.mark.parametrize("only", [{1}, {0, 2}])
def test_only_some(tmp_path, hdf5, only):
    variables = matrices()
    path = write(tmp_path / "a.mat", variables, hdf5)
    sweeps, _ = read({"filepath": str(path), **UNITS}, only=only)
    for k, sweep in enumerate(sweeps):
        assert (sweep is not None) == (k in only)
        if sweep:
            assert np.array_equal(sweep["voltage"], variables[f"Trace_1_1_{k + 1}_2"][:, 1])


@pytest.mark.parametrize("hdf5", [False, True])
def test_a_voltage_that_is_missing_is_named(tmp_path, hdf5):
    variables = matrices()
    del variables["Trace_1_1_2_2"]
    path = write(tmp_path / "a.mat", variables, hdf5)
    sweeps, (problem,) = read({"filepath": str(path), **UNITS})
    assert [s["label"] for s in sweeps] == ["Trace_1_1_1", "Trace_1_1_3"]
    assert "Trace_1_1_2_2" in problem.message
    for name in ("Trace_1_1_1_2", "Trace_1_1_3_2"):
        del variables[name]
    with pytest.raises(ReadError, match="currents without their voltages"):
        read_matlab({"filepath": str(write(path, variables, hdf5)), **UNITS})


@pytest.mark.parametrize("hdf5", [False, True])
def test_files_without_traces(tmp_path, hdf5):
    path = write(tmp_path / "a.mat", {"x": np.zeros((3, 2))}, hdf5)
    with pytest.raises(ReadError, match=r"no traces: .* this file holds 'x'"):
        read({"filepath": str(path), **UNITS})


def test_a_channel_of_two_digits_is_no_current(tmp_path):
    variables = matrices(1) | {"Trace_1_1_1_11": np.zeros((500, 2)), "Trace_1_1_1_12": np.zeros((500, 2))}
    sweeps, _ = read({"filepath": str(write(tmp_path / "a.mat", variables, False)), **UNITS})
    assert len(sweeps) == 1


def test_units_must_come_from_the_metadata(tmp_path):
    path = write(tmp_path / "a.mat", matrices(), False)
    with pytest.raises(ReadError, match="Add 'v_unit'"):
        read({"filepath": str(path), "i_unit": "A"})


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (0.5 + TIMES, 5e-5),  # the peer takes the second time for the step
        (np.round(np.arange(500) / 3e4, 6), 1 / 3e4),
    ],
)
def test_the_step_is_that_of_the_times(tmp_path, times, step):
    path = write(tmp_path / "a.mat", matrices(1, times), False)
    (sweep,), _ = read({"filepath": str(path), **UNITS})
    assert sweep["dt"] == pytest.approx(step, rel=1e-4)
    assert sweep["dt"] * 499 == pytest.approx(times[-1] - times[0], rel=1e-4)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (np.where(np.arange(500) > 250, TIMES + 0.01, TIMES), "irregular"),
        (TIMES[::-1], "don't go forward"),
        (np.full(500, np.nan), "don't go forward"),
    ],
)
def test_times_that_are_no_clock(tmp_path, times, words):
    path = write(tmp_path / "a.mat", matrices(1, times), False)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), **UNITS})


@pytest.mark.parametrize("hdf5", [False, True])
@pytest.mark.parametrize("keep", [100, 1000, 5000])
def test_truncated_files(tmp_path, hdf5, keep):
    path = write(tmp_path / "a.mat", matrices(), hdf5)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ReadError):
        read({"filepath": str(path), **UNITS})


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("Trace_1_1_1_2", np.zeros((500, 3)), "expected two columns"),
        ("Trace_1_1_1_2", np.zeros((1, 2)), "fewer than two samples"),
        ("Trace_1_1_1_2", np.column_stack([2 * TIMES, TIMES]), "voltage has a sampling step of 0.0001 s"),
        ("Trace_1_1_1_1", np.array(["abc"]), "expected two columns"),
    ],
)
def test_matrices_that_are_no_traces(tmp_path, name, values, words):
    path = write(tmp_path / "a.mat", matrices(2) | {name: values}, hdf5=False)
    sweeps, (problem,) = read({"filepath": str(path), **UNITS})
    assert [s is None for s in sweeps] == [True, False]
    assert words in problem.message


# --- a second amplifier


def two_amplifiers(sweeps=2):
    """Return an export of two cells: what `matrices` has, and another current (_3) and voltage (_4)."""
    found = matrices(sweeps)
    rng = np.random.default_rng(7)
    for k in range(1, sweeps + 1):
        for channel, size in ((3, 1e-10), (4, 0.07)):
            values = size * rng.standard_normal(len(TIMES))
            found[f"Trace_1_1_{k}_{channel}"] = np.column_stack([TIMES, values])
    return found


@pytest.mark.parametrize("hdf5", [False, True])
def test_a_second_amplifier_is_told_when_it_is_not_used(tmp_path, hdf5):
    variables = two_amplifiers()
    path = write(tmp_path / "a.mat", variables, hdf5)
    sweeps, (problem,) = read({"filepath": str(path), **UNITS})
    assert [s["label"] for s in sweeps] == ["Trace_1_1_1", "Trace_1_1_2"]
    assert np.array_equal(sweeps[0]["voltage"], variables["Trace_1_1_1_2"][:, 1])
    assert problem.severity == "warning"
    assert "Not used: _3, _4" in problem.message
    assert "'v_channel': 4" in problem.message
    assert [p.message for p in inspect(path).problems] == [problem.message]


@pytest.mark.parametrize(
    ("metadata", "current", "voltage"),
    [
        ({"v_channel": 4}, 3, 4),
        ({"i_channel": 3}, 3, 4),
        ({"i_channel": "3", "v_channel": "4"}, 3, 4),
        ({"v_channel": 2}, 1, 2),
        ({"i_channel": 1, "v_channel": 4}, 1, 4),
        ({"i_channel": 2, "v_channel": 1}, 2, 1),  # exchanged in the export
    ],
)
def test_a_second_amplifier_can_be_chosen(tmp_path, metadata, current, voltage):
    variables = two_amplifiers()
    path = write(tmp_path / "a.mat", variables, False)
    sweeps, _ = read({"filepath": str(path), **UNITS, **metadata})
    for k, sweep in enumerate(sweeps, start=1):
        assert np.array_equal(sweep["current"], variables[f"Trace_1_1_{k}_{current}"][:, 1])
        assert np.array_equal(sweep["voltage"], variables[f"Trace_1_1_{k}_{voltage}"][:, 1])


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"v_channel": 6}, "no channel 6 .v_channel.: its traces end in _1, _2, _3, _4"),
        ({"i_channel": "Im"}, "no channel 'Im' .i_channel."),
        ({"i_channel": True}, "no channel True"),
        ({"i_channel": 2, "v_channel": 2}, "are the same, 2"),
    ],
)
def test_channels_that_are_not_there(tmp_path, metadata, words):
    path = write(tmp_path / "a.mat", two_amplifiers(), False)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), **UNITS, **metadata})


def test_a_file_with_the_second_amplifier_alone(tmp_path):
    variables = {key: values for key, values in two_amplifiers().items() if key[-1] in "34"}
    path = write(tmp_path / "a.mat", variables, False)
    sweeps, problems = read({"filepath": str(path), **UNITS})
    assert problems == []
    assert np.array_equal(sweeps[1]["voltage"], variables["Trace_1_1_2_4"][:, 1])


def test_a_current_that_is_missing_is_named_like_a_voltage(tmp_path):
    variables = matrices()
    del variables["Trace_1_1_3_1"]
    path = write(tmp_path / "a.mat", variables, False)
    sweeps, (problem,) = read({"filepath": str(path), **UNITS})
    assert [s["label"] for s in sweeps] == ["Trace_1_1_1", "Trace_1_1_2"]
    assert (problem.recording, problem.severity) == ("Trace_1_1_3", "error")
    assert "Trace_1_1_3_1, the current of Trace_1_1_3_2" in problem.message
