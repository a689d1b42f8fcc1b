"""NWB folders in Zarr: the same sweeps as the HDF5 file of the same contents, and nothing is run that a file brings."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import random
import zlib

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.extras import has_module
from efewidgets.engine.readers.files import is_zarr
from efewidgets.engine.readers.looking_apart import inspect_apart
from efewidgets.engine.readers.zarr_folder import Folder

from .test_nwb_today import LAYOUTS, dual_patch, kept, neuroconv, with_facts, write
from .zarr_files import as_zarr

RESPONSE = "general/intracellular_ephys/intracellular_recordings/responses/response"


def both(path, make, **options):
    """Return the paths of an HDF5 file and of a folder that hold the same."""
    file = write(path, make)
    return file, str(as_zarr(file, path / "a.nwb.zarr", **options))


@pytest.mark.parametrize("layout", LAYOUTS, ids=[one.make.__name__ for one in LAYOUTS])
def test_each_layout_reads_as_its_hdf5_file(tmp_path, layout):
    file, folder = both(tmp_path, layout.make)
    first, second = inspect(file), inspect(folder)
    assert second.sweeps == first.sweeps
    assert [p.message for p in second.problems] == [p.message for p in first.problems]
    for one, other in zip(kept(file)[0], kept(folder)[0], strict=True):
        assert np.array_equal(one["voltage"], other["voltage"])
        assert np.array_equal(one["current"], other["current"])
        assert one.get("facts") == other.get("facts")


@pytest.mark.parametrize("chunk", [1, 7, 3000, 10**6])
@pytest.mark.parametrize("compressor", [None, "zlib"])
def test_chunks_of_any_size(tmp_path, chunk, compressor):
    if chunk == 1:
        make = lambda file: file.create_dataset("acquisition/a/data", data=np.arange(50.0))  # noqa: E731
        folder = as_zarr(write(tmp_path, make), tmp_path / "b.zarr", chunk, compressor)
        assert np.array_equal(
            Folder(str(folder)).numbers("acquisition/a/data", (13, 20)), np.arange(13.0, 33.0)
        )
        return
    file, folder = both(tmp_path, with_facts, chunk=chunk, compressor=compressor)
    for one, other in zip(kept(file)[0], kept(folder)[0], strict=True):
        assert np.array_equal(one["voltage"], other["voltage"])
        assert one["facts"] == other["facts"]


def test_samples_are_read_only_where_they_are_wanted(tmp_path, monkeypatch):
    _, folder = both(tmp_path, neuroconv)
    asked = []
    own = Folder._raw

    def counted(self, about, place, at):
        asked.append((place, at))
        return own(self, about, place, at)

    monkeypatch.setattr(Folder, "_raw", counted)
    inspect(folder)
    assert not [one for one in asked if one[0].endswith("A/data")]
    sweeps, _ = read({"filepath": folder}, only={1})
    assert len(sweeps[1]["voltage"]) == 3000
    chunks = {at for place, at in asked if place.endswith("CurrentClampSeriesA/data")}
    assert chunks == {(3,), (4,), (5,)}  # samples 3000 to 6000, in chunks of 1000


def test_apart_as_well(tmp_path):
    _, folder = both(tmp_path, neuroconv)
    assert len(inspect_apart(folder).sweeps) == 4


class _Evil:
    def __reduce__(self):
        return os.mkdir, (os.environ["EVIL"],)


def test_a_pickle_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIL", str(tmp_path / "was here"))
    _, folder = both(tmp_path, neuroconv)
    for content in (pickle.dumps([_Evil()] * 4), pickle.dumps({"a": _Evil()})):
        (tmp_path / "a.nwb.zarr" / RESPONSE / "0").write_bytes(zlib.compress(content))
        with pytest.raises(ReadError, match=r"isn't loaded from files|can't be decoded"):
            kept(folder)
    assert not (tmp_path / "was here").exists()


def test_the_pickles_of_hdmf_zarr_are_taken_apart(tmp_path):
    """It stores arrays of objects, whose references are dicts of a class of its own."""
    file, folder = both(tmp_path, neuroconv)
    place = tmp_path / "a.nwb.zarr" / RESPONSE / "0"
    rows = pickle.loads(zlib.decompress(place.read_bytes()))
    array = np.empty(len(rows), np.dtype([("idx_start", "<i4"), ("count", "<i4"), ("timeseries", object)]))
    for k, row in enumerate(rows):
        array[k] = row
    place.write_bytes(zlib.compress(pickle.dumps(array)))
    assert inspect(folder).sweeps == inspect(file).sweeps


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (".zgroup", None, "is a folder, not a recording"),
        ("acquisition/CurrentClampSeriesA/data/.zarray", b"{", "can't be read"),
        (
            "acquisition/CurrentClampSeriesA/data/.zarray",
            b"{}",
            "what acquisition/CurrentClampSeriesA/data is",
        ),
        ("acquisition/CurrentClampSeriesA/.zattrs", b"\xff", "can't be read"),
        (f"{RESPONSE}/0", b"x", "can't be decoded"),
        ("acquisition/CurrentClampSeriesA/data/0", b"x", "a chunk of acquisition/CurrentClampSeriesA/data"),
    ],
)
def test_damage_is_told(tmp_path, name, content, words):
    _, folder = both(tmp_path, neuroconv)
    place = tmp_path / "a.nwb.zarr" / name
    place.unlink() if content is None else place.write_bytes(content)
    if name.endswith("data/0"):  # one chunk: the other sweeps can be read
        _, problems = kept(folder)
        assert [words in p.message for p in problems if p.severity == "error"] == [True]
        return
    with pytest.raises(ReadError, match=words):
        kept(folder)


def test_huge_claims_and_other_versions_are_refused(tmp_path):
    _, folder = both(tmp_path, neuroconv)
    place = tmp_path / "a.nwb.zarr" / "acquisition/CurrentClampSeriesA/data/.zarray"
    about = json.loads(place.read_text(encoding="utf-8"))
    place.write_text(json.dumps(about | {"shape": [10**15]}), encoding="utf-8", newline="\n")
    with pytest.raises(ReadError, match="claims the shape"):
        kept(folder)
    (tmp_path / "a.nwb.zarr" / ".zgroup").rename(tmp_path / "a.nwb.zarr" / "zarr.json")
    with pytest.raises(ReadError, match="version 3 of Zarr"):
        kept(folder)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    _, folder = both(tmp_path, neuroconv)
    outside = tmp_path / "outside"
    (tmp_path / "a.nwb.zarr" / "acquisition").rename(outside)
    try:
        os.symlink(outside, tmp_path / "a.nwb.zarr" / "acquisition", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with pytest.raises(ReadError, match="lies outside of the folder"):
        kept(folder)


def test_a_compression_that_needs_a_package_names_it(tmp_path, monkeypatch):
    from efewidgets.engine.readers import extras

    _, folder = both(tmp_path, neuroconv, compressor=None)
    for about in (tmp_path / "a.nwb.zarr").rglob(".zarray"):
        found = json.loads(about.read_text(encoding="utf-8")) | {"compressor": {"id": "blosc"}}
        about.write_text(json.dumps(found), encoding="utf-8", newline="\n")
    monkeypatch.setattr(extras, "has_module", lambda name: False)
    with pytest.raises(ReadError, match=r'compressed with blosc: pip install "efewidgets\[zarr\]"'):
        kept(folder)


@pytest.mark.slow
def test_damage_at_random(tmp_path):
    """A few hundred damaged folders: a ReadError at worst."""
    _, folder = both(tmp_path, dual_patch)
    files = sorted(p for p in (tmp_path / "a.nwb.zarr").rglob("*") if p.is_file())
    for seed in range(150):
        rng = random.Random(seed)
        place = rng.choice(files)
        raw = place.read_bytes()
        changed = bytearray(raw[: rng.randrange(len(raw) + 1)] if rng.random() < 0.2 else raw)
        for _ in range(rng.choice([1, 2, 8])):
            if changed:
                changed[rng.randrange(len(changed))] = rng.randrange(256)
        place.write_bytes(bytes(changed))
        for function in (inspect, lambda path: read({"filepath": path})):
            with contextlib.suppress(ReadError):
                function(folder)
        place.write_bytes(raw)
    assert len(kept(folder)[0]) == 4


@pytest.mark.skipif(not has_module("hdmf_zarr"), reason="hdmf-zarr, the second opinion, isn't installed")
def test_what_hdmf_zarr_writes(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    from hdmf_zarr.nwb import NWBZarrIO

    file, _ = both(tmp_path, neuroconv)
    with pynwb.NWBHDF5IO(file, "r") as source, NWBZarrIO(str(tmp_path / "b.nwb.zarr"), "w") as io:
        io.export(src_io=source, write_args={"link_data": False})
    assert inspect(tmp_path / "b.nwb.zarr").protocols == ["Long Square"]


def test_folders_that_are_none(tmp_path):
    assert not is_zarr(tmp_path)
    (tmp_path / "x.nwb").mkdir()
    with pytest.raises(ReadError, match="is a folder, not a recording"):
        inspect(tmp_path / "x.nwb")


def test_h5py_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, folder = both(tmp_path, neuroconv)
    kept(folder)
    assert not [name for name in os.listdir(tmp_path) if name.startswith("zarr")]
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE) == 0
