"""Actions on models that are looked at beside the cells."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine.exchange import write_files
from ...engine.export.choices import Choices, choices_of
from ...engine.export.fit import fit_data
from ...engine.export.responses import STEP_MS, Model, ModelFiles, model_files, play, read_responses
from ...engine.problems import EfeError, nearest
from ...engine.stages.inputs import CellInputs, file_inputs
from ...engine.stages.values import Frozen, thaw
from ..convert import with_absolute_paths
from .base import Editing


class ModelActions(Editing):
    """Actions on models."""

    def add_model(
        self,
        name: str,
        model: Model | Mapping[str, Any] | str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        folder: str | os.PathLike[str],
        *,
        choices: Choices | None = None,
        dt: float = STEP_MS,
        seen: Callable[[int, int], None] | None = None,
    ) -> list[str]:
        """Look at a model beside the cells: its responses to the targets' stimuli become recordings.

        They go into no target and no average. What the model reaches of each target is in `Results.model_scores`; plots
        of features and traces show it over the cells. A model of the same name that is there is replaced.

        Parameters
        ----------
        name : str
            What the model is called among the cells.
        model : callable, dict or path
            ``model(time, current)`` that returns a voltage (ms, nA, mV; arrays (n,)); or responses: what BluePyOpt
            returns, or a folder of BluePyEModel's or BluePyOpt's files, or such files, see
            `engine.export.responses.read_responses`. Recordings in other formats are added as a cell's, see
            `use_as_model`.
        folder : path
            Where the responses are written, one CSV file a protocol.
        choices : Choices, optional
            Those of the export that the model was fitted to; by default those that the state holds.
            ``threshold_based`` decides whether it was played % of its own rheobase or nA.
        dt : float
            Step with which a callable is played, ms.
        seen : callable, optional
            ``seen(done, of)`` is called before each file of responses.

        Returns
        -------
        list of str
            What of the responses is of no protocol of the targets.

        Raises
        ------
        EfeError
            If it isn't a model of these targets; nothing is changed then.
        """
        from ..results.extraction import as_extraction

        there = self.inputs.by_name.get(name)
        if there is not None and not there.model:
            raise EfeError(f"there is a cell {name!r}; call the model otherwise.")
        chosen = choices or choices_of(thaw(self.inputs.export))
        fit, _, _ = fit_data(as_extraction(self.results), chosen)
        if not fit["protocols"]:
            raise EfeError(
                "there is no target with a value yet, so that there is nothing to compare a model with."
            )
        responses = play(model, fit, dt) if callable(model) else read_responses(model, seen)
        found = model_files(responses, fit)
        place = pathlib.Path(os.path.abspath(folder))
        write_files({place / file: content for file, content in found.files.items()})
        with self._lock:
            files = tuple(
                file_inputs(
                    self._new_id("f"),
                    protocol,
                    with_absolute_paths(metadata | {"filepath": place / metadata["filepath"]}),
                )
                for protocol, listed in found.protocols.items()
                for metadata in listed
            )
            cells = [cell for cell in self.inputs.cells if cell.name != name]
            values = {key: v for key, v in self.inputs.rheobase_values.items() if key != name}
            counted = _counts_percents(found, fit)
            if counted is not None:
                values[name] = counted
            self.commit(
                f"add the model {name}",
                cells=(*cells, CellInputs(name, files, model=True)),
                rheobase_values=Frozen(values),
            )
        return found.passed_over

    def remove_model(self, name: str) -> None:
        """Look at a model no longer; its files stay.

        Raises
        ------
        EfeError
            If there is no such model.
        """
        models = [cell.name for cell in self.inputs.cells if cell.model]
        if name not in models:
            raise EfeError(f"there is no model {name!r}.{nearest(name, models)}")
        with self._lock:
            values = {key: v for key, v in self.inputs.rheobase_values.items() if key != name}
            cells = tuple(cell for cell in self.inputs.cells if cell.name != name)
            self.commit(f"remove the model {name}", cells=cells, rheobase_values=Frozen(values))

    def use_as_model(self, cell: str, model: bool = True) -> None:
        """Take the recordings of a cell, in whatever format, for those of a model; or for a cell's again.

        Raises
        ------
        EfeError
            If there is no such cell.
        """
        if cell not in self.inputs.by_name:
            raise EfeError(f"there is no cell {cell!r}.{nearest(cell, self.inputs.by_name)}")
        with self._lock:
            cells = tuple(
                dataclasses.replace(one, model=model) if one.name == cell else one
                for one in self.inputs.cells
            )
            self.commit(f"take {cell} for a {'model' if model else 'cell'}", cells=cells)


def _counts_percents(found: ModelFiles, fit: Mapping[str, Any]) -> float | None:
    """Return the rheobase (nA) that a model's stimuli are counted in.

    Its own, which it was played % of; or the cells' mean, if it was played nA for targets in %.
    """
    if found.rheobase is not None or fit["rheobase"] is None:
        return found.rheobase
    mean: float | None = fit["rheobase"]["mean"]
    return mean
