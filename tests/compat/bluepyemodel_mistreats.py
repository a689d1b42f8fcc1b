"""What BluePyEModel does with each thing that the export for it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from efewidgets.engine.extraction.run import Extraction

RIN = "ohmic_input_resistance_vb_ssse"


def feature(protocol: str = "IDrest_150", **changes: Any) -> dict[str, Any]:
    """Return an entry of a features file."""
    usual = {"efel_feature_name": "Spikecount", "protocol_name": protocol, "recording_name": "soma.v"}
    return usual | {"mean": 5.0, "original_std": 1.0} | changes


def protocol(name: str = "IDrest_150", kind: str = "Protocol", **changes: Any) -> dict[str, Any]:
    """Return a protocol of a features file; what is changed is of its stimulus."""
    stimulus = {"delay": 1.0, "amp": 0.1, "thresh_perc": None, "duration": 2.0, "totduration": 4.0}
    recording = {"type": "CompRecording", "name": f"{name}.soma.v", "location": "soma", "variable": "v"}
    return {
        "name": name,
        "stimuli": [stimulus | {"holding_current": 0.0} | changes],
        "recordings_from_config": [recording],
        "protocol_type": kind,
    }


def outcome(features: list, protocols: list) -> Any:
    """Return the stimuli and scores that come of them, or the error."""
    from bluepyemodel.evaluation import evaluator as made
    from bluepyemodel.evaluation.fitness_calculator_configuration import FitnessCalculatorConfiguration

    form = FitnessCalculatorConfiguration(efeatures=features, protocols=protocols)
    trace = {"time": [0.0, 1.0, 2.0, 3.0], "voltage": [-70.0, -70.0, -70.0, -70.0]}
    try:
        runner, found = made.define_optimisation_protocol(form)
        scores = made.define_fitness_calculator(found).calculate_scores({"IDrest_150.soma.v": trace})
    except Exception as error:
        return type(error).__name__
    stimuli = [[type(p.stimuli[0]).__name__, p.stim_end()] for p in runner.protocols.values()]
    return {"stimuli": stimuli, "scores": {name: float(score) for name, score in scores.items()}}


def mistreated(own: Extraction) -> dict[str, Any]:
    """Tell what BluePyEModel does with what the export refuses."""
    without = {k: v for k, v in protocol()["stimuli"][0].items() if k != "duration"}
    cheops = {"holding_current": 0.2, "t1": 2.0, "t2": 2.0, "t3": 3.0, "t4": 3.0, "toff": 4.0}
    return of_roles(own) | {
        "nothing": outcome([], []),
        "no protocol": outcome([feature("IDrest_300")], [protocol()]),
        "no mean": outcome([feature(mean=None)], [protocol()]),
        "std of 0": outcome([feature(original_std=0.0)], [protocol()]),
        "negative weight": outcome([feature(weight=-1.0)], [protocol()]),
        "twice": outcome([feature(), feature(mean=0.0)], [protocol()]),
        "no such place": outcome([feature(recording_name="dend.v", mean=0.0)], [protocol()]),
        "a bracket in its name": outcome([feature("IDrest[1]_150")], [protocol("IDrest[1]_150")]),
        "no stimulus": outcome([feature("PinkNoise_100")], [protocol("PinkNoise_100")]),
        "wrong stimulus": outcome([feature("Passive_Ramp_100")], [protocol("Passive_Ramp_100")]),
        "no duration": outcome([feature()], [protocol() | {"stimuli": [without]}]),
        "cheops below holding": outcome([feature("PosCheops_100")], [protocol("PosCheops_100", **cheops)]),
    }


def of_roles(own: Extraction) -> dict[str, Any]:
    """Tell what becomes of roles that don't go together, and of what a threshold-based fit lacks."""
    from bluepyemodel.ecode import eCodes

    form = remade(own, "IV_0", "IV_-50")
    percent = form.as_dict()
    for one in percent["protocols"]:
        del one["stimuli"][0]["thresh_perc"]
    played = {p["name"]: p["stimuli"][0] for p in percent["protocols"]}["IDrest_150"]
    search = evaluator_of(form).protocols["SearchHoldingCurrent"]
    return {
        "rmp and rin of one protocol": sorted(
            {f.protocol_name for f in remade(own, "IV_-50", "IV_-50").efeatures}
        ),
        "no RMP": error_of(lambda: evaluator_of(remade(own, "IV_0", "IV_-50", {"IV_0": "voltage_base"}))),
        "no Rin": error_of(lambda: evaluator_of(remade(own, "IV_0", "IV_-50", {"IV_-50": RIN}))),
        "no holding": error_of(
            lambda: evaluator_of(remade(own, "IV_0", "IV_-50", {"IV_-50": "voltage_base"}))
        ),
        "no currents": error_of(lambda: remade(own, "IV_0", "IV_-50", currents=False)),
        "no percent": eCodes["idrest"](location=None, **played).amp_rel,
        "bounds of the holding current": [search.lower_bound, search.upper_bound, search.strict_bounds],
        "some for validation": kept_out(own),
    }


def remade(
    own: Extraction, rmp: str, rin: str, without: dict[str, str] | None = None, currents: bool = True
) -> Any:
    """Return what BluePyEModel makes of our three files with features left out, or with no currents."""
    from bluepyemodel.evaluation.fitness_calculator_configuration import FitnessCalculatorConfiguration

    features, protocols, found = copy.deepcopy((own.features, own.protocols_dict, own.currents))
    for name, gone in (without or {}).items():
        features[name]["soma"] = [entry for entry in features[name]["soma"] if entry["feature"] != gone]
    if not currents:
        found |= {"holding_current": None, "threshold_current": None}
    form = FitnessCalculatorConfiguration(
        name_rmp_protocol=rmp, name_rin_protocol=rin, validation_protocols=["IDrest_300"]
    )
    form.init_from_bluepyefe(features, protocols, found, None)
    return form


def evaluator_of(form: Any) -> Any:
    """Return the protocols of the evaluator that BluePyEModel makes."""
    from bluepyemodel.evaluation.evaluator import define_threshold_based_optimisation_protocol

    settings = {"interp_step": 0.025, "strict_stiminterval": True}
    return define_threshold_based_optimisation_protocol(form, efel_settings=settings)[0]


def error_of(call: Callable[[], Any]) -> str:
    """Return the name of the error that a call ends with."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return ""


def kept_out(own: Extraction) -> list[str]:
    """Return the protocols that a fit is not made of, when one is named for validation: all of its features."""
    form = remade(own, "IV_0", "IV_-50")
    there = evaluator_of(form).protocols
    return [one.name for one in form.protocols if one.name not in there]
