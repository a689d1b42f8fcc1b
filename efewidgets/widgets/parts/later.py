"""Work of a widget that takes long, in a thread of its own, so that the page goes on; with progress, and stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from ...engine.problems import EfeError
from ...engine.stages.work import Cancelled
from .progress import Progress

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Is told how much of the work is done, and how much there is; ends the work if that isn't wanted any more
Seen = Callable[[int, int], None]

#: s between two pictures of the progress
PACE = 0.1


class Later:
    """One piece of work at a time.

    Attributes
    ----------
    bar : ipywidgets.HTML
        How far the work is; nothing if none is done.
    stop : ipywidgets.Button
        Ends the work at its next step.
    box : ipywidgets.Box
        Both, to be shown.
    """

    def __init__(self) -> None:
        self.progress = Progress(self.cancel)
        self.bar, self.stop, self.box = self.progress.bar, self.progress.stop, self.progress.box
        self._lock = threading.Lock()
        self._busy = False
        self._thread: threading.Thread | None = None
        self._needless = threading.Event()

    def start(self, activity: str, work: Callable[[Seen], Result]) -> Future[Result]:
        """Begin with ``work(seen)``; return what will hold its result, or what it raised.

        Parameters
        ----------
        activity : str
            What is done, in words.
        work : callable
            Calls ``seen(done, of)`` now and then.

        Raises
        ------
        EfeError
            If other work is under way.
        """
        found: Future[Result] = Future()
        with self._lock:
            if self._busy:
                raise EfeError("that is under way: wait for it, or stop it first.")
            self._busy = True
            self._needless.clear()
            # not a daemon: at the end of Python it is waited for, so that it isn't cut off in a library
            self._thread = threading.Thread(
                target=self._do, args=(activity, work, found), name="efewidgets-later"
            )
        self._thread.start()
        return found

    def _do(self, activity: str, work: Callable[[Seen], Any], found: Future[Any]) -> None:
        last = time.monotonic()

        def seen(done: int, of: int) -> None:
            nonlocal last
            if self._needless.is_set() or not threading.main_thread().is_alive():
                raise Cancelled
            if time.monotonic() - last >= PACE:
                last = time.monotonic()
                self.progress.show(activity, f"{done:,} of {of:,}", done, of)

        result: Any = None
        error: Exception | None = None
        try:
            result = work(seen)
        except Cancelled:
            error = EfeError("stopped; nothing is made.")
        except Exception as failure:
            error = failure
        self.progress.hide()
        self._busy = False  # before the result, so that who waits for it can start other work
        if error is None:
            found.set_result(result)
        else:
            found.set_exception(error)

    def cancel(self) -> None:
        """End the work at its next step."""
        self._needless.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the work is done, and what follows from it; whether that came about in time (s)."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)
        return thread is None or not thread.is_alive()
