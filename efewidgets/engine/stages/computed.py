"""What one set of inputs comes to in the graph: computed piece by piece when asked for, or all at once."""

from __future__ import annotations

from typing import Any, Protocol

from ..features.store import settings_key
from ..recordings.recording import Recording
from .context import Context
from .graph import Evaluation, Graph
from .inputs import Group, Inputs
from .matching import Lacking, add_features, lacking
from .parts import Agreed, Chosen
from .reading import ReadJob, read_failed, read_job
from .work import Work


class Keeps(Protocol):
    """What keeps recordings elsewhere, such as a cache on disk."""

    def save(self, context: Context, group: Group, agreed: Agreed) -> None:
        """Keep the recordings of a protocol of a cell."""


class Computed:
    """The stages on one set of inputs.

    Parameters
    ----------
    graph : Graph
    context : Context
    """

    def __init__(self, graph: Graph, context: Context):
        self.context = context
        self._evaluation: Evaluation = graph.evaluate(context, Work())

    @property
    def inputs(self) -> Inputs:
        """The inputs that these results follow from."""
        return self.context.inputs

    def get(self, stage: str, item: Any = None) -> Any:
        """Return the result of a stage; it must not be changed."""
        return self._evaluation.get(stage, item)

    @property
    def _chosen(self) -> Chosen:
        found: Chosen = self.get("targets")
        return found

    def compute(self, work: Work, everything: bool = False) -> None:
        """Compute all results now: files first, then what depends on them, each recording a unit of work.

        Parameters
        ----------
        work : Work
        everything : bool
            Whether features are computed on recordings, too, that fall into no target.

        Raises
        ------
        Cancelled
        """
        evaluation = self._evaluation
        evaluation.work = work
        try:
            self._read(work)
            add_features(self._jobs(everything), work)
            self.get("texts")
            self.get("problems")
        finally:
            evaluation.work = Work()

    def store(self, store: Keeps, work: Work) -> None:
        """Keep the recordings that were read in a cache on disk, with the features they have.

        Raises
        ------
        Cancelled
        """
        for cell in self.inputs.cells:
            for protocol, group in cell.groups.items():
                work.check()
                found = self._evaluation.known(("agree", (cell.name, protocol)))
                if found is not None:
                    store.save(self.context, group, found.value)

    def trim(self) -> None:
        """Drop old results of the graph, none of these."""
        self._evaluation.trim()

    def _read(self, work: Work) -> None:
        evaluation = self._evaluation
        nodes = [n for cell in self.inputs.cells for n in evaluation.missing("read", ("cell", cell.name))]
        if work.executor is None:
            for done, node in enumerate(nodes):
                work.tell("reading recordings", done, len(nodes))
                evaluation.result(node)
            return
        jobs = [ReadJob(evaluation.reads(node)) for node in nodes]
        found = work.each(read_job, jobs, "reading recordings", read_failed)
        for node, value in zip(nodes, found, strict=True):
            evaluation.put(node, value)

    def add_all_features(self) -> None:
        """Compute the features of all recordings of the targets' protocols, those in no target too."""
        add_features(self._jobs(everything=True), self._evaluation.work)

    def _jobs(self, everything: bool) -> list[tuple[Recording, Lacking]]:
        """List the recordings on which features lack, each once with all that lacks on it."""
        jobs: dict[int, tuple[Recording, dict[tuple, tuple[dict[str, None], dict]]]] = {}
        for item, wanted in self._chosen.groups.items():
            found = self.get("sweeps", item[0]) if everything else self.get("match", item)
            for recording in found.recordings:
                for names, settings in lacking(recording, wanted.features):
                    of_recording = jobs.setdefault(recording.serial, (recording, {}))[1]
                    all_names, _ = of_recording.setdefault(settings_key(settings), ({}, settings))
                    all_names.update(dict.fromkeys(names))
        return [
            (recording, [(list(names), settings) for names, settings in found.values()])
            for recording, found in jobs.values()
        ]
