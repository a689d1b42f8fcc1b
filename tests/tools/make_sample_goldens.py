"""Make the goldens of the sample cells again, with BluePyEfe (pip install efewidgets[bluepyefe]).

    python tests/tools/make_sample_goldens.py [CASE ...]

Writes ``tests/goldens_samples/<case>/``: ``config.json`` (what was asked: ``arguments`` of
`extract_efeatures`, file names relative to the sample folder) and the three files that BluePyEfe wrote.

Since eFEL 5.4 a sweep without spikes has no ``peak_time`` instead of an empty one, which BluePyEfe takes
for "spikes not counted" and leaves the sweep out of the rheobase; here such sweeps count as 0 spikes.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from efewidgets import datasets

GOLDENS = Path(__file__).resolve().parents[1] / "goldens_samples"
OUTPUTS = ("features.json", "protocols.json", "holding_threshold_currents.json")


def targets_in_nA() -> list[dict[str, Any]]:
    """Targets that several cells reach at the same current, although at other multiples of rheobase."""
    wanted = {
        ("IDrest", 0.12, 0.012): ("mean_frequency", "AP_amplitude", "voltage_base"),
        ("IDrest", 0.19, 0.015): ("mean_frequency", "ISI_CV", "inv_first_ISI"),
        ("IV", -0.063, 0.012): ("ohmic_input_resistance_vb_ssse", "voltage_deflection"),
        ("APThreshold", 0.25, 0.06): ("time_to_first_spike", "AP_begin_voltage"),
        ("sAHP", 0.188, 0.01): ("spike_count", "steady_state_voltage_stimend"),
    }
    return [
        {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": tolerance}
        for (protocol, amplitude, tolerance), efeatures in wanted.items()
        for efeature in efeatures
    ]


def targets_with_settings() -> list[dict[str, Any]]:
    """Targets with windows, thresholds and names of their own."""
    rest = {"protocol": "IDrest", "amplitude": 200.0, "tolerance": 10.0}
    early, late = {"stim_start": 200.0, "stim_end": 450.0}, {"stim_start": 950.0, "stim_end": 1200.0}
    after = {"stim_start": 600.0, "stim_end": 1300.0}
    return [
        {"efeature": "mean_frequency", "efeature_name": "frequency_early", "efel_settings": early, **rest},
        {"efeature": "mean_frequency", "efeature_name": "frequency_late", "efel_settings": late, **rest},
        {"efeature": "AP_duration_half_width", "efel_settings": {"interp_step": 0.01}, **rest},
        {"efeature": "spike_count", "efel_settings": {"Threshold": 20.0}, **rest},
        {
            "efeature": "minimum_voltage", "efeature_name": "sahp", "efel_settings": after,
            "protocol": "sAHP", "amplitude": 250.0, "tolerance": 20.0,
        },
    ]  # fmt: skip


def cases() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name -> what it is for, arguments of `extract_efeatures`."""

    def ask(cells: list[str] | None = None, timings: bool = True, **changes: Any) -> dict[str, Any]:
        return datasets.sample_config(cells, timings=timings, folder="") | changes

    both = ["IDthresh", "IDrest"]
    automatic = {"strict_stiminterval": True, "interp_step": 0.025}
    return {
        "relative": ("all sample targets, timings given", ask()),
        "relative_detected": ("the same, step timings left to detection", ask(timings=False)),
        "one_type": ("the regular-spiking cells alone", ask(datasets.sample_cells("RS"))),
        "absolute": (
            "absolute amplitudes; without rheobase the peer's threshold currents are NaN",
            ask(targets=targets_in_nA(), absolute_amplitude=True),
        ),
        "auto_targets": ("the preset automatic targets", ask(targets=None, auto_targets="default")),
        "median": (
            "protocol_mode median, features with at least 5 values",
            ask(protocol_mode="median", threshold_nvalue_save=5),
        ),
        "flush": (
            "rheobase by flush over two protocols; IB1 opens with too many spikes to have one",
            ask(
                protocols_rheobase=both,
                rheobase_strategy="flush",
                rheobase_settings={"flush_length": 2, "upper_bound_spikecount": 3},
            ),
        ),
        "interpolation": (
            "rheobase by interpolation over two protocols",
            ask(protocols_rheobase=both, rheobase_strategy="interpolation", rheobase_settings={}),
        ),
        "auto_threshold": ("spike threshold found per sweep", ask(efel_settings=automatic)),
        "settings_per_target": (
            "windows, thresholds and names per target",
            ask(targets=targets_with_settings()),
        ),
    }


def count_silent_sweeps() -> None:
    """Make BluePyEfe take a sweep without ``peak_time`` for one with 0 spikes."""
    from bluepyefe.recording import Recording

    as_published = Recording.compute_spikecount

    def compute_spikecount(self: Any, efel_settings: Any = None) -> None:
        as_published(self, efel_settings)
        if self.peak_time is None:
            self.peak_time = np.array([])

    Recording.compute_spikecount = compute_spikecount


def run_peer(arguments: dict[str, Any], folder: Path) -> None:
    """Run BluePyEfe on the samples; its outputs go to ``folder``."""
    from bluepyefe.auto_targets import default_auto_targets
    from bluepyefe.extract import extract_efeatures

    arguments = copy.deepcopy(arguments)  # the peer writes into what it is given
    if arguments.get("auto_targets") == "default":
        arguments["auto_targets"] = default_auto_targets()
    with contextlib.chdir(datasets.sample_folder()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extract_efeatures(output_directory=str(folder), **arguments)


def make_case(name: str, description: str, arguments: dict[str, Any]) -> None:
    """Write one folder of goldens."""
    place = GOLDENS / name
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run_peer(arguments, Path(folder))
        for output in OUTPUTS:
            write_json(place / output, json.loads((Path(folder) / output).read_text(encoding="utf-8")))
    write_json(place / "config.json", {"description": description, "arguments": arguments})


def write_json(path: Path, content: Any) -> None:
    """Write JSON without spaces, one line a top-level key."""
    lines = (
        f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in content.items()
    )
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def main(wanted: list[str]) -> None:
    """Make the cases that are wanted, or all."""
    logging.disable(logging.WARNING)
    os.environ.setdefault("MPLBACKEND", "Agg")
    count_silent_sweeps()
    known = cases()
    if unknown := sorted(set(wanted) - set(known)):
        sys.exit(f"No such case: {', '.join(unknown)}. There are {', '.join(known)}.")
    for name in wanted or known:
        make_case(name, *known[name])
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
