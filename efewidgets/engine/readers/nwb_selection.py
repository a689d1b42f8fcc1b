"""Which sweeps of an NWB file a person asked for, and what to say if they aren't there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..problems import Problem, ReadError, nearest


@dataclass(frozen=True)
class Pair:
    """Where the voltage and the current of one sweep are in the file.

    Parameters
    ----------
    id : str
        Name of the sweep.
    protocol : str
        Name of the stimulus, in the words that metadata use.
    voltage, current : str
        Paths of the two series.
    repetition : int or None
    clock : {"voltage", "current"}
        Which of the two says the sampling rate.
    raw_protocol : str
        The stimulus as the file calls it, where that differs from `protocol`.
    v_window, i_window : (first sample, number of samples) or None
        The stretch of the series that is this sweep; None for all of it.
    """

    id: str
    protocol: str
    voltage: str
    current: str
    repetition: int | None = None
    clock: str = "voltage"
    raw_protocol: str = ""
    v_window: tuple[int, int] | None = None
    i_window: tuple[int, int] | None = None


@dataclass
class Selection:
    """What the metadata ask for: protocols, repetitions, original file; nothing given is everything."""

    protocols: list[str] | None = None
    repetitions: list[int] | None = None
    original: str | None = None
    seen_protocols: dict[str, None] = field(default_factory=dict)
    met_protocols: set[str] = field(default_factory=set)
    seen_repetitions: dict[int, None] = field(default_factory=dict)
    seen_originals: dict[str, None] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Selection:
        """Read ``protocol_name``, ``repetition`` (each one or a list) and ``v_file`` from the metadata."""
        v_file = metadata.get("v_file") if metadata.get("filepath") is not None else None
        return cls(
            _protocol_names(metadata.get("protocol_name")),
            _repetition_numbers(metadata.get("repetition")),
            base_name(str(v_file)) if v_file is not None else None,
        )

    @property
    def key(self) -> tuple:
        """What the selection depends on, to remember its outcome by."""
        return tuple(self.protocols or ()), tuple(self.repetitions or ()), self.original

    def wants_protocol(self, name: str, *other_names: str) -> bool:
        """Whether a protocol is asked for, under any of its names, without regard to case."""
        self.seen_protocols[name] = None
        if self.protocols is None:
            return True
        met = {p.lower() for p in self.protocols} & {n.lower() for n in (name, *other_names)}
        self.met_protocols |= met
        return bool(met)

    def pick_protocols(self, names: Iterable[str]) -> list[str]:
        """Return those of `names` that are asked for, in the order asked; the exact case goes first."""
        names = list(names)
        self.seen_protocols.update(dict.fromkeys(names))
        if self.protocols is None:
            return names
        picked: list[str] = []
        for asked in self.protocols:
            same = [asked] if asked in names else [n for n in names if n.lower() == asked.lower()]
            picked += [n for n in same if n not in picked]
        self.met_protocols |= {n.lower() for n in picked}
        return picked

    def wants_repetition(self, number: int | None) -> bool:
        """Whether a repetition is asked for."""
        if number is not None:
            self.seen_repetitions[number] = None
        return self.repetitions is None or number in self.repetitions

    def wants_original(self, path: str | None) -> bool:
        """Whether sweeps of this original file are asked for (compared by its name, without the folder)."""
        if path:
            self.seen_originals[base_name(path)] = None
        return self.original is None or (bool(path) and base_name(str(path)) == self.original)

    def missing_repetitions(self) -> list[int]:
        """Return the repetitions that were asked for and met nowhere."""
        return [r for r in self.repetitions or [] if r not in self.seen_repetitions]

    def missing_protocols(self) -> list[str]:
        """Return the protocols that were asked for and met nowhere."""
        return [p for p in self.protocols or [] if p.lower() not in self.met_protocols]

    def problems(self) -> list[Problem]:
        """Return what to say about protocols and repetitions that aren't there while others are."""
        found = []
        if self.missing_protocols():
            missing = ", ".join(repr(p) for p in self.missing_protocols())
            words = f"there is no protocol {missing}; there are {_listed(list(self.seen_protocols))}."
            found.append(Problem(words, "warning", "file"))
        if self.missing_repetitions() and not self.seen_repetitions:
            words = "the file doesn't number its repetitions: 'repetition' is ignored."
            found.append(Problem(words, "warning", "file"))
        elif self.missing_repetitions():
            missing = ", ".join(str(r) for r in self.missing_repetitions())
            there = ", ".join(str(r) for r in sorted(self.seen_repetitions))
            found.append(Problem(f"there is no repetition {missing}; there are {there}.", "error", "file"))
        return found

    def nothing_found(self, file: str, problems: list[Problem]) -> ReadError:
        """Return the error that says why nothing was found, and what could be had."""
        if not self.seen_protocols and problems:
            names = ", ".join(str(p.recording) for p in problems[:4]) + (", …" if len(problems) > 4 else "")
            return ReadError(
                f"{file} holds no current-clamp sweep that can be used. {names}: {problems[0].message}"
            )
        if not self.seen_protocols:
            return ReadError(
                f"{file} holds no current-clamp sweep: a voltage in /acquisition with its current in "
                "/stimulus/presentation."
            )
        known, missing = list(self.seen_protocols), self.missing_protocols()
        if missing and missing == self.protocols:
            names = ", ".join(repr(p) for p in missing)
            hint = nearest(missing[0], known) if len(missing) == 1 else ""
            return ReadError(f"{file} has no protocol {names}. It has {_listed(known)}.{hint}")
        if self.missing_repetitions():
            there = ", ".join(str(r) for r in sorted(self.seen_repetitions)) or "no numbered repetition"
            wanted = ", ".join(str(r) for r in self.missing_repetitions())
            return ReadError(f"{file} has no repetition {wanted} of this protocol. It has {there}.")
        if self.original is not None and self.original not in self.seen_originals:
            return ReadError(
                f"{file} has no sweep from {self.original!r} (v_file). It has sweeps from "
                f"{_listed(list(self.seen_originals)) if self.seen_originals else 'unnamed files'}."
            )
        reason = f" {problems[0].recording}: {problems[0].message}" if problems else ""
        return ReadError(f"{file} holds no complete current-clamp sweep of this protocol.{reason}")


def base_name(path: str) -> str:
    """Return the last part of a path in the spelling of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _listed(names: list[str], most: int = 12) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _protocol_names(value: Any) -> list[str] | None:
    if value is None:
        return None
    names = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(n, str) for n in names):
        raise ReadError(f"protocol_name must be a name or a list of names, but is {value!r}.")
    return names or None


def _repetition_numbers(value: Any) -> list[int] | None:
    if value is None:
        return None
    values = [value] if isinstance(value, (int, str)) or not hasattr(value, "__iter__") else list(value)
    try:
        return [int(v) for v in values] or None
    except (TypeError, ValueError):
        raise ReadError(f"repetition must be a number or a list of numbers, but is {value!r}.") from None
