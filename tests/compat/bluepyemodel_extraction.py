"""BluePyEModel's extraction on the sample cells, with BluePyEfe or with efewidgets in its place; a program of its own.

``python -m tests.compat.bluepyemodel_extraction bluepyefe|efewidgets FOLDER`` writes FOLDER/<run>.json: what the
fitness calculator would be configured with, for each of some settings of the pipeline.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import warnings
from types import SimpleNamespace
from typing import Any

FEATURES = ("Spikecount", "mean_frequency", "AP_amplitude", "voltage_base")
PASSIVE = ("voltage_base", "ohmic_input_resistance_vb_ssse", "steady_state_voltage_stimend")
RUNS: dict[str, dict[str, Any]] = {
    "relative": {"name_rmp_protocol": "IV_-25", "name_Rin_protocol": "IV_-50"},
    "without_threshold": {"efel_settings": {"strict_stiminterval": True, "interp_step": 0.025}},
    "absolute": {
        "extract_absolute_amplitudes": True,
        "name_rmp_protocol": "IV_-0.03",
        "name_Rin_protocol": "IV_-0.1",
        "bound_max_std": True,  # calculates with currents that there are not
    },
    "auto_targets": {"rheobase_strategy_extraction": "absolute"},
}


def targets(absolute: bool) -> list[dict[str, Any]]:
    """Return the targets: spikes of IDrest, passive features of IV."""
    levels = ((-0.03, 0.02), (-0.1, 0.05)) if absolute else ((-25, 12), (-50, 12))
    firing = ((0.2, 0.08), (0.3, 0.08)) if absolute else ((150, 30), (200, 30))
    wanted = [("IDrest", amp, tol, name) for amp, tol in firing for name in FEATURES]
    wanted += [("IV", amp, tol, name) for amp, tol in levels for name in PASSIVE]
    return [
        {"efeature": name, "protocol": protocol, "amplitude": amp, "tolerance": tol, "weight": 2.0}
        for protocol, amp, tol, name in wanted
    ]


AUTO = [
    {
        "protocols": ["IDrest"],
        "amplitudes": [150, 200],
        "efeatures": ["mean_frequency", "AP_amplitude"],
        "min_recordings_per_amplitude": 2,
        "preferred_number_protocols": 2,
        "tolerance": 25.0,
    }
]


def extracted(run: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Let BluePyEModel extract, and return the configuration that it comes to."""
    from bluepyemodel.efeatures_extraction import efeatures_extraction
    from bluepyemodel.efeatures_extraction.targets_configuration import TargetsConfiguration
    from bluepyemodel.emodel_pipeline.emodel_settings import EModelPipelineSettings

    from efewidgets import datasets

    files = [
        {
            "cell_name": cell,
            "filepath": metadata["filepath"],
            "ecodes": {protocol: {key: value for key, value in metadata.items() if key != "filepath"}},
        }
        for cell, protocols in datasets.sample_config()["files_metadata"].items()
        for protocol, (metadata, *_) in protocols.items()
    ]
    chosen = {"auto_targets": AUTO} if run == "auto_targets" else {"targets": targets(run == "absolute")}
    configuration = TargetsConfiguration(files=files, protocols_rheobase=["IDthresh"], **chosen)
    stored: list[Any] = []
    access_point = SimpleNamespace(
        pipeline_settings=EModelPipelineSettings(
            plot_extraction=False, pickle_cells_extraction=True, **settings
        ),
        emodel_metadata=SimpleNamespace(emodel=run),
        get_targets_configuration=lambda: configuration,
        store_fitness_calculator_configuration=stored.append,
    )
    found = efeatures_extraction.extract_save_features_protocols(access_point)
    assert stored == [found]
    cells = efeatures_extraction.read_extraction_output_cells(run)
    of_cells = [
        (cell.name, cell.rheobase, r.protocol_name, r.amp, r.amp_rel, dict(sorted(r.efeatures.items())))
        for cell in cells
        for r in cell.recordings
    ]
    return found.as_dict() | {"cells": of_cells if run != "auto_targets" else []}


def main(package: str, folder: str) -> None:
    """Do all runs with one of the packages."""
    warnings.simplefilter("ignore")
    if package == "efewidgets":
        import efewidgets.compat

        efewidgets.compat.install()
    from bluepyefe.tools import NumpyEncoder

    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    for run, settings in RUNS.items():
        text = json.dumps(extracted(run, settings), cls=NumpyEncoder, sort_keys=True)
        pathlib.Path(f"{run}.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
