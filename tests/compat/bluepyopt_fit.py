"""A virtual cell is recorded, its features are exported, and a model that lacks three of its conductances is fitted.

Run as a program, since NEURON is one a process: ``python -m tests.compat.bluepyopt_fit threshold|l5pc FOLDER``.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

from efewidgets.datasets import virtual_cell
from efewidgets.datasets.neuron_model import cell_model, compile_mechanisms
from efewidgets.datasets.nwbfile import write_nwb
from efewidgets.datasets.samples import PROTOCOLS, SAMPLES, record
from efewidgets.engine.export import Choices, format_named, write_export
from efewidgets.engine.extraction.run import run_extraction
from efewidgets.engine.parallel import run
from efewidgets.engine.stages.options import Options

CELL = "RS1"
#: Of the recorded sweeps: percent of the guessed rheobase, and how often each is recorded
SWEEPS = {
    "IDthresh": None,
    "IDrest": (150, 250),
    "IV": (-50,),
    "APWaveform": (300,),
    "sAHP": (200,),
    "APThreshold": (200,),
}
REPETITIONS = 6
FREE = {"g_leak": (0.005, 0.1), "g_kd": (1.0, 20.0), "g_m": (0.0, 0.3)}
TARGETS = {
    (
        "IV",
        -50,
    ): "voltage_base steady_state_voltage_stimend ohmic_input_resistance_vb_ssse voltage_deflection",
    (
        "IDrest",
        150,
    ): "spike_count mean_frequency time_to_first_spike inv_first_ISI inv_last_ISI AP_amplitude AHP_depth",
    ("IDrest", 250): "spike_count mean_frequency time_to_first_spike inv_first_ISI inv_last_ISI voltage_base",
    ("APWaveform", 300): "AP_amplitude AP_duration_half_width AHP_depth_abs",
    ("sAHP", 200): "spike_count steady_state_voltage_stimend voltage_base",
    ("APThreshold", 200): "time_to_first_spike AP_begin_voltage",
}


def recorded(folder: Path):
    """The extraction of the cell's own recordings, and the model behind them."""
    sample = SAMPLES[CELL]
    protocols = tuple(
        protocol
        if SWEEPS[protocol.name] is None
        else dataclasses.replace(protocol, percents=SWEEPS[protocol.name], repetitions=REPETITIONS)
        for protocol in PROTOCOLS
        if protocol.name in SWEEPS
    )
    path = folder / f"{CELL}.nwb"
    write_nwb(path, sample, record(sample, protocols))
    metadata = {
        p.name: [{"filepath": str(path), "ljp": sample.ljp, **({} if p.shape == "step" else p.timings)}]
        for p in protocols
    }
    targets = [
        {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": 15}
        for (protocol, amplitude), names in TARGETS.items()
        for efeature in names.split()
    ]
    targets[0]["role"] = "holding"
    options = Options(
        {CELL: metadata},
        targets,
        ["IDthresh"],
        efel_settings={"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025},
    )
    return run_extraction(options, run)


def l5pc_evaluator(folder: Path, model, sim):
    """An evaluator of the two files, as BluePyOpt's l5pc example makes one: square pulses, eFEL's own window."""
    from bluepyopt import ephys

    soma = ephys.locations.NrnSeclistCompLocation("soma", seclist_name="somatic", sec_index=0, comp_x=0.5)
    read = {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("features", "protocols")
    }
    played, objectives = {}, []
    for name, protocol in read["protocols"].items():
        stimuli = [
            ephys.stimuli.NrnSquarePulse(s["amp"], s["delay"], s["duration"], s["totduration"], soma)
            for s in protocol["stimuli"]
        ]
        recording = ephys.recordings.CompRecording(name=f"{name}.soma.v", location=soma, variable="v")
        played[name] = ephys.protocols.SweepProtocol(name, stimuli, [recording])
        for efeature, (mean, std) in read["features"].get(name, {}).get("soma", {}).items():
            feature = ephys.efeatures.eFELFeature(
                f"{name}.soma.{efeature}", efel_feature_name=efeature, recording_names={"": f"{name}.soma.v"},
                stim_start=stimuli[0].step_delay, stim_end=stimuli[0].step_delay + stimuli[0].step_duration,
                exp_mean=mean, exp_std=std, threshold=-20.0,
            )  # fmt: skip
            objectives.append(ephys.objectives.SingletonObjective(feature.name, feature))
    return ephys.evaluators.CellEvaluator(
        cell_model=model, param_names=list(FREE), fitness_protocols=played, sim=sim, isolate_protocols=False,
        fitness_calculator=ephys.objectivescalculators.ObjectivesCalculator(objectives),
    )  # fmt: skip


def squares(scores) -> float:
    """The sum of squares, signs kept: smoother for the optimiser than the sum."""
    found = np.asarray(scores, dtype=float)
    return float(np.sum(found * np.abs(found)))


def fit(form: str, folder: Path) -> dict:
    """Export, load, fit; returns the parameters that were found and the z-score of each feature."""
    from bluepyopt import ephys
    from bluepyopt.deapext.optimisationsCMA import DEAPOptimisationCMA

    from efewidgets.export import bluepyopt

    compile_mechanisms(folder)
    choices = Choices(CELL, std_floor=0.05)
    write_export(format_named("bluepyopt").build(recorded(folder), choices), folder)
    began = time.perf_counter()
    model = cell_model(virtual_cell(CELL), folder, FREE)
    sim = ephys.simulators.NrnSimulator(dt=0.05, cvode_active=False)
    if form == "l5pc":
        evaluator = l5pc_evaluator(folder / "l5pc", model, sim)
    else:
        evaluator = bluepyopt.evaluator(
            folder / "fit.json", model, sim, settle=200.0, isolate_protocols=False
        )
    with multiprocessing.get_context("fork").Pool(2) as pool:
        optimisation = DEAPOptimisationCMA(
            evaluator, seed=1, offspring_size=8, sigma=0.4, map_function=pool.map, fitness_reduce=squares
        )
        _, hall, _, _ = optimisation.run(max_ngen=36)
    found = dict(zip(evaluator.param_names, map(float, hall[0]), strict=True))
    scores = evaluator.evaluate_with_dicts(found)
    values = evaluator.evaluate_with_dicts(found, target="values")
    return {
        "parameters": found,
        "true": {name: getattr(virtual_cell(CELL), name) for name in FREE},
        "scores": scores,
        "values": {name: None if value is None else float(value) for name, value in values.items()},
        "minutes": (time.perf_counter() - began) / 60.0,
    }


if __name__ == "__main__":
    result = fit(sys.argv[1], Path(sys.argv[2]))
    text = json.dumps(result, indent=1, default=lambda value: np.asarray(value).tolist())
    Path(sys.argv[2], "result.json").write_text(text, encoding="utf-8", newline="\n")
    print(text)
