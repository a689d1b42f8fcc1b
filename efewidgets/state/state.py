"""The one object that widgets, scripts and the command line share: decisions go in, results come out."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets

from ..engine.problems import EfeError, Problem, nearest
from ..engine.stages.computed import STAGES
from ..engine.stages.context import Context
from ..engine.stages.graph import Graph
from ..engine.stages.inputs import CellInputs, Goal, Inputs, Target
from ..engine.stages.values import Value, freeze
from ..engine.stages.work import Cancelled, Work
from ..engine.stages.world import World
from .actions import Actions
from .cache.disk import DiskCache
from .cache.stored import Store
from .checks import check_inputs
from .convert import ids
from .history import History
from .results.results import Results
from .running.runner import InlineRunner, Runner
from .running.telling import Telling
from .sessions.sessions import Sessions
from .view import View

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


class ExtractionState(Actions, Sessions, Telling):
    """All decisions of an extraction, their history, and all results.

    Every edit is one commit: checked first, then taken over at once. Results follow from the decisions by
    themselves, and only what depends on an edit is computed again.

    Parameters
    ----------
    inputs : Inputs, optional
        What to start with.
    runner : Runner, optional
        Where results are computed; by default here, when they are asked for.
    cache : bool, path or DiskCache
        Whether, and where, recordings and features are kept on disk, so that they need not be extracted again.
    history : int
        How many edits can be undone.

    Attributes
    ----------
    revision : int
        Goes up by one after each edit and after each run that brings new results. The trait to observe.
    status : {"ready", "running", "stale", "failed"}
        Whether `results` are those of the present decisions.
    activity, progress : str, float
        What a run is doing, and how much of that is done (0 to 1).
    can_undo, can_redo : bool
    undo_label, redo_label : str
        What `undo` and `redo` would do, in words.
    """

    revision = traitlets.Int(0, read_only=True)
    status = traitlets.Enum(("ready", "running", "stale", "failed"), "ready", read_only=True)
    activity = traitlets.Unicode("", read_only=True)
    progress = traitlets.Float(0.0, read_only=True)
    can_undo = traitlets.Bool(False, read_only=True)
    can_redo = traitlets.Bool(False, read_only=True)
    undo_label = traitlets.Unicode("", read_only=True)
    redo_label = traitlets.Unicode("", read_only=True)

    def __init__(
        self,
        inputs: Inputs | None = None,
        *,
        runner: Runner | None = None,
        cache: bool | str | os.PathLike[str] | DiskCache = False,
        history: int = 1000,
    ):
        super().__init__()
        self._runner: Runner = runner or InlineRunner()
        self._store = _store(cache)
        self._graph = Graph(
            STAGES,
            restore={"agree": self._restore} if self._store is not None else None,
        )
        self._history = History(history)
        self._inputs = Inputs()
        self._world = World()
        self._results = self._results_now()
        self._new_id: Callable[[str], str] = ids()
        self._told = 0
        self._newest: Results | None = None
        self.view = View(self._fault)
        if inputs is not None:
            self._begin(inputs, [])

    # --- decisions

    @property
    def inputs(self) -> Inputs:
        """All decisions, as one value that never changes."""
        return self._inputs

    def commit(self, label: str, *, merge: str | None = None, **changes: Any) -> bool:
        """Change decisions: all of them, or none if something is wrong.

        Parameters
        ----------
        label : str
            What is done, in words, for undo.
        merge : str, optional
            Commits in a row with the same name are undone together, such as those of a slider.
        **changes
            Fields of `Inputs` and their new values.

        Returns
        -------
        bool
            Whether anything has changed.

        Raises
        ------
        EfeError
            If something can't be; nothing is changed then.
        """
        for name in changes:
            if name not in Inputs.__dataclass_fields__:
                raise EfeError(
                    f"there is nothing called {name!r} to decide.{nearest(name, Inputs.__dataclass_fields__)}"
                )
        fields = {name: _field(name, value) for name, value in changes.items()}
        with self._lock:
            self._check_passes(label)
            new = dataclasses.replace(self._inputs, **fields)
            if new == self._inputs:
                return False
            check_inputs(new, self._inputs)
            self._history.add(label, self._inputs, merge)
            self._take_over(new)
            self._announce(label)
        return True

    def _begin(self, inputs: Inputs, problems: list[Problem]) -> None:
        """Start with these decisions, of which some could not be used."""
        with self._lock:
            check_inputs(inputs, self._inputs, opened=True)
            self._faults += problems
            self._take_over(inputs)
            self._announce("open")

    def undo(self) -> str:
        """Take back the last edit; return what it was, "" if there is none."""
        return self._step(self._history.undo)

    def redo(self) -> str:
        """Do the edit again that was undone last; return what it was, "" if there is none."""
        return self._step(self._history.redo)

    def _step(self, go: Callable) -> str:
        with self._lock:
            step = go(self._inputs)
            if step is None:
                return ""
            self._take_over(step.inputs)
            self._announce(step.label)
        return str(step.label)

    def _take_over(self, new: Inputs) -> None:
        """Make inputs the present ones; the lock is held."""
        known = {id(cell) for cell in self._inputs.cells}
        added = [path for cell in new.cells if id(cell) not in known for path in cell.paths.names]
        self._inputs, self._world = new, self._world.seeing(added)
        if not self._runner.eager:
            self._renew()

    def _results_now(self) -> Results:
        """Return results of the present decisions, of which nothing may have been computed."""
        return Results(self._graph.evaluate(Context(self._inputs, self._world), Work()))

    def _renew(self) -> None:
        self._results.trim()
        self._results = self._results_now()

    def refresh_files(self) -> list[str]:
        """Look at all files again; return those that have changed since they were looked at, and use them anew.

        Files whose worker failed are tried again.
        """
        failed = {problem.file for problem in self.problems if problem.kind == "worker"}
        with self._lock:
            paths = dict.fromkeys(path for cell in self._inputs.cells for path in cell.paths.names)
            world, changed = self._world.again(paths, failed)
            if world is self._world:
                return []
            self._world = world
            if not self._runner.eager:
                self._renew()
            self._announce("look at the files again")
        return changed

    # --- results

    @property
    def results(self) -> Results:
        """The results; with a runner in the background those of its last complete run."""
        return self._results

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know: about data and results, and about what went wrong in the state itself."""
        found = (*self._faults, *self._results.problems)
        failure = self._store.cache.failure if self._store is not None else ""
        return (*found, Problem(failure, "note", "cache")) if failure else found

    @property
    def blockers(self) -> list[str]:
        """What is missing before there can be results, in words."""
        return self._results.blockers

    def explain(self, target: Target | str) -> pd.DataFrame:
        """Say of each recording whether it went into a target, and why not; see `Results.explain`."""
        return self._results.explain(target)

    # --- running

    def run(self, *, everything: bool = False) -> None:
        """Compute all results: now, or in the background if that is where the runner works.

        Parameters
        ----------
        everything : bool
            Whether features are computed on recordings, too, that fall into no target.
        """
        with self._lock:
            results = self._newest = self._results_now()
            self._put(status="running")
        self._runner.submit(lambda needless: self._run(results, needless, everything))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a run in the background; return whether it was over in time (s)."""
        in_time = self._runner.wait(timeout)
        self._tell()
        return in_time

    def cancel(self) -> None:
        """Stop a run at the next recording; what it has computed is kept for the next one."""
        self._runner.cancel()

    def _run(self, results: Results, needless: Callable[[], bool], everything: bool) -> None:
        work = Work(self._runner.executor, needless, self._report)
        try:
            results.compute(work, everything)
        except Cancelled:
            if self._newest is results:
                self._put(status="stale", activity="")
        except Exception as error:
            logger.exception("a run failed")
            message = f"the run failed: {type(error).__name__}: {error}"
            self._faults.append(Problem(message, kind="run"))
            if self._newest is results:
                self._announce("", status="failed")
        else:
            self._publish(results)
        if self._store is not None:
            with contextlib.suppress(Cancelled):
                results.store(self._store, Work(cancelled=needless))

    def _restore(self, context: Context, item: tuple[str, str]) -> Any:
        """Return the recordings of a protocol of a cell from the cache on disk, if they are there."""
        cell, protocol = item
        store = self._store
        return None if store is None else store.load(context, context.cell(cell).groups[protocol])

    def _present(self) -> Results:
        """Return results of the present decisions, be they computed or not."""
        with self._lock:
            if self._is_present(self._results):
                return self._results
            return self._results_now()

    def _is_present(self, results: Results) -> bool:
        return results.context.inputs is self._inputs and results.context.world is self._world

    def _publish(self, results: Results) -> None:
        """Let results be seen, unless they come too late."""
        with self._lock:
            if not self._is_present(results):
                return
            self._results = results
            results.trim()
            self._announce("", status="ready", activity="", progress=1.0)

    def _report(self, activity: str, done: int, of: int) -> None:
        self._put(activity=f"{activity}: {done} of {of}", progress=done / of if of else 1.0)

    # --- telling observers

    def _announce(self, label: str, **traits: Any) -> None:
        """Have observers told that something has changed; an edit has a label."""
        history = self._history
        with self._lock:
            self._told += 1
            traits |= {
                "can_undo": bool(history.undo_label),
                "can_redo": bool(history.redo_label),
                "undo_label": history.undo_label,
                "redo_label": history.redo_label,
                "revision": self._told,
            }
            if label and self._runner.eager:
                traits["status"] = "stale"
            self._put(**traits)
            if label and self._runner.eager:
                self.run()

    def _deliver(self) -> None:
        """Have the changes told where the runner's observers expect it."""
        if self._changes:
            self._runner.tell(self._tell)

    # --- the end

    def close(self) -> None:
        """Stop what is running, keep what is to be kept on disk, and forget all results."""
        self._runner.close()
        if self._store is not None:
            self._results.store(self._store, Work())
        self.unobserve_all()
        self.view.unobserve_all()
        self._graph.clear()

    def __enter__(self) -> ExtractionState:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        files = sum(len(cell.files) for cell in self._inputs.cells)
        return f"<ExtractionState: {len(self._inputs.cells)} cells, {files} files, {self.status}>"


def _store(cache: bool | str | os.PathLike[str] | DiskCache) -> Store | None:
    if cache is False or cache is None:
        return None
    if isinstance(cache, DiskCache):
        return Store(cache)
    return Store(DiskCache(None if cache is True else cache))


_LISTS = {"cells": CellInputs, "targets": Target, "auto_targets": Goal}


def _field(name: str, value: Any) -> Any:
    """Return the value of a field of `Inputs` as it is kept there."""
    if name in _LISTS and value is not None:
        if all(isinstance(part, _LISTS[name]) for part in value):
            return tuple(value)
        raise EfeError(f"{name} must be a list of {_LISTS[name].__name__}; see the actions of the state.")
    return value if isinstance(value, Value) else freeze(value)
