"""Kept sweeps of a virtual cell, each in a file of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...datasets.models import CellModel
from ...datasets.nwbfile import write_nwb
from ...datasets.rig import Rig
from ...datasets.samples import Sample
from ...engine.names import safe_name
from ...engine.problems import EfeError
from ...engine.systems.ending import temporary_folder
from ...state import ExtractionState
from .data import Recorded


@dataclass(frozen=True)
class Kept:
    """A sweep that was kept.

    Parameters
    ----------
    path : str
        Of its file.
    recorded : Recorded
    """

    path: str
    recorded: Recorded


class Store:
    """A folder of NWB files, one a sweep, and what is in them.

    Parameters
    ----------
    cell : str
        What the cell is called.
    model : CellModel
    seed : int
        Of the noise; told in the files.
    folder : path, optional
        By default a temporary one, which goes with `close`, or when nobody has the store any more.
    """

    def __init__(self, cell: str, model: CellModel, seed: int, folder: str | os.PathLike[str] | None = None):
        self._cell, self._model, self._seed = cell, model, seed
        self._kept: dict[str, Kept] = {}
        self.close: Callable[[], Any] = lambda: None
        if folder is None:
            self.folder, self.close = temporary_folder(self, "efewidgets-cell-")
        else:
            self.folder = os.path.abspath(os.fspath(folder))

    def write(self, recorded: Recorded, rig: Rig) -> dict[str, Any]:
        """Write a sweep; return what a person would say about its file, as metadata.

        Raises
        ------
        EfeError
            If it can't be written.
        """
        injection, name = recorded.injection, safe_name(self._cell)
        sample = Sample(name, "", self._model, injection.holding, 0.0, self._seed, ljp=0.0, rig=rig)
        try:
            os.makedirs(self.folder, exist_ok=True)
            path = self._free(f"{name}_{injection.protocol}_{recorded.sweep.number:03d}")
            write_nwb(path, sample, [recorded.sweep])
        except OSError as error:
            why = error.strerror or error
            raise EfeError(f"the sweep can't be written to {self.folder}: {why}.") from error
        self._kept[path] = Kept(path, recorded)
        return {"filepath": path, **injection.timings}

    def kept_in(self, state: ExtractionState) -> dict[str, Kept]:
        """Return the sweeps that a state has, by the ids of their files: undo takes some away, redo brings them."""
        return {file.id: self._kept[file.path] for _, file in state.inputs.files() if file.path in self._kept}

    def _free(self, name: str) -> str:
        """Return a path of a file that isn't there yet: another cell of the same name may use the folder."""
        path, k = os.path.join(self.folder, f"{name}.nwb"), 1
        while os.path.exists(path):
            path, k = os.path.join(self.folder, f"{name}_{k + 1}.nwb"), k + 1
        return path
