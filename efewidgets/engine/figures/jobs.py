"""Figures as jobs: data and a function that draws it, here or elsewhere; written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ..parallel import WorkerDiedError, WorkersDontStartError, own_processes
from ..problems import EfeError, Problem
from ..systems.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["pdf", "png"]
FORMATS = ("pdf", "png")


@dataclass(frozen=True)
class FigureJob:
    """A figure that is still to be drawn; small, and can be sent to another process.

    Parameters
    ----------
    path : str
        Where it goes below the output folder, with ``/`` and without suffix.
    draw : callable
        Pure function of `data`; yields one matplotlib Figure a page.
    data : object
        All that will be seen.
    cell, protocol : str or None
        What it shows, for the message if it can't be drawn.
    """

    path: str
    draw: Callable[[Any], Iterable[Figure]]
    data: Any
    cell: str | None = None
    protocol: str | None = None

    def below(self, folder: str) -> FigureJob:
        """Return the job with another folder in the place of the first one of its path."""
        return replace_fields(self, path="/".join([folder, *self.path.split("/")[1:]]))

    def pages(self) -> list[Figure]:
        """Draw the pages, as matplotlib Figures that belong to no window."""
        return list(self.draw(self.data))

    def render(self, fmt: Format = "pdf") -> list[bytes]:
        """Draw the figure and return the contents of its files: one PDF, or a PNG a page."""
        return [_pdf(self.draw(self.data))] if fmt == "pdf" else [_png(page) for page in self.draw(self.data)]


@dataclass(frozen=True)
class _Failed:
    """What stands in for a figure whose data couldn't be had."""

    error: Exception

    def __call__(self, _: Any) -> Iterator[Figure]:
        raise self.error


def build_job(
    path: str, draw: Callable[[Any], Iterable[Figure]], build: Callable[[], Any], **place: str | None
) -> FigureJob | None:
    """Make a job of the data that `build` returns.

    None if `build` returns None, for there is nothing to see. An error of `build` becomes the job's own,
    so that it ends as a problem of that one figure.
    """
    try:
        data = build()
    except Exception as error:  # whatever is wrong with one recording, the other figures are wanted
        return FigureJob(path, _Failed(error), None, **place)
    return None if data is None else FigureJob(path, draw, data, **place)


def draw_all(
    figures: Iterable[FigureJob],
    output_dir: str | os.PathLike[str],
    fmt: Format = "pdf",
    executor: Executor | None = None,
    jobs: int | None = None,
) -> tuple[list[pathlib.Path], list[Problem]]:
    """Draw figures and write them below `output_dir`.

    Parameters
    ----------
    figures : iterable of FigureJob
        May be a generator: drawing goes on in other processes while the next figure's data is gathered.
    output_dir : path
        Made if it isn't there.
    fmt : {"pdf", "png"}
        Pages of a figure are in one PDF, or in ``name.png``, ``name_2.png``, …
    executor : concurrent.futures.Executor, optional
        Where to draw: threads, processes, or a cluster. It isn't shut down here.
    jobs : int, optional
        Without `executor`: number of processes to start; a script which asks for them needs its
        ``if __name__ == "__main__":``. None or 1: draw in this process.

    Returns
    -------
    paths : list of pathlib.Path
        Files written, in the order of `figures`.
    problems : list of Problem
        One for each reason for which figures couldn't be drawn or written.

    Raises
    ------
    EfeError
        If `output_dir` or `fmt` can't be.
    """
    if output_dir is None:
        raise EfeError("output_dir is None; give the folder that the figures shall be written to.")
    if fmt not in FORMATS:
        raise EfeError(f"fmt is {fmt!r}; figures can be drawn as {' or '.join(map(repr, FORMATS))}.")
    if jobs is not None and jobs < 1:
        raise EfeError(f"jobs is {jobs}; at least 1 process is needed.")
    folder = pathlib.Path(output_dir)
    paths: list[pathlib.Path] = []
    failed: dict[str, list[FigureJob]] = {}
    taken: set[str] = set()
    with contextlib.ExitStack() as stack:
        if executor is None and jobs is not None and jobs > 1:
            executor = stack.enter_context(own_processes(jobs))
        for job, result in _submitted(figures, fmt, executor):
            try:
                for page, content in enumerate(result(), start=1):
                    path = folder / _free_path(job.path, page, fmt, taken)
                    write_whole(path, content)
                    paths.append(path)
            except Exception as error:
                failed.setdefault(_reason(error), []).append(job)
    return paths, [_problem(reason, missing) for reason, missing in failed.items()]


def _submitted(
    figures: Iterable[FigureJob], fmt: Format, executor: Executor | None
) -> Iterator[tuple[FigureJob, Callable[[], list[bytes]]]]:
    """Yield each job with a function that returns its files' contents, or raises."""
    if executor is None:
        for job in figures:
            yield job, partial(job.render, fmt)
        return
    futures: list[tuple[FigureJob, Future[list[bytes]] | None]] = []
    for job in figures:
        try:
            futures.append((job, executor.submit(_render, job, fmt)))
        except BrokenExecutor:
            futures.append((job, None))
    futures.reverse()
    while futures:  # what is written needn't be kept
        job, future = futures.pop()
        yield job, partial(_result, job, future, fmt)


def _render(job: FigureJob, fmt: Format) -> list[bytes]:
    return job.render(fmt)


def _result(job: FigureJob, future: Future[list[bytes]] | None, fmt: Format) -> list[bytes]:
    """Wait for a figure; if there are no processes, or no more, draw it here."""
    if future is not None:
        with contextlib.suppress(BrokenExecutor, WorkersDontStartError):
            return future.result()
    return job.render(fmt)


def _free_path(path: str, page: int, fmt: str, taken: set[str]) -> str:
    """Return the file of a page, with a number if another figure of this run has that name already."""
    stem = path if page == 1 else f"{path}_{page}"
    candidate, n = stem, 1
    while candidate.casefold() in taken:  # to some file systems A and a are the same
        n += 1
        candidate = f"{stem}~{n}"
    taken.add(candidate.casefold())
    return f"{candidate}.{fmt}"


def _reason(error: Exception) -> str:
    return (
        str(error)
        if isinstance(error, EfeError | OSError | WorkerDiedError)
        else f"{type(error).__name__}: {error}"
    )


def _problem(reason: str, missing: list[FigureJob]) -> Problem:
    """Return one problem for all figures that are missing for the same reason."""
    first = missing[0]
    what = f"The figure {first.path} is"
    if len(missing) > 1:
        what = f"{len(missing)} figures, the first of them {first.path}, are"
    return Problem(
        f"{what} missing: {reason}",
        kind="output",
        cell=first.cell if all(job.cell == first.cell for job in missing) else None,
        protocol=first.protocol if all(job.protocol == first.protocol for job in missing) else None,
    )


def _pdf(pages: Iterable[Figure]) -> bytes:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages

    content = io.BytesIO()
    with PdfPages(content, metadata={"CreationDate": None}) as pdf:  # no date: same input, same bytes
        for page in pages:
            FigureCanvasPdf(page).print_pdf(pdf)
    return content.getvalue()


def _png(page: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    content = io.BytesIO()
    FigureCanvasAgg(page).print_png(content)
    return content.getvalue()
