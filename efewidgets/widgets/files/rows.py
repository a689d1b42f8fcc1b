"""Rows of the tables of files, as plain data."""

from __future__ import annotations

import datetime
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...engine.files.folders import Entry
from ...engine.files.guessing import Proposal
from ...engine.files.receiving import in_words
from ...engine.problems import EfeError, Problem
from ...engine.recordings.ecodes import ecode_of, eCodes
from ...engine.remote import absolute
from ...engine.stages.inputs import CellInputs, FileInputs, Inputs
from ...engine.stages.notes import tags_of
from ...engine.units import canonical_unit, is_current_unit, is_voltage_unit
from ..actions.listing import tags_in_words
from ..parts.html import plain as plain_of_any
from .looker import Seen
from .words import for_people

Row = dict[str, Any]

#: Metadata by which a file isn't read otherwise than it was looked into
_TELL_NOTHING = {"filepath", "protocol_name", "cell_name", "ecode", "ljp", "v_corr", "comment"}
_UNKNOWN = "no stimulus is known by the protocol's name"


def plain(text: str) -> str:
    """Return a name in one line; almost all are so already, and there may be thousands."""
    return text if text.isprintable() else plain_of_any(text)


Look = Callable[[str], Seen | None]
#: What is wrong with files, by their paths
Said = Mapping[str, Sequence[Problem]]


def entry_row(entry: Entry) -> Row:
    """Return the row of a file or folder of the server."""
    when = datetime.datetime.fromtimestamp(entry.modified).strftime("%Y-%m-%d %H:%M")
    return {
        "id": entry.relative,
        "name": plain(entry.name) + ("/" if entry.is_folder else ""),
        "open": "Open" if entry.is_folder else None,
        "size": None if entry.is_folder else in_words(entry.size),
        "modified": when,
    }


def proposal_row(number: int, one: Proposal, there: bool) -> Row:
    """Return the row of what will be added."""
    problems = [*one.problems]
    missing = [name for name in ("cell", "protocol") if not getattr(one, name)]
    family = stimulus_family(one.protocol)
    if one.protocol and not family and not there:
        problems.append(
            f"{_UNKNOWN}: rename it here, or choose its stimulus once it is added, by its current too"
        )
    if there:
        problems.append("is there already: not added again")
    elif missing and one.usable:
        problems.append(f"say its {' and '.join(missing)}: else it is not added")
    return {
        "id": str(number),
        "file": files_in_words(one.source.paths),
        "channels": one.channels,
        "cell": plain(one.cell),
        "protocol": plain(one.protocol),
        "ecode": family or ("?" if one.protocol else ""),
        "found": one.found_in,
        "problems": "; ".join(problems),
        "_class": {"problems": "efe-bad"} if missing and not there else {"problems": "efe-faint"},
        "_hint": {"file": "\n".join(map(plain, one.source.paths)), "problems": "; ".join(problems)},
    }


def channels_in_words(channels: Sequence[tuple[str, str]]) -> str:
    """Return "IN 0 ← I_MTest 1" for a voltage channel and what gave its current."""
    words = [f"{plain(v)} ← {plain(i)}" if i else plain(v) for v, i in channels]
    return "; ".join(words[:4]) + (" …" if len(words) > 4 else "")


def summary_words(chosen: Sequence[Proposal], left: int) -> str:
    """Return "adds 12 files to 3 cells" in detail."""
    if not chosen:
        return "Nothing will be added: say the cells and protocols, by a pattern or in the table."
    cells: dict[str, dict[str, int]] = {}
    for one in chosen:
        protocols = cells.setdefault(one.cell, {})
        protocols[one.protocol] = protocols.get(one.protocol, 0) + 1
    words = [f"{plain(cell)}: {_listed(protocols)}" for cell, protocols in list(cells.items())[:4]]
    more = " …" if len(cells) > 4 else ""
    rest = f" {left} will not be added." if left else ""
    return f"Adds {count_files(chosen)} to {counted(len(cells), 'cell')} ({'; '.join(words)}{more}).{rest}"


def count_files(chosen: Sequence[Proposal]) -> str:
    """Return "12 files", or "12 recordings" where pairs of files are."""
    what = "recording" if any(one.source.current for one in chosen) else "file"
    return counted(len({one.source.paths for one in chosen}), what)


def _listed(protocols: Mapping[str, int]) -> str:
    words = [f"{plain(name)} × {number}" for name, number in list(protocols.items())[:5]]
    return ", ".join(words) + (" …" if len(protocols) > 5 else "")


def counted(number: int, what: str) -> str:
    """Return "1 file", "1,200 files"."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def files_in_words(paths: Iterable[str]) -> str:
    """Return the names of a file, or of two that belong together."""
    return " + ".join(plain(os.path.basename(path)) for path in paths)


class ChosenRows:
    """The rows of all files of a state; one of which nothing else is known stays the row that it was."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[Any, ...], Row]] = {}

    def of(self, inputs: Inputs, look: Look, said: Said) -> list[Row]:
        """Return the rows.

        Parameters
        ----------
        inputs : Inputs
        look : callable
            What is known of a path.
        said : mapping
            What else is wrong with a path.
        """
        before, self._known, words = self._known, {}, dict[str, str]()
        rows = []
        for cell, file in inputs.files():
            paths = file.recipe.paths
            # what holds still is held, so that nothing else can come to be at its place; the rest is compared
            told = words.setdefault(cell.name, tags_in_words(tags_of(inputs, cell.name)))
            by = (
                (file, *map(look, paths)),
                (cell.name, told, len(eCodes), *(said.get(path) for path in paths)),
            )
            known = before.get(file.id)
            if known is None or known[0][1] != by[1] or any(map(operator.is_not, known[0][0], by[0])):
                known = by, chosen_row(cell, file, look, said, told)
            self._known[file.id] = known
            rows.append(known[1])
        return rows


def chosen_row(cell: CellInputs, file: FileInputs, look: Look, said: Said, tags: str = "") -> Row:
    """Return the row of one file, with the tags of its cell."""
    paths = file.recipe.paths
    seen = [look(path) for path in paths]
    about = _facts(file, seen)
    problems = [*about["problems"], *_said_of(cell, file, said)]
    text = "; ".join(dict.fromkeys(plain(for_people(words, file.path)) for words in problems))
    units, own = _units(file, seen)
    said_ecode = file.metadata.get("ecode")
    family = stimulus_family(file.protocol, said_ecode)
    return {
        "id": file.id,
        "file": files_in_words(paths),
        "cell": cell.name,
        "protocol": file.protocol,
        "ecode": family or "?",
        "sweeps": about["sweeps"],
        "rate": about["rate"],
        "units": units,
        "ljp": _number(file.metadata.get("ljp")),
        "tags": plain(tags),
        "problems": text if all(seen) or text else "…",
        "_class": {
            "units": "" if own else "efe-faint",
            "problems": "efe-bad" if text else "efe-faint",
            "ecode": "efe-bad" if not family else "" if said_ecode else "efe-faint",
        },
        "_hint": {"file": "\n".join(map(plain, paths)), "problems": text, "protocol": _own_name_hint(file)},
    }


def found_by(rows: list[Row], words: str) -> list[Row]:
    """Return the rows in which all words stand, whatever their case."""
    wanted = words.casefold().split()
    if not wanted:
        return rows
    fields = ("file", "cell", "protocol", "ecode", "tags", "problems")
    texts = (" ".join(str(row[field]) for field in fields).casefold() for row in rows)
    return [row for row, text in zip(rows, texts, strict=True) if all(word in text for word in wanted)]


def told_of_files(problems: Iterable[Problem]) -> dict[str, tuple[Problem, ...]]:
    """Return what keeps files from being used, or is doubtful about their units, by their paths."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.file and problem.severity != "note" and problem.kind in ("file", "unit"):
            found.setdefault(absolute(problem.file), []).append(problem)
    return {path: tuple(told) for path, told in found.items()}


def _said_of(cell: CellInputs, file: FileInputs, said: Said) -> list[str]:
    """Return what is said of a file as that cell and protocol have it: it may hold others, too."""
    return [
        problem.message
        for path in file.recipe.paths
        for problem in said.get(path, ())
        if problem.cell in (None, cell.name) and problem.protocol in (None, file.protocol)
    ]


def own_names(file: FileInputs) -> tuple[str, str]:
    """Return what a file itself calls its protocol and its cell ("" if only one is in it), as a person chose them."""
    protocol, cell = file.metadata.get("protocol_name"), file.metadata.get("cell_name")
    return protocol if isinstance(protocol, str) else file.protocol, cell if isinstance(cell, str) else ""


def _own_name_hint(file: FileInputs) -> str:
    protocol, cell = own_names(file)
    words = [] if protocol.lower() == file.protocol.lower() else [f"in the file: {plain(protocol)}"]
    return "; ".join([*words, *([f"the sweeps of {plain(cell)}"] if cell else [])])


def stimulus_family(protocol: str, said: Any = None) -> str:
    """Return the family of stimuli by which a protocol is read, "" if none is known by its name."""
    return _family(protocol, said if isinstance(said, str) else None, len(eCodes))


@lru_cache(maxsize=1_000)  # there may be thousands of files, of a few protocols
def _family(protocol: str, said: str | None, known: int) -> str:
    try:
        return ecode_of(protocol, said).__name__
    except EfeError:
        return ""


def _facts(file: FileInputs, seen: Sequence[Seen | None]) -> dict[str, Any]:
    """Return what the file says: number of sweeps of the protocol, kHz, problems."""
    problems = [one.problem for one in seen if one is not None and one.problem]
    if not stimulus_family(file.protocol, file.metadata.get("ecode")):
        problems.append(
            f"{_UNKNOWN}: rename it, or choose its stimulus (what its current shows stands below)"
        )
    first = seen[0].summary if seen and seen[0] is not None else None
    if first is None:
        return {"sweeps": None, "rate": None, "problems": problems}
    if len(seen) == 1 and file.metadata.keys() <= _TELL_NOTHING:
        problems += [p.message for p in first.problems if not _is_settled(p, file, first.listened)]
    sweeps = first.sweeps
    protocol, cell = own_names(file)
    if first.protocols:
        named = tuple(s for s in sweeps if s.protocol is not None and s.protocol.lower() == protocol.lower())
        sweeps = named or tuple(s for s in sweeps if s.is_of(protocol)) or sweeps
    if cell:
        sweeps = tuple(s for s in sweeps if s.cell is not None and s.cell.lower() == cell.lower()) or sweeps
    rates = {sweep.rate_hz for sweep in sweeps if sweep.rate_hz}
    rate = None if not rates else f"{min(rates) / 1e3:g}"
    if len(rates) > 1:
        rate = f"{rate}–{max(rates) / 1e3:g}"
    return {"sweeps": len(sweeps), "rate": rate, "problems": problems}


def _is_settled(problem: Problem, file: FileInputs, listened: Sequence[str]) -> bool:
    """Whether a problem is none of the sweeps of the cell that a person chose: of the whole file, or of a channel."""
    if file.metadata.get("cell_name") is None:
        return False
    of_others = bool(listened) and "only listened to" in problem.message
    return "'cell_name'" in problem.message or of_others


def _units(file: FileInputs, seen: Sequence[Seen | None]) -> tuple[str, bool]:
    """Return units of voltage and current, and whether a person said them."""
    found = {"v_unit": "", "i_unit": ""}
    for one in seen:
        if one is not None and one.summary is not None:
            for key, name in (("v_unit", "voltage"), ("i_unit", "current")):
                found[key] = found[key] or next(iter(one.summary.units[name]), "")
    own = {key: str(file.metadata[key]) for key in found if file.metadata.get(key)}
    # what the file says itself counts more than what was written about it
    both = [found[key] or own.get(key, "") for key in ("v_unit", "i_unit")]
    shown = [canonical_unit(unit) or plain(unit) or "?" for unit in both]
    return (", ".join(shown) if any(both) else ""), bool(own) and not any(found.values())


def units_from(text: str) -> dict[str, str | None]:
    """Return what "mV, pA" says as metadata; nothing takes both back. Raises EfeError."""
    words = text.replace(",", " ").replace("/", " ").split()
    if not words:
        return {"v_unit": None, "i_unit": None}
    found: dict[str, str | None] = {}
    for word in words:
        unit = canonical_unit(word)
        key = "v_unit" if is_voltage_unit(word) else "i_unit" if is_current_unit(word) else ""
        if not key or key in found:
            raise EfeError(f"{word!r} can't be: write the units of voltage and current, for example mV, pA.")
        found[key] = unit
    return found


def number_from(text: str, what: str) -> float | None:
    """Return a number that was typed; nothing takes it back. Raises EfeError."""
    words = str(text).strip().replace("−", "-")
    if not words:
        return None
    try:
        found = float(words.replace(",", ".") if words.count(",") == 1 and "." not in words else words)
    except ValueError:
        raise EfeError(f"{what} must be a number, but is {text!r}.") from None
    if not -1e6 < found < 1e6:
        raise EfeError(f"{what} must be a number that can be measured, but is {text!r}.")
    return found


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
