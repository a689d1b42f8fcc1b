"""Targets from other programs' configs, as the editor takes them."""

from __future__ import annotations

import json

from efewidgets.widgets.targets.importing import targets_of_text
from tests.engine.export.test_importing import OBI_ONE


def test_targets_of_obi_one_s_configuration():
    found, notes = targets_of_text(json.dumps(OBI_ONE))
    assert [(t["protocol"], t["amplitude"], t.get("role")) for t in found] == [
        ("IDrest", 0.15, None),
        ("IDrest", 0.2, "validation"),
        ("Step", -0.05, None),
    ]
    assert notes[0] == "These amplitudes are in nA."
