"""Which stimulus the currents in files are, where the name of their protocol says nothing, or something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..detection.kinds import ECODES, Kind, kind_of, together
from ..problems import EfeError
from ..readers import each_sweep
from ..recordings.ecodes import ecode_of
from ..traces.trace import standardize

MOST_SWEEPS = 40  # of a protocol, that are looked at
CLEAR = 0.8  # confidence from which on a current contradicts a name
#: what a sweep of a family may look like beside what it is
ALSO = {"SpikeRec": {"short pulse"}, "Step": {"short pulse"}}


@dataclass(frozen=True)
class Offer:
    """What the name of a protocol says of its stimulus, and what its current says.

    Attributes
    ----------
    protocol : str
    by_name : str
        The family of stimuli that the name tells (or a person said), "" if none.
    kind : Kind
        What it is by the current.
    problem : str
        Why currents couldn't be looked at, "" if they could.
    """

    protocol: str
    by_name: str
    kind: Kind
    problem: str = ""

    @classmethod
    def failed(cls, protocol: str, why: str) -> Offer:
        """Return what is known of a protocol whose currents can't be looked at."""
        return cls(protocol, family_by_name(protocol), together([]), why)

    @property
    def suggested(self) -> str:
        """The family that is offered: where the name says nothing, and the current is sure. Else ""."""
        return self.kind.ecode if self.kind.sure and not self.by_name else ""

    @property
    def contradiction(self) -> str:
        """A sentence where name and current clearly contradict each other, else ""."""
        kind = self.kind
        known = bool(self.by_name) and self.by_name in ECODES.values()
        if not known or not kind.sure or kind.confidence < CLEAR or kind.ecode == self.by_name:
            return ""
        if kind.name in ALSO.get(self.by_name, ()):
            return ""
        return (
            f"it is read as {self.by_name}, but by the current it is a {kind.name} ({kind.ecode}, confidence "
            f"{kind.confidence:.2f}): {kind.reason}"
        )

    @property
    def words(self) -> str:
        """What the current says, in a sentence."""
        if self.problem:
            return f"its current can't be looked at: {self.problem}"
        kind = self.kind
        read_as = f", which {kind.ecode} reads" if kind.ecode and kind.ecode != self.by_name else ""
        sure = "" if kind.confidence >= CLEAR else ", not quite sure" if kind.sure else ", not sure"
        return f"by the current: {kind.name}{read_as} (confidence {kind.confidence:.2f}{sure}): {kind.reason}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "protocol": self.protocol or None,
            "by_name": self.by_name or None,
            "by_current": None if self.problem else self.kind.as_dict(),
            "suggested": self.suggested or None,
            "contradiction": self.contradiction or None,
            "problem": self.problem or None,
        }


def family_by_name(protocol: str, said: str | None = None) -> str:
    """Return the family of stimuli that a protocol's name tells, or a person said; "" if none is known."""
    try:
        return ecode_of(protocol, said).__name__
    except EfeError:
        return ""


def kinds_of_file(
    metadata: Mapping[str, Any],
    protocol: str = "",
    reader: Callable[[dict[str, Any]], Any] | None = None,
    most: int = MOST_SWEEPS,
) -> list[Kind]:
    """Say of each sweep of a file (or pair of files) which kind of stimulus its current is.

    Parameters
    ----------
    metadata : dict
        As `extract_efeatures` takes it: ``filepath`` or ``v_file`` and ``i_file``, units, …
    protocol : str
        The protocol whose sweeps are meant, where a file chooses them by its name.
    reader : callable, optional
    most : int
        Sweeps to look at; the first ones.

    Raises
    ------
    EfeError
        If the file can't be read, or none of its sweeps has a current.
    """
    config = {"protocol_name": protocol, **metadata} if protocol else dict(metadata)
    found: list[Kind] = []
    fault: EfeError | None = None
    for _, sweep in each_sweep(config, [], reader):
        if sweep is None:
            continue
        try:
            trace = standardize(config, sweep)
            found.append(kind_of(trace.current, trace.dt))
        except EfeError as error:
            fault = error
        if len(found) >= most:
            break
    if not found:
        raise fault or EfeError("there is no sweep with a current in it.")
    return found


def offer(
    files: Iterable[Mapping[str, Any]],
    protocol: str,
    by_name: str | None = None,
    reader: Callable[[dict[str, Any]], Any] | None = None,
    most: int = MOST_SWEEPS,
) -> Offer:
    """Say which stimulus a protocol is, by the currents of all its files together.

    Parameters
    ----------
    files : iterable of dict
        Metadata of the protocol's files.
    protocol : str
    by_name : str, optional
        The family as which it is read now; by default what the protocol's name says.
    reader : callable, optional
    most : int
        Sweeps to look at. Of many files the sweeps are taken evenly.
    """
    listed = list(files)
    found: list[Kind] = []
    problem = ""
    for metadata in evenly(listed, most):
        try:
            found += kinds_of_file(metadata, protocol, reader, max(1, most // min(len(listed), most)))
        except (EfeError, OSError) as error:
            problem = problem or str(error)
    named = family_by_name(protocol) if by_name is None else by_name
    return Offer(protocol, named, together(found), "" if found else problem or "there are no files")


def evenly(items: Sequence[Any], most: int) -> Sequence[Any]:
    """Choose at most so many of a list, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(k * (len(items) - 1) / max(1, most - 1))] for k in range(most)]
