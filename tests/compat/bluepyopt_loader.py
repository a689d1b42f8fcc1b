"""The loader on a made-up model, played by functions: ``python -m tests.compat.bluepyopt_loader FOLDER``.

Writes what it sees to FOLDER/seen.json; run as a program, since BluePyOpt and NEURON warn and are one a process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from efewidgets import datasets
from efewidgets.datasets import virtual_cell
from efewidgets.datasets.simulator import simulate
from efewidgets.engine.export import Choices, format_named, write_export
from efewidgets.engine.export.pieces import draw
from efewidgets.engine.export.responses import play
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.stages.options import Options


def extraction():
    """The extraction of a sample cell."""
    config = datasets.sample_config(["RS1"])
    del config["write_files"]
    wanted = ("IDrest", "IV", "sAHP", "APThreshold", "SineSpec")
    config["targets"] = [t for t in config["targets"] if t["protocol"] in wanted]
    return run_extraction(Options(**config), run)


def seen(folder: Path) -> dict:
    """Compare what the loader makes with what it was made of."""
    from bluepyopt import ephys

    from efewidgets.export import bluepyopt
    from efewidgets.export._ephys import stimulus

    found = extraction()
    write_export(format_named("bluepyopt").build(found, Choices("RS1")), folder)
    fit = bluepyopt.fit_of(folder / "fit.json")
    envelopes = {}
    for name, protocol in fit["protocols"].items():
        time = np.arange(0.0, protocol["totduration"] - 1.0, 0.5) + 0.013  # between the samples: edges aside
        total = np.zeros(len(time))
        for piece in protocol["pieces"]:
            made = stimulus(piece, 0.08, 0.0, protocol["totduration"])
            assert isinstance(made, ephys.stimuli.Stimulus)
            points = np.array(made.envelope(), dtype=float)
            total += np.interp(time, points[:, 0], points[:, 1])
        envelopes[name] = float(np.max(np.abs(total - draw(protocol["pieces"], time, 0.0, 0.08))))
    features = bluepyopt.features(fit)
    plain = {}
    responses = play(lambda t, i: simulate(virtual_cell("RS1"), i, 0.05), fit)
    for feature in features:
        if isinstance(feature, ephys.efeatures.eFELFeature):
            theirs = ephys.efeatures.eFELFeature.calculate_feature(feature, responses)
            plain[feature.name] = [feature.calculate_feature(responses), theirs]
    calculator = bluepyopt.objectives(fit)
    table = bluepyopt.score_table(fit, responses)
    return {
        "envelopes": envelopes,
        "values": plain,
        "windows": {f.name: [f.stim_start, f.stim_end] for f in features if hasattr(f, "stim_start")},
        "scores": calculator.calculate_scores(responses),
        "worst": calculator.calculate_scores({"bpo_threshold_current": None}),
        "z": dict(zip(table.feature, table.z.abs(), strict=True)),
    }


if __name__ == "__main__":
    result = seen(Path(sys.argv[1]))
    Path(sys.argv[1], "seen.json").write_text(
        json.dumps(result, default=float), encoding="utf-8", newline="\n"
    )
