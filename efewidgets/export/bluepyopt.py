"""A fit by BluePyOpt to results: protocols, objectives and an evaluator, made of our own file for it.

>>> from efewidgets.export import bluepyopt
>>> evaluator = bluepyopt.evaluator("fit.json", cell_model)  # doctest: +SKIP
>>> optimisation = bpopt.deapext.optimisationsCMA.DEAPOptimisationCMA(evaluator)  # doctest: +SKIP

BluePyOpt is needed from the first call on (``pip install efewidgets[consumers]``), and NEURON when a model runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..engine.config.legacy.l5pc import Imported, from_fit, from_l5pc
from ..engine.export.choices import Choices
from ..engine.export.fit import FORM, fit_data
from ..engine.export.pieces import rebuild
from ..engine.export.responses import play
from ..engine.export.scoring import compared_currents
from ..engine.export.scoring import score_table as scored
from ..engine.problems import EfeError

if TYPE_CHECKING:
    from ..engine.extraction.run import Extraction

__all__ = [
    "Imported",
    "evaluator",
    "features",
    "fit_of",
    "from_fit",
    "from_l5pc",
    "objectives",
    "play",
    "protocols",
    "rebuild",
    "responses_of",
    "score_table",
]

#: ms that a model is given to settle on the holding current before a sweep begins
SETTLE = 500.0

Fit = Mapping[str, Any] | str | os.PathLike[str]


def fit_of(source: Fit | Extraction, choices: Choices | None = None) -> Mapping[str, Any]:
    """Return all that a fit needs, as plain data.

    Parameters
    ----------
    source : path, dict or Extraction
        A ``fit.json``, what it holds, or results, as `run_extraction` or a state's `as_extraction` gives them.
    choices : Choices, optional
        For results: decisions about the export.

    Raises
    ------
    EfeError
        If it is something else, or there can't be a fit; saying why.
    """
    from ..engine.extraction.run import Extraction

    if isinstance(source, Extraction):
        data, refusals, _ = fit_data(source, choices or Choices())
        if refusals:
            raise EfeError("there can't be a fit:" + "".join(f"\n- {refusal}" for refusal in refusals))
        return data
    if not isinstance(source, Mapping):
        with open(source, encoding="utf-8") as file:
            source = json.load(file)
    if not isinstance(source, Mapping) or source.get("form") != FORM:
        raise EfeError(
            f'a fit must be a file of the form "{FORM}", as `efewidgets export bluepyopt` writes it (fit.json).'
        )
    return source


def protocols(fit: Fit, settle: float = SETTLE, cvode: bool | None = None) -> dict[str, Any]:
    """Return the protocols that a model is played, one ephys protocol in all under the name "main".

    Of a threshold-based fit it finds the model's holding current and its rheobase, and plays each protocol in % of
    that; else it plays nA.

    Parameters
    ----------
    fit : path or dict
    settle : float
        ms on the holding current before a sweep begins, not part of its response: recorded cells have been on theirs
        for long.
    cvode : bool, optional
        Whether the time step varies; None for what the simulator is set to.

    Raises
    ------
    EfeError
        If a location can't be had.
    """
    from ._ephys import Experiment

    data = fit_of(fit)
    return {"main": Experiment(data, settle, cvode)}


def features(fit: Fit, validation: bool = False) -> list[Any]:
    """Return the features as ephys eFELFeatures, holding current and rheobase among them if it is threshold-based.

    Each is computed as it was on the recordings, with the same code; its attributes are eFELFeature's.

    Parameters
    ----------
    fit : path or dict
    validation : bool
        Whether those that are kept out of the fit are returned, instead of the others.
    """
    from ._ephys import CurrentFeature, Feature

    data = fit_of(fit)
    found = [
        Feature(feature, data)
        for feature in data["features"]
        if data["protocols"][feature["protocol"]]["validation"] is validation
    ]
    if not validation:
        found += [
            CurrentFeature(name, said["mean"], said["std"]) for name, said in compared_currents(data).items()
        ]
    return found


def objectives(fit: Fit, validation: bool = False) -> Any:
    """Return BluePyOpt's fitness calculator: one weighted objective a feature; parameters as of `features`."""
    from bluepyopt import ephys

    weights = {feature["name"]: feature["weight"] for feature in fit_of(fit)["features"]}
    return ephys.objectivescalculators.ObjectivesCalculator(
        [
            ephys.objectives.SingletonWeightObjective(feature.name, feature, weights.get(feature.name, 1.0))
            for feature in features(fit, validation)
        ]
    )


def evaluator(
    fit: Fit,
    cell_model: Any,
    simulator: Any = None,
    settle: float = SETTLE,
    cvode: bool | None = None,
    **options: Any,
) -> Any:
    """Return BluePyOpt's evaluator of a cell model's free parameters.

    Parameters
    ----------
    fit : path or dict
    cell_model : bluepyopt.ephys.models.CellModel
    simulator : bluepyopt.ephys.simulators.NrnSimulator, optional
    settle, cvode
        As of `protocols`.
    **options
        Further arguments of `bluepyopt.ephys.evaluators.CellEvaluator`.
    """
    from bluepyopt import ephys

    free = [name for name, parameter in cell_model.params.items() if not parameter.frozen]
    return ephys.evaluators.CellEvaluator(
        cell_model=cell_model,
        param_names=free,
        fitness_protocols=protocols(fit, settle, cvode),
        fitness_calculator=objectives(fit),
        sim=simulator or ephys.simulators.NrnSimulator(),
        **options,
    )


def responses_of(evaluator: Any, parameters: Mapping[str, float]) -> dict[str, Any]:
    """Return a model's responses to all protocols, validation included: ``{"<protocol>.soma.v": response, …}``."""
    found: dict[str, Any] = evaluator.run_protocols(evaluator.fitness_protocols.values(), dict(parameters))
    return found


def score_table(fit: Fit, responses: Mapping[str, Any]) -> Any:
    """Return a table of a model's features beside the cells'; see `engine.export.scoring.score_table`.

    BluePyOpt isn't needed for it.
    """
    return scored(fit_of(fit), responses)
