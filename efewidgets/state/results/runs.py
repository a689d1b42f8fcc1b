"""Runs: all results of the present decisions, computed here or beside, and shown if they are still wanted."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from ...engine.problems import Problem
from ...engine.stages.work import Cancelled, Work
from ..running.runner import Runner
from ..running.telling import Telling
from .present import Present
from .results import Results

logger = logging.getLogger(__name__)


class Runs:
    """Runs of the present decisions; a newer one makes an older one needless.

    Parameters
    ----------
    runner : Runner
    present : Present
    telling : Telling
    announce : callable
        ``announce("", **traits)`` when there are new results, or none.
    """

    def __init__(self, runner: Runner, present: Present, telling: Telling, announce: Callable[..., None]):
        self._runner, self._present, self._telling = runner, present, telling
        self._announce = announce
        self._newest: Results | None = None

    def run(self, *, everything: bool = False) -> None:
        """Compute all results: now, or in the background if that is where the runner works.

        Parameters
        ----------
        everything : bool
            Whether features are computed on recordings, too, that fall into no target.
        """
        with self._telling.lock:
            results = self._newest = self._present.begun()
            self._telling.put(status="running")
        self._runner.submit(lambda needless: self._run(results, needless, everything))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a run in the background; return whether it was over in time (s)."""
        in_time = self._runner.wait(timeout)
        self._telling.tell()
        return in_time

    def cancel(self) -> None:
        """Stop a run at the next recording; what it has computed is kept for the next one."""
        self._runner.cancel()

    def find_out(self, asked: Callable[[], list[Problem]]) -> None:
        """Have problems told that others must be asked about, who may take their time: beside, if runs are."""

        def told() -> None:
            found = asked()
            if found:
                with self._telling.lock:
                    self._telling.faults += found
                    self._announce("")

        if self._runner.eager:
            # a daemon: a server that says nothing shall not keep Python from ending
            threading.Thread(target=told, name="efewidgets-asks", daemon=True).start()
        else:
            told()

    def report(self, activity: str, done: int, of: int) -> None:
        """Tell how far a run is."""
        self._telling.put(activity=f"{activity}: {done} of {of}", progress=done / of if of else 1.0)

    def _run(self, results: Results, needless: Callable[[], bool], everything: bool) -> None:
        work = Work(self._runner.executor, needless, self.report)
        try:
            results.compute(work, everything)
        except Cancelled:
            if self._newest is results:
                self._telling.put(status="stale", activity="")
        except Exception as error:
            logger.exception("a run failed")
            message = f"the run failed: {type(error).__name__}: {error}"
            self._telling.faults.append(Problem(message, kind="run"))
            if self._newest is results:
                self._announce("", status="failed")
        else:
            self._publish(results)
        with contextlib.suppress(Cancelled):
            self._present.keep(results, Work(cancelled=needless))

    def _publish(self, results: Results) -> None:
        """Let results be seen, unless they come too late."""
        with self._telling.lock:
            if self._present.is_current(results):
                self._present.show(results)
                self._announce("", status="ready", activity="", progress=1.0)
