"""The guesses for each folder and format, where they differ: the doubtful first; one that is chosen shows its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ...engine.files.grouping import Group
from ...engine.files.guessing import Proposal
from ..parts.base import StateWidget
from ..parts.html import plain
from ..parts.table import Column, Table
from .proposing import Proposing

COLUMNS = (
    Column("folder", "Folder"),
    Column("format", "Format"),
    Column("files", "Files", kind="number"),
    Column(
        "pattern", "Pattern", editable=True, hint="How the names of these files are read; empty: the guess"
    ),
    Column("protocols", "Protocols"),
    Column(
        "doubtful", "Doubtful", kind="number", hint="Files that lack something, or can't be used as they are"
    ),
)


class Groups:
    """A table of the groups, which is there where there are several.

    Parameters
    ----------
    owner : StateWidget
    chosen : Proposing
    again : callable
        Called when other files are to be shown, or the guesses are others.
    """

    def __init__(self, owner: StateWidget, chosen: Proposing, again: Callable[[], Any]):
        self.owner, self.chosen, self._again = owner, chosen, again
        self._chosen: set[str] = set()
        self.table = Table(
            COLUMNS,
            label="Groups of files",
            on_edit=self._edit,
            on_select=lambda ids: again(),
            height="180px",
        )
        words = (
            "Names are read for each folder and format by themselves; choose a group to see only its files."
        )
        self.hint = ipywidgets.HTML(f'<div class="efe-hint">{words}</div>')
        self.box = ipywidgets.VBox([self.hint, self.table], layout={"display": "none"})

    def draw(self, proposals: Sequence[Proposal]) -> None:
        """Show the groups of these proposals."""
        groups = self.chosen.groups if self.chosen.pattern is None else []
        several = len(groups) > 1
        self.box.layout.display = "" if several else "none"
        by_path: dict[str, list[int]] = {}
        for k, one in enumerate(proposals):
            by_path.setdefault(one.source.path, []).append(k)
        rows = [self._row(k, group, proposals, by_path) for k, group in enumerate(groups)] if several else []
        self.table.show(sorted(rows, key=lambda row: -row["doubtful"]))
        chosen = [groups[int(number)] for number in self.table.selected if several]
        self._chosen = {source.path for group in chosen for source in group.sources}

    def _row(
        self, number: int, group: Group, proposals: Sequence[Proposal], by_path: dict[str, list[int]]
    ) -> dict[str, Any]:
        places = [k for source in group.sources for k in by_path.get(source.path, ())]
        doubtful = {proposals[k].source.path for k in places if self.chosen.doubtful[k]}
        names = list(dict.fromkeys(plain(proposals[k].protocol) for k in places if proposals[k].protocol))
        folders = [plain(folder) or "." for folder in group.folders]
        return {
            "id": str(number),
            "folder": folders[0] if len(folders) == 1 else f"{folders[0]} and {len(folders) - 1:,} more",
            "format": group.suffix,
            "files": len(group.sources),
            "pattern": group.pattern,
            "protocols": ", ".join(names[:6]) + (" …" if len(names) > 6 else ""),
            "doubtful": len(doubtful),
            "_class": {"doubtful": "efe-bad" if doubtful else "efe-faint"},
            "_hint": {"folder": "\n".join(folders[:40])},
        }

    def shows(self, one: Proposal) -> bool:
        """Whether the files of the chosen groups include a proposal's; all do where no group is chosen."""
        return not self._chosen or one.source.path in self._chosen

    def _edit(self, ids: tuple[str, ...], column: str, text: str) -> None:
        with self.owner._guard:
            for group in [self.chosen.groups[int(number)] for number in ids]:
                self.chosen.say_pattern(group, str(text).strip())
            self._again()
