"""MATLAB's older container, read without scipy: the same numbers, and nothing that a damaged file could bring down."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from efewidgets.engine.problems import EfeError, ReadError
from efewidgets.engine.readers import read
from efewidgets.engine.readers.matlab5 import variables

UNITS = {"v_unit": "V", "i_unit": "A", "t_unit": "s"}
TYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def matrix(dtype="f8", n=50):
    return (np.random.default_rng(2).random((n, 2)) * 100).astype(dtype)


def traces(path, compressed=False, n=2000):
    times = np.arange(n) * 1e-4
    found = {}
    for sweep in (1, 2):
        found[f"Trace_1_1_{sweep}_1"] = np.column_stack([times, 1e-10 * np.sin(times)])
        found[f"Trace_1_1_{sweep}_2"] = np.column_stack([times, 0.07 * np.cos(times)])
    savemat(path, found, do_compression=compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_as_scipy_reads_them(tmp_path, dtype, compressed):
    path = tmp_path / "a.mat"
    savemat(
        path,
        {"a_name_that_is_longer_than_four": matrix(dtype), "x": matrix(dtype, 1)},
        do_compression=compressed,
    )
    expected = loadmat(path)
    found = {variable.name: variable.numbers() for variable in variables(path)}
    assert list(found) == ["a_name_that_is_longer_than_four", "x"]
    for name, values in found.items():
        assert values.dtype == expected[name].dtype
        assert np.array_equal(values, expected[name])


def test_version_4(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"x": matrix(), "words": "text"}, format="4")
    x, words = variables(path)
    assert np.array_equal(x.numbers(), matrix())
    with pytest.raises(ReadError, match="words is text"):
        words.numbers()


def test_the_other_byte_order(tmp_path):
    path = tmp_path / "a.mat"
    values = matrix()
    name = b"x".ljust(8, b"\0")
    body = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, *values.shape)
    body += (
        struct.pack(">II", 1, 1)
        + name
        + struct.pack(">II", 9, values.nbytes)
        + values.astype(">f8").tobytes("F")
    )
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + struct.pack(">II", 14, len(body)) + body)
    (x,) = variables(path)
    assert np.array_equal(x.numbers(), values)
    assert np.array_equal(loadmat(path)["x"], values)  # the file is as it should be


def test_every_class_that_a_variable_can_claim(tmp_path):
    """A matrix that claims to be sparse, a cell, a structure: scipy's reader crashed on one."""
    path = traces(tmp_path / "a.mat")
    raw = bytearray(path.read_bytes())
    at = 128 + 8 + 8  # the flags of the first variable
    assert raw[at] == 6
    for kind in range(256):
        raw[at] = kind
        path.write_bytes(raw)
        sweeps, problems = read({"filepath": str(path), **UNITS})
        assert sweeps[1] is not None
        assert (sweeps[0] is not None) == (6 <= kind <= 15)
        assert bool(problems) == (sweeps[0] is None)


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_at_random_is_refused_in_our_words(tmp_path, compressed):
    good = traces(tmp_path / "a.mat", compressed, 200).read_bytes()
    path = tmp_path / "b.mat"
    rng = random.Random(5)
    for _ in range(400):
        raw = bytearray(good)
        for _ in range(rng.choice((1, 2, 8))):
            raw[rng.randrange(116, 600 if rng.random() < 0.7 else len(raw))] = rng.randrange(256)
        path.write_bytes(raw[: rng.choice((len(raw), len(raw), rng.randrange(len(raw))))] or b"x")
        try:
            _, problems = read({"filepath": str(path), **UNITS})
            words = [problem.message for problem in problems]
        except EfeError as error:
            words = [str(error)]
        assert not any("Error:" in word for word in words), words


def test_a_small_file_that_claims_to_be_large_takes_no_memory(tmp_path):
    path = traces(tmp_path / "a.mat")
    raw = bytearray(path.read_bytes())
    struct.pack_into("<ii", raw, 128 + 8 + 16 + 8, 2_000_000_000, 2)
    path.write_bytes(raw)
    sweeps, (problem,) = read({"filepath": str(path), **UNITS})
    assert [sweep is None for sweep in sweeps] == [True, False]
    assert "impossible shape" in problem.message
