"""What kind of stimulus a protocol of a file holds, told from the current of a few sweeps: an offer, never taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..detection.kind import METHOD, Guess, kinds_of_protocol
from ..problems import EfeError
from ..readers import each_sweep
from ..traces.trace import standardize

FEW = 5  # sweeps that are looked at


@dataclass(frozen=True)
class KindOfProtocol:
    """What the sweeps of a protocol look like.

    Attributes
    ----------
    protocol : str
        The name by which the file was asked; "" for all of its sweeps.
    guesses : tuple of Guess
        The likeliest first; empty where no sweep could be read.
    sweeps : int
        How many were looked at.
    """

    protocol: str
    guesses: tuple[Guess, ...]
    sweeps: int

    @property
    def best(self) -> Guess | None:
        """What may be offered; None where nothing is likely enough."""
        return self.guesses[0] if self.guesses and self.guesses[0].sure else None

    @property
    def words(self) -> str:
        """What is offered, how sure that is and why, in one line."""
        if not self.guesses:
            return "no sweep could be looked at"
        first = self.guesses[0]
        if self.best is None:
            return f"not clear; perhaps {first.kind} ({first.confidence:.0%}: {first.evidence})"
        family = f", to be read as {first.ecode}" if first.ecode else ""
        return f"{first.kind}{family} ({first.confidence:.0%}: {first.evidence})"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "protocol": self.protocol,
            "method": METHOD,
            "sweeps": self.sweeps,
            "offered": self.best.ecode if self.best is not None else None,
            "guesses": [
                {"kind": g.kind, "ecode": g.ecode, "confidence": g.confidence, "evidence": g.evidence}
                for g in self.guesses
            ],
        }


def kind_of_file(metadata: Mapping[str, Any], protocol: str = "") -> KindOfProtocol:
    """Look at the current of a few sweeps of a file.

    Parameters
    ----------
    metadata : mapping
        Of the file, as for reading it.
    protocol : str
        Whose sweeps are wanted; "" for those that the file has.

    Returns
    -------
    KindOfProtocol

    Raises
    ------
    EfeError
        If the file can't be read.
    """
    given = {**metadata, "protocol_name": metadata.get("protocol_name", protocol)}
    found: list[tuple[np.ndarray, float]] = []
    for _, sweep in islice(_read(each_sweep(given, [])), FEW):
        if sweep is None:
            continue
        trace = standardize(given, sweep)
        found.append((np.asarray(trace.current), float(trace.dt)))
    return KindOfProtocol(protocol, tuple(kinds_of_protocol(found)), len(found))


def _read(sweeps: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
    try:
        yield from sweeps
    except EfeError:
        raise
    except Exception as error:  # a library's own words
        raise EfeError(f"its sweeps can't be read: {error}") from error
