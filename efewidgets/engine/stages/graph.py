"""A graph of stages whose results are kept under keys: the same key is the same result.

A stage declares what it reads of the inputs and which stages it needs. The key of a result is a digest of the stage's
name, of what it read, and of what it got from the stages it needs. So nothing is ever marked as out of date: an edit
gives other keys where it matters, and the old keys, and results, where it doesn't; going back finds them again.

Nothing here knows what the stages compute.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .values import digest

Node = tuple[str, Hashable]
Get = Callable[[str, Hashable], Any]


def _nothing(context: Any, item: Hashable, get: Get) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True)
class Stage:
    """One step of the work, done for each of its items.

    Parameters
    ----------
    name : str
    run : callable
        ``run(read, values, work)``: what `reads` returned, the results of the stages needed, and what the caller of
        the evaluation gave for it; returns the result, which must never be changed afterwards.
    reads : callable
        ``reads(context, item, get)``: what of the inputs decides the result, as values that have a digest. What it
        gets by ``get(stage, item)`` counts only as far as it is returned.
    needs : callable
        ``needs(context, item, get)``: the nodes, ``(stage, item)``, whose results it needs.
    covered : callable
        Like `needs`, for nodes that depend on nothing but what the stage itself reads. They are looked at only
        when the result must be computed, which spares the search through thousands of them.
    version : int
        To be raised when the stage computes something else from the same.
    content : callable, optional
        What of the result matters to those who need it, as values that have a digest. If it comes out the same,
        they aren't computed again.
    size : callable, optional
        About how many bytes a result takes.
    """

    name: str
    run: Callable[[Any, list[Any], Any], Any]
    reads: Callable[[Any, Any, Get], tuple[Any, ...]] = _nothing
    needs: Callable[[Any, Any, Get], Iterable[Node]] = _nothing
    covered: Callable[[Any, Any, Get], Iterable[Node]] = _nothing
    version: int = 1
    content: Callable[[Any], tuple[Any, ...]] | None = None
    size: Callable[[Any], int] = lambda value: 1000


@dataclass(eq=False, slots=True)
class Result:
    """A result and where it is from.

    Parameters
    ----------
    key : bytes
        Stands for all that went into it.
    out : bytes
        Stands for what others get from it.
    """

    key: bytes
    out: bytes
    value: Any
    stage: str
    parents: tuple[bytes, ...]
    size: int
    used: int = 0


class Graph:
    """Stages, and the results they have given.

    Parameters
    ----------
    stages : iterable of Stage
    most : int
        About how many bytes of results are kept beside those of the latest evaluation.
    restore : dict of callable, optional
        For some stages: ``restore(context, item)`` returns a result that was kept elsewhere, or None.
    """

    def __init__(
        self,
        stages: Iterable[Stage],
        most: int = 32_000_000,
        restore: Mapping[str, Callable[[Any, Any], Any]] | None = None,
    ):
        self.stages = {stage.name: stage for stage in stages}
        self.most = most
        self.restore = dict(restore or {})
        self.runs: Counter[str] = Counter()
        self._results: dict[bytes, Result] = {}
        self._clock = 0
        self._size = 0
        self._needed = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._results)

    def evaluate(self, context: Any, work: Any = None) -> Evaluation:
        """Begin an evaluation of the stages on some inputs."""
        with self._lock:
            self._clock += 1
        return Evaluation(self, context, work, self._clock)

    def find(self, key: bytes, clock: int) -> Result | None:
        """Return the result under a key, if it is kept."""
        found = self._results.get(key)
        if found is not None:
            found.used = clock
        return found

    def keep(self, result: Result) -> Result:
        """Keep a result; if another evaluation was faster, return that one's."""
        with self._lock:
            kept = self._results.setdefault(result.key, result)
            if kept is result:
                self._size += result.size
                self.runs[result.stage] += 1
        return kept

    def trim(self, wanted: Iterable[bytes]) -> None:
        """Drop what was used longest ago if there is too much; not what is wanted, nor what that was made of."""
        if self._size - self._needed <= self.most:
            return
        with self._lock:
            reached = self._reached(wanted)
            spare = [result for result in self._results.values() if result.key not in reached]
            left = sum(result.size for result in spare)
            self._needed = self._size - left
            for result in sorted(spare, key=lambda result: result.used):
                if left <= self.most // 2:
                    break
                left -= result.size
                self._size -= result.size
                del self._results[result.key]

    def _reached(self, wanted: Iterable[bytes]) -> set[bytes]:
        reached: set[bytes] = set()
        waiting = list(wanted)
        while waiting:
            key = waiting.pop()
            if key not in reached and key in self._results:
                reached.add(key)
                waiting += self._results[key].parents
        return reached

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._results.clear()
            self._size = 0


@dataclass
class Evaluation:
    """The stages on one set of inputs: all that is got from one evaluation belongs together."""

    graph: Graph
    context: Any
    work: Any
    clock: int
    seen: dict[Node, Result] = field(default_factory=dict)

    def get(self, stage: str, item: Hashable = None) -> Any:
        """Return the result of a stage for an item, computing what isn't there yet."""
        return self.result((stage, item)).value

    def result(self, node: Node) -> Result:
        """As `get`, with where the result is from."""
        found = self.seen.get(node)
        if found is None:
            key, read = self._key(node)
            found = self.graph.find(key, self.clock) or self._computed(node, key, read)
            self.seen[node] = found
        return found

    def known(self, node: Node) -> Result | None:
        """Return the result of a node that needs no other one, if it is there."""
        return self.seen.get(node) or self.graph.find(self._key(node)[0], self.clock)

    def missing(self, stage: str, node: Node) -> Iterator[Node]:
        """Yield the nodes of a stage that a node covers and whose results aren't there."""
        if node in self.seen:
            return
        key = self._key(node)[0]
        found = self.graph.find(key, self.clock) or self._restored(node, key)
        if found is not None:
            self.seen[node] = found
            return
        if node[0] == stage:
            yield node
            return
        for parent in self.graph.stages[node[0]].covered(self.context, node[1], self.get):
            yield from self.missing(stage, parent)

    def reads(self, node: Node) -> tuple[Any, ...]:
        """Return what a node reads of the inputs, for computing it elsewhere."""
        return self._key(node)[1]

    def put(self, node: Node, value: Any) -> None:
        """Give the result of a node that was computed elsewhere."""
        self.seen[node] = self._kept(node[0], self._key(node)[0], value, [])

    def trim(self) -> None:
        """Drop old results if there are too many, none that this evaluation used."""
        self.graph.trim(result.key for result in list(self.seen.values()))

    def _key(self, node: Node) -> tuple[bytes, tuple[Any, ...]]:
        stage, item = self.graph.stages[node[0]], node[1]
        read = stage.reads(self.context, item, self.get)
        outs = [self.result(parent).out for parent in stage.needs(self.context, item, self.get)]
        return digest(stage.name, stage.version, read, b"".join(outs)), read

    def _parents(self, node: Node) -> list[Node]:
        stage, item = self.graph.stages[node[0]], node[1]
        needed = stage.needs(self.context, item, self.get)
        return [*needed, *stage.covered(self.context, item, self.get)]

    def _restored(self, node: Node, key: bytes) -> Result | None:
        """Return the result of a node that was kept elsewhere."""
        restore = self.graph.restore.get(node[0])
        value = None if restore is None else restore(self.context, node[1])
        return None if value is None else self._kept(node[0], key, value, [])

    def _computed(self, node: Node, key: bytes, read: tuple[Any, ...]) -> Result:
        if self.work is not None:
            self.work.check()
        if (restored := self._restored(node, key)) is not None:
            return restored
        parents = [self.result(parent) for parent in self._parents(node)]
        value = self.graph.stages[node[0]].run(read, [parent.value for parent in parents], self.work)
        return self._kept(node[0], key, value, parents)

    def _kept(self, name: str, key: bytes, value: Any, parents: list[Result]) -> Result:
        stage = self.graph.stages[name]
        out = key if stage.content is None else digest(stage.name, stage.content(value))
        keys = tuple([parent.key for parent in parents])
        return self.graph.keep(Result(key, out, value, stage.name, keys, stage.size(value), self.clock))


class Once:
    """The stages on inputs that are looked at once, as by a script: no result is kept for another evaluation.

    So no result needs a key, and the inputs may hold what has no digest.

    Parameters
    ----------
    stages : iterable of Stage
    context, work : object
        As for `Graph.evaluate`.
    seen : dict, optional
        Results that are known already, by their nodes.
    """

    def __init__(
        self, stages: Iterable[Stage], context: Any, work: Any = None, seen: Mapping[Node, Any] | None = None
    ):
        self.stages = {stage.name: stage for stage in stages}
        self.context, self.work = context, work
        self.seen: dict[Node, Any] = dict(seen or {})

    def get(self, stage: str, item: Hashable = None) -> Any:
        """Return the result of a stage for an item, computing what isn't there yet."""
        node = stage, item
        if node not in self.seen:
            needed = [self.get(*parent) for parent in self._parents(node)]
            self.seen[node] = self.stages[stage].run(self.reads(node), needed, self.work)
        return self.seen[node]

    def missing(self, stage: str, node: Node) -> Iterator[Node]:
        """Yield the nodes of a stage that a node covers and whose results aren't there."""
        if node in self.seen:
            return
        if node[0] == stage:
            yield node
            return
        for parent in self.stages[node[0]].covered(self.context, node[1], self.get):
            yield from self.missing(stage, parent)

    def reads(self, node: Node) -> tuple[Any, ...]:
        """Return what a node reads of the inputs."""
        return self.stages[node[0]].reads(self.context, node[1], self.get)

    def put(self, node: Node, value: Any) -> None:
        """Give the result of a node that was computed elsewhere."""
        self.seen[node] = value

    def _parents(self, node: Node) -> list[Node]:
        stage, item = self.stages[node[0]], node[1]
        needed = stage.needs(self.context, item, self.get)
        return [*needed, *stage.covered(self.context, item, self.get)]
