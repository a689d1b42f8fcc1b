"""A lab's own recordings: small files that say what was recorded, and a reader that draws it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

DT, DURATION = 0.2, 300.0  # ms
TON, TOFF = 50.0, 250.0  # ms
EFEL = {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.1}


def reader(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw the sweeps of a file."""
    return [
        draw(**sweep) for sweep in json.loads(pathlib.Path(metadata["filepath"]).read_text(encoding="utf-8"))
    ]


def draw(amp: float, spikes: int, rest: float = -70.0, name: str = "", bad: bool = False) -> dict[str, Any]:
    """Draw a step of current (nA) and the response of a cell that fires so many spikes."""
    time = np.arange(round(DURATION / DT)) * DT
    inside = (time >= TON) & (time < TOFF)
    current = np.where(inside, amp, 0.0) - 0.01
    voltage = rest + np.where(inside, 40.0 * amp * (1.0 - np.exp(-(time - TON) / 10.0)), 0.0)
    for k in range(spikes):
        at = TON + 5.0 + k * (TOFF - TON - 10.0) / max(spikes, 1)
        voltage += (30.0 - voltage) * np.exp(-(((time - at) / 0.8) ** 2))
    sweep = {"voltage": voltage, "current": current, "dt": DT, "t_unit": "ms", "v_unit": "mV", "i_unit": "nA"}
    if bad:
        sweep["voltage"] = voltage[:5]
    return sweep | ({"id": name} if name else {})


def firing(amp: float, rheobase: float) -> int:
    """Return how many spikes a cell fires at an amplitude."""
    return max(0, 1 + round(8 * (amp / rheobase - 1.0)))


def write_file(path: pathlib.Path, amps: list[float], rheobase: float, rest: float = -70.0) -> pathlib.Path:
    """Write a file with one sweep an amplitude (nA)."""
    sweeps = [
        {"amp": amp, "spikes": firing(amp, rheobase), "rest": rest, "name": f"s{k}"}
        for k, amp in enumerate(amps)
    ]
    path.write_text(json.dumps(sweeps), encoding="utf-8", newline="\n")
    return path


def write_cells(
    folder: pathlib.Path, rheobases: dict[str, float]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Write files of some cells, which fire from so many nA on; return their metadata.

    Each cell has IDthresh (from 60 to 120 % of the rheobase), IDrest in two files, and IV.
    """
    found = {}
    for k, (name, rheobase) in enumerate(rheobases.items()):
        percents = {
            "IDthresh": [[60, 80, 100, 120]],
            "IDrest": [[100, 150], [148, 200]],
            "IV": [[-100, -50, 50]],
        }
        found[name] = {
            protocol: [
                {
                    "filepath": str(
                        write_file(
                            folder / f"{name}_{protocol}_{n}.json",
                            [rheobase * percent / 100 for percent in of_file],
                            rheobase,
                            rest=-70.0 + k,
                        )
                    ),
                    "ton": TON,
                    "toff": TOFF,
                }
                for n, of_file in enumerate(files)
            ]
            for protocol, files in percents.items()
        }
    return found


def targets() -> list[dict[str, Any]]:
    """Targets that these recordings reach."""
    wanted = {
        "IDrest": ((150, 200), ("mean_frequency", "AP_amplitude", "voltage_base")),
        "IV": ((-100, -50), ("voltage_base", "ohmic_input_resistance_vb_ssse")),
    }
    return [
        {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": 10}
        for protocol, (amplitudes, efeatures) in wanted.items()
        for amplitude in amplitudes
        for efeature in efeatures
    ]


def arguments(files_metadata: Any) -> dict[str, Any]:
    """Arguments of `extract_efeatures`."""
    return {
        "files_metadata": files_metadata,
        "targets": targets(),
        "protocols_rheobase": ["IDthresh"],
        "recording_reader": reader,
        "efel_settings": dict(EFEL),
    }


def ids(state, cell, protocol):
    """Return the ids of a cell's recordings of a protocol."""
    return [i for i, m in state.results.members.items() if (m.cell, m.protocol) == (cell, protocol)]
