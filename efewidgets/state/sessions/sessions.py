"""Sessions in files: begun from a config or a call, saved as a config, written as outputs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

from ...engine.extraction.writing import RunSettings, Written, write_extraction
from ...engine.problems import Problem
from ...engine.stages.inputs import Inputs
from ...engine.stages.options import Options, check_files
from ..convert import RUN, as_run_settings, inputs_of
from ..decisions import Decisions
from ..results.extraction import as_extraction
from ..results.present import Present
from ..running.runner import Runner
from ..view import View
from .looking import view_as_data
from .saving import save_inputs
from .undoing import Undo, steps_of


class Sessions:
    """A person's work in files.

    Parameters
    ----------
    decisions : Decisions
    present : Present
    view : View
    runner : Runner
    """

    def __init__(self, decisions: Decisions, present: Present, view: View, runner: Runner):
        self._undo = Undo()
        self._decisions, self._present, self._view, self._runner = decisions, present, view, runner

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the decisions to a file, from which `load` and `efewidgets extract` take them; whole or not at all.

        Paths of recordings are relative to it, so that a folder can be moved; sizes and SHA-256 of the files, the
        versions of the packages, and what is selected stand there too.

        Raises
        ------
        EfeError
            If something can't stand in a file, such as a reader without a name.
        """
        inputs = self._decisions.inputs
        save_inputs(inputs, path, view_as_data(self._view, inputs))

    def undo_as_data(self) -> dict[str, Any]:
        """Return the last edits as plain data, for `undo_from_data` of a state with the same decisions."""
        with self._decisions.lock:
            done, inputs = self._decisions.history.done, self._decisions.inputs
        return self._undo.as_data(done, inputs)

    def undo_from_data(self, data: Any, *, check: Callable[[dict[str, Any]], Any] | None = None) -> int:
        """Let edits be undone that were made before a session was saved and opened again; return how many.

        Parameters
        ----------
        data : object
            Of `undo_as_data`; where it is of other decisions than the present ones, there is nothing to undo.
        check : callable, optional
            Is given what an edit would bring back, in the words of a config; raises EfeError if it must not be used.
        """
        done = steps_of(data, self._decisions.inputs, self._decisions.new_id, check)
        if done:
            self._decisions.go_on(done)
        return len(done)

    def write(self, output_directory: str | os.PathLike[str] | None = None) -> Written:
        """Write the output files and figures that are asked for (see `set_output`); compute what lacks.

        Parameters
        ----------
        output_directory : path, optional
            Instead of the one that is set.

        Raises
        ------
        EfeError
            If no folder is named.
        """
        settings = as_run_settings(self._decisions.inputs)
        if output_directory is not None:
            settings = dataclasses.replace(settings, output_directory=os.fspath(output_directory))
        with self._decisions.lock:
            results = self._present.current()
        return write_extraction(as_extraction(results), settings, self._runner.executor)


def inputs_of_call(
    arguments: Mapping[str, Any], new_id: Callable[[str], str]
) -> tuple[Inputs, list[Problem]]:
    """Return the decisions of a call of `extract_efeatures`, and what of them can't be used.

    Raises
    ------
    EfeError
        If something can't be.
    """
    given = {k: v for k, v in arguments.items() if k not in ("map_function", "executor")}
    run = {name: given.pop(name) for name in RUN if name in given}
    if run.get("output_directory") is not None:
        run["output_directory"] = os.path.abspath(run["output_directory"])
    check_files(given["files_metadata"])
    return inputs_of(Options(**given), RunSettings(**run), new_id)
