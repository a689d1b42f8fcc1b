"""HHNB, the Hodgkin-Huxley Neuron Builder of EBRAINS: the l5pc form, nested under the e-type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import Export, Format
from .choices import Choices
from .extracted import Seen, as_json, unseen
from .fit import fit_data
from .l5pc import l5pc_form

if TYPE_CHECKING:
    from ..extraction.run import Extraction


def build(extraction: Extraction, choices: Choices, seen: Seen = unseen) -> Export:
    """Return features.json and protocols.json for HHNB; pure. There are no figures among them."""
    data, refusals, remarks = fit_data(extraction, replace(choices, threshold_based=False))
    features, protocols, lost = l5pc_form(data)
    if data["features"] and not features:
        refusals.append("no feature is of a single square pulse, and HHNB plays nothing else.")
    files = {"features.json": {choices.name: features}, "protocols.json": {choices.name: protocols}}
    contents = as_json(files)
    return Export(contents, tuple(refusals), tuple(dict.fromkeys([*remarks, *lost])))


FORMAT = Format("hhnb", "HHNB (EBRAINS)", "features.json and protocols.json, under the e-type", build)
