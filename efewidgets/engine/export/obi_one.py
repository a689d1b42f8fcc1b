"""OBI-ONE's result of an extraction: BluePyEModel's features file under its name, and a list of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..figures import FigureJob
from ..names import safe_name
from . import Export, Format
from .bluepyemodel import keeps_bounds
from .choices import Choices
from .extracted import Seen, as_json, drawn, provenance, unseen
from .fitness import fitness_of
from .re_extraction import extract_config, recipe

if TYPE_CHECKING:
    from ..extraction.run import Extraction

#: Names that OBI-ONE gives its files
FEATURES = "extracted_features.json"
TARGETS = "config/extract_config/targets.json"
RECIPES = "config/recipes.json"
EMODEL = "emodel"
FIGURES = f"{EMODEL}/efeatures_extraction"


def build(extraction: Extraction, choices: Choices, seen: Seen = unseen) -> Export:
    """Return the result of OBI-ONE's extraction task; pure."""
    found = fitness_of(extraction, choices)
    config, lost = extract_config(extraction, found, choices)
    paths = {"features": FEATURES, "params": "config/params/emodel.json", "extract_config": TARGETS}
    entry = recipe(extraction, found, choices, keeps_bounds(found, choices), paths.__getitem__)
    settings = {"features": entry["features"], "pipeline_settings": entry["pipeline_settings"]}
    data = {
        FEATURES: found.as_dict() | {"efewidgets": provenance(extraction, found.targets, choices)},
        TARGETS: config | {"emodel": EMODEL},
        RECIPES: {EMODEL: settings},
    }
    files = as_json(data)
    if choices.figures:
        files |= _figures(extraction, seen)
    remarks = list(found.remarks)
    if found.threshold_based:
        remarks.append(
            "OBI-ONE's own extraction takes amplitudes in nA; these are in % of the model's rheobase."
        )
    if choices.pickles:
        remarks.append("OBI-ONE takes no pickles, so none are written.")
    remarks += [f"what the extraction's configuration can't say: {what}" for what in lost]
    return Export(files, tuple(dict.fromkeys(found.refusals)), tuple(dict.fromkeys(remarks)))


def _figures(extraction: Extraction, seen: Seen) -> dict[str, bytes]:
    """Return the figures as PDF, and the list of them with cell, protocol and feature of each."""
    files, listed = {}, []
    for job, content in drawn(extraction, seen):
        path = f"{FIGURES}/{job.path}.pdf"
        files[f"figures/{path}"] = content
        listed.append(figure_entry(job, path))
    cells = sorted({entry["cell"] for entry in listed if "cell" in entry})
    manifest = {"cells": cells, "files": sorted(listed, key=lambda entry: entry["path"])}
    return files | as_json({"figures/manifest.json": manifest})


def figure_entry(job: FigureJob, path: str) -> dict[str, Any]:
    """Return what the list says of a figure; the cell only where it is of one."""
    stem = job.path.rpartition("/")[2]
    about = {key: value for key, value in (("cell", job.cell), ("protocol", job.protocol)) if value}
    before = "".join(f"{safe_name(value)}_" for value in about.values())
    of_feature = next((end for end in ("_amp_rel", "_amp") if stem.endswith(end)), None)
    if stem == "legend":
        return {"path": path, "type": "legend"}
    if stem.endswith("_recordings"):
        return {"path": path, **about, "type": "recordings_plot"}
    if of_feature and job.protocol:
        feature = stem.removesuffix(of_feature).removeprefix(before)
        return {"path": path, **about, "feature": feature, "type": "feature_plot"}
    return {"path": path, **about, "type": "other"}


FORMAT = Format(
    "obi-one",
    "OBI-ONE",
    "the result of its extraction task: extracted_features.json, and figures with their list",
    build,
)
