"""What a person decides about files for model fitting, beside the targets' own roles and weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kinds import NAME, NUMBER, TRUTH, Kind, is_dict, unknown_entries, wrong_entries
from ..problems import EfeError

#: Each choice and its kind
CHOICES: dict[str, Kind] = {
    "name": NAME,
    "threshold_based": TRUTH,
    "std_floor": NUMBER,
    "std_cap": TRUTH,
    "interpolate_rmp": TRUTH,
    "strict_holding_bounds": TRUTH,
    "locations": Kind(
        lambda value: is_dict(value) and all(map(is_dict, value.values())),
        'places in the morphology, {"dend1": {"type": "somadistance", "somadistance": 100, "seclist_name": "apical"}}',
    ),
    "figures": TRUTH,
    "pickles": TRUTH,
}


@dataclass(frozen=True)
class Choices:
    """Decisions about an export.

    Parameters
    ----------
    name : str
        Of the model: BluePyEModel's emodel, HHNB's e-type.
    threshold_based : bool
        Whether stimuli are given to a model in % of its own rheobase, on the current that holds it where the cells
        were held; else in nA. Amplitudes in nA are given in nA whatever is said here.
    std_floor : float or None
        A standard deviation counts as at least this fraction of the mean.
    std_cap : bool
        Whether a standard deviation is at most as large as the mean.
    interpolate_rmp : bool
        Whether the resting potential is the median baseline of the steps less Rin times the holding current, rather
        than the mean of the RMP target: for cells of which there are no recordings without a holding current.
    strict_holding_bounds : bool or None
        Whether the holding current is searched within ±0.2 nA only; None: unless the cells needed more.
    locations : dict
        Where in a morphology the targets' locations are, in BluePyEModel's words, by their names.
    figures, pickles : bool
        Whether figures are drawn, and cells and protocols pickled, where BluePyEModel looks for them.
    """

    name: str = "cell"
    threshold_based: bool = True
    std_floor: float | None = None
    std_cap: bool = False
    interpolate_rmp: bool = False
    strict_holding_bounds: bool | None = None
    locations: Mapping[str, Any] = field(default_factory=dict)
    figures: bool = False
    pickles: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the choices that aren't the usual ones, as a config has them."""
        usual = Choices()
        found = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: value for name, value in found.items() if value != getattr(usual, name)}


def choices_of(data: Mapping[str, Any] | None) -> Choices:
    """Return the choices that a config holds.

    Raises
    ------
    EfeError
        If one isn't known or isn't what it must be; all of them are told at once.
    """
    wrong = choice_faults(data)
    if wrong:
        raise EfeError(" ".join(wrong))
    return Choices(**{key: value for key, value in (data or {}).items() if value is not None})


def choice_faults(data: Any) -> list[str]:
    """Return in words what is wrong with the choices in a config."""
    if data is None:
        return []
    if not isinstance(data, Mapping):
        return ['the choices for an export must stand in braces, {"name": …}.']
    found = unknown_entries(data, CHOICES) + wrong_entries(data, CHOICES)
    if found:
        return found
    if (data.get("std_floor") or 0) < 0:
        found.append(f"std_floor must not be negative, but is {data['std_floor']!r}.")
    name = data.get("name")
    if name is not None and (set(name) & set('/\\:*?"<>|') or name.strip(". ") != name):
        found.append(f"{name!r} can't be the name of a model: files and folders are called so.")
    return found
