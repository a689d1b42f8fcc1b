"""What a person decides about files for model fitting, beside the targets' own roles and weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kinds import NAME, NUMBER, TRUTH, Kind, unknown_entries, wrong_entries
from ..problems import EfeError

#: Each choice and its kind
CHOICES: dict[str, Kind] = {
    "name": NAME,
    "std_floor": NUMBER,
    "std_cap": TRUTH,
    "interpolate_RMP": TRUTH,
    "strict_holding_bounds": TRUTH,
    "minimum_protocol_delay": NUMBER,
}


@dataclass(frozen=True)
class Choices:
    """Decisions about an export.

    Parameters
    ----------
    name : str
        Of the model: BluePyEModel's emodel, HHNB's e-type.
    std_floor : float or None
        A standard deviation counts as at least this fraction of the mean.
    std_cap : bool
        Whether a standard deviation is at most the mean (its magnitude).
    interpolate_RMP : bool
        Whether the resting potential is the median baseline of steps less Rin times the holding current, instead
        of the RMP target's mean: for cells that were recorded under a holding current.
    strict_holding_bounds : bool
        Whether the holding current is searched within ±0.2 nA only, as is BluePyEModel's default.
    minimum_protocol_delay : float
        ms; stimuli that begin earlier are shifted.
    """

    name: str = "cell"
    std_floor: float | None = None
    std_cap: bool = False
    interpolate_RMP: bool = False
    strict_holding_bounds: bool = True
    minimum_protocol_delay: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the choices that aren't the usual ones, as a config has them."""
        found = {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if getattr(self, f.name) != f.default
        }
        return found


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
    for key in ("std_floor", "minimum_protocol_delay"):
        if (data.get(key) or 0) < 0:
            found.append(f"{key} must not be negative, but is {data[key]!r}.")
    return found
