"""What BluePyOpt does with what the export for it refuses: ``python -m tests.compat.bluepyopt_mistreats FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bluepyopt import ephys

#: A second at rest, with a pulse that does nothing
TRACE = {"time": [float(t) for t in range(1000)], "voltage": [-70.0] * 1000}
RESPONSES = {"IDrest_150.soma.v": TRACE, "bpo_threshold_current": None}


def feature(name: str = "IDrest_150.soma.voltage_base", place: str = "soma", **changes: Any) -> Any:
    """Return a feature whose mean the trace has, with a deviation of 1 mV."""
    usual = {"exp_mean": -70.0, "exp_std": 1.0, "stim_start": 300.0, "stim_end": 600.0}
    return ephys.efeatures.eFELFeature(
        name, "voltage_base", {"": f"IDrest_150.{place}.v"}, max_score=250.0, **(usual | changes)
    )


def scores(*features: Any, weight: float = 1.0) -> Any:
    """Return the scores of a model that answers with `TRACE`, by the names of the objectives."""
    listed = [ephys.objectives.SingletonWeightObjective(f.name, f, weight) for f in features]
    try:
        found = ephys.objectivescalculators.ObjectivesCalculator(listed).calculate_scores(RESPONSES)
    except Exception as error:
        return type(error).__name__
    return {name: float(score) for name, score in found.items()}


def pulse(percent: float | None, rheobase: float | None) -> Any:
    """Return the amplitude of a pulse in % of a rheobase (nA), as a person's own loader has it; or the error."""
    try:
        return ephys.stimuli.NrnSquarePulse(percent / 100 * rheobase, 300, 300).step_amplitude  # type: ignore[operator]
    except TypeError as error:
        return type(error).__name__


def mistreated() -> dict[str, Any]:
    """Tell what BluePyOpt does with what the export refuses."""
    return {
        "good": scores(feature()),
        "nothing": scores(),
        "twice": scores(feature(exp_mean=-40.0), feature()),
        "std of 0": scores(feature(exp_std=0.0)),
        "std of 0, and off": scores(feature(exp_std=0.0, exp_mean=-69.0)),
        "negative weight": scores(feature(exp_mean=-40.0), weight=-1.0),
        "no such place": scores(feature(place="dend")),
        "no rheobase": pulse(150.0, None),
        "no percent": pulse(None, 0.2),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(mistreated()), encoding="utf-8", newline="\n")
