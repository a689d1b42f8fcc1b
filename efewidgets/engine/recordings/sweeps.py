"""What a person said about single sweeps of a file: which are left out and why, which have timings of their own.

It stands in the file's metadata, sweep by sweep under the names that the reader gives them::

    {"filepath": "cell1.nwb", "sweeps": {"ic__IDrest__63": {"exclude": "seal lost"},
                                         "ic__IDrest__64": {"ton": 100.0, "toff": 900.0}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..problems import EfeError, Problem, nearest

SWEEPS = "sweeps"
EXCLUDE = "exclude"


def split_metadata(
    metadata: Mapping[str, Any], own_reader: bool = False
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the metadata of the file as a whole, and those of single sweeps by their names.

    With a lab's `own_reader` something else under "sweeps" is that reader's business.

    Raises
    ------
    EfeError
        If what stands under "sweeps" isn't ``{sweep: {name: value}}``.
    """
    sweeps = metadata.get(SWEEPS)
    whole = {key: value for key, value in metadata.items() if key != SWEEPS}
    if sweeps is None:
        return whole, {}
    if own_reader and not isinstance(sweeps, Mapping):
        return dict(metadata), {}
    if not isinstance(sweeps, Mapping) or not all(isinstance(own, Mapping) for own in sweeps.values()):
        raise EfeError('"sweeps" in the metadata must hold {name of a sweep: {"exclude": reason, …}}.')
    for label, own in sweeps.items():
        reason = own.get(EXCLUDE)
        if reason is not None and not isinstance(reason, str):
            raise EfeError(f"the reason to exclude sweep {label!r} must be a text, but is {reason!r}.")
    return whole, {str(label): dict(own) for label, own in sweeps.items()}


class Labels:
    """Names for the sweeps of a file, those that stand twice with a number added: "a", "a (2)"."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._counts: dict[str, int] = {}

    def add(self, label: Any) -> str:
        """Return the name of the next sweep."""
        name = f"sweep {len(self.all) + 1}" if label is None else str(label)
        self._counts[name] = self._counts.get(name, 0) + 1
        self.all.append(name if self._counts[name] == 1 else f"{name} ({self._counts[name]})")
        return self.all[-1]


def unknown_sweeps(named: Iterable[str], labels: Iterable[str]) -> list[Problem]:
    """Say which sweeps a person named that the file doesn't have."""
    there = list(labels)
    return [
        Problem(
            f"the metadata name a sweep {name!r}, which the file does not have.{nearest(name, there)}",
            "warning",
            "file",
        )
        for name in named
        if name not in there
    ]
