"""The widgets on the page, each made when it is first needed, and how they rest and leave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from .. import widgets
from ..engine.files.roots import Folder
from ..state import ExtractionState
from ..widgets.actions.reasons import Reasons
from ..widgets.files.lab_names import LabNames
from ..widgets.notes.choices import TagChoices
from ..widgets.parts.base import StateWidget
from ..widgets.parts.message import Message
from ..widgets.parts.owned import close_all
from ..widgets.settings.output import OutputEditor
from .classroom.answers import Answers
from .classroom.questions import Asked
from .classroom.questions_panel import QuestionsPanel
from .fence import Fence
from .recent import Recents
from .session_panel import SessionPanel

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Around:
    """What the widgets of a page are told of where it is.

    Parameters
    ----------
    fence : Fence
    root : sequence of path or None
        Folders with recordings to choose from.
    writes : bool
        Whether anything may be written where this runs.
    reasons : Reasons
    open_path : callable
        Opens a session.
    recents : Recents or None
    questions : sequence of Asked
    answers : Answers
    lab : LabNames
        A lab's own names of protocols.
    tags : TagChoices
        Tags that are remembered.
    cache : callable
        Returns where results are kept on disk.
    """

    fence: Fence
    root: Sequence[Folder] | None
    writes: bool
    reasons: Reasons
    open_path: Callable[[str], Any]
    recents: Recents | None = None
    questions: Sequence[Asked] = ()
    answers: Answers | None = None
    lab: LabNames | None = None
    tags: TagChoices | None = None
    cache: Callable[[], Any] = lambda: False


class Parts(dict[str, ipywidgets.Widget]):
    """The widgets that were needed so far, by the names of their classes.

    Parameters
    ----------
    state : ExtractionState
    around : Around
    """

    def __init__(self, state: ExtractionState, around: Around):
        super().__init__()
        self._state, self._around = state, around

    def __missing__(self, name: str) -> ipywidgets.Widget:
        """Make a widget; one that can't be made says so."""
        try:
            self[name] = self._make(name)
        except Exception as error:
            logger.exception("%s can't be made", name)
            self[name] = Message()
            self[name].say(f"{name} can't be shown: {type(error).__name__}: {error}")
        return self[name]

    def _make(self, name: str) -> ipywidgets.Widget:
        state, around, fence = self._state, self._around, self._around.fence
        if name == "SessionPanel":
            return SessionPanel(
                state,
                fence=fence,
                open_path=around.open_path,
                read_only=not around.writes,
                recents=around.recents,
                cache=around.cache,
            )
        if name == "QuestionsPanel":
            return QuestionsPanel(around.questions, around.answers)
        if name == "OutputEditor":
            return OutputEditor(state)
        options: Mapping[str, dict[str, Any]] = {
            "FileSelector": {
                "root": around.root,
                "scratch": fence.scratch,
                "uploads": around.writes,
                "hosts": fence.hosts,
                "lab": around.lab,
            },
            "SettingsEditor": {"output": False},
            "TraceViewer": {"keys": False, "reasons": around.reasons, "tags": around.tags},
            "SummaryPanel": {"choices": around.tags},
            "FeaturePlots": {"reasons": around.reasons},
            "ResultsPanel": {
                "root": fence.scratch if fence.stands else None,
                "read_only": not around.writes,
            },
        }
        return getattr(widgets, name)(state, **options.get(name, {}))


def rest(part: ipywidgets.Widget | None, shown: bool) -> None:
    """Have a widget rest that isn't seen."""
    if isinstance(part, StateWidget):
        part.shown = shown


def close(widget: ipywidgets.Widget) -> None:
    """Close a widget; one that fails in it doesn't keep the others from being closed."""
    try:
        if widget.comm is not None:
            if not isinstance(widget, StateWidget):
                close_all(widget)
            widget.close()
    except Exception:
        logger.exception("%s can't be closed", type(widget).__name__)
