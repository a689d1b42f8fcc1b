"""What can be done on the page as a whole, as actions: open a step or a drawer, save, download."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from ..engine.problems import EfeError
from ..state import ExtractionState
from ..widgets.actions.edits import DOWNLOAD
from ..widgets.actions.record import Action
from ..widgets.parts.pictures import KINDS
from .steps import NAMES, STEPS

GROUP = "Page"


class Page(Protocol):
    """What a page must know to be commanded; a dashboard does."""

    step: str
    parts: dict[str, Any]
    toggles: dict[str, Any]
    tour: Any

    @property
    def drawers(self) -> Mapping[str, str]:
        """Names of what is shown beside any step, and of the widgets."""

    @property
    def can_save(self) -> bool:
        """Whether `save` can be done."""

    def save(self) -> str:
        """Save the session; return where."""


def where_shown(action: Action) -> Action:
    """Return an action on sweeps that is done only at steps that show them: nobody excludes what isn't seen."""

    def do(state: ExtractionState) -> Any:
        if not _shows_traces(state):
            raise EfeError(f"the sweeps aren't shown at this step: open {_TRACES.title!r} first.")
        return action.do(state)

    def enabled(state: ExtractionState) -> bool:
        return _shows_traces(state) and action.enabled(state)

    return dataclasses.replace(action, do=do, enabled=enabled)


def _shows_traces(state: ExtractionState) -> bool:
    name = state.view.tab if state.view.tab in NAMES else NAMES[0]
    return STEPS[NAMES.index(name)].traces


#: The first step at which sweeps are shown
_TRACES = next(step for step in STEPS if step.traces)


def commands(page: Page) -> tuple[Action, ...]:
    """Return the actions of a page."""
    return (
        Action(
            "save",
            "Save session",
            "write all decisions to the session file that the session panel names",
            lambda state: f"Saved as {page.save()}",
            'state.save("efewidgets-session.json")',
            ("Ctrl+S",),
            GROUP,
            lambda state: page.can_save,
        ),
        Action(
            "tour",
            "Take the tour",
            "a card beside each of five places says what can be done there",
            lambda state: page.tour.begin(),
            "dashboard.tour.begin()",
            group=GROUP,
        ),
        Action(
            "download",
            "Download all results (zip)",
            DOWNLOAD,
            lambda state: _download(page),
            "state.write(folder)",
            (),
            GROUP,
            lambda state: bool(state.results.members),  # as the button
        ),
        *(
            Action(
                f"save-{kind}",
                f"Save the traces as {kind.upper()}",
                words,
                partial(_picture, page, kind),
                f"viewer.pictures.save({kind!r})",
                (),
                GROUP,
                _shows_traces,
            )
            for kind, words in KINDS.items()
        ),
        Action(
            "next-step",
            "Next step",
            "open the step after this one",
            lambda state: _go(page, 1),
            lambda state: f"state.view.tab = {_beside(page, 1)!r}",
            ("Shift+ArrowRight",),
            GROUP,
            lambda state: page.step != NAMES[-1],
        ),
        Action(
            "previous-step",
            "Previous step",
            "open the step before this one",
            lambda state: _go(page, -1),
            lambda state: f"state.view.tab = {_beside(page, -1)!r}",
            ("Shift+ArrowLeft",),
            GROUP,
            lambda state: page.step != NAMES[0],
        ),
        *(
            Action(
                f"step-{step.name}",
                f"Step {number}: {step.title}",
                step.advice,
                partial(_open, page, step.name),
                f"state.view.tab = {step.name!r}",
                (),
                GROUP,
            )
            for number, step in enumerate(STEPS, 1)
        ),
        *(
            Action(
                f"show-{name.lower()}",
                f"Show or hide: {name.lower()}",
                f"the {name.lower()} beside the step",
                partial(_toggle, page, name),
                f"{cls}(state)",
                (),
                GROUP,
            )
            for name, cls in page.drawers.items()
        ),
    )


def _beside(page: Page, by: int) -> str:
    return NAMES[min(max(NAMES.index(page.step) + by, 0), len(NAMES) - 1)]


def _go(page: Page, by: int) -> None:
    page.step = _beside(page, by)


def _open(page: Page, name: str, state: ExtractionState) -> None:
    page.step = name


def _toggle(page: Page, name: str, state: ExtractionState) -> None:
    page.toggles[name].value = not page.toggles[name].value


def _picture(page: Page, kind: str, state: ExtractionState) -> None:
    """Have the browser save what the traces show."""
    if not _shows_traces(state):
        raise EfeError(f"the sweeps aren't shown at this step: open {_TRACES.title!r} first.")
    page.parts["TraceViewer"].pictures.save(kind)


def _download(page: Page) -> None:
    """Open the step with the files, and have the browser fetch them as if the button had been pressed."""
    page.step = "export"
    panel = page.parts["ResultsPanel"]
    if not hasattr(panel, "zip"):
        raise EfeError("the results can't be shown: see the message on the page.")
    panel.zip.press()
