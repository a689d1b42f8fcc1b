"""BluePyOpt: all that a fit needs in one file, for the loader of `efewidgets.export.bluepyopt`; and the l5pc form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import __version__
from . import Export, Format
from .choices import Choices
from .extracted import Seen, as_json, unseen
from .fit import fit_data
from .l5pc import l5pc_form

if TYPE_CHECKING:
    from ..extraction.run import Extraction

_README = """\
{name}, for BluePyOpt: made by efewidgets {version} from recordings of {cells}.

fit.json holds all that a fit needs (ms, mV, nA, MOhm, % of rheobase): each protocol in pieces, each feature with the
window and the eFEL settings that it was computed with. Of it

  from efewidgets.export import bluepyopt
  evaluator = bluepyopt.evaluator("fit.json", cell_model)

makes BluePyOpt's evaluator of a cell model (bluepyopt.ephys.models.CellModel) whose free parameters are to be found;
bluepyopt.protocols("fit.json") and bluepyopt.objectives("fit.json") are its parts.

l5pc/features.json and l5pc/protocols.json are the same, as far as that goes, in the form of BluePyOpt's l5pc example.
What that form can't say:
{lost}
"""


def build(extraction: Extraction, choices: Choices, seen: Seen = unseen) -> Export:
    """Return the files for BluePyOpt; pure. There are no figures among them."""
    data, refusals, remarks = fit_data(extraction, choices)
    features, protocols, lost = l5pc_form(data)
    files: dict[str, Any] = {"fit.json": data}
    if features:
        files |= {"l5pc/features.json": features, "l5pc/protocols.json": protocols}
    readme = _README.format(
        name=choices.name,
        version=__version__,
        cells=", ".join(cell.name for cell in extraction.cells),
        lost="\n".join(f"- {what}" for what in lost) or "- nothing",
    )
    contents = as_json(files)
    contents["README.txt"] = readme.encode()
    return Export(contents, tuple(refusals), tuple(dict.fromkeys([*remarks, *lost])))


FORMAT = Format(
    "bluepyopt",
    "BluePyOpt",
    "fit.json, of which `efewidgets.export.bluepyopt` makes an evaluator, and the files of the l5pc example",
    build,
)
