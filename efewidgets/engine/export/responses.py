"""A model's responses as recordings: the same stimuli, files that the readers know, so that features are the same.

Responses are called as BluePyOpt and BluePyEModel call them: ``<protocol>.soma.v``, ``<protocol>.iclamp.i``, and
``bpo_holding_current`` and ``bpo_threshold_current`` for what was found of the model.
"""

from __future__ import annotations

import csv
import io
import math
import os
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..problems import EfeError
from .pieces import draw, held_by
from .search import find_holding, find_rheobase

#: ``model(time, current)`` returns the voltage; ms, nA, mV, arrays (n,)
Model = Callable[[np.ndarray, np.ndarray], Any]

HOLDING, RHEOBASE = "bpo_holding_current", "bpo_threshold_current"

#: ms; the step of a model that is played here, and to which responses of varying step are brought
STEP_MS = 0.05


@dataclass
class ModelFiles:
    """A model's responses as files.

    Parameters
    ----------
    files : dict of bytes
        By name.
    protocols : dict
        ``{protocol: [metadata]}`` as of a cell, of which "filepath" is the name of a file.
    rheobase : float or None
        The model's, nA.
    passed_over : list of str
        Responses that are of no protocol of the fit, or have no samples.
    """

    rheobase: float | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    protocols: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)


def play(model: Model, fit: Mapping[str, Any], dt: float = STEP_MS) -> dict[str, Any]:
    """Return the responses of a function to all protocols of a fit.

    Of a threshold-based fit the function's holding current and rheobase are found first.

    Parameters
    ----------
    model : callable
        ``model(time, current)``: ms and nA, arrays (n,); returns mV, array (n,). It begins at rest under the first
        current.
    fit : dict
        As `fit.fit_data` returns it.
    dt : float
        ms.

    Raises
    ------
    EfeError
        If it returns something else than a voltage for each time, or has no holding current or rheobase.
    """

    def voltage(time: np.ndarray, current: np.ndarray) -> np.ndarray:
        found = np.asarray(model(time, current), dtype=float)
        if found.shape != time.shape:
            raise EfeError(
                f"a model must return a voltage (mV) for each of {len(time)} times, but returned an array of shape "
                f"{found.shape}."
            )
        return found

    def pulse(step: Mapping[str, float], amp: float, holding: float) -> tuple[np.ndarray, np.ndarray]:
        time = np.arange(round(step["totduration"] / dt)) * dt
        part = {"shape": "square", "delay": step["delay"], "duration": step["duration"], "amp": amp}
        return time, voltage(time, draw([part], time, holding))

    found: dict[str, Any] = {}
    holding = rheobase = None
    if fit["threshold_based"]:
        holding = find_holding(pulse, fit["holding"])
        if holding is None:
            raise EfeError(
                f"no current brings the model to the holding voltage of {fit['holding']['voltage']:.4g} mV."
            )
        rheobase = find_rheobase(pulse, fit["rheobase"], holding)
        if rheobase is None:
            raise EfeError(
                "no rheobase is found of the model: it has spikes without a stimulus, or none at sixteen times the "
                f"cells' rheobase of {fit['rheobase']['mean']:.4g} nA."
            )
        found = {HOLDING: holding, RHEOBASE: rheobase}
    for name, protocol in fit["protocols"].items():
        time = np.arange(round(protocol["totduration"] / dt)) * dt
        current = _stimulus(protocol, time, holding, rheobase)
        found[f"{name}.soma.v"] = {"time": time, "voltage": voltage(time, current)}
        found[f"{name}.iclamp.i"] = {"time": time, "voltage": current}
    return found


def _stimulus(
    protocol: Mapping[str, Any], time: np.ndarray, holding: float | None, rheobase: float | None
) -> np.ndarray:
    return draw(protocol["pieces"], time, held_by(protocol, holding), rheobase)


def read_responses(
    source: Mapping[str, Any] | str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    seen: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return responses: those of a dictionary, of a folder, or of files.

    Parameters
    ----------
    source : dict, path or list of path
        What a BluePyOpt protocol or evaluator returns; or a folder of BluePyEModel's ``<name>.dat`` (``recordings/…``),
        or of ``<name>.csv`` as BluePyOpt's TimeVoltageResponse writes them; or such files.
    seen : callable, optional
        ``seen(done, of)`` is called before each file.

    Raises
    ------
    EfeError
        If there is no response.
    """
    if isinstance(source, Mapping):
        found = dict(source)
    else:
        paths = _files_in(source) if isinstance(source, (str, os.PathLike)) else map(pathlib.Path, source)
        files = [path for path in paths if path.suffix in (".dat", ".csv")]
        found = {}
        for done, path in enumerate(files):
            if seen is not None:
                seen(done, len(files))
            found[path.stem] = _read_file(path)
    if not any(str(name).endswith(".v") for name in found):
        raise EfeError(
            "there is no response of a model: they are called <protocol>.soma.v, as BluePyOpt and BluePyEModel call "
            "them."
        )
    return found


def _files_in(source: str | os.PathLike[str]) -> list[pathlib.Path]:
    folder = pathlib.Path(source)
    if not folder.is_dir():
        raise EfeError(
            f"{folder} isn't a folder of responses. (Of a pickle, give the dictionary that it holds.)"
        )
    return sorted(folder.iterdir())


def _read_file(path: pathlib.Path) -> Any:
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            return {key: np.array([float(row[key]) for row in rows]) for key in ("time", "voltage")}
        data = np.loadtxt(path, encoding="utf-8", ndmin=1)
    except (ValueError, KeyError, TypeError) as error:
        raise EfeError(f"{path.name} isn't a response of a model: {error}.") from None
    if data.ndim == 1:  # a current that was found, alone in its file
        return float(data[0]) if len(data) == 1 else {"time": data[:1], "voltage": data[1:2]}
    return {"time": data[:, 0], "voltage": data[:, 1]}


def model_files(responses: Mapping[str, Any], fit: Mapping[str, Any]) -> ModelFiles:
    """Return a model's responses as files that are read as any recording is.

    Parameters
    ----------
    responses : dict
        As `read_responses` or `play` returns them.
    fit : dict
        Which protocols they are of; as `fit.fit_data` returns it.

    Raises
    ------
    EfeError
        If none is of a protocol of the fit, or it isn't known what the model was played.
    """
    holding, rheobase = (_number(responses.get(name)) for name in (HOLDING, RHEOBASE))
    found = ModelFiles(rheobase)
    for name, response in responses.items():
        protocol, _, variable = str(name).partition(".")
        if variable != "soma.v":
            continue
        samples = samples_of(response)
        if protocol not in fit["protocols"] or samples is None:
            found.passed_over.append(str(name))
            continue
        played = samples_of(responses.get(f"{protocol}.iclamp.i"))
        _add(found, protocol, samples, played, fit, holding)
    if not found.files:
        raise EfeError(
            f"none of the responses is of a protocol of the targets ({', '.join(fit['protocols'])}); there are "
            f"{', '.join(found.passed_over) or 'none'}."
        )
    return found


def _add(
    found: ModelFiles,
    name: str,
    samples: tuple[Any, ...],
    played: tuple[Any, ...] | None,
    fit: Mapping[str, Any],
    holding: float | None,
) -> None:
    protocol = fit["protocols"][name]
    time = np.arange(math.floor(samples[0][-1] / STEP_MS + 1e-6)) * STEP_MS
    if played is not None:
        current = np.interp(time, *played)
    elif fit["threshold_based"] and (holding is None or found.rheobase is None):
        raise EfeError(
            f"{HOLDING} and {RHEOBASE} aren't among the responses, so that it isn't known what the model was played "
            "under % of its rheobase."
        )
    else:
        current = _stimulus(
            protocol, time, *((holding, found.rheobase) if fit["threshold_based"] else (None, None))
        )
    file = f"{re.sub(r'[^A-Za-z0-9_.+-]', '_', name)}.csv"
    table = np.column_stack([time, np.interp(time, *samples), current])
    text = io.StringIO()
    text.write("time (ms),voltage (mV),current (nA)\n")
    np.savetxt(text, table, fmt=("%.10g", "%.8g", "%.9g"), delimiter=",", newline="\n")
    found.files[file] = text.getvalue().encode()
    metadata = {"filepath": file, "ecode": protocol["kind"], **protocol["timings"]}
    found.protocols.setdefault(name.rpartition("_")[0], []).append(metadata)


def samples_of(response: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return time (ms, rising) and values of a response; None if it has none, or a model that left all bounds.

    With a varying step there are several samples at one time where a stimulus begins or ends; the last one counts.
    """
    try:
        time, values = (np.asarray(response[key], dtype=float) for key in ("time", "voltage"))
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    if time.ndim != 1 or time.shape != values.shape or len(time) < 2:
        return None
    if not (np.isfinite(values).all() and np.isfinite(time).all()):
        return None
    rises = np.append(np.diff(time) > 0.0, True)
    return (time, values) if rises.all() else (time[rises], values[rises])


def _number(value: Any) -> float | None:
    try:
        found = float(np.ravel(value)[0])
    except (TypeError, ValueError, IndexError):
        return None
    return found if math.isfinite(found) else None
