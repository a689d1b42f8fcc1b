"""Sample recordings: simulated cells of three firing types, and the virtual cells behind them.

Five cells (two regular-spiking, one of them with sag; one intrinsically bursting; two fast-spiking) went
through the same experiment: IDthresh, IDrest, IV, APWaveform, sAHP, APThreshold (a ramp) and SineSpec (a
chirp). See `models` for the cells and their sources, `samples` for the experiment, `rig` for the noise; and
`simulator.simulate` for the voltage of any of them under any current.

    >>> from efewidgets import datasets
    >>> datasets.sample_cells()
    ['RS1', 'RS2', 'IB1', 'FS1', 'FS2']
    >>> from efewidgets.extract import extract_efeatures
    >>> features, protocols, currents = extract_efeatures("out", **datasets.sample_config())
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import CellModel

__all__ = [
    "make_samples",
    "sample_cells",
    "sample_config",
    "sample_files_metadata",
    "sample_folder",
    "sample_targets",
    "virtual_cell",
]


def sample_cells(firing_type: str | None = None) -> list[str]:
    """Names of the sample cells, of one firing type ("RS", "IB", "FS") or of all."""
    from .samples import SAMPLES

    return [name for name, sample in SAMPLES.items() if firing_type in (None, sample.firing_type)]


def sample_folder() -> Path:
    """Folder with the sample recordings (``<cell>.nwb``) and their ``samples.json``."""
    return Path(__file__).resolve().parent / "recordings"


def virtual_cell(name: str) -> CellModel:
    """Model behind a sample cell; `simulator.simulate` gives its voltage for any current."""
    return _sample(name).model


def sample_files_metadata(
    cells: Sequence[str] | None = None, *, timings: bool = False, folder: str | Path | None = None
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Metadata of the sample recordings, as `extract_efeatures` takes them.

    Parameters
    ----------
    cells : list of str, optional
        Default: all.
    timings : bool
        Give the times of the stimulus for all protocols. By default only where an experimenter would:
        those of the steps are left to be found in the current.
    folder : path, optional
        Where the files are; default: those of the package. ``""`` gives bare file names.

    Returns
    -------
    dict
        ``{cell: {protocol: [{"filepath": …, "ljp": mV, "ton": ms, …}]}}``
    """
    from .samples import PROTOCOLS

    place = sample_folder() if folder is None else Path(folder)
    return {
        name: {
            protocol.name: [
                {
                    "filepath": str(place / f"{name}.nwb"),
                    "ljp": _sample(name).ljp,
                    **(protocol.timings if timings or protocol.shape != "step" else {}),
                }
            ]
            for protocol in PROTOCOLS
        }
        for name in (sample_cells() if cells is None else cells)
    }


def sample_targets() -> list[dict[str, Any]]:
    """Targets that the sample recordings reach, in % of rheobase."""
    from .samples import ROLES, TARGETS

    targets: list[dict[str, Any]] = [
        {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": tolerance}
        for protocol, amplitudes, tolerance, efeatures in TARGETS
        for amplitude in amplitudes
        for efeature in efeatures
    ]
    roles = [ROLES.get((t["protocol"], t["amplitude"], t["efeature"])) for t in targets]
    return [t | ({"role": role} if role else {}) for t, role in zip(targets, roles, strict=True)]


def sample_config(
    cells: Sequence[str] | None = None, *, timings: bool = False, folder: str | Path | None = None
) -> dict[str, Any]:
    """All arguments of `extract_efeatures` but the output directory, for the sample recordings.

    Features of different firing types have no meaningful mean: for the features of one type give
    ``cells=sample_cells("RS")``.

    Parameters
    ----------
    cells, timings, folder
        As for `sample_files_metadata`.
    """
    return {
        "files_metadata": sample_files_metadata(cells, timings=timings, folder=folder),
        "targets": sample_targets(),
        "protocols_rheobase": ["IDthresh"],
        "rheobase_strategy": "absolute",
        "rheobase_settings": {"spike_threshold": 1},
        "efel_settings": {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025},
        "write_files": True,
    }


def make_samples(folder: str | Path, cells: Sequence[str] | None = None) -> list[Path]:
    """Simulate the sample cells and write their recordings, and ``samples.json`` beside them.

    Takes about ten seconds a cell.

    Parameters
    ----------
    folder : path
        Created if missing; files of the same names are replaced.
    cells : list of str, optional
        Default: all.

    Returns
    -------
    list of Path
        The recordings.
    """
    import json

    from .nwbfile import write_nwb
    from .samples import record

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in sample_cells() if cells is None else cells:
        paths.append(folder / f"{name}.nwb")
        write_nwb(paths[-1], _sample(name), record(_sample(name)))
    config = json.dumps(sample_config(cells, folder=""), indent=1)
    (folder / "samples.json").write_text(config + "\n", encoding="utf-8", newline="\n")
    return paths


def _sample(name: str) -> Any:
    from efewidgets.engine.problems import EfeError, nearest

    from .samples import SAMPLES

    if name not in SAMPLES:
        raise EfeError(
            f"No sample cell is called {name!r}: there are {', '.join(SAMPLES)}.{nearest(name, SAMPLES)}"
        )
    return SAMPLES[name]
