"""The session kept in a file while a person works, so that a reload or a crash costs nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import pathlib
import threading
from collections.abc import Callable
from typing import Any

from ..engine.problems import EfeError
from ..engine.stages.inputs import Inputs
from ..engine.systems.ending import at_end, not_at_end
from ..engine.systems.files import HeldError
from ..state import ExtractionState
from ..state.sessions.looking import NAMES, look, view_as_data
from ..widgets.parts.debounce import Debounce
from . import keeper

logger = logging.getLogger(__name__)

DELAY = 0.5


class Autosave:
    """Saves a state soon after each edit, in a thread of its own; an untouched state is not saved.

    Parameters
    ----------
    state : ExtractionState
    path : pathlib.Path
        The session; what was looked at is kept beside it. If another page opens it, that one keeps it, and what is
        edited here from then on is kept as another session beside it.
    moved : callable, optional
        Is told the number of that session.
    instead : bool
        Whether the state takes the place of the one that is kept there.
    about : callable, optional
        Returns what a list of sessions says of this one, as plain data; it is kept beside the session.
    told : callable, optional
        Is told when the session has been saved ("") and why it can't be.
    check : callable, optional
        ``check(contents, folder)`` before edits are taken from the file beside the session, to be undone; raises
        EfeError if they must not be.
    """

    def __init__(
        self,
        state: ExtractionState,
        path: pathlib.Path,
        moved: Callable[[int], Any] | None = None,
        instead: bool = False,
        about: Callable[[], dict[str, Any]] = dict,
        told: Callable[[str], Any] = lambda why_not: None,
        check: Callable[[Any, pathlib.Path], Any] | None = None,
    ):
        self.state = state
        self.path = path
        self._moved, self._about, self._told = moved, about, told
        self._saved = None if instead else state.inputs
        self._beside = ""  # what stands in the file beside the session
        self._writing = threading.Lock()
        self._soon = Debounce(self.save, DELAY, _in_thread)
        state.observe(self._changed, "revision")
        state.view.observe(self._changed, list(NAMES))
        at_end(self._finish)
        if path.exists():
            _quietly(lambda: keeper.take(path))
        if instead:
            self._soon()
        else:
            self._restore_view()
            self._restore_undo(check)

    def move(self, path: pathlib.Path) -> None:
        """Keep the session in another file, where no session is; nothing was kept before."""
        self.path = path

    def save(self) -> None:
        """Save now what has changed."""
        with self._writing:
            inputs = self.state.inputs
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                if not keeper.keep(self.path):
                    if inputs == self._saved:
                        return
                    self._move()
                if inputs != self._saved or not self.path.exists():
                    self.state.save(self.path)
                    self._saved, self._beside = inputs, ""
                    self._save_undo()
                    self._told("")
                self._save_view(inputs)
            except HeldError:  # by what scans or copies files: it will have let go
                self._soon()
            except (EfeError, OSError) as error:
                logger.warning("the session can't be kept in %s: %s", self.path, error)
                self._told(str(error))

    def _save_view(self, inputs: Inputs) -> None:
        text = json.dumps(view_as_data(self.state.view, inputs) | {"about": self._about()})
        if text != self._beside:
            self._view_file.write_text(text, encoding="utf-8", newline="\n")
            self._beside = text

    def _save_undo(self) -> None:
        text = json.dumps(self.state.undo_as_data())
        keeper.undo_of(self.path).write_text(text, encoding="utf-8", newline="\n")

    def _restore_undo(self, check: Callable[[Any, pathlib.Path], Any] | None) -> None:
        folder = self.path.parent
        with contextlib.suppress(OSError, ValueError):
            data = json.loads(keeper.undo_of(self.path).read_text(encoding="utf-8"))
            self.state.undo_from_data(
                data, check=None if check is None else lambda found: check(found, folder)
            )

    def close(self) -> None:
        """Save what waits to be saved, and watch no more."""
        self._finish()
        not_at_end(self._finish)
        self.state.unobserve(self._changed, "revision")
        self.state.view.unobserve(self._changed, list(NAMES))

    def _finish(self) -> None:
        """Save what waits to be saved, wait for what is being written, and let others have the session."""
        self._soon.flush()
        with self._writing:
            _quietly(lambda: keeper.leave(self.path))

    def _move(self) -> None:
        """Leave the session to the page that has opened it, and begin another."""
        number = keeper.next_free(self.path)
        self.path = keeper.beside(self.path, number)
        keeper.keep(self.path)
        if self._moved is not None:
            self._moved(number)

    @property
    def _view_file(self) -> pathlib.Path:
        return keeper.view_of(self.path)

    def _changed(self, change: Any) -> None:
        """Save soon; results alone make no session, but change what is said of one that is there."""
        if change.name != "revision" or self.state.inputs != self._saved or self._beside:
            self._soon()

    def _restore_view(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            look(self.state.view, json.loads(self._view_file.read_text(encoding="utf-8")), self.state.inputs)


def _quietly(call: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):  # a folder that can't be written to
        call()


def _in_thread(delay: float, call: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(delay, call)
    timer.daemon = True
    timer.start()
    return timer
