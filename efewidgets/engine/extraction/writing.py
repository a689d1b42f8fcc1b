"""What a run leaves behind: the three files, for all cells and for each; figures; pickles."""

from __future__ import annotations

import pathlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from ..exchange import write_files
from ..names import folder_names
from ..outputs.standard_files import output_texts
from ..parallel import Progress
from ..problems import EfeError, Problem
from .run import Extraction


@dataclass(frozen=True)
class RunSettings:
    """What a run writes and draws; the rest of `extract_efeatures`' arguments are `Options`.

    `export` are the choices for files of model fitting (`engine.export.Choices`); a run itself doesn't write them.
    """

    output_directory: str | None = None
    write_files: bool = True
    plot: bool = False
    extract_per_cell: bool = False
    low_memory_mode: bool = False
    pickle_cells: bool = False
    export: Mapping[str, Any] | None = None

    @property
    def writes(self) -> bool:
        """Whether anything is written at all."""
        return self.write_files or self.plot or self.pickle_cells

    def check(self) -> None:
        """Raise EfeError if there is something to write and no folder for it."""
        if self.writes and not self.output_directory:
            raise EfeError("output_directory must name a folder if files are to be written.")


@dataclass
class Written:
    """The files of a run, and what could not be drawn."""

    files: list[pathlib.Path] = field(default_factory=list)
    figures: list[pathlib.Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def write_extraction(
    result: Extraction,
    settings: RunSettings,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write what the settings ask for.

    Parameters
    ----------
    result : Extraction
    settings : RunSettings
    executor : concurrent.futures.Executor, optional
        Draws the figures; otherwise they are drawn in this process.
    progress : callable, optional
        Called with the number of figures drawn, and of all (0 as long as that isn't known). Called by other
        threads too if there is an executor; what it raises in this one ends the work.

    Raises
    ------
    EfeError
        If there is something to write and no folder for it.
    """
    written = Written()
    if not settings.writes:
        return written
    settings.check()
    folder = pathlib.Path(str(settings.output_directory))
    if settings.write_files:
        texts = output_texts(folder, result.features, result.protocols_dict, result.currents)
        if settings.extract_per_cell:
            folders = folder_names(cell.name for cell in result.cells)
            for name, outputs in result.per_cell():
                texts |= output_texts(folder / folders[name], *outputs)
        write_files(texts)
        written.files += texts
    if settings.pickle_cells:
        written.files += _write_pickles(result, folder)
    if settings.plot:
        written.figures, written.problems = _draw(result, folder, executor, progress)
    return written


def _write_pickles(result: Extraction, folder: pathlib.Path) -> list[pathlib.Path]:
    for cell in result.cells:
        for recording in cell.recordings:
            recording.materialize()
    contents: dict[pathlib.Path, str | bytes] = {
        folder / "cells.pkl": pickle.dumps(result.cells),
        folder / "protocols.pkl": pickle.dumps(result.protocols),
    }
    write_files(contents)
    return list(contents)


def _draw(
    result: Extraction, folder: pathlib.Path, executor: Executor | None, progress: Progress | None
) -> tuple[list[pathlib.Path], list[Problem]]:
    from ..figures import all_figures, draw_all

    jobs = all_figures(result.cells, result.protocols, result.protocols_rheobase, result.efel_settings)
    if progress is None:
        return draw_all(jobs, folder, executor=executor)
    if executor is None:
        return draw_all(_watched(jobs, progress), folder)
    counting = _Counting(executor, progress)
    return draw_all(counting.known(jobs), folder, executor=counting)


def _watched(jobs: Iterator[Any], progress: Progress) -> Iterator[Any]:
    """Yield figures, each of which is drawn before the next one is asked for."""
    for done, job in enumerate(jobs, start=1):
        yield job
        progress(done, 0)


class _Counting(Executor):
    """An executor that says how many of its jobs are done."""

    def __init__(self, executor: Executor, progress: Progress) -> None:
        self.executor, self.progress = executor, progress
        self.done = self.total = 0

    def known(self, jobs: Iterator[Any]) -> Iterator[Any]:
        """Yield jobs; when there are no more, their number is known."""
        total = 0
        for job in jobs:
            total += 1
            yield job
            self.progress(self.done, 0)
        self.total = total

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Pass a job on."""
        future = self.executor.submit(function, *args, **kwargs)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, _: Future[Any]) -> None:
        self.done += 1
        self.progress(self.done, self.total)
