"""Recordings that draw their samples from another file."""

from __future__ import annotations

import os
import pathlib
import shutil

import h5py

from efewidgets import datasets

#: The ways that HDF5 has
WAYS = ("external link", "external storage", "virtual dataset")


def draw_on(target: pathlib.Path, path: pathlib.Path, way: str) -> pathlib.Path:
    """Make a recording at `path` whose first voltage stands in `target`: the sample cell RS1 itself, or any bytes."""
    shutil.copy(datasets.sample_folder() / "RS1.nwb", path)
    with h5py.File(path, "a") as file:
        name = next(f"acquisition/{series}/data" for series in file["acquisition"])
        attributes, samples, kind = dict(file[name].attrs), len(file[name]), file[name].dtype
        del file[name]
        if way == "external link":
            file[name] = h5py.ExternalLink(os.fspath(target), f"/{name}")
            return path
        if way == "virtual dataset":
            layout = h5py.VirtualLayout((samples,), kind)
            layout[:] = h5py.VirtualSource(os.fspath(target), f"/{name}", (samples,))
            file.create_virtual_dataset(name, layout)
        else:
            stored = [(os.fspath(target), 0, samples * kind.itemsize)]
            file.create_dataset(name, (samples,), kind, external=stored)
        file[name].attrs.update(attributes)
    return path
