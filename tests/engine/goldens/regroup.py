"""A second, plain way from the peer's own recordings to features.json, to say what is right where the peer is wrong.

It takes the feature values that the peer computed on each recording (recordings.json) and does the rest by hand:
amplitudes in % of a given rheobase, each target with its own tolerance, mean and population standard deviation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def expected_values(
    golden: dict[str, Any],
    target: dict[str, Any],
    rheobases: dict[str, float | None] | None,
    skip: set[str] = frozenset(),
) -> list[float] | None:
    """Return the values that should enter a target; None if a recording of `skip` would enter it.

    Parameters
    ----------
    golden : dict
        Contents of recordings.json.
    target : dict
    rheobases : dict or None
        Rheobase of each cell, nA; None for absolute amplitudes.
    skip : set of str
        Names of recordings whose values can't be taken from the peer.
    """
    values = []
    for recording in golden["recordings"]:
        if recording["protocol"] != target["protocol"]:
            continue
        amp = recording.get("amp2") if recording["ecode"] == "SAHP" else recording["amp"]
        if rheobases is not None:
            rheobase = rheobases.get(recording["cell"])
            if not rheobase:
                continue
            amp = 100.0 * amp / rheobase
        if not abs(target["amplitude"] - amp) < target["tolerance"]:
            continue
        if recording["name"] in skip:
            return None
        value = recording["efeatures"].get(target.get("efeature_name") or target["efeature"], math.nan)
        if not math.isnan(value):
            values.append(value)
    return values


def check_features(
    features: dict[str, Any],
    golden: dict[str, Any],
    targets: list[dict[str, Any]],
    rheobases: dict[str, float | None] | None,
    skip: set[str] = frozenset(),
    minimum: int = 1,
) -> int:
    """Assert that features.json holds what the targets should hold; returns how many values were compared."""
    compared = 0
    for target in targets:
        values = expected_values(golden, target, rheobases, skip)
        if values is None:
            continue
        name = target.get("efeature_name") or target["efeature"]
        stimulus = f"{target['protocol']}_{target['amplitude']}"
        entries = [e for e in features.get(stimulus, {}).get("soma", ()) if e["efeature_name"] == name]
        if len(values) < minimum:
            assert not entries, f"{name} of {stimulus} should have no value"
            continue
        assert entries, f"{name} of {stimulus} should have {len(values)} values"
        std = float(np.std(values)) or 1e-3
        found = [(e["n"], *e["val"]) for e in entries]
        right = (len(values), float(np.mean(values)), std)
        assert any(np.allclose(f, right, rtol=1e-6, atol=1e-9) for f in found), (stimulus, name, found, right)
        compared += 1
    return compared


def lowest_firing(golden: dict[str, Any], cell: str, protocols: list[str]) -> float | None:
    """Return the smallest depolarising current (nA) at which the peer counts a spike in a sweep of the cell."""
    firing = [
        r["amp"]
        for r in golden["recordings"]
        if r["cell"] == cell and r["protocol"] in protocols and r["spikecount"] and r["amp"] > 1e-3
    ]
    return min(firing, default=None)
