"""Results: what was found, also as tables and in words."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from ...engine.stages.inputs import Target
from ...engine.stages.work import Work
from .blockers import blockers
from .found import Found

if TYPE_CHECKING:
    import pandas as pd  # takes a while, and who only writes the files needs no table


class Results(Found):
    """What follows from one set of inputs. All that is got from one `Results` belongs together.

    Parameters
    ----------
    evaluation : Evaluation
    """

    @property
    def recordings(self) -> pd.DataFrame:
        """All recordings, one row each (ms, nA, % of rheobase, mV)."""
        return self._recordings.copy()

    @cached_property
    def _recordings(self) -> pd.DataFrame:
        from .tables import recordings_table

        return recordings_table(self)

    @property
    def exclusions(self) -> pd.DataFrame:
        """The recordings that are left out, one row each, and why: for who reviews the results."""
        from .tables import exclusion_table

        return exclusion_table(self)

    @property
    def feature_table(self) -> pd.DataFrame:
        """The features of the recordings that fell into targets: one row per recording and feature."""
        return self._feature_table.copy()

    @cached_property
    def _feature_table(self) -> pd.DataFrame:
        from .tables import feature_table

        return feature_table(self)

    def features_of(self, protocol: str, features: Collection[str], everything: bool = False) -> pd.DataFrame:
        """As `feature_table`, of some features of one protocol; `everything`: as `feature_table_of_all`."""
        from .tables import feature_table

        if everything:
            self.add_features(Work(), everything=True)
        return feature_table(self, everything, protocol, features)

    def feature_table_of_all(self) -> pd.DataFrame:
        """As `feature_table`, of all recordings of the targets' protocols; computes what lacks."""
        from .tables import feature_table

        self.add_features(Work(), everything=True)
        return feature_table(self, everything=True)

    @property
    def target_statistics(self) -> pd.DataFrame:
        """Number of values, mean and standard deviation of each target: one row per target."""
        return self._target_statistics.copy()

    @cached_property
    def _target_statistics(self) -> pd.DataFrame:
        from .tables import target_table

        return target_table(self)

    def statistics_by(self, by: str) -> pd.DataFrame:
        """As `target_statistics`, of each group apart: by a tag, such as "genotype", or by "cell".

        What is written doesn't depend on groups.

        Raises
        ------
        EfeError
            If nothing has such a tag.
        """
        from .noted import grouped_table

        return grouped_table(self.inputs, self._target_statistics, self._feature_table, by)

    @property
    def notes(self) -> pd.DataFrame:
        """What was noted of cells and recordings: one row each, with a column for each tag."""
        from .noted import notes_table

        return notes_table(self)

    @cached_property
    def values_of_targets(self) -> tuple[int, ...]:
        """How many values each target has, as in `target_statistics`."""
        return tuple(self._target_statistics["n"].tolist())

    @property
    def model_features(self) -> pd.DataFrame:
        """The features of the models' recordings, as `feature_table` has those of the cells; computes what lacks."""
        return self._model_tables[0].copy()

    @property
    def model_scores(self) -> pd.DataFrame:
        """What the models reach of each target, one row per model and target; see `results.models`."""
        return self._model_tables[1].copy()

    @cached_property
    def _model_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        from .models import model_tables

        return model_tables(self)

    def compared_with(self, other: Results) -> pd.DataFrame:
        """Return what differs between this session and another one, one row each; see `results.comparing`.

        Parameters
        ----------
        other : Results
            Of another state, as ``ExtractionState.load("yesterday.json").results``.

        Returns
        -------
        pandas.DataFrame
            Recordings, exclusions with their reasons, timings, targets, settings, rheobases, and the efeatures with
            mean, standard deviation and number of values of both, and how many standard deviations they are apart.
        """
        from .comparing import as_table, compare

        return as_table(compare(self, other))

    def explain(self, target: Target | str) -> pd.DataFrame:
        """Say of each recording of a target's protocol whether it went in, and why not if it didn't.

        Parameters
        ----------
        target : Target or str
            A target in force, or its id.

        Raises
        ------
        EfeError
            If there is no such target.
        """
        from .explain import explain

        return explain(self, target)

    @property
    def blockers(self) -> list[str]:
        """What is missing before there can be results, in words."""
        return blockers(self)
