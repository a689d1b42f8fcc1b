"""Figures shown in a notebook, below the cell that asks for them."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any

from ..problems import Problem
from .jobs import FigureJob, draw_all


def draw_and_show(
    figures: Iterable[FigureJob],
    output_dir: str | os.PathLike[str] | None,
    show: bool = False,
    executor: Executor | None = None,
) -> tuple[list[pathlib.Path], list[Problem]]:
    """Write figures below `output_dir`, if there is one, and show them, if asked and if this is a notebook.

    Returns
    -------
    paths : list of pathlib.Path
    problems : list of Problem
        What could not be drawn; a note if there is no notebook to show it in.
    """
    paths: list[pathlib.Path] = []
    problems: list[Problem] = []
    jobs = list(figures) if show else figures
    if output_dir is not None:
        paths, problems = draw_all(jobs, output_dir, executor=executor)
    if show:
        problems = problems + _show(jobs)
    return paths, problems


def _show(jobs: Iterable[FigureJob]) -> list[Problem]:
    display = _notebook()
    if display is None:
        message = "figures are shown in notebooks only; here open the files in output_dir."
        return [Problem(message, "note", "output")]
    problems = []
    for job in jobs:
        try:
            for page in job.render("png"):
                display({"image/png": page}, raw=True)
        except Exception as error:  # the other figures are wanted
            problems.append(Problem(f"the figure {job.path} is missing: {error}", kind="output"))
    return problems


def _notebook() -> Any:
    """Return IPython's `display` if this is a notebook, which has loaded it, else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return getattr(sys.modules.get("IPython.display"), "display", None)
