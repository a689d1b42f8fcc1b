"""Of which cells and protocols files are that a person names on a command line: as the files say, else as asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from ...files.guessing import Proposal, pair_files, propose
from ...problems import EfeError, Problem
from ...readers import FileSummary, inspect
from ...readers.registry import suffixes_that_name_protocols

#: The protocol of files that don't say any
UNKNOWN = "unknown"


def metadata_of(
    paths: Iterable[str | os.PathLike[str]],
    problems: list[Problem],
    cell: str | None = None,
    protocol: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return ``{cell: {protocol: [metadata of a file, …]}}`` for files; what can't be used is told.

    Parameters
    ----------
    paths : iterable of path
    problems : list of Problem
        Is added to.
    cell, protocol : str, optional
        Of which the files are, where they don't say it themselves.
    more : dict, optional
        Metadata of each of them.

    Raises
    ------
    EfeError
        If none can be used.
    """
    names = [os.fspath(path) for path in paths]
    looks = {name: _look(name, problems) for name in dict.fromkeys(names)}
    seen = {name: summary for name, summary in looks.items() if summary is not None}
    sources, alone = pair_files(seen, lambda path: seen[path].unit)
    problems += alone
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for one in propose(
        sources,
        None,
        protocols_in=lambda path: _protocols(seen[path], path),
        cells_in=lambda path, name: _cells(seen[path], name),
        protocol_of=lambda path: next(iter(seen[path].protocols), ""),
    ):
        own_cell, own_protocol = _said(one, cell, protocol, problems)
        found.setdefault(own_cell, {}).setdefault(own_protocol, []).append({**one.metadata, **(more or {})})
    if not found:
        raise EfeError("none of these files can be used:" + "".join(f"\n- {one}" for one in problems))
    return found


def _look(path: str, problems: list[Problem]) -> FileSummary | None:
    try:
        return inspect(path)
    except (EfeError, OSError) as error:
        problems.append(Problem(str(error), "error", "file", file=path))
        return None


def _protocols(summary: FileSummary, path: str) -> list[str]:
    return summary.protocols if path.lower().endswith(suffixes_that_name_protocols()) else []


def _cells(summary: FileSummary, protocol: str) -> list[str]:
    return [] if len(summary.cells) < 2 else summary.cells_of(protocol)


def _said(one: Proposal, cell: str | None, protocol: str | None, problems: list[Problem]) -> tuple[str, str]:
    """Return the cell and the protocol of a file: what it says, what a person says, or what stands in for it."""
    path = one.source.path
    if one.own_cell and cell:  # several cells in one file keep their names
        cell = f"{cell}_{one.own_cell}"
    name = cell or one.cell or PurePath(path).stem
    kind = protocol if protocol and not one.own_protocol else one.protocol
    if not kind:
        words = f"it doesn't say of which protocol it is, and stands as {UNKNOWN!r}: name it with --protocol."
        problems.append(Problem(words, "warning", "output", file=path))
    return name, kind or UNKNOWN
