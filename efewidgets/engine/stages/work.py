"""Work in units of one recording or one file: counted, told to whoever waits, stopped when it isn't wanted any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

from ..parallel import each
from ..recordings.computing import TOGETHER
from ..recordings.reading import Room

#: What is being done, how much of it is done, and how much there is
Report = Callable[[str, int, int], None]

#: Seconds between two reports
PAUSE = 0.1


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """The work was stopped, since nobody wants its result any more."""


class Work:
    """How the stages get their work done; what comes out doesn't depend on it.

    Attributes
    ----------
    keep : bool or Room
        Whether recordings keep the samples that were read (all, or those for which there is room).
    hold : bool
        Whether processes keep the samples that they have read, for jobs to come.
    together : int
        How many recordings of a file are one unit of work.
    own : bool
        Whether nobody else has the recordings, so that they needn't be copied before they are changed.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        Does the work of many units; otherwise this thread does.
    cancelled : callable, optional
        Says whether to stop.
    report : callable, optional
        Is told of the progress, now and then.
    """

    keep: bool | Room = False
    hold = False
    together = 1
    own = False

    def __init__(
        self,
        executor: Executor | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        report: Report = lambda activity, done, of: None,
    ):
        self.executor = executor
        self._cancelled = cancelled
        self._report = report
        self._reported = 0.0
        self.hold = executor is not None

    @property
    def here(self) -> bool:
        """Whether this thread does the work, which may stop between two sweeps of a file."""
        return self.executor is None

    def check(self) -> None:
        """Stop here if the work isn't wanted any more.

        Raises
        ------
        Cancelled
        """
        if self._cancelled():
            raise Cancelled

    def each(
        self,
        function: Callable[[Any], Any],
        jobs: Sequence[Any],
        activity: str,
        failed: Callable[[Any, Exception], Any],
    ) -> Iterable[Any]:
        """Yield the results of independent jobs, in their order; may stop between two, or while an executor works.

        Parameters
        ----------
        function : callable
        jobs : list
            Those with a ``weight`` are started the heaviest first.
        activity : str
            What is being done, in words.
        failed : callable
            Returns what stands for the result of a job whose worker failed.

        Raises
        ------
        Cancelled
        """
        self.check()
        self.tell(activity, 0, len(jobs))
        results = each(function, jobs, failed, executor=self.executor, waiting=self.check)
        for done, result in enumerate(results, start=1):
            yield result
            self.tell(activity, done, len(jobs))
            self.check()

    def tell(self, activity: str, done: int, of: int) -> None:
        """Report the progress, unless that was done a moment ago."""
        now = time.monotonic()
        if done in (0, of) or now - self._reported >= PAUSE:
            self._reported = now
            self._report(activity, done, of)


class Hands(Work):
    """Work for a script: by its own map or executor, on recordings that are its own.

    Parameters
    ----------
    run : callable
        ``run(function, jobs, failed)`` returns the results of independent jobs in their order; see `engine.parallel`.
    keep : bool or Room
    hold : bool
        Whether processes keep the samples that they have read.
    """

    own, together, here = True, TOGETHER, False

    def __init__(self, run: Callable[..., Iterable[Any]], keep: bool | Room = False, hold: bool = False):
        super().__init__()
        self._run, self.keep, self.hold = run, keep, hold

    def each(
        self,
        function: Callable[[Any], Any],
        jobs: Sequence[Any],
        activity: str,
        failed: Callable[[Any, Exception], Any],
    ) -> Iterable[Any]:
        """Return the results of independent jobs, in their order."""
        return self._run(function, jobs, failed)
