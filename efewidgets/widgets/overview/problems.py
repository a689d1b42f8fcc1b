"""What a person should know, in words, grouped; each problem leads to its place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ...engine.problems import Problem
from ...engine.remote import absolute
from ...state import ExtractionState, Results
from ..actions.looked_at import problems_now
from ..parts.base import StateWidget
from ..parts.debounce import Debounce
from ..parts.html import escape, plain, tag
from ..parts.style import row
from .problem_list import ProblemList

SEVERITIES = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "note": ("note", "notes")}

#: What the kinds of problems are about, in the order in which they are shown, and the step where they are put right
KINDS = {
    "run": ("The run", "export"),
    "worker": ("Workers that failed", "recordings"),
    "config": ("Configuration", "recordings"),
    "file": ("Files", "recordings"),
    "unit": ("Units", "recordings"),
    "stimulus": ("Stimuli", "stimuli"),
    "spikes": ("Spikes", "stimuli"),
    "rheobase": ("Rheobases", "rheobase"),
    "target": ("Targets", "targets"),
    "feature": ("Features", "features"),
    "output": ("Output", "export"),
    "figure": ("Figures", "export"),
    "cache": ("Cache on disk", "targets"),
    "observer": ("Views", ""),
}
OTHER = ("Other", "")

#: Problems of a group that are shown at first, and how many more at a time
FIRST, MORE = 10, 100


@dataclass(frozen=True)
class Place:
    """What the eye should be on; None for what isn't said."""

    recordings: tuple[str, ...] | None = None
    cell: str | None = None
    protocol: str | None = None
    target: str | None = None
    tab: str | None = None


class ProblemsPanel(StateWidget):
    """Lists the state's problems by severity and by what they are about; a click goes to the place.

    The same by hand: ``state.problems``; a click sets ``state.view``.

    Parameters
    ----------
    state : ExtractionState
    first : int
        How many problems of a group are shown at first.

    Attributes
    ----------
    filter : ipywidgets.Text
    severity : ipywidgets.Dropdown
    list : ProblemList
    """

    watches = ("revision", "status")

    def __init__(self, state: ExtractionState, *, first: int = FIRST):
        if first < 1:
            raise ValueError(f"first must be at least 1, but is {first!r}.")
        self.first = first
        self._most: Counter[str] = Counter()
        self._problems: Sequence[Problem] = ()
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the filters, the count and the list."""
        self.filter = ipywidgets.Text(
            description="Filter", placeholder="words, a cell, a file …", layout={"width": "min(340px, 100%)"}
        )
        self.severity = ipywidgets.Dropdown(description="Show", options=[("all", "")], value="")
        self.severity.layout.width = "220px"
        self.count = ipywidgets.HTML()
        self.list = ProblemList(self._go, self._more)
        self.empty = ipywidgets.HTML()
        self._soon = Debounce(self.refresh, 0.15)
        self._debounced.append(self._soon)
        self.filter.observe(lambda _: self._soon(), "value")
        self.severity.observe(self._narrowed, "value")
        line = row(self.filter, self.severity, self.count)
        return [line, self.empty, self.list]

    def view_data(self) -> dict[str, Any]:
        """Return the counts by severity, the groups as they are shown, and what is said if there are none."""
        problems = self._problems = problems_now(self.state)
        groups: dict[tuple[str, str], list[int]] = {}
        words = self.filter.value.casefold().split()
        for index, problem in enumerate(problems):
            if self.severity.value in ("", problem.severity) and _has(problem, words):
                groups.setdefault((problem.severity, problem.kind), []).append(index)
        return {
            "counts": Counter(problem.severity for problem in problems),
            "found": sum(map(len, groups.values())),
            "groups": [self._group(key, groups[key]) for key in sorted(groups, key=_order)],
            "empty": self._empty(len(problems)) if not groups else "",
        }

    def _group(self, key: tuple[str, str], found: list[int]) -> dict[str, Any]:
        severity, kind = key
        name = f"{severity}/{kind}"
        most = self.first + self._most[name]
        left = len(found) - most
        return {
            "key": name,
            "severity": severity,
            "title": _title(kind),
            "count": len(found),
            "count_text": count_of(len(found), severity),
            "open": severity != "note" or len(found) <= 3,
            "items": [_item(index, self._problems[index]) for index in found[:most]],
            "more": f"show {min(MORE, left):,} more of {left:,}" if left > 0 else "",
        }

    def _empty(self, number: int) -> str:
        if number:
            return f"None of the {number:,} problems is like that: change the filter."
        if not self.state.inputs.cells:
            return "No problems, for there are no recordings yet: choose files."
        if self.state.status in ("running", "stale"):
            return "No problems in the results so far; there may be some when the run is over."
        return "All is well: every file could be read, and nothing in the results asks for a second look."

    def render(self, data: dict[str, Any]) -> None:
        """Put the problems on the page."""
        counts = data["counts"]
        options = [(f"all {sum(counts.values()):,}", "")]
        options += [(count_of(counts[severity], severity), severity) for severity in SEVERITIES]
        if self.severity.options != tuple(options):
            self.put(self.severity, options=tuple(options), value=self.severity.value)
        total = sum(counts.values())
        narrowed = f"{data['found']:,} of {total:,}" if data["found"] < total else ""
        self.put(self.count, value=tag("span", narrowed, class_="efe-faint", role="status"))
        note = tag("div", escape(data["empty"]), class_="efe-empty", role="status") if data["empty"] else ""
        self.put(self.empty, value=note)
        self.put(self.empty.layout, display=None if note else "none")
        self.put(self.list, groups=data["groups"])

    # --- what a person does

    def _narrowed(self, change: Any) -> None:
        if not self._rendering:
            self.refresh()

    def go(self, problem: Problem) -> None:
        """Turn the eye to the place of a problem: its recordings, cell, protocol and target, and the tab for it."""
        place = place_of(problem, self.state.results)
        view = self.state.view
        with view.hold_trait_notifications():
            for name in ("cell", "protocol", "target", "recordings", "tab"):
                if getattr(place, name) is not None:
                    setattr(view, name, getattr(place, name))

    def show_more(self, severity: str, kind: str) -> None:
        """Show more problems of a group."""
        self._most[f"{severity}/{kind}"] += MORE
        self.refresh()

    def _go(self, index: int) -> None:
        if 0 <= index < len(self._problems):
            self.act(self.go, self._problems[index])

    def _more(self, group: str) -> None:
        severity, _, kind = group.partition("/")
        self.act(self.show_more, severity, kind)


def place_of(problem: Problem, results: Results) -> Place:
    """Return where a problem is, in the words of the shared view."""
    cell = problem.cell if problem.cell in results.inputs.by_name else None
    recordings = _recordings(problem, results) if problem.file or problem.recording else None
    return Place(
        recordings=recordings or None,
        cell=cell,
        protocol=problem.protocol if problem.protocol in results.inputs.protocols else None,
        target=_target(problem, results),
        tab=KINDS.get(problem.kind, OTHER)[1] or None,
    )


def _recordings(problem: Problem, results: Results) -> tuple[str, ...]:
    """Return the recording that a problem is about, or all of its file."""
    files = {
        file.id
        for cell, file in results.inputs.files()
        if problem.cell in (None, cell.name)
        and problem.protocol in (None, file.protocol)
        and (problem.file is None or _is_one_of(problem.file, file.recipe.paths))
    }
    members = [m for m in results.members.values() if m.file.id in files]
    exact = tuple(m.id for m in members if problem.recording in (m.recording.label, m.recording.id, m.id))
    if exact or problem.file is None:
        return exact
    return tuple(m.id for m in members)


def _is_one_of(file: str, paths: Iterable[str]) -> bool:
    return any(file == path or absolute(file) == absolute(path) for path in paths)


def _target(problem: Problem, results: Results) -> str | None:
    """Return the id of the first target that a problem is about.

    The engine names a stimulus, such as "IDrest_150", or a feature of one: "AP_amplitude of IDrest_150".
    """
    if problem.target is None:
        return None
    for target in results.targets:
        stimulus = f"{target.protocol}_{target.amplitude}"
        if problem.target in (target.id, stimulus, f"{target.name} of {stimulus}"):
            return target.id
    return None


def _has(problem: Problem, words: list[str]) -> bool:
    if not words:
        return True
    text = f"{problem.place} {problem.message} {_title(problem.kind)}".casefold()
    return all(word in text for word in words)


def _order(key: tuple[str, str]) -> tuple[int, int, str]:
    severities, kinds = list(SEVERITIES), list(KINDS)
    severity, kind = key
    return (
        severities.index(severity) if severity in severities else len(severities),
        kinds.index(kind) if kind in kinds else len(kinds),
        kind,
    )


def _title(kind: str) -> str:
    return KINDS[kind][0] if kind in KINDS else plain(kind).capitalize() or OTHER[0]


def _item(index: int, problem: Problem) -> dict[str, Any]:
    named = {name: getattr(problem, name) for name in ("cell", "protocol", "file", "recording", "target")}
    there = {name: value for name, value in named.items() if value is not None}
    short = there | ({"file": os.path.basename(there["file"])} if "file" in there else {})
    return {
        "index": index,
        "place": " · ".join(f"{name} {plain(value)}" for name, value in short.items()),
        "hint": "\n".join(f"{name}: {plain(value)}" for name, value in there.items()),
        "message": problem.message[:1].upper() + problem.message[1:],
    }


def count_of(number: int, severity: str) -> str:
    """Return "1 error", "2,000 notes"."""
    one, many = SEVERITIES.get(severity, (severity, severity))
    return f"{number:,} {one if number == 1 else many}"
