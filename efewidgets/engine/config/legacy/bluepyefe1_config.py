"""A config of BluePyEfe 1 as its file holds it, checked for its form, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...problems import EfeError, Problem
from ...recordings.ecodes import ecode_of


class Experiment(NamedTuple):
    """One protocol of one cell."""

    cell_name: str
    cell: Mapping[str, Any]
    protocol: str
    content: Mapping[str, Any]
    files: Sequence[Any]


@dataclass
class Legacy:
    """A config of BluePyEfe 1.

    Raises
    ------
    EfeError
        If it isn't of the form ``{"cells": {cell: {"experiments": {protocol: {"files": […]}}}}, "features":
        {protocol: […]}, "options": {…}}``.
    """

    data: Mapping[str, Any]
    folder: str
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        for key in ("cells", "features", "options"):
            if not isinstance(self.data[key], Mapping):
                raise EfeError(f"{key!r} must be a dictionary, but is {type(self.data[key]).__name__}.")
        list(self.experiments())

    def say(self, message: str, severity: str = "warning", **place: str | None) -> None:
        """Note a problem, once."""
        problem = Problem(message, severity, "config", **place)
        if problem not in self.problems:
            self.problems.append(problem)

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the extraction."""
        found: Mapping[str, Any] = self.data["options"]
        return found

    @property
    def format(self) -> str:
        """Format of the recordings: "igor", "axon", "csv_lccr", "ibf_json"."""
        return str(self.data.get("format") or "")

    @property
    def is_relative(self) -> bool:
        """Whether amplitudes are in % of rheobase, not in nA."""
        return bool(self.options.get("relative", False))

    @property
    def strict(self) -> bool:
        """The setting strict_stiminterval, for protocols that have none of their own."""
        return bool((self.options.get("strict_stiminterval") or {}).get("base", False))

    def experiments(self, protocol: str | None = None) -> Iterator[Experiment]:
        """Yield the experiments of all cells, or those of one protocol."""
        for cell_name, cell in self.data["cells"].items():
            if not isinstance(cell, Mapping) or not isinstance(cell.get("experiments"), Mapping):
                raise EfeError(f"cell {cell_name!r} must hold a dictionary 'experiments'.")
            for name, content in cell["experiments"].items():
                if not isinstance(content, Mapping) or not isinstance(content.get("files"), list):
                    raise EfeError(f"cell {cell_name!r}, protocol {name!r} must hold a list 'files'.")
                if protocol in (None, name):
                    yield Experiment(cell_name, cell, name, content, content["files"])


def timings_of(protocol: str) -> tuple[str, ...]:
    """Names of the timings of a protocol's stimulus; those of a step if the protocol isn't known."""
    try:
        return ecode_of(protocol).timings
    except EfeError:
        return ("ton", "toff")
