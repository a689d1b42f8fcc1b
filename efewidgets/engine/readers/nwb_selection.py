"""Which sweeps of an NWB file a person asked for, and what to say if they aren't there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..problems import NoSweepError, Problem, ReadError, nearest
from .nwb_names import UNNAMED, Names
from .nwb_pairs import NO_STIMULUS, Lost, Pair

CELL = "cell_name"
CONDITION = "condition"


@dataclass
class Selection:
    """What the metadata ask for: protocols, repetitions, cells, conditions, original file; nothing given is all."""

    protocols: list[str] | None = None
    repetitions: list[int] | None = None
    cells: list[str] | None = None
    original: str | None = None
    conditions: list[str] | None = None
    seen_protocols: dict[str, None] = field(default_factory=dict)
    met_protocols: set[str] = field(default_factory=set)
    seen_repetitions: dict[int, None] = field(default_factory=dict)
    seen_originals: dict[str, None] = field(default_factory=dict)
    any_named: bool = False
    told: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Selection:
        """Read ``protocol_name``, ``repetition``, ``cell_name``, ``condition`` (each one or a list) and ``v_file``."""
        v_file = metadata.get("v_file") if metadata.get("filepath") is not None else None
        return cls(
            asked_names(metadata, "protocol_name"),
            _repetition_numbers(metadata.get("repetition")),
            asked_names(metadata, CELL),
            base_name(str(v_file)) if v_file is not None else None,
            asked_names(metadata, CONDITION),
        )

    def choose(
        self,
        pairs: Sequence[Pair],
        lost: Sequence[Lost],
        original_of: Callable[[Pair], str | None],
        in_order: bool = False,
        numbered: bool = True,
    ) -> list[Pair]:
        """Return the sweeps that are asked for; what is to be said is then in `problems` or `nothing_found`.

        Parameters
        ----------
        pairs, lost : sequences
            All that the file holds.
        original_of : callable
            Returns the original file of a sweep.
        in_order : bool
            Whether sweeps come in the order asked, and a protocol in its exact case goes first (BBP).
        numbered : bool
            Whether such files number their repetitions; else ``repetition`` is ignored.
        """
        named = [pair.names for pair in pairs]
        named += [one.names for one in lost if one.names is not None and one.names.is_named]
        self.seen_protocols = dict.fromkeys(names.protocol for names in named)
        self.any_named = any(names.is_named for names in named)
        exact = _exact_names(pairs) if in_order else None
        by_fallback = self._by_fallback(named)
        chosen = [p for p in pairs if self._wants(p.names, by_fallback, exact[p.cell] if exact else None)]
        gone = [
            one
            for one in lost
            if one.names is None or not one.names.is_named or self._wants(one.names, by_fallback)
        ]
        self._tell_names(chosen, by_fallback)
        chosen = self._of_conditions(self._of_cells(chosen, pairs), pairs)
        gone = [one for one in gone if not self.cells or one.cell is None or self._is_cell(one.cell)]
        if numbered:
            chosen = [pair for pair in chosen if self._wants_repetition(pair.repetition)]
        if self.original is not None:
            chosen = [pair for pair in chosen if self._wants_original(original_of(pair))]
        self.told[:0] = [one.problem() for one in gone]
        return self._sorted(chosen) if in_order else chosen

    # --- protocols

    def _by_fallback(self, named: Sequence[Names]) -> set[str]:
        """Return the protocols asked for that no sweep is called by in the file, only in BluePyEfe."""
        own = {name.lower() for names in named for name in (names.protocol, *names.others)}
        return {p.lower() for p in self.protocols or []} - own

    def _wants(self, names: Names, by_fallback: set[str], exact: set[str] | None = None) -> bool:
        """Whether a stimulus is asked for, under any of its names, without regard to case."""
        if self.protocols is None:
            return True
        if exact is not None:
            met = {
                p.lower()
                for p in self.protocols
                if p == names.protocol or (p not in exact and p.lower() == names.protocol.lower())
            }
        else:
            met = {p.lower() for p in self.protocols} & {n.lower() for n in (names.protocol, *names.others)}
        met |= by_fallback & {name.lower() for name in names.fallback}
        self.met_protocols |= met
        return bool(met)

    def _tell_names(self, chosen: Sequence[Pair], by_fallback: set[str]) -> None:
        unnamed = [pair.id for pair in chosen if not pair.names.is_named]
        if unnamed and self.protocols is None:
            few = (
                f"{len(unnamed)} of its {len(chosen)} sweeps don't"
                if len(chosen) > 1
                else "its sweep doesn't"
            )
            words = f"{few} say of which stimulus they are: {UNNAMED!r} is assumed. Look whether it is."
            self.told.append(Problem(words, "note", "file"))
        lent = [
            p for p in chosen if p.names.is_named and not by_fallback.isdisjoint(_lower(p.names.fallback))
        ]
        own = dict.fromkeys(pair.protocol for pair in lent if pair.protocol.lower() not in by_fallback)
        if own:
            asked = ", ".join(repr(p) for p in self.protocols or [] if p.lower() in by_fallback)
            words = (
                f"no stimulus in the file is called {asked}: as in BluePyEfe, {asked} takes sweeps whose description "
                f"doesn't say otherwise; their stimuli are called {_listed(list(own))}."
            )
            self.told.append(Problem(words, "warning", "file"))

    def missing_protocols(self) -> list[str]:
        """Return the protocols that were asked for and met nowhere."""
        return [p for p in self.protocols or [] if p.lower() not in self.met_protocols]

    # --- cells

    def _is_cell(self, name: str | None) -> bool:
        return name is not None and name.lower() in _lower(self.cells or ())

    def _of_cells(self, chosen: list[Pair], pairs: Sequence[Pair]) -> list[Pair]:
        if self.cells is not None:
            _check_there("cell", CELL, self.cells, [pair.cell for pair in pairs])
            return [pair for pair in chosen if self._is_cell(pair.cell)]
        self._tell_several("cells or electrodes", CELL, [pair.cell for pair in chosen])
        return chosen

    def _of_conditions(self, chosen: list[Pair], pairs: Sequence[Pair]) -> list[Pair]:
        if self.conditions is not None:
            _check_there("condition", CONDITION, self.conditions, [pair.condition for pair in pairs])
            wanted = _lower(self.conditions)
            return [pair for pair in chosen if (pair.condition or "").lower() in wanted]
        self._tell_several("experimental conditions", CONDITION, [pair.condition for pair in chosen])
        return chosen

    def _tell_several(self, what: str, key: str, names: Sequence[str | None]) -> None:
        counts = Counter(name for name in names if name is not None)
        if len(counts) < 2:
            return
        words = ", ".join(f"{name!r} ({n} sweeps)" for name, n in list(counts.items())[:8])
        more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
        message = (
            f"it holds sweeps of {len(counts)} {what}, and all are taken together: {words}{more}. "
            f"Choose one by {key!r} in the metadata."
        )
        self.told.append(Problem(message, "warning", "file"))

    # --- repetitions, original files, order

    def _wants_repetition(self, number: int | None) -> bool:
        if number is not None:
            self.seen_repetitions[number] = None
        return self.repetitions is None or number in self.repetitions

    def _wants_original(self, path: str | None) -> bool:
        """Whether sweeps of this original file are asked for (compared by its name, without the folder)."""
        if path:
            self.seen_originals[base_name(path)] = None
        return bool(path) and base_name(str(path)) == self.original

    def missing_repetitions(self) -> list[int]:
        """Return the repetitions that were asked for and met nowhere."""
        return [r for r in self.repetitions or [] if r not in self.seen_repetitions]

    def _sorted(self, chosen: Sequence[Pair]) -> list[Pair]:
        """Return sweeps by protocol, cell and repetition, each in the order asked, else in that of the file."""
        protocols = list(dict.fromkeys(p.lower() for p in self.protocols or [c.protocol for c in chosen]))
        groups = {key: k for k, key in enumerate(dict.fromkeys((c.cell, c.protocol) for c in chosen))}
        order = self.repetitions or []

        def place(pair: Pair) -> tuple[int, int, int]:
            at = order.index(pair.repetition) if pair.repetition in order else 0
            return protocols.index(pair.protocol.lower()), groups[pair.cell, pair.protocol], at

        return sorted(chosen, key=place)

    # --- what is said

    def problems(self) -> list[Problem]:
        """Return what to say about sweeps that are, and that aren't there."""
        found = list(self.told)
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

    def nothing_found(self, file: str) -> ReadError:
        """Return the error that says why nothing was found, and what could be had."""
        lost = [problem for problem in self.told if problem.recording is not None]
        reason = f" {lost[0].recording}: {lost[0].message}" if lost else ""
        if not self.seen_protocols and all(problem.message == NO_STIMULUS for problem in lost):
            return ReadError(
                f"{file} holds no current-clamp sweep: a voltage in /acquisition with its current in "
                f"/stimulus/presentation.{reason}"
            )
        known, missing = list(self.seen_protocols), self.missing_protocols()
        if known and missing and missing == self.protocols:
            names = ", ".join(repr(p) for p in missing)
            if not self.any_named:
                return NoSweepError(
                    f"{file} has no current-clamp sweep that is said to be of {names}: its sweeps don't say of which "
                    f"stimulus they are, and go by {UNNAMED!r}."
                )
            hint = nearest(missing[0], known) if len(missing) == 1 else ""
            return NoSweepError(f"{file} has no protocol {names}. It has {_listed(known)}.{hint}")
        if self.missing_repetitions() and (self.seen_repetitions or not lost):
            there = ", ".join(str(r) for r in sorted(self.seen_repetitions)) or "no numbered repetition"
            wanted = ", ".join(str(r) for r in self.missing_repetitions())
            return NoSweepError(f"{file} has no repetition {wanted} of this protocol. It has {there}.")
        if self.original is not None and self.original not in self.seen_originals:
            return ReadError(
                f"{file} has no sweep from {self.original!r} (v_file). It has sweeps from "
                f"{_listed(list(self.seen_originals)) if self.seen_originals else 'unnamed files'}."
            )
        if not self.protocols and not self.cells:
            return ReadError(f"{file} holds no current-clamp sweep that can be used.{reason}")
        of = " of this protocol" if self.protocols else ""
        cell = f" of the cell {_listed(self.cells)}" if self.cells else ""
        return ReadError(f"{file} holds no complete current-clamp sweep{of}{cell}.{reason}")


def base_name(path: str) -> str:
    """Return the last part of a path in the spelling of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _check_there(what: str, key: str, wanted: Sequence[str], names: Sequence[str | None]) -> None:
    """Raise ReadError if something is asked for that the file doesn't have."""
    there = list(dict.fromkeys(name for name in names if name is not None))
    for name in wanted:
        if name.lower() not in _lower(there):
            has = f"It has {_listed(there)}" if there else f"It names no {what}s"
            raise ReadError(f"the file has no {what} {name!r} ({key}). {has}.{nearest(name, there)}")


def _exact_names(pairs: Sequence[Pair]) -> dict[str | None, set[str]]:
    """Return the names of protocols that each cell has."""
    found: dict[str | None, set[str]] = {}
    for pair in pairs:
        found.setdefault(pair.cell, set()).add(pair.protocol)
    return found


def _lower(names: Sequence[str]) -> set[str]:
    return {name.lower() for name in names}


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def asked_names(metadata: Mapping[str, Any], key: str) -> list[str] | None:
    """Return the names, one or a list, that metadata give under a key. Raises ReadError if they are no texts."""
    value = metadata.get(key)
    if value is None:
        return None
    names = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
    if not all(isinstance(n, str) for n in names):
        raise ReadError(f"{key} must be a name or a list of names, but is {value!r}.")
    return names or None


def _repetition_numbers(value: Any) -> list[int] | None:
    if value is None:
        return None
    values = [value] if isinstance(value, (int, str)) or not hasattr(value, "__iter__") else list(value)
    try:
        return [int(v) for v in values] or None
    except (TypeError, ValueError):
        raise ReadError(f"repetition must be a number or a list of numbers, but is {value!r}.") from None
