"""A writer of NWB folders in Zarr, version 2, as hdmf-zarr has them; made from HDF5 files, without its packages."""

from __future__ import annotations

import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def as_zarr(source: Path, target: Path, chunk: int = 1000, compressor: str | None = "zlib") -> Path:
    """Write all of an HDF5 file as a folder."""
    with h5py.File(source) as file:
        _group(file, file, target, chunk, compressor)
    (target / ".zmetadata").write_text("{}", encoding="utf-8", newline="\n")
    return target


def _group(file: h5py.File, group: h5py.Group, place: Path, chunk: int, compressor: str | None) -> None:
    place.mkdir()
    attrs = dict(_plain(group.attrs))
    (place / ".zgroup").write_text('{"zarr_format": 2}', encoding="utf-8", newline="\n")
    links = []
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            links.append({"name": name, "path": link.path, "source": "."})
        elif isinstance(group[name], h5py.Group):
            _group(file, group[name], place / name, chunk, compressor)
        else:
            _array(file, group[name], place / name, chunk, compressor)
    if links:
        attrs["zarr_link"] = links
    (place / ".zattrs").write_text(json.dumps(attrs), encoding="utf-8", newline="\n")


def _plain(attrs: h5py.AttributeManager) -> list[tuple[str, Any]]:
    return [(key, value.item() if hasattr(value, "item") else value) for key, value in attrs.items()]


def _array(file: h5py.File, data: h5py.Dataset, place: Path, chunk: int, compressor: str | None) -> None:
    place.mkdir()
    attrs = dict(_plain(data.attrs))
    values = data[()]
    if data.shape == ():
        attrs["zarr_dtype"] = "scalar"
    about: dict[str, Any] = {"zarr_format": 2, "order": "C", "filters": None, "fill_value": 0}
    about["compressor"] = {"id": compressor, "level": 1} if compressor else None
    flat = np.atleast_1d(np.asarray(values, object) if isinstance(values, (bytes, str)) else values)
    chunks = (
        [min(chunk, max(len(flat), 1)), *flat.shape[1:]] if flat.dtype.kind in "fiu" else list(flat.shape)
    )
    if flat.dtype.names or h5py.check_ref_dtype(data.dtype):
        rows = [_reference(file, row) for row in flat]
        raw = [pickle.dumps(rows)]
        about |= {"filters": [{"id": "pickle", "protocol": 5}], "fill_value": "gAVLAC4="}
        about["dtype"] = (
            [["idx_start", "<i4"], ["count", "<i4"], ["timeseries", "|O"]] if flat.dtype.names else "|O"
        )
    elif flat.dtype.kind == "O":
        words = [one if isinstance(one, bytes) else str(one).encode() for one in flat]
        body = b"".join(len(word).to_bytes(4, "little") + word for word in words)
        raw = [len(words).to_bytes(4, "little") + body]
        about |= {"dtype": "|O", "filters": [{"id": "vlen-utf8"}]}
    else:
        flat = flat.astype(np.uint8) if flat.dtype.kind == "b" else flat
        about["dtype"] = flat.dtype.newbyteorder("<").str
        padded = np.zeros((-(-len(flat) // chunks[0]) * chunks[0], *flat.shape[1:]), about["dtype"])
        padded[: len(flat)] = flat
        raw = [padded[k : k + chunks[0]].tobytes() for k in range(0, len(padded), chunks[0])]
    about |= {"shape": list(flat.shape), "chunks": chunks}
    (place / ".zarray").write_text(json.dumps(about), encoding="utf-8", newline="\n")
    (place / ".zattrs").write_text(json.dumps(attrs), encoding="utf-8", newline="\n")
    for k, part in enumerate(raw):
        name = ".".join([str(k), *["0"] * (flat.ndim - 1)])
        (place / name).write_bytes(zlib.compress(part) if compressor == "zlib" else part)


def _reference(file: h5py.File, row: Any) -> Any:
    if isinstance(row, h5py.Reference):
        return {"source": ".", "path": file[row].name, "object_id": "x"}
    return int(row["idx_start"]), int(row["count"]), _reference(file, row["timeseries"])
