"""libdeflate gives the same numbers as HDF5, or leaves the work to it."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from h5py._objects import phil

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import chunks
from efewidgets.engine.readers.hdf5 import read_samples
from efewidgets.engine.readers.hdf5_members import attribute, dataset, group_at

N = 1003


@pytest.fixture(autouse=True)
def deflate():
    return pytest.importorskip("deflate", reason="needs libdeflate (efewidgets[fast])")


def written(tmp_path, values, **options):
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file.create_dataset("data", data=values, **options)
    return h5py.File(tmp_path / "one.h5")


def numbers(kind):
    return np.round(np.cumsum(np.random.default_rng(1).standard_normal(N)) * 100).astype(kind)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", "<i2", ">i2", "<i4", "u1"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("size", [1, 100, N, 2 * N])
def test_same_as_hdf5(tmp_path, kind, shuffle, size):
    with written(
        tmp_path, numbers(kind), chunks=(size,), maxshape=(None,), compression="gzip", shuffle=shuffle
    ) as file:
        data = file["data"]
        found = chunks.read_chunks(data, 0, N)
        assert found is not None
        assert found.dtype == data.dtype
        np.testing.assert_array_equal(found, data[()])


@pytest.mark.parametrize(
    ("first", "count"), [(0, 1), (99, 2), (100, 100), (150, 853), (1002, 1), (0, N), (7, 600)]
)
def test_window(tmp_path, first, count):
    with written(tmp_path, numbers("f4"), chunks=(100,), compression="gzip", shuffle=True) as file:
        np.testing.assert_array_equal(
            chunks.read_chunks(file["data"], first, count), file["data"][first : first + count]
        )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (100,)},
        {"chunks": (100,), "compression": "lzf"},
        {"chunks": (100,), "compression": "gzip", "fletcher32": True},
        {"chunks": (100,), "compression": "gzip", "scaleoffset": 2},
    ],
)
def test_left_to_hdf5(tmp_path, options):
    with written(tmp_path, numbers("i4"), **options) as file:
        assert chunks.read_chunks(file["data"], 0, N) is None
        np.testing.assert_array_equal(read_samples(file["data"]), file["data"][()])


def test_left_to_hdf5_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "_decompress", lambda: None)
    with written(tmp_path, numbers("f4"), compression="gzip") as file:
        assert chunks.read_chunks(file["data"], 0, N) is None
        np.testing.assert_array_equal(read_samples(file["data"]), file["data"][()])


def test_a_chunk_that_was_not_compressed(tmp_path):
    values = numbers("f4")
    with h5py.File(tmp_path / "one.h5", "w") as file:
        data = file.create_dataset("data", (N,), "f4", chunks=(N,), compression="gzip")
        data.id.write_direct_chunk((0,), values.tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "one.h5") as file:
        assert chunks.read_chunks(file["data"], 0, N) is None
        np.testing.assert_array_equal(read_samples(file["data"]), values)


@pytest.mark.parametrize("damage", [b"\x78\x9c", b"no gzip at all", None])
def test_a_damaged_chunk_is_an_error(tmp_path, damage):
    values = numbers("f4")
    with h5py.File(tmp_path / "one.h5", "w") as file:
        data = file.create_dataset("data", data=values, chunks=(100,), compression="gzip")
        _, packed = data.id.read_direct_chunk((300,))
        spoiled = packed[:-8] + bytes(8) if damage is None else damage
        data.id.write_direct_chunk((300,), spoiled)
    with h5py.File(tmp_path / "one.h5") as file:
        assert chunks.read_chunks(file["data"], 0, N) is None
        with pytest.raises(ReadError, match="damaged"):
            read_samples(file["data"])


def test_a_chunk_that_claims_too_much_is_left_to_hdf5(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "_LARGEST_CHUNK", 1000)
    with written(tmp_path, numbers("f4"), chunks=(500,), compression="gzip") as file:
        assert chunks.read_chunks(file["data"], 0, N) is None


def test_nobody_else_is_inside_hdf5_while_a_chunk_is_read(tmp_path):
    with written(tmp_path, numbers("f8"), chunks=(100,), compression="gzip") as file:
        stored, others = file["data"].id, []

        def another():
            others.append(phil.acquire(False))
            if others[-1]:
                phil.release()

        def read_direct_chunk(at):
            beside = threading.Thread(target=another)
            beside.start()
            beside.join()
            return stored.read_direct_chunk(at)

        handle = SimpleNamespace(
            get_create_plist=stored.get_create_plist, read_direct_chunk=read_direct_chunk
        )
        data = SimpleNamespace(id=handle, ndim=1, dtype=file["data"].dtype)
        assert np.array_equal(chunks.read_chunks(data, 0, N), numbers("f8"))
    assert len(others) == 11
    assert not any(others)


def test_attributes_are_those_of_h5py(tmp_path):
    values = {
        "float": 1e-3,
        "single": np.float32(0.1),
        "big": np.array(2.5, ">f8"),
        "int": 7,
        "text": "volts",
        "bytes": np.bytes_(b"volts"),
        "list": [1.0, 2.0],
        "one": np.array([3.0]),
        "texts": ["volts", "amperes"],
        "ascii": np.array("volts", dtype=h5py.string_dtype("ascii")),
        "fixed": np.array("volts", dtype="S9"),
        "unicode": "µV",
        "no_text": "",
        "yes": True,
    }
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file.attrs.update(values)
        for name in values:
            found, expected = attribute(file, name), file.attrs[name]
            expected = expected[0] if name == "one" else expected  # a list of one is the one
            assert type(found) is type(expected)
            np.testing.assert_array_equal(found, expected)
        assert attribute(file, "absent") is None
        file.attrs["empty"] = h5py.Empty("f8")
        assert isinstance(attribute(file, "empty"), h5py.Empty)


def test_dataset_is_that_of_h5py(tmp_path):
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["data"], file["link"], file["dangling"] = (
            [1.0, 2.0],
            h5py.SoftLink("/data"),
            h5py.SoftLink("/none"),
        )
        file.create_group("group")
        found = dataset(file, "data")
        assert found.id == dataset(file, "link").id == file["data"].id
        for name in ("shape", "dtype", "ndim", "size", "chunks", "name", "is_virtual"):
            assert getattr(found, name) == getattr(file["data"], name)
        assert (found[1], len(found), found[()].tolist()) == (2.0, 2, [1.0, 2.0])
        assert group_at(file, "/group") == file["group"]
        assert group_at(file, "/data") == file["data"]
        with pytest.raises(KeyError):
            group_at(file, "/absent")
        assert dataset(file, "group") is dataset(file, "absent") is None
        with pytest.raises(ReadError, match="isn't in the file"):
            dataset(file, "dangling")
