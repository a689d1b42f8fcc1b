"""Actions on files and recordings: add, remove, regroup, describe, exclude."""

from __future__ import annotations

import dataclasses
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...engine.problems import EfeError, nearest
from ...engine.readers import has_protocol
from ...engine.remote import absolute
from ...engine.stages.inputs import CellInputs, FileInputs, Recipe, file_inputs, files_in_words
from ...engine.stages.notes import moved as with_names
from ...engine.stages.values import Frozen
from ..convert import with_absolute_paths
from .base import Editing, count

Ids = str | Iterable[str]

#: Why recordings are left out of which a person said no more
NO_REASON = "by eye"

#: Key of metadata under which a file's own name of its protocol stands
_OWN_NAME = "protocol_name"


class FileActions(Editing):
    """Actions on files and recordings; files are named by their ids, recordings by ``file/sweep``."""

    def files(
        self, cell: str | None = None, protocol: str | None = None, path: str | os.PathLike[str] | None = None
    ) -> list[str]:
        """Return the ids of the files of a cell, of a protocol, of a path, or of all."""
        wanted = None if path is None else absolute(path)
        return [
            file.id
            for found, file in self.inputs.files()
            if cell in (None, found.name)
            and protocol in (None, file.protocol)
            and (wanted is None or wanted in file.recipe.paths)
        ]

    def add_files(self, cell: str, protocol: str, files: Any) -> list[str]:
        """Add files of one protocol of one cell.

        Parameters
        ----------
        cell, protocol : str
        files : path, dict, or list of them
            Paths, or metadata as `extract_efeatures` takes them.

        Returns
        -------
        list of str
            Ids of the new files.
        """
        listed = [files] if isinstance(files, (str, os.PathLike, Mapping)) else list(files)
        return self.add_files_metadata({cell: {protocol: listed}})

    def add_files_metadata(self, files_metadata: Mapping[str, Mapping[str, Iterable[Any]]]) -> list[str]:
        """Add files of many cells and protocols, ``{cell: {protocol: [path or metadata, …]}}``; return their ids."""
        with self._lock:
            cells = {c.name: c for c in self.inputs.cells}
            new: list[FileInputs] = []
            for cell, protocols in files_metadata.items():
                if not isinstance(protocols, Mapping):
                    raise EfeError(
                        f"cell {cell!r} must hold a dictionary of protocols, but holds {protocols!r}."
                    )
                added = [
                    file_inputs(self._new_id("f"), protocol, _metadata(file))
                    for protocol, files in protocols.items()
                    for file in files
                ]
                old = cells.get(cell, CellInputs(cell))
                if added:
                    cells[cell] = dataclasses.replace(old, files=(*old.files, *added))
                new += added
            self.commit(f"add {files_in_words(new)}", cells=tuple(cells.values()))
        return [file.id for file in new]

    def remove_files(self, files: Ids) -> None:
        """Remove files; a cell without files goes too."""
        chosen = self._chosen(files)
        self._edit(chosen, lambda file: None, f"remove {self._in_words(chosen)}")

    def regroup_files(
        self,
        files: Ids,
        *,
        cell: str | None = None,
        protocol: str | None = None,
        answers: Callable[[FileInputs], bool] | None = None,
    ) -> None:
        """Say that files are of another cell, or of another protocol.

        Where a file chooses its sweeps by the name of their protocol (NWB), these stay the same: the name that the
        file knows is kept in its metadata, as ``protocol_name``.

        Parameters
        ----------
        files : str or list of str
        cell, protocol : str, optional
        answers : callable, optional
            Says whether a file has sweeps by the name of its present protocol; by default the file is looked into.
        """
        chosen = self._chosen(files)
        usual = self.inputs.recording_reader is None
        knows = (answers or _answers) if usual else _never

        def changed(file: FileInputs) -> FileInputs:
            return _renamed(file, protocol, knows) if protocol is not None else file

        where = " and ".join(name for name in (cell, protocol) if name is not None)
        self._edit(chosen, changed, f"move {self._in_words(chosen)} to {where}", cell)

    def rename_cell(self, old: str, new: str) -> None:
        """Give a cell another name; the name of a cell that is there puts the two together."""
        with self._lock:
            if old not in self.inputs.by_name:
                raise EfeError(f"there is no cell {old!r}.{nearest(old, self.inputs.by_name)}")
            label = f"rename {old} to {new}"
            if new in self.inputs.by_name:
                self._edit(set(self.files(cell=old)), lambda file: file, label, new)
                return
            names = {old: new}
            cells = tuple(
                dataclasses.replace(cell, name=new) if cell.name == old else cell
                for cell in self.inputs.cells
            )
            values = {names.get(name, name): value for name, value in self.inputs.rheobase_values.items()}
            notes = with_names(self.inputs.cell_notes, names)
            self.commit(label, cells=cells, rheobase_values=Frozen(values), cell_notes=notes)

    def set_metadata(self, files: Ids, **metadata: Any) -> None:
        """Say something about files, e.g. ``ljp=14.0`` (mV), ``ton=700`` (ms), ``i_unit="pA"``; None takes it back."""
        chosen = self._chosen(files)
        label = f"set {', '.join(metadata)} of {self._in_words(chosen)}"
        self._edit(chosen, lambda file: with_recipe(file, metadata=file.metadata.changed(metadata)), label)

    def _in_words(self, chosen: set[str]) -> str:
        return files_in_words(file for _, file in self.inputs.files() if file.id in chosen)

    def set_sweep(self, recordings: Ids, *, merge: str | None = None, **values: Any) -> None:
        """Say something about single recordings, e.g. ``ton=700`` (ms), ``ecode="Ramp"``; None takes it back.

        Parameters
        ----------
        recordings : str or list of str
            Ids of recordings.
        merge : str, optional
            See `commit`.
        """
        by_file = _by_file(recordings)
        self._chosen(by_file)

        def changed(file: FileInputs) -> FileInputs:
            sweeps = dict(file.recipe.sweeps)
            for label in by_file[file.id]:
                sweeps[label] = Frozen(sweeps.get(label)).changed(values)
            return with_recipe(file, sweeps=Frozen({k: own for k, own in sweeps.items() if own}))

        label = f"set {', '.join(values)} of {count(sum(map(len, by_file.values())), 'recording')}"
        self._edit(set(by_file), changed, label, merge=merge)

    def exclude(self, recordings: Ids, reason: str = NO_REASON) -> None:
        """Leave recordings out, and say why, if there is more to say than that a person did."""
        if not isinstance(reason, str) or not reason.strip():
            raise EfeError("say why these recordings are left out, in a word or two.")
        self._judge(recordings, reason.strip(), False, f"exclude {{}}: {reason.strip()}")

    def include(self, recordings: Ids) -> None:
        """Use recordings again that were excluded."""
        self._judge(recordings, None, None, "include {}")

    def accept(self, recordings: Ids) -> None:
        """Say that recordings are right as they are: what was told of them has been looked at."""
        self._judge(recordings, None, True, "accept {}")

    def take_back(self, recordings: Ids) -> None:
        """Take back what was decided of recordings: they are neither excluded nor accepted."""
        self._judge(recordings, None, False, "take back {}")

    def _judge(self, recordings: Ids, reason: str | None, accepted: bool | None, label: str) -> None:
        """Exclude recordings for a reason, or use them; accept them or not, None as they are: one edit."""
        by_file = _by_file(recordings)
        self._chosen(by_file)

        def changed(file: FileInputs) -> FileInputs:
            new = file.excluded.changed(dict.fromkeys(by_file[file.id], reason))
            return file if new == file.excluded else dataclasses.replace(file, excluded=new)

        ids = [f"{file}/{sweep}" for file, sweeps in by_file.items() for sweep in sweeps]
        with self._lock:
            right = dict.fromkeys(self.inputs.accepted)
            if accepted is not None:
                for one in ids:
                    right.pop(one, None)
            if accepted:
                right |= dict.fromkeys(ids)
            label = label.format(count(len(ids), "recording"))
            self._edit(set(by_file), changed, label, accepted=tuple(right))

    def _chosen(self, files: Ids) -> set[str]:
        """Return the ids of files, if there are such files."""
        chosen = {files} if isinstance(files, str) else set(files)
        for identity in sorted(chosen):
            if identity not in self.inputs.cell_of_file:
                raise EfeError(f"there is no file {identity!r}.{nearest(identity, self.inputs.cell_of_file)}")
        if not chosen:
            raise EfeError("no file is chosen.")
        return chosen

    def _edit(
        self,
        chosen: set[str],
        change: Callable[[FileInputs], FileInputs | None],
        label: str,
        cell: str | None = None,
        merge: str | None = None,
        **more: Any,
    ) -> None:
        """Change the chosen files, perhaps their cell, and more decisions; what isn't touched stays the same object."""
        with self._lock:
            inputs = self.inputs
            cells: dict[str, CellInputs] = {}
            moved: list[FileInputs] = []
            touched = {inputs.cell_of_file[identity].name for identity in chosen}
            for old in inputs.cells:
                if old.name not in touched:
                    cells[old.name] = old
                    continue
                kept: list[FileInputs] = []
                for file in old.files:
                    new = change(file) if file.id in chosen else file
                    moves = file.id in chosen and cell not in (None, old.name)
                    if new is not None:
                        (moved if moves else kept).append(new)
                same = len(kept) == len(old.files) and all(map(operator.is_, kept, old.files))
                cells[old.name] = old if same else dataclasses.replace(old, files=tuple(kept))
            if moved and cell is not None:
                target = cells.get(cell, CellInputs(cell))
                cells[cell] = dataclasses.replace(target, files=(*target.files, *moved))
            left = tuple(found for found in cells.values() if found.files)
            names = {found.name for found in left}
            values = {name: value for name, value in inputs.rheobase_values.items() if name in names}
            rheobases = (
                inputs.rheobase_values if len(values) == len(inputs.rheobase_values) else Frozen(values)
            )
            gone: dict[str, str | None] = dict.fromkeys((name for name in touched if name not in names), cell)
            notes = with_names(inputs.cell_notes, gone)
            self.commit(label, merge=merge, cells=left, rheobase_values=rheobases, cell_notes=notes, **more)


def _metadata(file: Any) -> dict[str, Any]:
    if isinstance(file, (str, os.PathLike)):
        return with_absolute_paths({"filepath": file})
    if isinstance(file, Mapping):
        return with_absolute_paths(file)
    raise EfeError(f"a file must be a path or a dictionary of metadata, but is {file!r}.")


def _answers(file: FileInputs) -> bool:
    return has_protocol(file.as_metadata(), file.protocol)


def _never(file: FileInputs) -> bool:
    return False


def _renamed(file: FileInputs, protocol: str, answers: Callable[[FileInputs], bool]) -> FileInputs:
    """Return a file under another protocol's name, with the same sweeps."""
    own = file.metadata.get(_OWN_NAME)
    metadata = file.metadata
    if own is None and protocol.lower() != file.protocol.lower() and answers(file):
        metadata = metadata.changed({_OWN_NAME: file.protocol})
    elif isinstance(own, str) and own.lower() == protocol.lower():
        metadata = metadata.changed({_OWN_NAME: None})
    return with_recipe(file, protocol=protocol, metadata=metadata)


def with_recipe(file: FileInputs, **changes: Any) -> FileInputs:
    """Return a file with another recipe; the same object if it isn't another."""
    recipe: Recipe = dataclasses.replace(file.recipe, **changes)
    return file if recipe == file.recipe else dataclasses.replace(file, recipe=recipe)


def _by_file(recordings: Ids) -> dict[str, list[str]]:
    """Return the names of sweeps by the ids of their files."""
    found: dict[str, list[str]] = {}
    for identity in [recordings] if isinstance(recordings, str) else recordings:
        file, slash, label = str(identity).partition("/")
        if not slash or not label:
            raise EfeError(
                f"{identity!r} is no recording: a recording is named by its file and sweep, 'f1/sweep 1'."
            )
        found.setdefault(file, []).append(label)
    if not found:
        raise EfeError("no recording is chosen.")
    return found
