"""Libraries that are older than those with which efewidgets was tried: refused at the import, in one sentence."""

from __future__ import annotations

import os
import pathlib
import re
import sys
from collections.abc import Callable, Iterable, Sequence

#: A requirement that can be judged without a library, as nearly all are: a name and the lowest version
_LOWEST = re.compile(r"Requires-Dist: ([\w-]+)>=([\d.]+)")
_FOLDER = re.compile(r"([\w.]+)-([\d.]+)\.dist-info")


def refuse_unfit() -> None:
    """Look whether the installed libraries are those that the installed efewidgets asks for. Raises ImportError.

    A library that isn't there is told when it is needed: a worker on a cluster does without the page.
    """
    if surely_fit(sys.path):
        return
    from importlib import metadata

    try:
        asked = metadata.requires("efewidgets") or ()
    except metadata.PackageNotFoundError:  # run from its source: nobody has said what it needs
        return
    told = unfit(asked)
    if told:
        raise ImportError(told)


def surely_fit(folders: Sequence[str]) -> bool:
    """Whether the names of what is installed say by themselves that all is fit.

    Each process of efewidgets asks, and to import what reads requirements by all their rules takes 20 ms, this 1 ms.

    Parameters
    ----------
    folders : sequence of str
        Where packages are looked for, as in `sys.path`; the first that has one counts.

    Returns
    -------
    bool
        False also where they don't say it: a version in other words, nothing that says what is asked for.
    """
    installed: dict[str, tuple[str, pathlib.Path]] = {}
    try:
        for folder in filter(os.path.isdir, folders):
            for found in filter(None, map(_FOLDER.fullmatch, os.listdir(folder))):
                installed.setdefault(_name(found[1]), (found[2], pathlib.Path(folder, found[0])))
        asked = (installed["efewidgets"][1] / "METADATA").read_text(encoding="utf-8").partition("\n\n")[0]
        lines = [line for line in asked.splitlines() if line.startswith("Requires-Dist:") and ";" not in line]
        lowest = [_LOWEST.fullmatch(line) for line in lines]
        return bool(lines) and all(
            one is not None and _parts(installed[_name(one[1])][0]) >= _parts(one[2]) for one in lowest
        )
    except (OSError, ValueError, KeyError):
        return False


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _parts(version: str) -> list[int]:
    """Return a version's numbers, so that 2.3 is 2.3.0."""
    parts = [int(part) for part in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


def unfit(asked: Iterable[str], installed: Callable[[str], str] | None = None) -> str:
    """Return what is wrong with the installed libraries, and what to do; nothing if nothing is.

    Parameters
    ----------
    asked : iterable of str
        Requirements as in pyproject.toml, ``numpy>=2.1``; those of extras are left alone.
    installed : callable, optional
        Returns the version of a library by its name; PackageNotFoundError if it isn't installed.
    """
    from importlib import metadata

    from packaging.requirements import Requirement

    wrong = []
    for requirement in map(Requirement, asked):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = (installed or metadata.version)(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append((requirement, found))
    if not wrong:
        return ""
    works = " and ".join(f"{one.name} {one.specifier}" for one, _ in wrong)
    there = " and ".join(f"{one.name} {found}" for one, found in wrong)
    names = " ".join(one.name for one, _ in wrong)
    return f"efewidgets works with {works}, not with {there}: python -m pip install --upgrade {names}"
