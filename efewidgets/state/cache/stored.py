"""Recordings in the cache on disk: what was found in their files, without samples, and their features.

An entry stands under the content of the files (not their names), the metadata, the settings that decide spikes, and
the versions of reader, engine and eFEL. It holds data only: nothing in it can run.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import io
import json
import os
import pathlib
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ... import engine
from ...engine.features.efel_import import efel_version
from ...engine.readers.registry import format_for
from ...engine.recordings.ecodes import FAMILIES
from ...engine.recordings.keeping import kept, restored
from ...engine.recordings.recording import Recording
from ...engine.recordings.source import Source, reader_metadata
from ...engine.stages.context import Context
from ...engine.stages.inputs import PATHS, FileInputs, Group
from ...engine.stages.parts import Agreed
from ...engine.stages.values import Frozen, digest, thaw
from ...engine.stages.world import sha256
from .disk import DiskCache

#: What an entry may be made of besides numbers, texts and lists
_ALLOWED = {
    ("efewidgets.engine.problems", "Problem"),
    ("efewidgets.engine.problems", "MissingFile"),
    ("efewidgets.engine.problems", "NoSweep"),
    ("efewidgets.engine.problems", "WrongUnit"),
    ("efewidgets.engine.detection.window", "Window"),
    ("efewidgets.engine.detection.window", "Box"),
    ("efewidgets.engine.detection.window", "Doubt"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("_codecs", "encode"),
}
_NUMPY = {"_reconstruct", "scalar", "_frombuffer"}


class Store:
    """Keeps the recordings of each protocol of each cell in a cache on disk.

    Parameters
    ----------
    cache : DiskCache
    """

    def __init__(self, cache: DiskCache):
        self.cache = cache
        self._hashes: dict[bytes, tuple[str, ...] | None] = {}
        self._saved: dict[bytes, int] = {}

    def load(self, context: Context, group: Group) -> Agreed | None:
        """Return the recordings of a protocol of a cell as they were stored; None if they weren't."""
        key = self._key(context, group)
        entry = None if key is None else self.cache.get(key)
        if key is None or entry is None:
            return None
        try:
            found = _Unpickler(io.BytesIO(entry)).load()
            agreed = _restored(found, context, group)
        except Exception:  # an entry of another version, or damaged with its checksum
            return None
        self._saved[key] = _values(agreed)
        return agreed

    def save(self, context: Context, group: Group, agreed: Agreed) -> None:
        """Store the recordings of a protocol of a cell with the features they have, unless that was done."""
        if any(type(r).__module__.split(".")[0] != "efewidgets" for r in agreed.recordings):
            return  # a lab's own stimulus family may change without notice
        if any(recording.source is None for recording in agreed.recordings):
            return
        key = self._key(context, group)
        if key is not None and self._saved.get(key) != _values(agreed):
            self.cache.put(key, pickle.dumps(_plain(agreed, group), protocol=5))
            self._saved[key] = _values(agreed)

    def _key(self, context: Context, group: Group) -> bytes | None:
        contents = self._contents(context, group)
        reader = _reader_version(context, group)
        if contents is None or reader is None:
            return None
        recipes = tuple(
            (file.protocol, _without_paths(file.metadata), file.recipe.sweeps) for file in group.files
        )
        return digest("recordings", versions(), reader, context.reading.spike_settings, recipes, contents)

    def _contents(self, context: Context, group: Group) -> tuple[str, ...] | None:
        """Return the SHA-256 of each file, from the cache if the files haven't changed since it was taken."""
        name = digest("contents", group.paths, context.seen(group))
        if name not in self._hashes:
            known = _hashes(self.cache.get(name), len(group.paths.names))
            if known is None:
                found = [sha256(path) for path in group.paths.names]
                known = tuple(one for one in found if one is not None)
                if len(known) == len(found) > 0:
                    self.cache.put(name, json.dumps(known).encode())
            self._hashes[name] = known if len(known) == len(group.paths.names) > 0 else None
        return self._hashes[name]


def _hashes(entry: bytes | None, number: int) -> tuple[str, ...] | None:
    """Return the hashes that stand in an entry, if it is one of so many hashes."""
    try:
        found = json.loads(entry) if entry is not None else None
    except ValueError:
        return None
    if isinstance(found, list) and len(found) == number and all(isinstance(one, str) for one in found):
        return tuple(found)
    return None


def _values(agreed: Agreed) -> int:
    """Count the feature values there are, to see whether there are new ones."""
    return sum(len(v) for r in agreed.recordings for v in r.feature_store.all_known().values())


def _without_paths(metadata: Frozen) -> Frozen:
    """Return metadata without the folders of files, so that a folder can be moved."""
    return metadata.changed({key: os.path.basename(str(metadata[key])) for key in PATHS if key in metadata})


@functools.cache
def versions() -> str:
    """Return what stands for the versions of the engine, eFEL and numpy."""
    found = hashlib.sha256(repr((efel_version(), np.__version__)).encode())
    root = pathlib.Path(engine.__file__).parent
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _reader_version(context: Context, group: Group) -> str | None:
    """Return what stands for a lab's own reader, "" for the built-in ones; None if nothing can."""
    reader = context.reading.reader
    if reader is not None:
        return _function_version(reader.function)
    try:
        own = {format_for(file.metadata).read for file in group.files} - {None}
    except Exception:  # there is no such format; reading will say so
        return None
    found = [_function_version(function) for function in own if function is not None]
    return None if None in found else "".join(sorted(version for version in found if version))


def _function_version(function: Callable[..., Any]) -> str | None:
    """Return a digest of the module that a function is from; None if it depends on more than that."""
    if getattr(function, "__closure__", None) or "<" in getattr(function, "__qualname__", "<"):
        return None
    try:
        source = pathlib.Path(inspect.getsourcefile(function) or "").read_bytes()
    except (TypeError, OSError):
        return None
    return hashlib.sha256(source + function.__qualname__.encode()).hexdigest()


# --- to plain data and back


def _plain(agreed: Agreed, group: Group) -> dict[str, Any]:
    return {
        "paths": group.paths.names,
        "problems": agreed.problems,
        "files": [[_plain_recording(recording) for recording in file] for file in agreed.files],
    }


def _plain_recording(recording: Recording) -> dict[str, Any]:
    store = recording.feature_store
    assert recording.source is not None
    return {
        "family": type(recording).__name__,
        "label": recording.label,
        "index": recording.source.index,
        "fields": kept(recording),
        "values": store.all_known(),
        "failures": {key: store.failures(key) for key in store.all_known() if store.failures(key)},
    }


def _restored(found: dict[str, Any], context: Context, group: Group) -> Agreed:
    names = dict(zip(found["paths"], group.paths.names, strict=True))
    problems = [
        dataclasses.replace(problem, file=names.get(problem.file, problem.file), cell=group.cell)
        for problem in found["problems"]
    ]
    files = tuple(
        _restored_file(recordings, context, file)
        for file, recordings in zip(group.files, found["files"], strict=True)
    )
    return Agreed(files, tuple(problems))


def _restored_file(
    recordings: Iterable[dict[str, Any]], context: Context, file: FileInputs
) -> tuple[Recording, ...]:
    """Return the recordings of one file; what a person wrote about it is the same for all, as where it is read."""
    metadata = thaw(file.metadata)
    prepared = reader_metadata(metadata, file.protocol)
    return tuple(_restored_recording(plain, context, file, metadata, prepared) for plain in recordings)


def _restored_recording(
    plain: dict[str, Any],
    context: Context,
    file: FileInputs,
    metadata: dict[str, Any],
    prepared: dict[str, Any],
) -> Recording:
    said = file.recipe.sweeps.get(str(plain["label"]))
    own = {} if said is None else thaw(said)
    reader = context.reading.reader
    recording = restored(
        FAMILIES[plain["family"]],
        plain["fields"],
        {"protocol_name": file.protocol, **metadata, **own},
        Source(
            {**prepared, **own} if own else prepared,
            None if reader is None else reader.function,
            plain["index"],
        ),
        thaw(context.reading.spike_settings),
    )
    recording.feature_store.restore(plain["values"], plain["failures"])
    return recording


class _Unpickler(pickle.Unpickler):
    """Reads data, and refuses everything that could do something."""

    def find_class(self, module: str, name: str) -> Any:
        numpys = module in ("numpy._core.multiarray", "numpy.core.multiarray", "numpy._core.numeric")
        if (module, name) in _ALLOWED or (numpys and name in _NUMPY):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in the cache")
