"""Results in the form of each consumer: which there are, and what a consumer's files are before they are written.

A consumer is a module of this package that has a `FORMAT`; it is a pure function from results to files. What the
consumer would refuse, or take without a word and mistreat, is told before anything is written.
"""

from __future__ import annotations

import importlib
import os
import pathlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..exchange import write_files
from ..problems import EfeError, nearest
from .choices import Choices

__all__ = ["FORMATS", "Choices", "Export", "Format", "format_named", "write_export"]


@dataclass(frozen=True)
class Export:
    """The files that a consumer gets, and what a person should know of them first.

    Parameters
    ----------
    files : dict of bytes
        What each file holds, by its path inside the folder (POSIX, relative).
    refusals : tuple of str
        Why the consumer can't take them, in sentences.
    remarks : tuple of str
        What the consumer will do otherwise than one may expect, or what the files can't say.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A consumer of results.

    Parameters
    ----------
    name : str
        For the command line and config files.
    title : str
        For people.
    description : str
        What is written, in a line.
    build : callable
        ``build(extraction, choices, seen)`` returns an `Export`; it reads and writes no file of its own. ``seen(done,
        of)`` may be left out; it is told how many figures are drawn, and ends the work by what it raises.
    """

    name: str
    title: str
    description: str
    build: Callable[..., Export]


class _Formats(Mapping[str, Format]):
    """The formats by name; the modules are imported when they are first asked for."""

    def __init__(self) -> None:
        self._found: dict[str, Format] = {}

    def _all(self) -> dict[str, Format]:
        if not self._found:
            for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
                found = getattr(importlib.import_module(f"{__name__}.{module}"), "FORMAT", None)
                if isinstance(found, Format):
                    self._found[found.name] = found
        return self._found

    def __getitem__(self, name: str) -> Format:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


#: The consumers that results can be written for, by name
FORMATS: Mapping[str, Format] = _Formats()


def format_named(name: str) -> Format:
    """Return a format.

    Raises
    ------
    EfeError
        If there is none of this name.
    """
    if name not in FORMATS:
        raise EfeError(
            f"there is no format {name!r}.{nearest(name, FORMATS)} There are: {', '.join(FORMATS)}."
        )
    return FORMATS[name]


def write_export(
    export: Export, folder: str | os.PathLike[str], despite_refusals: bool = False
) -> list[pathlib.Path]:
    """Write the files of an export, all of them or none; return their paths.

    Raises
    ------
    EfeError
        If the consumer can't take them, unless `despite_refusals`.
    OSError
        If one can't be written.
    """
    if export.refusals and not despite_refusals:
        raise EfeError("nothing is written:" + "".join(f"\n- {refusal}" for refusal in export.refusals))
    contents = {pathlib.Path(folder, *name.split("/")): data for name, data in export.files.items()}
    write_files(contents)
    return list(contents)
