"""What one set of inputs comes to in the graph: computed piece by piece when asked for, or all at once."""

from __future__ import annotations

from typing import Any

from ..features.store import settings_key
from ..problems import Problem
from ..recordings.computing import Wish
from ..recordings.recording import Recording
from ..targets.matching import Protocol
from . import matching, outputs, reading
from .context import Context
from .graph import Evaluation, Node, Once
from .inputs import Inputs
from .matching import add_features, lacking
from .parts import Chosen
from .reading import read_files
from .work import Work

#: All stages, from files to outputs
STAGES = reading.STAGES + matching.STAGES + outputs.STAGES

#: What is known of a cell when it has been looked at alone
OF_A_CELL = ("cell", "rheobase", "threshold", "holding", "cell_problems")


class Computed:
    """The stages on one set of inputs.

    Parameters
    ----------
    evaluation : Evaluation or Once
    """

    def __init__(self, evaluation: Evaluation | Once):
        self.context: Context = evaluation.context
        self._evaluation = evaluation

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
        self._evaluation.work = work
        try:
            self.read(work)
            self.add_features(work, everything)
            self.get("texts")
            self.get("problems")
        finally:
            self._evaluation.work = Work()

    def put(self, node: Node, value: Any) -> None:
        """Give the result of a node that was computed elsewhere."""
        self._evaluation.put(node, value)

    def read(self, work: Work) -> None:
        """Read the files that haven't been read, each a unit of work."""
        evaluation = self._evaluation
        nodes = [n for cell in self.inputs.cells for n in evaluation.missing("read", ("cell", cell.name))]
        if work.here:
            for done, node in enumerate(nodes):
                work.tell("reading recordings", done, len(nodes))
                evaluation.get(*node)
            return
        read_files(evaluation, nodes, work)

    def add_features(self, work: Work, everything: bool = False) -> None:
        """Compute the features of the recordings that fall into targets; or of all of the targets' protocols."""
        add_features(self._jobs(everything), work)

    @property
    def protocols_matched(self) -> list[Protocol]:
        """Protocol by protocol and amplitude the recordings that fell into the targets, as figures are drawn of."""
        found = []
        for item in self._chosen.groups:
            protocol: Protocol = self.get("protocol", item)
            found.append(protocol.standing_for(self.get("global"), self.inputs.protocol_mode))
        return found

    @property
    def problems_of_cells(self) -> list[Problem]:
        """What is wrong with files, recordings and rheobases, cell by cell."""
        return [p for cell in self.inputs.cells for p in self.get("cell_problems", cell.name)]

    def _jobs(self, everything: bool) -> list[tuple[Recording, Wish]]:
        """List the recordings on which features lack, each once with all that lacks on it."""
        jobs: dict[int, tuple[Recording, dict[tuple[Any, ...], tuple[dict[str, None], dict[str, Any]]]]] = {}
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
