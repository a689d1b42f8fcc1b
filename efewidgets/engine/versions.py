"""Libraries that are older than those with which efewidgets was tried: refused at the import, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata

from packaging.requirements import Requirement


def refuse_unfit() -> None:
    """Look whether the installed libraries are those that the installed efewidgets asks for. Raises ImportError.

    A library that isn't there is told when it is needed: a worker on a cluster does without the page.
    """
    try:
        asked = metadata.requires("efewidgets") or ()
    except metadata.PackageNotFoundError:  # run from its source: nobody has said what it needs
        return
    told = unfit(asked)
    if told:
        raise ImportError(told)


def unfit(asked: Iterable[str], installed: Callable[[str], str] = metadata.version) -> str:
    """Return what is wrong with the installed libraries, and what to do; nothing if nothing is.

    Parameters
    ----------
    asked : iterable of str
        Requirements as in pyproject.toml, ``numpy>=2.1``; those of extras are left alone.
    installed : callable, optional
        Returns the version of a library by its name; PackageNotFoundError if it isn't installed.
    """
    wrong = []
    for requirement in map(Requirement, asked):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = installed(requirement.name)
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
