"""What a person should know, in words, grouped; each problem leads to its place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import ipywidgets

from ...engine.problems import Problem
from ...state import ExtractionState
from ..actions.looked_at import problems_now
from ..actions.record import Action
from ..parts.base import StateWidget
from ..parts.debounce import Debounce
from ..parts.html import escape, plain, tag
from ..parts.style import row
from .fixes import fixes
from .places import KINDS, OTHER, place_of
from .problem_list import ProblemList
from .sentences import in_page_words, sentence

SEVERITIES = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "note": ("note", "notes")}

#: Sentences of a group that are shown at first, places of each, and how many more at a time
FIRST, PLACES, MORE = 10, 3, 100


class ProblemsPanel(StateWidget):
    """Lists the state's problems by severity, by what they are about and by sentence; a click goes to the place.

    What can be done about a sentence is a button beside it, for all the places of which it is said.
    The same by hand: ``state.problems``; a click sets ``state.view``.

    Parameters
    ----------
    state : ExtractionState
    first : int
        How many sentences of a group are shown at first.

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
        self._fixes: dict[str, tuple[Action, ...]] = {}
        super().__init__(state)

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the filters, the count and the list."""
        self.filter = ipywidgets.Text(
            description="Filter", placeholder="words, a cell, a file …", layout={"width": "min(340px, 100%)"}
        )
        self.severity = ipywidgets.Dropdown(description="Show", options=[("all", "")], value="")
        self.severity.layout.width = "220px"
        self.count = ipywidgets.HTML()
        self.list = ProblemList(self._go, self._show_more, self._do)
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
        self._fixes.clear()
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
        sentences: dict[str, list[int]] = {}
        for index in found:
            sentences.setdefault(sentence(self._problems[index]), []).append(index)
        shown = list(sentences.items())[: self.first + self._most[name]]
        return {
            "key": name,
            "severity": severity,
            "title": _title(kind),
            "count": len(found),
            "count_text": count_of(len(found), severity),
            "open": severity != "note" or len(found) <= 3,
            "sentences": [self._sentence(f"{name}/{text}", here) for text, here in shown],
            "more": _more(len(sentences) - len(shown)),
        }

    def _sentence(self, key: str, found: list[int]) -> dict[str, Any]:
        """Return a sentence: of how many places it is said, the first of them, and what helps about all."""
        problems = tuple(self._problems[index] for index in found)
        self._fixes[key] = fixes(problems, self.state)
        shown = found[: PLACES + self._most[key]]
        return {
            "key": key,
            "message": in_page_words(problems[0]),
            "count": len(found),
            "actions": [{"id": a.id, "title": a.title, "hint": a.tooltip} for a in self._fixes[key]],
            "places": [_place(index, self._problems[index]) for index in shown],
            "more": _more(len(found) - len(shown)),
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

    def show_more(self, key: str) -> None:
        """Show more sentences of a group, or more places of a sentence."""
        self._most[key] += MORE
        self.refresh()

    def do(self, key: str, action: str) -> None:
        """Do what helps about a sentence, such as "It is right" for all the sweeps of which it is said."""
        for one in self._fixes.get(key, ()):
            if one.id == action:
                told = one.do(self.state)
                if told:
                    self.message.say(told, "note")

    def _do(self, key: str, action: str) -> None:
        self.act(self.do, key, action)

    def _go(self, index: int) -> None:
        if 0 <= index < len(self._problems):
            self.act(self.go, self._problems[index])

    def _show_more(self, key: str) -> None:
        self.act(self.show_more, key)


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


def _more(left: int) -> str:
    return f"show {min(MORE, left):,} more of {left:,}" if left > 0 else ""


def _place(index: int, problem: Problem) -> dict[str, Any]:
    named = {name: getattr(problem, name) for name in ("cell", "protocol", "file", "recording", "target")}
    there = {name: value for name, value in named.items() if value is not None}
    short = there | ({"file": os.path.basename(there["file"])} if "file" in there else {})
    return {
        "index": index,
        "place": " · ".join(f"{name} {plain(value)}" for name, value in short.items()),
        "hint": "\n".join(f"{name}: {plain(value)}" for name, value in there.items()),
        "message": in_page_words(problem),
    }


def count_of(number: int, severity: str) -> str:
    """Return "1 error", "2,000 notes"."""
    one, many = SEVERITIES.get(severity, (severity, severity))
    return f"{number:,} {one if number == 1 else many}"
