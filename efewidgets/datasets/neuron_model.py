"""The virtual cells in NEURON, for fits: one compartment, whose conductances may be unknown.

NEURON and BluePyOpt are needed for `cell_model`, and a C compiler for the mechanism (``nrnivmodl``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from efewidgets.engine.problems import EfeError

from .models import CellModel

__all__ = ["CONDUCTANCES", "cell_model", "compile_mechanisms"]

#: The conductances of a `CellModel` that may be fitted
CONDUCTANCES = ("g_leak", "g_na", "g_kd", "g_m", "g_l", "g_t", "g_h")


def compile_mechanisms(folder: str | Path) -> Path:
    """Compile the mechanism into a folder and load it into this process's NEURON; return the folder.

    What has been compiled there before is taken as it is.

    Raises
    ------
    EfeError
        If there is no nrnivmodl, or it fails; with its own words.
    """
    folder = Path(folder).resolve()
    place = folder / "mechanisms"
    place.mkdir(parents=True, exist_ok=True)
    for source in Path(__file__).with_name("mechanisms").glob("*.mod"):
        shutil.copy(source, place / source.name)
    if not _library(folder):
        program = shutil.which("nrnivmodl") or shutil.which(
            "nrnivmodl", path=str(Path(sys.executable).parent)
        )
        if program is None:
            raise EfeError("NEURON's nrnivmodl, which compiles mechanisms, isn't there. Install NEURON.")
        done = subprocess.run(
            [program, "mechanisms"],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode or not _library(folder):
            raise EfeError(
                f"nrnivmodl couldn't compile the mechanism:\n{(done.stdout + done.stderr)[-2000:]}"
            )
    _load(folder)
    return folder


def _library(folder: Path) -> Path | None:
    names = ("nrnmech.dll", "libnrnmech.*")  # as it is called on Windows, and elsewhere
    return next((path for name in names for path in sorted(folder.glob(f"**/{name}"))), None)


def _load(folder: Path) -> None:
    os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")  # it asks for a display otherwise
    from neuron import h

    if not hasattr(h, "cortical"):
        h.nrn_load_dll(str(_library(folder)))


def cell_model(
    model: CellModel, folder: str | Path, free: Mapping[str, tuple[float, float]] | None = None
) -> Any:
    """Return a virtual cell as BluePyOpt's model.

    Parameters
    ----------
    model : CellModel
    folder : path
        Where the morphology is written.
    free : dict, optional
        Bounds (mS/cm²) of the conductances that aren't known, by the names of `CellModel`'s attributes.

    Returns
    -------
    bluepyopt.ephys.models.CellModel
        Its parameters are called as the attributes of `CellModel`, in mS/cm².
    """
    from bluepyopt import ephys

    unknown = set(free or ()) - set(CONDUCTANCES)
    if unknown:
        raise EfeError(f"{', '.join(sorted(unknown))} can't be fitted: there are {', '.join(CONDUCTANCES)}.")
    somatic = ephys.locations.NrnSeclistLocation("somatic", seclist_name="somatic")
    mechanisms = [
        ephys.mechanisms.NrnMODMechanism(name=name, suffix=name, locations=[somatic])
        for name in ("cortical", "pas")
    ]
    fixed = {
        "cm": model.capacitance, "e_pas": model.e_leak, "ena": model.e_na, "ek": model.e_k, "eca": model.e_ca,
        "e_h_cortical": model.e_h, "v_t_cortical": model.v_t, "v_x_cortical": model.v_x,
        "tau_max_cortical": model.tau_max,
    }  # fmt: skip
    parameters = [
        ephys.parameters.NrnSectionParameter(
            name=n, param_name=n, value=value, frozen=True, locations=[somatic]
        )
        for n, value in fixed.items()
    ]
    start = ephys.parameters.NrnGlobalParameter("v_init", model.e_leak, frozen=True, param_name="v_init")
    return ephys.models.CellModel(
        name="".join(c if c.isalnum() else "_" for c in model.name),
        morph=ephys.morphologies.NrnFileMorphology(str(_morphology(model, Path(folder)))),
        mechs=mechanisms,
        params=[
            start,
            *parameters,
            *(_conductance(model, name, free or {}, somatic) for name in CONDUCTANCES),
        ],
    )


def _conductance(model: CellModel, name: str, free: Mapping[str, tuple[float, float]], where: Any) -> Any:
    from bluepyopt import ephys

    bounds = free.get(name)
    return ephys.parameters.NrnSectionParameter(
        name=name,
        param_name="g_pas" if name == "g_leak" else f"{name}_cortical",
        value=None if bounds else getattr(model, name),
        frozen=not bounds,
        bounds=bounds,
        locations=[where],
        value_scaler=_to_siemens(),
    )


def _to_siemens() -> Any:
    """Return BluePyOpt's scaler from mS/cm² to NEURON's S/cm²."""
    from bluepyopt import ephys

    return ephys.parameterscalers.NrnSegmentLinearScaler(multiplier=1e-3)


def _morphology(model: CellModel, folder: Path) -> Path:
    """Write a soma of length = diameter."""
    half = model.diameter / 2.0
    points = [(1, -half, -1), (2, 0.0, 1), (3, half, 2)]
    path = folder / f"soma-{model.diameter:g}.swc"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(f"{n} 1 {x:g} 0 0 {half:g} {parent}\n" for n, x, parent in points),
        encoding="utf-8",
        newline="\n",
    )
    return path
