"""What all widgets have in common: they show a state, hold nothing of their own, and leave nothing behind."""

from __future__ import annotations

import contextlib
import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import ipywidgets
import numpy as np
import traitlets

from ...engine.problems import EfeError
from ...state import ExtractionState
from .debounce import Debounce
from .in_order import InOrder
from .message import Message, failure
from .owned import close_all
from .style import stylesheet

logger = logging.getLogger(__name__)

#: Callbacks may come in several threads (JupyterLab's subshells): one at a time for all widgets of a state
_LOCKS: weakref.WeakKeyDictionary[ExtractionState, threading.RLock] = weakref.WeakKeyDictionary()


def lock_of(state: ExtractionState) -> threading.RLock:
    """Return what is held while a callback of a person's doing runs."""
    return _LOCKS.setdefault(state, threading.RLock())


#: Widgets that wait to be drawn, while something is done in several steps; each thread has its own
_WAITING = threading.local()


@contextlib.contextmanager
def drawn_once() -> Iterator[None]:
    """While this lasts, what changes in this thread isn't drawn; then each widget is, once."""
    if getattr(_WAITING, "widgets", None) is not None:
        yield
        return
    _WAITING.widgets = {}
    try:
        yield
    finally:
        waiting, _WAITING.widgets = _WAITING.widgets, None
        for widget, changed in waiting.values():
            if widget.comm is not None and not widget._is_drawn(changed):
                widget.refresh()


class StateWidget(ipywidgets.VBox):
    """A view of a state, to be shown in a cell by itself or with others.

    A subclass makes its controls in `build`, says in `view_data` what is to be shown, as plain data, and puts that
    on the controls in `render`. What a person does calls an action of the state through `on`, `on_click` or `act`.

    Parameters
    ----------
    state : ExtractionState

    Attributes
    ----------
    shown : bool
        Whether the widget keeps up with the state; set to false while it can't be seen, it catches up when it can.
    message : Message
        Says what is wrong with what was done last.
    """

    #: Traits of the state, and of its view part, after whose change the widget is drawn anew
    watches: ClassVar[Sequence[str]] = ("revision",)
    watches_view: ClassVar[Sequence[str]] = ()

    shown = traitlets.Bool(True)
    _alive = False

    def __init__(self, state: ExtractionState):
        if not isinstance(state, ExtractionState):
            raise TypeError(f"a widget shows an ExtractionState, not {type(state).__name__}.")
        super().__init__()
        self.state = state
        self.message = Message()
        self._guard = lock_of(state)
        self._rendering = 0
        self._late: set[str] = set()
        self._on_screen: tuple[Any, ...] | None = None
        self._debounced: list[Debounce] = []
        self.add_class("efe")
        self.add_class(f"efe-{_dashed(type(self).__name__)}")
        self.children = (stylesheet(), *self.build(), self.message, InOrder(self.model_id))
        self._alive = True
        if self.watches:
            state.observe(self._changed, list(self.watches))
        if self.watches_view:
            state.view.observe(self._changed, list(self.watches_view))
        self.observe(self._shown_again, "shown")
        self.refresh()

    def __repr__(self) -> str:
        """Return one line; ipywidgets would tell of all widgets inside, each time that one is displayed."""
        return f"<{type(self).__name__} of {self.state!r}>" if self._alive else f"<{type(self).__name__}>"

    # --- what a subclass says

    def build(self) -> Sequence[ipywidgets.Widget]:
        """Make the controls, each a public attribute; return those that stand in the box."""
        raise NotImplementedError

    def view_data(self) -> Any:
        """Return what is to be shown, as plain data; it needs no browser."""
        raise NotImplementedError

    def render(self, data: Any) -> None:
        """Put data on the controls; what they tell meanwhile is not taken for a person's doing."""
        raise NotImplementedError

    def depends_on(self) -> tuple[Any, ...] | None:
        """Return what of the state is shown: after a change in which that stays as it is, nothing is drawn anew.

        An edit is told twice, when it is made and when its results are there. None, as by default, draws each time.
        Where the eye is (`watches_view`) has no place in it.
        """
        return None

    # --- from the state to the screen

    def refresh(self) -> None:
        """Show the present state."""
        with self._guard, self.quiet():
            try:
                self._on_screen = self.depends_on()
                self.render(self.view_data())
            except EfeError as error:
                self.message.say(str(error))
            except Exception as error:
                logger.exception("%s can't be drawn", type(self).__name__)
                self.message.say(f"this can't be shown: {type(error).__name__}: {error}")

    def _changed(self, change: Any) -> None:
        waiting = getattr(_WAITING, "widgets", None)
        if not self.shown:
            self._late.add(change.name)
        elif waiting is not None:
            waiting.setdefault(self.model_id, (self, set()))[1].add(change.name)
        elif not self._is_drawn({change.name}):
            self.refresh()

    def _shown_again(self, change: Any) -> None:
        if change.new and self._late:
            late, self._late = self._late, set()
            if not self._is_drawn(late):
                self.refresh()

    def _is_drawn(self, changed: set[str]) -> bool:
        """Whether the present state is what was drawn last, after changes of these traits."""
        if self._on_screen is None or not changed <= set(self.watches):
            return False
        return self.depends_on() == self._on_screen

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """While this lasts, changes of controls are not a person's doing."""
        self._rendering += 1
        try:
            yield
        finally:
            self._rendering -= 1

    def put(self, control: ipywidgets.Widget, **traits: Any) -> None:
        """Set traits of a control that differ, in their order; one message tells the browser, in any order."""
        with self.quiet(), control.hold_sync():
            for name, value in traits.items():
                if not _same(getattr(control, name), value):
                    setattr(control, name, value)

    # --- from the person to the state

    def on(
        self,
        control: ipywidgets.Widget,
        action: Callable[[Any], Any],
        name: str = "value",
        message: Message | None = None,
    ) -> None:
        """Call ``action(new value)`` when a person changes a control; what is wrong is said by `message`."""

        def changed(change: Any) -> None:
            with self._guard:
                if not self._rendering:
                    self.act(action, change.new, message=message)

        control.observe(changed, name)

    def on_click(
        self, button: ipywidgets.Button, action: Callable[[], Any], message: Message | None = None
    ) -> None:
        """Call ``action()`` when a person presses a button."""
        button.on_click(lambda _: self.act(action, message=message))

    def on_enter(
        self, field: ipywidgets.Text, action: Callable[[], Any], message: Message | None = None
    ) -> None:
        """Call ``action()`` when a person presses Enter in a field."""

        def told(_: Any, content: Any, buffers: Any) -> None:
            if isinstance(content, dict) and content.get("event") == "submit":
                self.act(action, message=message)

        field.on_msg(told)

    def act(
        self, action: Callable[..., Any], *args: Any, message: Message | None = None, **kwargs: Any
    ) -> bool:
        """Do an action; whether it could be done. What is wrong is said beside the control.

        Parameters
        ----------
        action : callable
            Usually one of the state's; raises EfeError, whose text is shown, if something can't be.
        message : Message, optional
            Where it is said; by default below the widget.
        """
        beside = message or self.message
        with self._guard:
            beside.clear()  # before, since the action may say something itself
            try:
                action(*args, **kwargs)
            except EfeError as error:
                beside.say(str(error))
                return False
            except Exception as error:
                logger.exception("an action failed")
                beside.say(failure(error))
                return False
            return True

    def later(self, action: Callable[[], Any], delay: float = 0.1, soon: float | None = None) -> Debounce:
        """Return a call of `action` that waits until nothing new has come for a time (s); see `Debounce`."""
        found = Debounce(lambda: self.act(action), delay, soon=soon)
        self._debounced.append(found)
        return found

    # --- the end

    def leave(self) -> None:
        """Stop what a subclass has begun; called once, when the widget is closed."""

    def close(self) -> None:
        """Leave the state and the page: every model that the widget made is closed."""
        if self.comm is None or not self._alive:
            super().close()
            return
        self._alive = False
        self.leave()
        for debounced in self._debounced:
            debounced.cancel()
        for observed, names in ((self.state, self.watches), (self.state.view, self.watches_view)):
            with contextlib.suppress(ValueError):  # it had not begun to
                observed.unobserve(self._changed, list(names))
        self.unobserve_all()
        close_all(self)
        super().close()


def _dashed(name: str) -> str:
    """Return "TargetEditor" as "target-editor"."""
    return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        left, right = np.asarray(one), np.asarray(other)
        if left.shape != right.shape or left.dtype.kind != right.dtype.kind:
            return False
        return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))
    return type(one) is type(other) and bool(one == other)
