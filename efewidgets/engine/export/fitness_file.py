"""A features file of BluePyEModel as a value, with what a person should know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fitness:
    """A features file, and what a person should know of it.

    Parameters
    ----------
    efeatures, protocols : list of dict
        As they stand in the file.
    threshold_based : bool
    targets : list of dict
        The targets with the roles that are in force.
    names : dict
        Names of protocols in the file by their own.
    left_out : set of str
        Protocols that BluePyEModel has no stimulus for, by their own names.
    refusals, remarks : list of str
    """

    threshold_based: bool
    targets: list[dict[str, Any]]
    efeatures: list[dict[str, Any]] = field(default_factory=list)
    protocols: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what BluePyEModel reads of the file."""
        return {"efeatures": self.efeatures, "protocols": self.protocols}

    @property
    def validation(self) -> list[str]:
        """Names of the protocols that are kept out of the fit."""
        return [protocol["name"] for protocol in self.protocols if protocol["validation"]]
