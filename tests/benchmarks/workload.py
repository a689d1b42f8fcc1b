"""What the benchmarks extract, and from what: drawn cells, 375 targets, and more or fewer of both."""

from __future__ import annotations

import hashlib
import inspect
import itertools
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

from tests.benchmarks import cells as drawn
from tests.benchmarks.cells import PROTOCOLS, sweep_counts, write_cell

#: % of rheobase
AMPLITUDES = {
    "IDrest": (100, 150, 200, 250, 300),
    "IV": (-100, -60, -20, 20, 40),
    "APWaveform": (200, 250, 300, 350, 400),
    "sAHP": (150, 180, 210, 240, 300),
    "FirePattern": (100, 150, 200, 250, 300),
}
TOLERANCE = 10

#: Those of BluePyEModel's example of a layer-5 pyramidal cell (examples/L5PC/targets.py), filled up to 15 with those
#: that BluePyEfe chooses for its automatic targets
_FIRING = (
    "Spikecount mean_frequency time_to_first_spike time_to_last_spike inv_time_to_first_spike inv_first_ISI"
    " inv_second_ISI inv_third_ISI inv_last_ISI AHP_depth AHP_time_from_peak min_AHP_values depol_block_bool"
    " voltage_base AP_amplitude"
)
_WAVEFORM = (
    "AP_amplitude AP1_amp AP_duration_half_width AHP_depth AP2_amp AP_width AP_rise_time AP_fall_time AHP_depth_abs"
    " AHP_time_from_peak Spikecount AP_rise_rate AP_fall_rate AP_begin_voltage voltage_base"
)
_PASSIVE = (
    "voltage_base ohmic_input_resistance_vb_ssse steady_state_voltage_stimend voltage_deflection"
    " voltage_deflection_begin decay_time_constant_after_stim Spikecount sag_ratio1 sag_ratio2 sag_amplitude"
    " sag_time_constant voltage_deflection_vb_ssse minimum_voltage steady_state_voltage time_constant"
)
_AFTER = (
    "mean_frequency voltage_base depol_block_bool Spikecount time_to_first_spike inv_first_ISI inv_last_ISI ISI_CV"
    " AP_amplitude AP1_amp AHP_depth AHP_time_from_peak adaptation_index2 steady_state_voltage sag_amplitude"
)
FEATURES = {
    "IDrest": _FIRING,
    "IV": _PASSIVE,
    "APWaveform": _WAVEFORM,
    "sAHP": _AFTER,
    "FirePattern": _FIRING,
}


def targets(number: int = 375) -> list[dict[str, Any]]:
    """Return so many different targets: features at amplitudes; more of both the more there are.

    Up to 375 they are those of the workload, protocol by protocol; beyond, amplitudes in between are added.
    """
    found: list[dict[str, Any]] = []
    for shift in _shifts():
        for place in range(5):
            for k in range(15):
                for protocol, amplitudes in AMPLITUDES.items():
                    if len(found) == number:
                        return found
                    found.append(
                        {
                            "efeature": FEATURES[protocol].split()[k],
                            "protocol": protocol,
                            "amplitude": amplitudes[place] + shift,
                            "tolerance": TOLERANCE,
                        }
                    )
    return found


def _shifts() -> Iterator[float]:
    """Distances (% of rheobase) from the amplitudes of `AMPLITUDES`, each other than the ones before."""
    yield 0
    for k in range(1, 1000):
        yield from (k * 0.37, -k * 0.37)


@dataclass(frozen=True)
class Workload:
    """Cells in files, and what to extract from them.

    Parameters
    ----------
    paths : tuple of Path
    recordings : int
        Of each cell.
    """

    paths: tuple[pathlib.Path, ...]
    recordings: int

    def repeated(self, cells: int) -> Workload:
        """Return a workload of so many cells, of which several have the same file."""
        return replace(self, paths=tuple(itertools.islice(itertools.cycle(self.paths), cells)))

    @property
    def total(self) -> int:
        """Number of recordings."""
        return self.recordings * len(self.paths)

    @property
    def megabytes(self) -> float:
        """Size of the files."""
        return sum(path.stat().st_size for path in self.paths) / 1e6

    @property
    def samples(self) -> int:
        """Number of samples of voltage, and as many of current."""
        counts = sweep_counts(self.recordings)
        of_cell = (
            counts[name] * round(sequence.duration * sequence.rate / 1e3)
            for name, sequence in PROTOCOLS.items()
        )
        return sum(of_cell) * len(self.paths)

    def arguments(self, number_of_targets: int = 375, timings: bool = True) -> dict[str, Any]:
        """Return arguments of `extract_efeatures`; both packages take them.

        Without `timings` the steps must be found in the currents.
        """
        return {
            "files_metadata": {f"cell{k:05d}": _files(path, timings) for k, path in enumerate(self.paths)},
            "targets": targets(number_of_targets),
            "protocols_rheobase": ["IDthresh"],
            "rheobase_strategy": "absolute",
            "efel_settings": {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025},
        }


def _files(path: pathlib.Path, timings: bool) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                "filepath": str(path),
                "protocol_name": name,
                "ljp": 14.0,
                **(sequence.timings if timings else {}),
            }
        ]
        for name, sequence in PROTOCOLS.items()
    }


def make(cells: int = 20, recordings: int = 60, folder: str | os.PathLike | None = None) -> Workload:
    """Draw the cells that aren't there from an earlier run.

    Parameters
    ----------
    cells : int
    recordings : int
        Of each cell, of all protocols together.
    folder : path, optional
        Where the files are kept; a folder of the system's temporary files by default, by the state of `cells`.
    """
    state = hashlib.sha256(inspect.getsource(drawn).encode()).hexdigest()[:10]
    base = pathlib.Path(folder or tempfile.gettempdir())
    place = base / f"efewidgets-benchmark-{state}-{recordings}"
    place.mkdir(parents=True, exist_ok=True)
    for old in base.glob("efewidgets-benchmark-*"):
        if f"-{state}-" not in old.name:
            shutil.rmtree(old, ignore_errors=True)
    write = partial(write_cell, place, recordings=recordings)
    if all((place / f"cell{k:04d}.nwb").exists() for k in range(cells)):
        return Workload(tuple(place / f"cell{k:04d}.nwb" for k in range(cells)), recordings)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return Workload(tuple(pool.map(write, range(cells))), recordings)
