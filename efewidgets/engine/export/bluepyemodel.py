"""BluePyEModel: a folder into which a model's morphology, mechanisms and parameters only have to be laid."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ... import __version__
from ..figures import FigureJob, all_figures
from ..outputs.standard_files import to_json
from . import Export, Format
from .checks import HOLDING_BOUND, holding_current
from .choices import Choices
from .fitness import Fitness, fitness_of
from .re_extraction import extract_config, recipe

if TYPE_CHECKING:
    from ..extraction.run import Extraction

#: Units of all numbers in the files
UNITS = {"time": "ms", "voltage": "mV", "current": "nA", "resistance": "MOhm", "thresh_perc": "% of rheobase"}

_README = """\
{name}, for BluePyEModel: made by efewidgets {version} from recordings of {cells}.

Lay beside the files that are here

  morphologies/{name}.asc          the morphology (or change "morphology" in config/recipes.json)
  mechanisms/*.mod                 the mechanisms, and compile them: nrnivmodl mechanisms
  config/params/{name}.json        the parameters of the model and their bounds

and run, in this folder,

  from bluepyemodel.emodel_pipeline.emodel_pipeline import EModel_pipeline
  pipeline = EModel_pipeline("{name}", data_access_point="local", recipes_path="config/recipes.json")
  pipeline.optimise()

config/features/{name}.json holds what the model is played and compared with (ms, mV, nA, MOhm).
BluePyEModel can extract it again (pipeline.extract_efeatures()) by
config/extract_config/{name}_config.json.
"""


def build(extraction: Extraction, choices: Choices) -> Export:
    """Return the folder of a model, as BluePyEModel's local access point has it; pure."""
    found = fitness_of(extraction, choices)
    config, lost = extract_config(extraction, found, choices)
    paths = {
        "features": f"config/features/{choices.name}.json",
        "params": f"config/params/{choices.name}.json",
        "extract_config": f"config/extract_config/{choices.name}_config.json",
    }
    recipes = {
        choices.name: recipe(extraction, found, choices, keeps_bounds(found, choices), paths.__getitem__)
    }
    data = {
        paths["features"]: found.as_dict() | {"efewidgets": provenance(extraction, found, choices)},
        paths["extract_config"]: config,
        "config/recipes.json": recipes,
    }
    files = {path: (to_json(part) + "\n").encode() for path, part in data.items()}
    files["README.txt"] = _readme(extraction, choices).encode()
    place = f"figures/{choices.name}/efeatures_extraction"
    if choices.figures:
        files |= figures(extraction, f"{place}/")
    if choices.pickles:
        files |= {f"{place}/{name}": content for name, content in pickles(extraction).items()}
        found.remarks.append(
            "the pickled cells are of efewidgets: where BluePyEModel reads them, efewidgets must be installed."
        )
    remarks = [*found.remarks, *(f"what extract_config can't say: {what}" for what in lost)]
    return Export(files, tuple(dict.fromkeys(found.refusals)), tuple(dict.fromkeys(remarks)))


def keeps_bounds(found: Fitness, choices: Choices) -> bool:
    """Whether the holding current is searched within BluePyEModel's usual bounds only."""
    if choices.strict_holding_bounds is not None:
        return choices.strict_holding_bounds
    holding = holding_current(found)
    return holding is None or abs(holding) < HOLDING_BOUND


def provenance(extraction: Extraction, found: Fitness, choices: Choices) -> dict[str, Any]:
    """Return what the features file says for people and for `importing`; BluePyEModel passes it over."""
    options = extraction.options
    ljp = {
        cell.name: sorted(
            {float(r.config_data["ljp"]) for r in cell.recordings if r.config_data.get("ljp") is not None}
        )
        for cell in extraction.cells
    }
    return {
        "efewidgets": __version__,
        "efel": _version("efel"),
        "units": UNITS,
        "ljp_subtracted": ljp,
        "rheobase": {cell.name: cell.rheobase for cell in extraction.cells},
        "holding_current": dict(extraction.currents.get("all_holding_current") or {}),
        "absolute_amplitude": options.absolute_amplitude,
        "targets": found.targets,
        "export": choices.as_dict(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _readme(extraction: Extraction, choices: Choices) -> str:
    cells = ", ".join(cell.name for cell in extraction.cells)
    return _README.format(name=choices.name, version=__version__, cells=cells)


def figures(extraction: Extraction, prefix: str) -> dict[str, bytes]:
    """Return all figures of an extraction as PDF, by their paths."""
    jobs = all_figures(
        extraction.cells, extraction.protocols, extraction.protocols_rheobase, extraction.efel_settings
    )
    return {f"{prefix}{job.path}.pdf": content for job, content in drawn(jobs)}


def drawn(jobs: Iterable[FigureJob]) -> Iterator[tuple[FigureJob, bytes]]:
    """Yield figures as PDF; what can't be drawn is left out."""
    for job in jobs:
        try:
            (content,) = job.render("pdf")
        except Exception:  # one figure isn't worth the export; `efewidgets extract --plot` says what is wrong
            continue
        yield job, content


def pickles(extraction: Extraction) -> dict[str, bytes]:
    """Return cells and protocols as BluePyEModel's analysis reads them."""
    cells, protocols = copy.deepcopy((extraction.cells, extraction.protocols))
    for cell in cells:
        for recording in cell.recordings:
            recording.materialize()
    return {"cells.pkl": pickle.dumps(cells), "protocols.pkl": pickle.dumps(protocols)}


FORMAT = Format(
    "bluepyemodel",
    "BluePyEModel",
    "features file, recipe and extract_config in the folders where BluePyEModel looks for them",
    build,
)
