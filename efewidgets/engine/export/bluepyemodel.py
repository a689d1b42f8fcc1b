"""BluePyEModel: a folder into which a model's morphology, mechanisms and parameters only have to be laid."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

from ... import __version__
from . import Export, Format
from .checks import HOLDING_BOUND, holding_current
from .choices import Choices
from .extracted import Seen, as_json, drawn, provenance, unseen
from .fitness import fitness_of
from .fitness_file import Fitness
from .re_extraction import extract_config, recipe

if TYPE_CHECKING:
    from ..extraction.run import Extraction

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


def build(extraction: Extraction, choices: Choices, seen: Seen = unseen) -> Export:
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
        paths["features"]: found.as_dict() | {"efewidgets": provenance(extraction, found.targets, choices)},
        paths["extract_config"]: config,
        "config/recipes.json": recipes,
    }
    files = as_json(data)
    files["README.txt"] = _readme(extraction, choices).encode()
    place = f"figures/{choices.name}/efeatures_extraction"
    if choices.figures:
        files |= {f"{place}/{job.path}.pdf": content for job, content in drawn(extraction, seen)}
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


def _readme(extraction: Extraction, choices: Choices) -> str:
    cells = ", ".join(cell.name for cell in extraction.cells)
    return _README.format(name=choices.name, version=__version__, cells=cells)


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
