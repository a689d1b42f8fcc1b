"""Files damaged at random, a few hundred of each format: a ReadError at worst, in bounded time."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pytest

from .binary_files import write_abf1, write_abf2, write_ibw
from .damage import outcomes
from .nwb_files import bbp
from .nwb_tables import add_groups, add_long, add_rows, sweeps_of
from .test_matlab import UNITS, matrices, write

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHANNELS = [("Vm", "mV"), ("Im", "pA")]


def check(found, seeds):
    assert len(found) == 2 * seeds
    assert set(found) == {"read", "ReadError"}


@pytest.mark.parametrize("version", [1, 2])
def test_abf(tmp_path, version):
    sweeps = [np.arange(600, dtype=np.int16).reshape(300, 2)] * 3
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, CHANNELS, sweeps, 100.0)
    else:
        write_abf2(path, CHANNELS, sweeps)
    check(outcomes(path, {}, 150), 150)


@pytest.mark.parametrize("version", [1, 2])
def test_abf_of_two_cells(tmp_path, version):
    sweeps = [np.arange(1200, dtype=np.int16).reshape(300, 4)] * 3
    path, channels = tmp_path / "a.abf", [*CHANNELS, ("Vm 2", "mV"), ("Im 2", "pA")]
    if version == 1:
        write_abf1(path, channels, sweeps, 100.0)
    else:
        write_abf2(path, channels, sweeps)
    check(outcomes(path, {"cell_name": "Vm 2"}, 100), 100)


@pytest.mark.parametrize("version", [2, 5])
def test_igor(tmp_path, version):
    write_ibw(tmp_path / "i.ibw", np.zeros(400, np.float32), 1e-4, "A")
    path = write_ibw(
        tmp_path / "v.ibw", np.linspace(-0.07, 0.03, 400, dtype=np.float32), 1e-4, "V", version=version
    )
    check(outcomes(path, {"i_file": str(tmp_path / "i.ibw")}, 150), 150)


def test_matlab(tmp_path):
    check(outcomes(write(tmp_path / "a.mat", matrices(), hdf5=False), UNITS, 60), 60)


def test_csv(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{k / 10},{-70 + k % 7},{k % 5}" for k in range(200)]
    path.write_text("\n".join(["t (ms),V (mV),I (pA)", *rows]))
    check(outcomes(path, {}, 100), 100)


def rows(path):
    """Write two long series, whose sweeps are rows of the icephys tables."""
    with h5py.File(path, "w") as file:
        series = [add_long(file, [k, k + 1], "AB"[k], f"electrode {k}", gap=1.0, n=800) for k in range(2)]
        sweeps = [row for one in series for row in sweeps_of(one, 2, 800)]
        add_rows(file, sweeps, stimulus_type=["IV"] * 4, repetition=["1", "1", "2", "2"], passed=[True] * 4)
        add_groups(file, [[[0, 2], [1, 3]], [[0, 1]]], ["IV"])


@pytest.mark.parametrize("kind", ["BBP", "rows", "MATLAB"])
def test_hdf5(tmp_path, kind):
    path = tmp_path / ("a.mat" if kind == "MATLAB" else "a.nwb")
    metadata = UNITS if kind == "MATLAB" else {}
    if kind == "MATLAB":
        write(path, matrices(), hdf5=True)
    else:
        {"BBP": bbp, "rows": rows}[kind](path)
    command = [sys.executable, "-m", "tests.engine.readers.damage", str(path), json.dumps(metadata), "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120)
    check(json.loads(done.stdout), 60)
