"""Files that stand for a recording which is elsewhere, and compressions that aren't installed."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import hdf5, inspect, read

from .binary_files import write_ibw
from .nwb_files import N, add_current, add_series, groups, step, volts

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1\nsize 12345\n"
PLACEHOLDERS = {
    LFS: "is a Git LFS pointer.*git lfs pull",
    LFS.replace(b"\n", b"\r\n"): "is a Git LFS pointer",
    b"/annex/objects/MD5E-s123--abc.nwb\n": "is a git-annex pointer",
    b"\n<!DOCTYPE html>\n<html><body>404</body></html>": "is a web page",
    b"<html>sign in</html>": "is a web page",
}


@pytest.mark.parametrize("content", PLACEHOLDERS)
@pytest.mark.parametrize("suffix", [".abf", ".nwb", ".mat", ".csv", ".txt", ".ibw"])
def test_placeholders_are_no_damaged_recordings(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    metadata = {"filepath": str(path)}
    if suffix == ".ibw":
        metadata = {
            "v_file": str(path),
            "i_file": str(write_ibw(tmp_path / "i.ibw", np.zeros(9, "f4"), 1e-4)),
        }
    for looked in (lambda: read(metadata), lambda: inspect(path)):
        with pytest.raises(ReadError, match=PLACEHOLDERS[content]) as told:
            looked()
        assert "damaged" not in str(told.value)


def compressed(path, code):
    """Write an NWB file whose voltage says that it is compressed with a filter of that number."""
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k in range(2):
            add_series(acquisition, f"CurrentClampSeries_{k}", volts(k))
            add_current(presentation, f"CurrentClampStimulusSeries_{k}", step(k))
        series = acquisition["CurrentClampSeries_1"]
        attributes = dict(series["data"].attrs)
        del series["data"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((1000,))
        plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, (3,))
        space, kind = h5py.h5s.create_simple((N,)), h5py.h5t.IEEE_F32LE
        made = h5py.h5d.create(series.id, b"data", kind, space, plist)
        for first in range(0, N, 1000):
            made.write_direct_chunk((first,), b"what only that filter can read", 0)
        series["data"].attrs.update(attributes)
    return path


@pytest.mark.parametrize(
    ("code", "name"), [(32015, "Zstandard"), (32001, "Blosc"), (307, "bzip2"), (40000, "unknown")]
)
def test_a_missing_filter_is_no_damage(tmp_path, code, name):
    if h5py.h5z.filter_avail(code):
        pytest.skip(f"the filter {code} is installed")
    found, told = read({"filepath": str(compressed(tmp_path / "a.nwb", code))})
    (problem,) = [problem for problem in told if problem.severity != "note"]
    assert [sweep is None for sweep in found] == [False, True]  # the other sweep is whole
    assert name in problem.message
    assert f"filter {code}" in problem.message
    assert "hdf5plugin" in problem.message
    assert "damaged" not in problem.message


def test_the_filters_of_hdf5plugin_are_used_if_it_is_installed(monkeypatch):
    known, loaded = {1}, []

    def load(name):
        loaded.append(name)
        known.add(32015)

    monkeypatch.setattr(hdf5.h5py.h5z, "filter_avail", lambda code: code in known)
    monkeypatch.setattr(hdf5.importlib, "import_module", load)
    assert hdf5._available(1)
    assert loaded == []
    assert hdf5._available(32015)
    assert loaded == ["hdf5plugin"]
    assert not hdf5._available(32001)


@pytest.mark.parametrize("unit", [1.0, 5, np.array([1.0, 2.0])])
def test_a_unit_that_is_a_number_is_no_unit(tmp_path, unit):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k in range(2):
            add_series(acquisition, f"CurrentClampSeries_{k}", volts(k))
            add_current(
                presentation, f"CurrentClampStimulusSeries_{k}", step(k), unit=unit if k else "amperes"
            )
    found, told = read({"filepath": str(path)})
    (problem,) = [problem for problem in told if problem.severity != "note"]
    assert [sweep is None for sweep in found] == [False, True]
    assert "the unit of the current in the file, is not known" in problem.message
    assert len([s for s in read({"filepath": str(path), "i_unit": "A"})[0] if s]) == 2


@pytest.mark.parametrize("unit", [0, 1, 0.5, True, ["mV"]])
def test_a_number_in_the_metadata_is_no_unit(tmp_path, unit):
    sweep = {"voltage": volts(), "current": step(), "dt": 0.1, "t_unit": "ms", "v_unit": "mV", "i_unit": "pA"}
    (tmp_path / "a.dat").write_bytes(b"x")
    with pytest.raises(ReadError, match="the unit of the voltage in the metadata, is not known"):
        read({"filepath": str(tmp_path / "a.dat"), "v_unit": unit}, lambda _: [sweep])
