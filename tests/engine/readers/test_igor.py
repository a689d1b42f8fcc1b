"""Igor waves: both byte orders and all versions, and pairs that don't belong together."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import igor_reader, inspect, read

from .binary_files import write_ibw

N = 400
VOLTAGE = (-0.07 + 0.01 * np.sin(np.arange(N) / 9)).astype(np.float32)
CURRENT = np.where(np.arange(N) > 100, 1e-10, 0).astype(np.float32)


def pair(folder, v=None, i=None, **options):
    """Write a pair of waves and return metadata for it; `v` and `i` are options of one of them."""
    v_options = {"unit": "V", "dt": 1e-4} | options | (v or {})
    i_options = {"unit": "A", "dt": 1e-4} | options | (i or {})
    write_ibw(folder / "v.ibw", v_options.pop("samples", VOLTAGE), **v_options)
    write_ibw(folder / "i.ibw", i_options.pop("samples", CURRENT), **i_options)
    return {"v_file": str(folder / "v.ibw"), "i_file": str(folder / "i.ibw")}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [2, 3, 5])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_samples_and_header(tmp_path, version, order, kind):
    metadata = pair(
        tmp_path,
        {"samples": VOLTAGE.astype(kind)},
        {"samples": CURRENT.astype(kind)},
        version=version,
        order=order,
    )
    (sweep,), problems = read(metadata)
    assert problems == []
    assert np.array_equal(sweep["voltage"], VOLTAGE.astype(kind))
    assert np.array_equal(sweep["current"], CURRENT.astype(kind))
    assert sweep["voltage"].dtype == np.dtype(kind)
    assert sweep["voltage"].dtype.isnative
    assert (sweep["dt"], sweep["t_unit"], sweep["v_unit"], sweep["i_unit"]) == (1e-4, "s", "V", "A")


@pytest.mark.parametrize("version", [2, 3, 5])
def test_headers_equal_those_of_igor2(tmp_path, version):
    binarywave = pytest.importorskip("igor2.binarywave")
    path = write_ibw(tmp_path / "w.ibw", VOLTAGE, 2.5e-4, "mV", "s", version)
    wave = binarywave.load(str(path))["wave"]
    summary = inspect(path)
    metadata = {"v_file": str(path), "i_file": str(write_ibw(tmp_path / "i.ibw", CURRENT, 2.5e-4, "pA"))}
    (sweep,), _ = read(metadata)
    assert np.array_equal(sweep["voltage"], wave["wData"])
    assert summary.sweeps[0].n_samples == wave["wave_header"]["npnts"]
    assert summary.sweeps[0].dt_ms == pytest.approx(0.25)


def test_exchanged_files_are_put_right_with_a_warning(tmp_path):
    metadata = pair(tmp_path)
    metadata = {"v_file": metadata["i_file"], "i_file": metadata["v_file"]}
    (sweep,), (problem,) = read(metadata)
    assert np.array_equal(sweep["voltage"], VOLTAGE)
    assert (sweep["v_unit"], sweep["i_unit"]) == ("V", "A")
    assert problem.severity == "warning"
    assert "exchanged" in problem.message


def test_a_missing_unit_of_time_is_seconds_where_only_seconds_make_sense(tmp_path):
    (sweep,), (note,) = read(pair(tmp_path, x_unit=""))
    assert sweep["t_unit"] == "s"
    assert note.severity == "note"
    assert "10000 Hz" in note.message
    (sweep,), problems = read(pair(tmp_path, x_unit="") | {"t_unit": "s"})
    assert problems == []
    with pytest.raises(ReadError, match="Add 't_unit'"):
        read(pair(tmp_path, x_unit="", dt=0.1))
    (sweep,), problems = read(pair(tmp_path, x_unit="", dt=0.1) | {"t_unit": "ms"})
    assert sweep["dt"] == 0.1


def test_units_that_the_file_lacks_must_come_from_the_metadata(tmp_path):
    with pytest.raises(ReadError, match="Add 'v_unit'"):
        read(pair(tmp_path, unit=""))
    (sweep,), problems = read(pair(tmp_path, unit="") | {"v_unit": "V", "i_unit": "A"})
    assert problems == []
    assert "v_unit" not in sweep


@pytest.mark.parametrize(
    ("v", "i", "words"),
    [
        ({"unit": "A"}, {}, "is in A and 'i_file' .i.ibw. in A: expected a voltage and a current"),
        ({"unit": "A"}, {"unit": ""}, "in no unit: expected a voltage and a current"),
        ({}, {"unit": "mV"}, "is in V and 'i_file' .i.ibw. in mV: expected"),
        ({"dt": 2e-4}, {}, "different sampling steps"),
        ({"samples": VOLTAGE[:100]}, {}, "the voltage has 100 samples and the current 400"),
        ({"samples": VOLTAGE[:0]}, {}, "no samples"),
        ({"kind": 0}, {}, "holds text"),
        ({"kind": 3}, {}, "holds complex numbers"),
        ({"dt": 0.0}, {"dt": 0.0}, "greater than zero"),
    ],
)
def test_pairs_that_are_no_sweep(tmp_path, v, i, words):
    with pytest.raises(ReadError, match=words):
        read(pair(tmp_path, v, i))


def test_one_sample_more_in_one_wave_is_cut(tmp_path):
    (sweep,), (problem,) = read(pair(tmp_path, {"samples": VOLTAGE[:-1]}))
    assert len(sweep["voltage"]) == len(sweep["current"]) == N - 1
    assert problem.severity == "warning"


def test_the_same_file_twice_and_missing_files(tmp_path):
    metadata = pair(tmp_path)
    with pytest.raises(ReadError, match="the same file"):
        read(metadata | {"i_file": str(tmp_path / "." / "v.ibw")})
    with pytest.raises(ReadError, match="lack 'i_file'"):
        read({"v_file": metadata["v_file"]})
    with pytest.raises(ReadError, match=r"Did you mean 'v\.ibw'"):
        igor_reader(metadata | {"v_file": str(tmp_path / "vv.ibw")})


def test_inspection_of_one_wave_says_which_half_it_is(tmp_path):
    metadata = pair(tmp_path)
    for key, unit in (
        ("v_file", {"voltage": ["V"], "current": []}),
        ("i_file", {"voltage": [], "current": ["A"]}),
    ):
        summary = inspect(metadata[key])
        assert summary.units == unit
        assert f"give it as '{key}'" in summary.problems[0].message
        assert summary.durations == [pytest.approx(40.0)]


def test_a_unit_too_long_for_the_header_stands_behind_the_samples(tmp_path):
    metadata = pair(tmp_path, {"unit": ""})
    raw = bytearray((tmp_path / "v.ibw").read_bytes())
    struct.pack_into(">i", raw, 16, len(b"millivolt"))
    (tmp_path / "v.ibw").write_bytes(bytes(raw) + b"millivolt")
    (sweep,), _ = read(metadata)
    assert sweep["v_unit"] == "millivolt"


@pytest.mark.parametrize(
    ("place", "form", "number", "words"),
    [
        (64 + 72, "i", 40, "is a matrix"),
        (64 + 12, "i", N - 1, "contradicts itself"),
        (64 + 12, "i", -1, "claims -1 samples"),
        (64 + 12, "i", 10**9, "claims 1000000000 samples, but holds 400"),
        (64 + 84, "d", float("nan"), "greater than zero"),
        (0, "h", 77, "isn't an Igor binary wave"),
    ],
)
def test_headers_that_cannot_be_true(tmp_path, place, form, number, words):
    metadata = pair(tmp_path)
    for name in ("v.ibw", "i.ibw") if form == "d" else ("v.ibw",):
        raw = bytearray((tmp_path / name).read_bytes())
        struct.pack_into(">" + form, raw, place, number)
        (tmp_path / name).write_bytes(bytes(raw))
    with pytest.raises(ReadError, match=words):
        read(metadata)


@pytest.mark.parametrize(
    ("keep", "words"), [(1, "too short"), (100, "ends within its header"), (900, "cut short")]
)
def test_truncated_files(tmp_path, keep, words):
    metadata = pair(tmp_path)
    (tmp_path / "v.ibw").write_bytes((tmp_path / "v.ibw").read_bytes()[:keep])
    with pytest.raises(ReadError, match=words):
        read(metadata)
