"""What the present decisions come to: the graph of cached stages, the files as they were seen, the results shown."""

from __future__ import annotations

from typing import Any

from ...engine.problems import Problem
from ...engine.stages.computed import STAGES
from ...engine.stages.context import Context
from ...engine.stages.graph import Graph
from ...engine.stages.inputs import Inputs
from ...engine.stages.work import Work
from ...engine.stages.world import World
from ..cache.stored import Store
from .members import MEMBERS
from .results import Results


class Present:
    """The present decisions and their results.

    Parameters
    ----------
    inputs : Inputs
    store : Store or None
        Where recordings and features are kept on disk.
    eager : bool
        Whether results are computed by runs, so that those of the last one are shown until the next is over.

    Attributes
    ----------
    graph : Graph
    results : Results
        Those that are shown.
    """

    def __init__(self, inputs: Inputs, store: Store | None, eager: bool):
        self.store, self._eager = store, eager
        self.graph = Graph(
            (*STAGES, MEMBERS), restore={"agree": self._restore} if store is not None else None
        )
        self._inputs, self._world = inputs, World()
        self.results = self.begun()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know of data and results, and of the cache on disk."""
        failure = self.store.cache.failure if self.store is not None else ""
        return (*self.results.problems, *([Problem(failure, "note", "cache")] if failure else []))

    def begun(self) -> Results:
        """Return results of the present decisions, of which nothing may have been computed."""
        return Results(self.graph.evaluate(Context(self._inputs, self._world), Work()))

    def take(self, old: Inputs, new: Inputs) -> None:
        """Take over other decisions."""
        known = {id(cell) for cell in old.cells}
        added = [path for cell in new.cells if id(cell) not in known for path in cell.paths.names]
        self._inputs, self._world = new, self._world.seeing(added)
        self._renew()

    def _renew(self) -> None:
        if not self._eager:
            self.results.trim()
            self.results = self.begun()

    @property
    def failed(self) -> set[str | None]:
        """Files whose worker failed."""
        return {problem.file for problem in self.results.problems if problem.kind == "worker"}

    def look_again(self, failed: set[str | None]) -> tuple[bool, list[str]]:
        """Look at all files again; return whether anything is new, and which have changed or are to be tried again."""
        paths = dict.fromkeys(path for cell in self._inputs.cells for path in cell.paths.names)
        world, changed = self._world.again(paths, failed)
        if world is self._world:
            return False, []
        self._world = world
        self._renew()
        return True, changed

    def current(self) -> Results:
        """Return results of the present decisions, be they computed or not."""
        return self.results if self.is_current(self.results) else self.begun()

    def is_current(self, results: Results) -> bool:
        """Whether results are those of the present decisions."""
        return results.context.inputs is self._inputs and results.context.world is self._world

    def show(self, results: Results) -> None:
        """Show results, which have been computed."""
        self.results = results
        results.trim()

    def keep(self, results: Results, work: Work) -> None:
        """Keep results in the cache on disk, if there is one."""
        if self.store is not None:
            results.store(self.store, work)

    def _restore(self, context: Context, item: tuple[str, str]) -> Any:
        """Return the recordings of a protocol of a cell from the cache on disk, if they are there."""
        cell, protocol = item
        return None if self.store is None else self.store.load(context, context.cell(cell).groups[protocol])
