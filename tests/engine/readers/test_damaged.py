"""Files damaged at random, a few hundred of each format: a ReadError at worst, in bounded time."""

from __future__ import annotations

import json
import pathlib
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import read
from efewidgets.engine.readers.extras import has_module

from .binary_files import write_abf1, write_abf2, write_ibw
from .damage import damaged, lied, outcomes
from .heka_files import channel, segment, series, trace, write_heka
from .nwb_files import bbp
from .nwb_tables import add_groups, add_long, add_rows, sweeps_of
from .test_matlab import UNITS, matrices, write
from .test_rigs import (
    axograph_columns,
    membrane,
    needs_igor2,
    needs_neo,
    step,
    waves,
    write_atf,
    write_axograph,
    write_pxp,
    write_wcp,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
needs_myokit = pytest.mark.skipif(
    not has_module("myokit"), reason="myokit isn't installed (efewidgets[heka])"
)
BOTH = pytest.mark.parametrize("how", [damaged, lied])
CHANNELS = [("Vm", "mV"), ("Im", "pA")]


def check(found, seeds):
    assert len(found) == 2 * seeds
    assert set(found) == {"read", "ReadError"}


@BOTH
@pytest.mark.parametrize("version", [1, 2])
def test_abf(tmp_path, version, how):
    sweeps = [np.arange(600, dtype=np.int16).reshape(300, 2)] * 3
    path = tmp_path / "a.abf"
    if version == 1:
        write_abf1(path, CHANNELS, sweeps, 100.0)
    else:
        write_abf2(path, CHANNELS, sweeps)
    check(outcomes(path, {}, 150, how), 150)


@pytest.mark.parametrize("version", [1, 2])
def test_abf_of_two_cells(tmp_path, version):
    sweeps = [np.arange(1200, dtype=np.int16).reshape(300, 4)] * 3
    path, channels = tmp_path / "a.abf", [*CHANNELS, ("Vm 2", "mV"), ("Im 2", "pA")]
    if version == 1:
        write_abf1(path, channels, sweeps, 100.0)
    else:
        write_abf2(path, channels, sweeps)
    check(outcomes(path, {"cell_name": "Vm 2"}, 100), 100)


@BOTH
@pytest.mark.parametrize("version", [2, 5])
def test_igor(tmp_path, version, how):
    write_ibw(tmp_path / "i.ibw", np.zeros(400, np.float32), 1e-4, "A")
    path = write_ibw(
        tmp_path / "v.ibw", np.linspace(-0.07, 0.03, 400, dtype=np.float32), 1e-4, "V", version=version
    )
    check(outcomes(path, {"i_file": str(tmp_path / "i.ibw")}, 150, how), 150)


@BOTH
def test_matlab(tmp_path, how):
    check(outcomes(write(tmp_path / "a.mat", matrices(), hdf5=False), UNITS, 60, how), 60)


@BOTH
def test_csv(tmp_path, how):
    path = tmp_path / "a.csv"
    rows = [f"{k / 10},{-70 + k % 7},{k % 5}" for k in range(200)]
    path.write_text("\n".join(["t (ms),V (mV),I (pA)", *rows]), encoding="utf-8", newline="\n")
    check(outcomes(path, {}, 100, how), 100)


@BOTH
def test_winwcp(tmp_path, how):
    check(outcomes(write_wcp(tmp_path / "a.wcp"), {}, 150, how), 150)


@BOTH
@needs_neo
def test_axograph(tmp_path, how):
    check(outcomes(write_axograph(tmp_path / "a.axgx", axograph_columns()), {}, 100, how), 100)


@pytest.mark.slow
@BOTH
@needs_igor2
def test_packed_igor(tmp_path, how):
    check(outcomes(write_pxp(tmp_path / "a.pxp", waves()), {}, 100, how), 100)


@BOTH
def test_axon_text(tmp_path, how):
    check(outcomes(write_atf(tmp_path / "a.atf"), {}, 100, how), 100)


@BOTH
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("measured", [True, False], ids=["measured", "rebuilt"])
@needs_myokit
def test_heka(tmp_path, how, order, measured):
    parts = [segment(0.0, 0.01), segment(0.1, 0.02, step=0.1), segment(0.0, 0.01)]
    sweeps = []
    for k in range(3):
        current = trace(step(k), "Imon", "A", 2, scale=1e-12)
        sweeps.append([trace(membrane(k), scale=1e-6), *([current] if measured else [])])
    path = write_heka(
        tmp_path / "a.dat", {"E-1": [series(sweeps, "IDrest", [channel(parts)])]}, order, measured
    )
    check(outcomes(path, {}, 60, how), 60)


@needs_igor2
def test_a_wave_that_claims_to_be_longer_than_the_file_costs_neither_time_nor_memory(tmp_path):
    """Where igor2 had met such a claim, each wave of the next, sound file took it a second."""
    path = write_pxp(tmp_path / "a.pxp", waves())
    whole = path.read_bytes()
    # the second wave's record: 8 bytes of a header, 64 and 320 of the wave's, 400 samples of 4 bytes
    first = 8 + 32 + 8 + 64 + 320 + 4 * 400
    for at in (8, 12, 16, 20, 52):  # formula, note, long units, texts
        raw = bytearray(whole)
        struct.pack_into("<i", raw, first + 8 + at, 1 << 24)
        path.write_bytes(raw)
        with pytest.raises(ReadError, match=r"a\.pxp is damaged: one of its waves claims to be longer"):
            read({"filepath": str(path)})
    path.write_bytes(whole)
    assert len(read({"filepath": str(path)})[0]) == 6


@needs_igor2
def test_what_else_is_damaged_in_an_experiment_is_no_matter(tmp_path):
    """Variables (kind 1) that claim to be many, as the first record of a file that is sound otherwise."""
    path = write_pxp(tmp_path / "a.pxp", waves())
    before, _ = read({"filepath": str(path)})
    path.write_bytes(struct.pack("<Hhi8s", 1, 0, 8, b"\xff\x7f" * 4) + path.read_bytes())
    after, _ = read({"filepath": str(path)})
    assert [one["label"] for one in after] == [one["label"] for one in before]
    assert all(np.array_equal(a["voltage"], b["voltage"]) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize(
    "claim", ["999999999\t7", "10001\t7", "9" * 5000 + "\t7", "2\t" + "9" * 5000, "2\t100001"]
)
def test_axon_text_that_claims_lines_without_end_is_told_at_once(tmp_path, claim):
    path = write_atf(tmp_path / "a.atf")
    lines = path.read_text(encoding="latin-1").split("\n")
    path.write_text("\n".join([lines[0], claim, *lines[2:]]), encoding="latin-1", newline="")
    with pytest.raises(ReadError, match=r"header of a\.atf is damaged: its second line must count"):
        read({"filepath": str(path)})


def test_axon_text_without_a_row_is_told(tmp_path):
    path = write_atf(tmp_path / "a.atf")
    head = path.read_text(encoding="latin-1").split("\n")[:5]
    for end in ("\n", "\n\n \n"):
        path.write_text("\n".join(head) + end, encoding="latin-1", newline="")
        with pytest.raises(ReadError, match=r"a\.atf holds no numbers"):
            read({"filepath": str(path)})


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
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120, encoding="utf-8"
    )
    check(json.loads(done.stdout), 60)
