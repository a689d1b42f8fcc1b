"""All widgets on one page: a guided way from recordings to the files that models are fitted to."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets

from .. import datasets, widgets
from ..engine.files.roots import Folder, several
from ..engine.problems import EfeError
from ..engine.readers import always_apart
from ..state import BackgroundRunner, ExtractionState
from ..widgets.actions.buttons import button
from ..widgets.actions.culling import culling
from ..widgets.actions.edits import EDITS
from ..widgets.actions.keyboard import KEYS, Keyboard
from ..widgets.actions.looked_at import problems_now
from ..widgets.actions.looking import looking
from ..widgets.actions.reasons import Reasons, place
from ..widgets.files import lab_names
from ..widgets.files.lab_names import LabNames
from ..widgets.notes import choices as tag_choices
from ..widgets.notes.choices import TagChoices
from ..widgets.parts.html import tag
from ..widgets.parts.message import Message
from ..widgets.parts.owned import close_all
from ..widgets.parts.style import stylesheet
from . import begin, keeper
from .autosave import Autosave
from .classroom.answers import Answers
from .classroom.questions import Asked
from .commands import commands, where_shown
from .drawers import Drawers
from .fence import Fence
from .landmarks import Landmarks
from .lifeline import Lifeline
from .parts import Around, Parts, close
from .recent import Recents, about
from .recent_list import RecentList
from .session_name import SessionName, called
from .step_bar import StepBar
from .step_boxes import StepBoxes
from .steps import NAMES, STEPS
from .tour import Tour

_WAIT = "Files wait to be added"


class Dashboard(ipywidgets.VBox):
    """The widgets as steps that a person is led through, and may jump between.

    Parameters
    ----------
    state : ExtractionState, optional
        What is shown; by default an empty state that computes in the background.
    root : path or list of path, optional
        Folder with recordings to choose from, which can't be left, or several.
    scratch : path, optional
        Folder for uploads and saved files.
    read_only : bool
        Whether nothing is written where this runs.
    autosave : path, optional
        File in which the session is kept while a person works.
    fence : Fence, optional
        Where sessions may be read and written; by default in `root` and `scratch`, if there is a root.
    options : callable, optional
        Returns the options of a state that a session is opened in.
    recents : Recents, optional
        Sessions to go on with, which are listed where there are no recordings yet.
    questions : sequence of Asked
        Those of a class, beside the steps.
    name_asked : str
        What stands in the place of the session's name until there is one; by default the cells' names.

    Attributes
    ----------
    state : ExtractionState
    parts : dict of ipywidgets.Widget
        The widgets that were needed so far, by the names of their classes.
    message : Message
    lifeline : Lifeline
        Says that the kernel is gone.
    keyboard : Keyboard
        The keys of the page; "?" shows them, Ctrl+K finds all that can be done.
    """

    #: The widgets that are shown beside any step, by the names on their buttons
    drawers: Mapping[str, str] = {
        "Summary": "SummaryPanel",
        "Problems": "ProblemsPanel",
        "Session": "SessionPanel",
    }

    def __init__(
        self,
        state: ExtractionState | None = None,
        *,
        root: Folder | Iterable[Folder] | None = None,
        scratch: str | os.PathLike[str] | None = None,
        read_only: bool = False,
        autosave: str | os.PathLike[str] | None = None,
        fence: Fence | None = None,
        options: Callable[[], dict[str, Any]] | None = None,
        recents: Recents | None = None,
        questions: Sequence[Asked] = (),
        name_asked: str = "",
    ):
        super().__init__()
        always_apart()
        self.read_only = read_only
        self.root = several(root) or None  # asked for more than once
        self.fence = fence or Fence(self.root, scratch, also=[datasets.sample_folder()])
        self._options = options or (lambda: {"runner": BackgroundRunner()})
        self._session = None if autosave is None else pathlib.Path(autosave)
        self._name, self._recents = "", recents
        self._questions, self._name_asked = questions, name_asked
        if questions:
            self.drawers = {**self.drawers, "Questions": "QuestionsPanel"}
        self.recent: RecentList | None = None
        self.reasons, self._lab, self._tags = Reasons(), LabNames(), TagChoices()
        self._remember_here()
        self._autosave: Autosave | None = None
        self._owned: ExtractionState | None = None
        self.message = Message()
        self.lifeline = Lifeline()
        self.add_class("efe")
        self.add_class("efe-dashboard")
        if state is None:
            state = self._owned = ExtractionState(**self._options())
        self._show(state)

    def __repr__(self) -> str:
        """Return one line; ipywidgets would tell of all widgets on the page, to whom it is displayed."""
        return f"<{type(self).__name__} of {self.state!r}>"

    # --- sessions

    def open_session(self, path: str | os.PathLike[str]) -> None:
        """Go on with a saved session or a config; the present state is left.

        Raises
        ------
        EfeError
            If it can't be used; nothing is changed then.
        """
        if not os.fspath(path):
            raise EfeError("name the file of a session or a config.")
        state = begin.open_session(path, self.fence, **self._options())
        before = self._owned
        self._leave()
        self._owned = state
        self._show(state, instead=True)
        if before is not None:
            before.close()

    def move(self, scratch: pathlib.Path, name: str) -> None:
        """Be the page of another visit: of somebody who gets a page that was made before they came.

        Parameters
        ----------
        scratch : pathlib.Path
            The visit's folder, where its session is kept from now on; nothing was kept before.
        name : str
            The name of the session.
        """
        self._session = self.fence.move(scratch) / begin.SESSION_FILE
        if self._autosave is not None:
            self._autosave.move(self._session)
        if self._recents is not None:
            self._recents.own = name
        self._remember_here()

    def announce(self, name: str) -> None:
        """Tell the page the name of the session for its address, if there is one to come back to."""
        self._name = name
        self._say_page()
        if self.recent is not None and self._recents is not None and self._recents.whole:
            self.recent.look()  # the page may have waited for its visitor

    def _say_page(self) -> None:
        """Tell the page what its tab is called, and by which name the browser finds the session again."""
        kept = self._name if self._session is not None and self._name else None
        known = kept and self.name.field.kept == "saved"
        self._visit.value = tag(
            "span",
            data_efe_page=called(self.state.view.title, self.state.inputs),
            data_efe_visit=kept,
            data_efe_kept="yes" if known else None,
        )

    def keep(self) -> None:
        """Keep the session from now on, also if nothing is decided yet."""
        if self._autosave is not None:
            self._autosave.save()

    def _about(self) -> dict[str, Any]:
        """Return what lists of sessions say of this one."""
        at = NAMES.index(self.step)
        return about(self.state, self.steps.done, len(STEPS), STEPS[at].title) | {"step": at + 1}

    def _saved(self, why_not: str) -> None:
        """Say that the session was just saved, or why it can't be."""
        self.name.tell(why_not)
        self._say_page()

    def _moved(self, number: int) -> None:
        """Say that this page's session is another one from here on, because another page has opened the first."""
        assert self._session is not None
        self._session = keeper.beside(self._session, number)
        self.announce(keeper.name_of(self._name.partition(".")[0], number))
        self.message.say(
            "This session was opened on another page, which keeps it now. What you decide here is kept as a "
            "session of its own: reload this page, or open its address, to go on with it.",
            "warning",
        )

    def close(self) -> None:
        """Leave the state and the page: every model that was made is closed."""
        if self.comm is None:
            return
        self._leave()
        close(self.message)
        close(self.lifeline)
        if self._owned is not None:
            self._owned.close()
        close_all(self)
        super().close()

    # --- the page

    def _show(self, state: ExtractionState, instead: bool = False) -> None:
        """Make the page anew for a state, which may come instead of that of the session."""
        self.state = state
        self._visit = ipywidgets.HTML(layout={"display": "none"})
        self.steps, self.name = StepBar(state), self._named(state, instead)
        if self._session is not None:
            self._autosave = Autosave(
                state,
                self._session,
                self._moved,
                instead,
                about=self._about,
                told=self._saved,
                check=self.fence.check_config,
            )
        self.parts = Parts(state, self._around())
        self.run_bar = self.parts["RunBar"]
        self._drawer = Drawers(self.drawers, self.parts)
        self.toggles = self._drawer.toggles
        actions = (*map(where_shown, (*culling(self.reasons), *looking())), *EDITS, *commands(self))
        self.keyboard = Keyboard(state, actions, self.model_id, everywhere=True)
        self._boxes = StepBoxes(self.parts, self._before)
        main = ipywidgets.HBox([self._boxes.box, self._drawer.box])
        main.add_class("efe-dashboard-main")
        shown: list[ipywidgets.Widget] = [
            stylesheet(),
            _own_style(),
            self._visit,
            self.lifeline,
            self.keyboard,
            Landmarks(),
            self._header(),
            self.steps,
            self.message,
            main,
            self._footer(),
        ]
        self.children = tuple(shown)
        state.view.observe(self._view_changed, "tab")
        state.view.observe(self._renamed, "title")
        state.observe(self._state_changed, "revision")
        self._state_changed()
        self._open_step()
        if self._questions:
            self.toggles["Questions"].value = True

    def _around(self) -> Around:
        """Return what the widgets are told of where the page is."""
        return Around(
            self.fence,
            self.root,
            self._writes,
            self.reasons,
            self.open_session,
            self._recents,
            self._questions,
            Answers(lambda: None if self._autosave is None else self._autosave.path),
            self._lab,
            self._tags,
            lambda: self._options().get("cache", False),
        )

    def _header(self) -> ipywidgets.Widget:
        title = ipywidgets.HTML(tag("h1", "efewidgets", class_="efe-dashboard-title"))
        self.help = button(KEYS)
        self.help.on_click(lambda _: self.keyboard.show("keys"))
        toggles = ipywidgets.HBox([*self.toggles.values(), self.help])
        toggles.add_class("efe-dashboard-toggles")
        header = ipywidgets.HBox([title, self.name, self.run_bar, toggles])
        header.add_class("efe-dashboard-header")
        return header

    def _named(self, state: ExtractionState, instead: bool) -> SessionName:
        """Return the session's name, with when it was saved."""
        if self._session is None:
            return SessionName(state, "by hand" if self._writes else "nowhere", asked=self._name_asked)
        if instead or not self._session.is_file():
            return SessionName(state, "waits", asked=self._name_asked)
        return SessionName(state, "saved", self._session.stat().st_mtime, self._name_asked)

    def _footer(self) -> ipywidgets.Widget:
        self.back, self.next = ipywidgets.Button(), ipywidgets.Button(button_style="primary")
        self.back.on_click(lambda _: self._go(-1))
        self.next.on_click(lambda _: self._go(1))
        self.tour = Tour(lambda step: setattr(self, "step", step))
        footer = ipywidgets.HBox([self.back, self.tour, self.next])
        footer.add_class("efe-dashboard-footer")
        return footer

    def _leave(self) -> None:
        """Close all that shows the present state."""
        if self._autosave is not None:
            self._autosave.close()
            self._autosave = None
        self.state.view.unobserve(self._view_changed, "tab")
        self.state.view.unobserve(self._renamed, "title")
        self.state.unobserve(self._state_changed, "revision")
        for part in (*self.parts.values(), self.steps, self.name):
            close(part)
        self.parts.clear()
        children: tuple[ipywidgets.Widget, ...] = self.children
        self.children = ()
        for child in children:
            if child not in (self.message, self.lifeline):
                close(child)
        self._boxes.close()
        self._drawer.close()

    # --- steps

    @property
    def step(self) -> str:
        """The name of the open step; may be set."""
        return self.state.view.tab if self.state.view.tab in NAMES else NAMES[0]

    @step.setter
    def step(self, name: str) -> None:
        if name not in NAMES:
            raise ValueError(f"there is no step {name!r}: there are {', '.join(NAMES)}.")
        self.state.view.tab = name

    def _go(self, by: int) -> None:
        files = self.parts.get("FileSelector")
        if by > 0 and self.step == NAMES[0] and isinstance(files, widgets.FileSelector):
            try:
                files.finish()
            except EfeError as error:
                self.message.say(f"{_WAIT}: {error} Or press Cancel below them.", "warning")
                return
        self._waits_no_more()
        self.step = NAMES[min(max(NAMES.index(self.step) + by, 0), len(NAMES) - 1)]

    def _waiting_changed(self, change: Any) -> None:
        self._waits_no_more()
        self._label_ways()

    def _waits_no_more(self) -> None:
        """Take back what was said of files that wait to be added."""
        if self.message.text.startswith(_WAIT):
            self.message.clear()

    def _renamed(self, change: Any) -> None:
        self._say_page()

    def _view_changed(self, change: Any) -> None:
        self._open_step()

    def _open_step(self) -> None:
        """Show the open step."""
        first = self._boxes.open(self.step)
        files, inspector = self.parts.get("FileSelector"), self.parts.get("RheobaseInspector")
        if first and self.step == NAMES[0] and files is not None:
            files.observe(self._waiting_changed, "waiting")
        if self.step == "rheobase" and isinstance(inspector, widgets.RheobaseInspector):
            inspector.show_deciding()
        self._label_ways()

    def _before(self, name: str) -> list[ipywidgets.Widget]:
        """Return what stands before the widgets of a step: on a page that begins empty, sessions to go on with."""
        if name != NAMES[0] or self._recents is None or self.state.inputs.cells:
            return []
        self.recent = RecentList(self._recents, self._recents.whole)
        return [self.recent]

    def _label_ways(self) -> None:
        number = NAMES.index(self.step)
        before = STEPS[number - 1] if number else None
        after = STEPS[number + 1] if number + 1 < len(STEPS) else None
        for control, step, words in ((self.back, before, "← {}"), (self.next, after, "Next: {} →")):
            control.description = words.format(step.title) if step else ""
            control.layout.visibility = "visible" if step else "hidden"
        files = self.parts.get("FileSelector")
        if not number and isinstance(files, widgets.FileSelector) and files.waiting:
            self.next.description = files.waiting if files.waiting.endswith("…") else f"{files.waiting} →"

    # --- what is reachable from everywhere

    def _state_changed(self, change: Any = None) -> None:
        """Say on its button how many problems there are."""
        serious = sum(problem.severity != "note" for problem in problems_now(self.state))
        self.toggles["Problems"].description = f"Problems ({serious:,})" if serious else "Problems"
        self._say_page()
        if self.recent is not None and self.state.inputs.cells and self.recent.comm is not None:
            self.recent.layout.display = "none"

    # --- what may be kept

    @property
    def _writes(self) -> bool:
        """Whether anything may be written where this runs: behind a fence only to the scratch folder."""
        return not self.read_only and (self.fence.scratch is not None or not self.fence.stands)

    @property
    def can_save(self) -> bool:
        """Whether the session can be saved where this runs."""
        return self._writes

    def save(self) -> str:
        """Save the session under the name that stands in its panel; return where.

        Raises
        ------
        EfeError
            If it can't be.
        """
        if not self._writes:
            raise EfeError("nothing is saved on this server: download the session instead.")
        return str(self.parts["SessionPanel"].save())

    def _remember_here(self) -> None:
        """Have one's own reasons, names and tags remembered: behind a fence only with the visit."""
        for remembered, usual in (
            (self.reasons, place()),
            (self._lab, lab_names.place()),
            (self._tags, tag_choices.place()),
        ):
            own = self.fence.scratch / usual.name if self.fence.stands and self.fence.scratch else usual
            remembered.path = own if self._writes else None


def _own_style() -> ipywidgets.HTML:
    css = (pathlib.Path(__file__).parent / "dashboard.css").read_text(encoding="utf-8")
    return ipywidgets.HTML(f"<style>{css}</style>", layout={"display": "none"})
