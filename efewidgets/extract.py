"""From recordings to the feature files that neuron models are fitted to: BluePyEfe's functions, made anew.

`extract_efeatures` is the whole method: read the recordings, find each cell's rheobase, compute features, average
them over the recordings whose stimulus has the same amplitude, and write features.json, protocols.json and
holding_threshold_currents.json. The other functions are its steps.

What is wrong with one file, one recording or one target is logged and told by `Cell.all_problems()`; the rest
goes on. What leaves nothing to work with raises `EfeError`, a ValueError.
"""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from .engine.extraction.cells import group, read_cells
from .engine.extraction.run import run_extraction
from .engine.extraction.writing import RunSettings, write_extraction
from .engine.features.efel_features import DEFAULT_EFEL_SETTINGS, check_settings
from .engine.names import folder_names
from .engine.outputs.standard_files import build_currents, build_outputs, save_outputs
from .engine.parallel import run, workers_of
from .engine.problems import EfeError, Problem
from .engine.recordings.cell import Cell
from .engine.recordings.computing import compute_features, request_features
from .engine.recordings.recording import Recording
from .engine.stages.options import Options
from .engine.targets.automatic import AutoTarget, default_auto_targets
from .engine.targets.matching import Protocol, check_mode, unmatched_problems
from .engine.targets.rheobase import assign, check_strategy
from .engine.targets.targets import EFeatureTarget, check_targets, convert_legacy_targets
from .engine.traces.trace import truth

__all__ = [
    "DEFAULT_EFEL_SETTINGS",
    "AutoTarget",
    "Cell",
    "EFeatureTarget",
    "EfeError",
    "Problem",
    "Protocol",
    "Recording",
    "cells_pickle_output_path",
    "compute_rheobase",
    "convert_legacy_targets",
    "create_feature_protocol_files",
    "default_auto_targets",
    "extract_efeatures",
    "extract_efeatures_at_targets",
    "extract_efeatures_per_cell",
    "group_efeatures",
    "plot_all_recordings_efeatures",
    "plot_recordings",
    "protocols_pickle_output_path",
    "read_recordings",
]

logger = logging.getLogger(__name__)
#: Programs that run extractions wait for one line of BluePyEfe's log
peer_logger = logging.getLogger("bluepyefe.extract")

FilesMetadata = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
Targets = Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]


def cells_pickle_output_path(output_directory: pathlib.Path) -> pathlib.Path:
    """Return the path of cells.pkl in an output folder."""
    return pathlib.Path(output_directory) / "cells.pkl"


def protocols_pickle_output_path(output_directory: pathlib.Path) -> pathlib.Path:
    """Return the path of protocols.pkl in an output folder."""
    return pathlib.Path(output_directory) / "protocols.pkl"


def read_recordings(
    files_metadata: FilesMetadata,
    recording_reader: Callable[..., Any] | None = None,
    map_function: Callable[..., Any] = map,
    efel_settings: Mapping[str, Any] | None = None,
    *,
    executor: Executor | None = None,
) -> list[Cell]:
    """Read recordings, find the stimulus in each and count its spikes.

    Parameters
    ----------
    files_metadata : dict
        ``{cell: {protocol: [metadata of a file, …]}}``. What the metadata of a file hold depends on its format; see
        `efewidgets.engine.readers`.
    recording_reader : callable, optional
        A lab's own reader: metadata in, list of dicts with voltage and current out.
    map_function : callable
        Any map; it is given one file at a time.
    efel_settings : dict, optional
        eFEL settings that decide what a spike is. Without "Threshold" each recording has its own: 20 mV above the
        median of its baseline or of its step, whichever is higher.
    executor : concurrent.futures.Executor, optional
        Reads the files instead of `map_function`.

    Returns
    -------
    list of Cell
        Recordings keep their samples.

    Raises
    ------
    EfeError
        If `files_metadata` names no file, or a setting isn't known.
    """
    check_settings(efel_settings or {})
    runner = partial(run, map_function=map_function, executor=executor)
    cells = read_cells(files_metadata, recording_reader, efel_settings, runner)
    _log([problem for cell in cells for problem in cell.all_problems()])
    return cells


def extract_efeatures_at_targets(
    cells: Sequence[Cell],
    targets: Sequence[Mapping[str, Any]],
    map_function: Callable[..., Any] = map,
    efel_settings: Mapping[str, Any] | None = None,
    *,
    executor: Executor | None = None,
) -> list[Cell]:
    """Compute the features that the targets name, on all recordings of their protocols.

    They are computed now, on the recordings as they are now, whatever was computed before; later changes of a
    recording don't count until they are computed again.

    Parameters
    ----------
    cells : list of Cell
    targets : list of dict
        ``{"efeature", "protocol", "amplitude", "tolerance", "efel_settings", "efeature_name"}``; the last two may be
        left out.
    map_function : callable
        Any map; it is given a few recordings of one file at a time.
    efel_settings : dict, optional
        eFEL settings; a target's own beat them.
    executor : concurrent.futures.Executor, optional
        Computes instead of `map_function`.

    Returns
    -------
    list of Cell
        The same cells.

    Raises
    ------
    EfeError
        If a setting isn't known, or no target can be used.
    """
    check_settings(efel_settings or {})
    request_features(cells, _usable(targets), efel_settings, anew=True)
    recordings = [recording for cell in cells for recording in cell.recordings]
    runner = partial(run, map_function=map_function, executor=executor)
    _log(compute_features(recordings, runner))
    return list(cells)


def compute_rheobase(
    cells: Sequence[Cell],
    protocols_rheobase: Sequence[str],
    rheobase_strategy: str = "absolute",
    rheobase_settings: Mapping[str, Any] | None = None,
) -> None:
    """Find each cell's rheobase and express its amplitudes in % of it.

    Parameters
    ----------
    cells : list of Cell
        Their `rheobase` (nA) is set; None where there is none.
    protocols_rheobase : list of str
        Names of the protocols whose sweeps are looked at.
    rheobase_strategy : {"absolute", "flush", "majority", "interpolation"}
        "absolute": lowest amplitude with at least ``spike_threshold`` (1) spikes. "flush": lowest amplitude with
        spikes whose next ``flush_length`` (1) sweeps fire too; a sweep with more than ``upper_bound_spikecount``
        spikes ends the search. "majority": centre of the lowest bin of ``min_step`` (0.01 nA) in which at least
        ``majority`` (0.5) of the sweeps fire. "interpolation": where a line through current over spike count meets
        one spike.
    rheobase_settings : dict, optional
        The settings named above.

    Raises
    ------
    EfeError
        If the strategy or a setting isn't known.
    """
    check_strategy(rheobase_strategy, rheobase_settings)
    names = [protocols_rheobase] if isinstance(protocols_rheobase, str) else list(protocols_rheobase)
    for cell in cells:
        decision = assign(cell, names, rheobase_strategy, rheobase_settings)
        _log([problem.at(cell=cell.name) for problem in decision.problems])


def group_efeatures(
    cells: Sequence[Cell],
    targets: Sequence[Mapping[str, Any]],
    absolute_amplitude: bool = False,
    use_global_rheobase: bool = True,
    protocol_mode: str = "mean",
    efel_settings: Mapping[str, Any] | None = None,
    *,
    map_function: Callable[..., Any] = map,
    executor: Executor | None = None,
) -> list[Protocol]:
    """Put recordings and their features into the targets they fall into.

    Parameters
    ----------
    cells : list of Cell
    targets : list of dict
    absolute_amplitude : bool
        Whether amplitudes and tolerances are in nA instead of % of rheobase.
    use_global_rheobase : bool
        Whether stimuli are given as their mean % of the mean rheobase of all cells. Otherwise they are the mean
        of the currents themselves, which can put a target of 150 % below one of 100 % if the cells differ.
    protocol_mode : {"mean", "median", "min", "max", "lnmc"}
        How one stimulus is had from the recordings of a target; see `Protocol`.
    efel_settings : dict, optional
        eFEL settings, as given to `extract_efeatures_at_targets`.
    map_function, executor : optional
        Compute what wasn't computed yet.

    Returns
    -------
    list of Protocol
        One for each protocol and amplitude, in the order of the targets.

    Raises
    ------
    EfeError
        If the mode or a setting isn't known, or no target can be used.
    """
    check_mode(protocol_mode)
    check_settings(efel_settings or {})
    runner = partial(run, map_function=map_function, executor=executor)
    protocols = group(
        cells, _usable(targets), absolute_amplitude, use_global_rheobase, protocol_mode, efel_settings, runner
    )
    _log(unmatched_problems(cells, protocols))
    _log_absent(cells, protocols, absolute_amplitude)
    return protocols


def create_feature_protocol_files(
    cells: Sequence[Cell],
    protocols: Sequence[Protocol],
    output_directory: str | pathlib.Path | None = None,
    threshold_nvalue_save: int = 1,
    write_files: bool = True,
    save_files_used: bool = False,
    default_std_value: float = 1e-3,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Average the features of each target and write the three output files.

    Parameters
    ----------
    cells : list of Cell
    protocols : list of Protocol
    output_directory : path
        Where the files go.
    threshold_nvalue_save : int
        How many values a feature must have to be in the output.
    write_files : bool
        Whether to write, or only to return.
    save_files_used : bool
        Whether each feature lists the files it is from.
    default_std_value : float
        Stands in for a standard deviation of 0.

    Returns
    -------
    features, protocols, currents : dict
        What features.json, protocols.json and holding_threshold_currents.json hold (mV, ms, nA). Currents that there
        are not, as a rheobase, are nan here and null in the file.

    Raises
    ------
    EfeError
        If files are to be written and there is no folder for them.
    """
    features, stimuli, problems = build_outputs(
        protocols, threshold_nvalue_save, save_files_used, default_std_value
    )
    currents = build_currents(cells, default_std_value)
    _log(problems)
    if write_files:
        if not output_directory:
            raise EfeError("output_directory must name a folder if files are to be written.")
        save_outputs(output_directory, features, stimuli, currents)
    return features, stimuli, _numbers(currents, cells)


def extract_efeatures_per_cell(
    files_metadata: FilesMetadata,
    cells: Sequence[Cell],
    output_directory: str | pathlib.Path,
    targets: Sequence[Mapping[str, Any]],
    protocol_mode: str,
    threshold_nvalue_save: int,
    write_files: bool,
    default_std_value: float = 1e-3,
    *,
    absolute_amplitude: bool = False,
    efel_settings: Mapping[str, Any] | None = None,
    save_files_used: bool = False,
) -> dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Average the features cell by cell, and write each cell's three files into a folder of its own.

    Parameters are as in `extract_efeatures`; `efel_settings` must be those of the extraction.

    Returns
    -------
    dict
        For each cell what `create_feature_protocol_files` returns.
    """
    outputs = {}
    folders = folder_names(map(str, files_metadata))
    for cell in cells:
        if cell.name not in folders:
            continue
        protocols = group_efeatures([cell], targets, absolute_amplitude, True, protocol_mode, efel_settings)
        outputs[cell.name] = create_feature_protocol_files(
            [cell],
            protocols,
            pathlib.Path(output_directory) / folders[cell.name],
            threshold_nvalue_save,
            write_files,
            save_files_used,
            default_std_value,
        )
    return outputs


def extract_efeatures(
    output_directory: str | pathlib.Path,
    files_metadata: FilesMetadata,
    targets: Targets | None = None,
    threshold_nvalue_save: int = 1,
    protocols_rheobase: Sequence[str] | None = None,
    absolute_amplitude: bool = False,
    recording_reader: Callable[..., Any] | None = None,
    map_function: Callable[..., Any] = map,
    write_files: bool = False,
    plot: bool = False,
    low_memory_mode: bool = False,
    protocol_mode: str = "mean",
    efel_settings: Mapping[str, Any] | None = None,
    extract_per_cell: bool = False,
    rheobase_strategy: str = "absolute",
    rheobase_settings: Mapping[str, Any] | None = None,
    auto_targets: Sequence[AutoTarget] | None = None,
    pickle_cells: bool = False,
    default_std_value: float = 1e-3,
    *,
    executor: Executor | None = None,
    save_files_used: bool = False,
    rheobase_values: Mapping[str, float] | None = None,
    models: Sequence[str] | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Extract features from recordings, averaged over the recordings that fall into each target.

    Parameters
    ----------
    output_directory : path
        Where files go.
    files_metadata : dict
        ``{cell: {protocol: [metadata of a file, …]}}``; a file that holds several protocols stands under each.
    targets : list of dict, optional
        ``{"efeature", "protocol", "amplitude", "tolerance", "efel_settings", "efeature_name", "min_values"}``,
        amplitude and tolerance in % of rheobase, or in nA if `absolute_amplitude`; ``min_values`` stands in for
        `threshold_nvalue_save`. The old form, a dictionary of protocols, is
        converted. Without targets they are chosen automatically.
    threshold_nvalue_save : int
        How many values a feature must have to be in the output.
    protocols_rheobase : list of str, optional
        Names of the protocols that decide the rheobase, e.g. ``["IDthresh"]``; common names of steps by default.
    absolute_amplitude : bool
        Whether targets are in nA; no rheobase is needed then.
    recording_reader : callable, optional
        A lab's own reader: metadata in, list of dicts with voltage and current out.
    map_function : callable
        Any map (a pool's, …); it is given one file, or a few recordings of one, at a time.
    write_files : bool
        Whether features.json, protocols.json and holding_threshold_currents.json are written.
    plot : bool
        Whether figures of recordings, features, rheobase and impedance are drawn.
    low_memory_mode : bool
        Work on one recording after the other, in this process, whatever the map.
    protocol_mode : {"mean", "median", "min", "max", "lnmc"}
        How one stimulus is had from the recordings of a target; see `Protocol`.
    efel_settings : dict, optional
        eFEL settings; a target's own beat them. None stands for `DEFAULT_EFEL_SETTINGS`. Without "Threshold"
        each recording has its own.
    extract_per_cell : bool
        Whether each cell has its own three files too, in a folder of its name.
    rheobase_strategy, rheobase_settings
        See `compute_rheobase`.
    auto_targets : list of AutoTarget, optional
        Goals for the automatic choice of targets; `default_auto_targets` by default. They are left as they are.
    pickle_cells : bool
        Whether cells.pkl and protocols.pkl are written, samples and all.
    default_std_value : float
        Stands in for a standard deviation of 0.
    executor : concurrent.futures.Executor, optional
        Does the work instead of `map_function`.
    save_files_used : bool
        Whether each feature lists the files it is from.
    rheobase_values : dict, optional
        Rheobases set by hand, ``{cell: nA}``; they beat the rule.
    models : list of str, optional
        Names of cells that are models, looked at beside the cells in a state; they are left out here.

    Returns
    -------
    features, protocols, currents : dict
        What the three files hold (mV, ms, nA); currents that there are not, as a rheobase, are nan here and null in
        the file. Files that hold none of the protocols give empty outputs, and a warning.

    Raises
    ------
    EfeError
        If an argument can't be used, or no recording could be read; also a FileNotFoundError if no file is there.
    """
    options = Options(
        files_metadata=files_metadata,
        targets=targets,
        protocols_rheobase=protocols_rheobase,
        absolute_amplitude=absolute_amplitude,
        recording_reader=recording_reader,
        protocol_mode=protocol_mode,
        efel_settings=efel_settings,
        rheobase_strategy=rheobase_strategy,
        rheobase_settings=rheobase_settings,
        rheobase_values=rheobase_values,
        auto_targets=auto_targets,
        threshold_nvalue_save=threshold_nvalue_save,
        default_std_value=default_std_value,
        save_files_used=save_files_used,
        models=models,
    )
    if truth("low_memory_mode", low_memory_mode):
        map_function, executor = map, None
    settings = RunSettings(
        output_directory=None if output_directory is None else str(output_directory),
        write_files=truth("write_files", write_files),
        plot=truth("plot", plot),
        extract_per_cell=truth("extract_per_cell", extract_per_cell),
        pickle_cells=truth("pickle_cells", pickle_cells),
    )
    settings.check()
    runner = partial(run, map_function=map_function, executor=executor)
    workers = workers_of(executor, map_function)
    result = run_extraction(options, runner, workers, may_be_empty=True)
    _log(result.problems)
    _log_absent(result.cells, result.protocols, absolute_amplitude)
    _log(write_extraction(result, settings, executor).problems)
    return result.features, result.protocols_dict, _numbers(result.currents, result.cells)


def plot_all_recordings_efeatures(
    cells: Sequence[Cell],
    protocols: Sequence[Protocol],
    output_dir: str | pathlib.Path | None = None,
    show: bool = False,
    mapper: Callable[..., Any] = map,
    efel_settings: Mapping[str, Any] | None = None,
    *,
    executor: Executor | None = None,
) -> list[pathlib.Path]:
    """Draw recordings, features, rheobases and impedances of cells and their protocols into PDFs.

    Parameters
    ----------
    cells : list of Cell
    protocols : list of Protocol
    output_dir : path, optional
        Where the figures go; without, none are written.
    show : bool
        Whether they are shown, too, if this is a notebook.
    mapper : callable
        Taken for BluePyEfe's sake; `executor` draws in parallel.
    efel_settings : dict, optional
        eFEL settings of the extraction.
    executor : concurrent.futures.Executor, optional

    Returns
    -------
    list of Path
        The figures.
    """
    from .engine.figures import all_figures, draw_and_show

    jobs = all_figures(cells, protocols, efel_settings=efel_settings)
    paths, problems = draw_and_show(jobs, output_dir, show, executor)
    _log(problems)
    return paths


def plot_recordings(
    files_metadata: FilesMetadata,
    output_directory: str | pathlib.Path = "./figures/",
    recording_reader: Callable[..., Any] | None = None,
    map_function: Callable[..., Any] = map,
    *,
    executor: Executor | None = None,
) -> list[pathlib.Path]:
    """Draw all recordings with the stimulus and the spikes found in them; one PDF a cell and protocol.

    Parameters are as in `read_recordings`.

    Returns
    -------
    list of Path
        The figures.
    """
    from .engine.figures import draw_all, recordings_figures

    cells = read_recordings(files_metadata, recording_reader, map_function, executor=executor)
    jobs = [job for cell in cells for job in recordings_figures(cell)]
    paths, problems = draw_all(jobs, output_directory, executor=executor)
    _log(problems)
    return paths


def _usable(targets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    good, problems = check_targets(targets)
    _log(problems)
    if targets and not good:
        raise EfeError(
            "none of the targets can be used: " + "; ".join(str(problem) for problem in problems[:3])
        )
    return good


def _numbers(currents: Mapping[str, Any], cells: Sequence[Cell]) -> dict[str, Any]:
    """Return currents to calculate with: nan where there is none."""
    found: dict[str, Any] = {
        name: [np.nan if number is None else number for number in value] if isinstance(value, list) else value
        for name, value in currents.items()
    }
    found["all_holding_current"] = {
        cell.name: np.nan for cell in sorted(cells, key=lambda cell: cell.name)
    } | dict(currents["all_holding_current"])
    return found


def _log_absent(cells: Sequence[Cell], protocols: Sequence[Protocol], absolute_amplitude: bool) -> None:
    """Log, in BluePyEfe's words and place, which protocols no cell has that could be looked at."""
    usable = [cell for cell in cells if absolute_amplitude or cell.rheobase is not None]
    there = {name for cell in usable for name in cell.get_protocol_names()}
    for name in dict.fromkeys(protocol.name for protocol in protocols if protocol.name not in there):
        peer_logger.warning("Protocol '%s' not found in any cell recordings.", name)


def _log(problems: Sequence[Problem]) -> None:
    levels = {"error": logging.ERROR, "warning": logging.WARNING, "note": logging.INFO}
    for problem in problems:
        logger.log(levels[problem.severity], "%s", problem)
