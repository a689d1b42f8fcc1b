"""Sessions in files: begun from a config, saved as one, written as outputs."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from ...engine.extraction.writing import RunSettings, Written, write_extraction
from ...engine.problems import Problem
from ...engine.stages.inputs import Inputs
from ...engine.stages.options import Options, check_files
from ..convert import RUN, as_run_settings, inputs_of
from ..results.extraction import as_extraction
from .looking import look, view_as_data
from .saving import load_inputs, save_inputs

if TYPE_CHECKING:
    from ..results.results import Results
    from ..running.runner import Runner
    from ..view import View


class Sessions:
    """A state that can be begun from a file and saved to one."""

    _new_id: Callable[[str], str]
    _runner: Runner
    view: View

    @property
    def inputs(self) -> Inputs:
        """All decisions."""
        raise NotImplementedError

    def _begin(self, inputs: Inputs, problems: list[Problem]) -> None:
        """Start with these decisions, of which some could not be used."""
        raise NotImplementedError

    def _present(self) -> Results:
        """Return results of the present decisions."""
        raise NotImplementedError

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        check: Callable[[Any, pathlib.Path], Any] | None = None,
        **options: Any,
    ) -> Self:
        """Return a state with the decisions of a saved session, or of any config of `efewidgets extract`.

        What was selected when a session was saved is selected again.
        Files that are missing or have changed are told of in `problems`.

        Parameters
        ----------
        path : path
        check : callable, optional
            ``check(contents, folder)`` before anything is done with them; raises EfeError if they must not be used.
        **options
            ``runner``, ``cache``, ``history``.

        Raises
        ------
        EfeError
            If it isn't a config.
        """
        state = cls(**options)
        inputs, problems, view = load_inputs(path, state._new_id, check)
        state._begin(inputs, problems)
        look(state.view, view, inputs)
        return state

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any], **options: Any) -> Self:
        """Return a state with the decisions of a call of `extract_efeatures`, such as `datasets.sample_config()`.

        Parameters
        ----------
        arguments : dict
            Arguments of `extract_efeatures`; those that say how the work is done don't matter here.
        **options
            ``runner``, ``cache``, ``history``.

        Raises
        ------
        EfeError
            If something can't be.
        """
        state = cls(**options)
        given = {k: v for k, v in arguments.items() if k not in ("map_function", "executor")}
        run = {name: given.pop(name) for name in RUN if name in given}
        if run.get("output_directory") is not None:
            run["output_directory"] = os.path.abspath(run["output_directory"])
        check_files(given["files_metadata"])
        state._begin(*inputs_of(Options(**given), RunSettings(**run), state._new_id))
        return state

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the decisions to a file, from which `load` and `efewidgets extract` take them; whole or not at all.

        Paths of recordings are relative to it, so that a folder can be moved; sizes and SHA-256 of the files, the
        versions of the packages, and what is selected stand there too.

        Raises
        ------
        EfeError
            If something can't stand in a file, such as a reader without a name.
        """
        inputs = self.inputs
        save_inputs(inputs, path, view_as_data(self.view, inputs))

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
        settings = as_run_settings(self.inputs)
        if output_directory is not None:
            settings = dataclasses.replace(settings, output_directory=os.fspath(output_directory))
        return write_extraction(as_extraction(self._present()), settings, self._runner.executor)
