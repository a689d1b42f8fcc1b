"""Two sessions beside each other: what differs in recordings, decisions and values."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

import pandas as pd

from ...engine.figures.style import counted
from ...engine.outputs.spreadsheet import as_csv as table_as_csv
from ...engine.recordings.metadata import timing_keys
from ...engine.stages.inputs import PATHS, FileInputs, Inputs, Target
from ...engine.stages.values import thaw
from ..convert import settings_in_force
from .found import Found
from .members import Member
from .tables import target_table, unit_of

#: What differences are about, in the order in which they are told
ABOUT = (
    "recordings",
    "exclusions",
    "timings",
    "files",
    "targets",
    "settings",
    "rheobases",
    "efeatures",
    "notes",
)
COLUMNS = (
    "about item what first second mean_first std_first n_first mean_second std_second n_second difference_in_std"
).split()

#: Decisions that have rows of their own, or that no result depends on
_ELSEWHERE = {
    "cells",
    "targets",
    "auto_targets",
    "efel_settings",
    "rheobase_values",
    "accepted",
    "output_directory",
}
_ELSEWHERE |= {"cell_notes", "recording_notes", "write_files", "plot", "low_memory_mode", "pickle_cells"}


class Average(NamedTuple):
    """Mean and standard deviation of the values that went into a target, in the feature's unit, and their number."""

    mean: float
    std: float
    n: int
    unit: str = ""

    def __str__(self) -> str:
        if not self.n:
            return "no value"
        return f"{self.mean:.6g} ± {self.std:.4g} {self.unit}".rstrip() + f" (n = {self.n})"


@dataclass(frozen=True)
class Difference:
    """One thing that isn't the same in two sessions.

    Parameters
    ----------
    about : str
        One of `ABOUT`.
    item : str
        Of what: a sweep, a target, a setting.
    what : str
        What of it.
    first, second : object
        What the sessions say; None where one has nothing to say. `Average` of efeatures.
    in_std : float or None
        Of efeatures: by how many standard deviations of the first session the mean of the second lies above its own.
    """

    about: str
    item: str
    what: str
    first: Any
    second: Any
    in_std: float | None = None


def compare(first: Found, second: Found) -> list[Difference]:
    """Return what differs between the results of two sessions, and between the decisions behind them.

    A recording is the same in both if cell, protocol, name of the file and sweep are; where a protocol has two files
    of one name, their whole paths count. Paths, ids and the order of things don't.

    Parameters
    ----------
    first, second : Results
        They are computed where they aren't yet.

    Returns
    -------
    list of Difference
        In the order of `ABOUT`; none if the sessions are the same.
    """
    files = _files(first.inputs, second.inputs)
    sweeps = _sweeps(first, files[0]), _sweeps(second, files[1])
    parts = (
        _recordings(files, sweeps),
        _exclusions(*sweeps),
        _said(*files),
        _targets(first, second),
        _settings(first.inputs, second.inputs),
        _rheobases(first, second),
        _efeatures(first, second),
        _notes(first.inputs, second.inputs, *sweeps),
    )
    found = [one for part in parts for one in part]
    return sorted(found, key=lambda one: ABOUT.index(one.about))


def as_table(differences: Iterable[Difference]) -> pd.DataFrame:
    """Return differences as a table, one row each.

    Returns
    -------
    pandas.DataFrame
        ``first`` and ``second`` are texts; means, standard deviations and numbers of values of efeatures have columns
        of their own, and ``difference_in_std`` is their difference in standard deviations of the first.
    """
    return pd.DataFrame([_row(one) for one in differences], columns=COLUMNS)


def as_csv(differences: Iterable[Difference]) -> str:
    """Return differences as CSV, with the columns of `as_table`."""
    return table_as_csv(COLUMNS, map(_row, differences))


def in_words(value: Any) -> str:
    """Return what a session says, as a text; "–" for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)) and not isinstance(value, Average):
        return ", ".join(map(in_words, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {in_words(part)}" for key, part in value.items()) or "none"
    return str(value)


def _row(one: Difference) -> tuple[Any, ...]:
    numbers: list[Any] = []
    for value in (one.first, one.second):
        known = isinstance(value, Average)
        numbers += [value.mean, value.std, value.n] if known else [None] * 3
    return (one.about, one.item, one.what, in_words(one.first), in_words(one.second), *numbers, one.in_std)


def _unlike_in(about: str, item: str, what: str, said: Iterable[Any]) -> Difference:
    first, second = said
    return Difference(about, item, what, first, second)


# --- which files and sweeps are the same

Key = tuple[str, ...]
Files = dict[Key, FileInputs]
Sweeps = dict[Key, Member]


def _files(*sessions: Inputs) -> tuple[Files, Files]:
    """Return the files of both by what they are found by in the other one."""
    counts = [Counter(_by_name(cell.name, file) for cell, file in inputs.files()) for inputs in sessions]
    shared = {key for count in counts for key, n in count.items() if n > 1}
    found = []
    for inputs in sessions:
        files: Files = {}
        for cell, file in inputs.files():
            key = _by_name(cell.name, file)
            if key in shared:
                key = (*key[:2], " + ".join(file.recipe.paths))
            files[_free(key, files)] = file
        found.append(files)
    return found[0], found[1]


def _by_name(cell: str, file: FileInputs) -> Key:
    return cell, file.protocol, " + ".join(PurePath(path).name for path in file.recipe.paths)


def _free(key: Key, taken: Mapping[Key, Any]) -> Key:
    """Return a key that isn't taken: that of the second which is alike says so."""
    number = 2
    found = key
    while found in taken:
        found = (*key[:-1], f"{key[-1]} ({number})")
        number += 1
    return found


def _sweeps(results: Found, files: Files) -> Sweeps:
    keys = {file.id: key for key, file in files.items()}
    return {(*keys[m.file.id], str(m.recording.label)): m for m in results.members.values()}


def _item(key: Key) -> str:
    return " · ".join(key)


# --- recordings


def _recordings(files: tuple[Files, Files], sweeps: tuple[Sweeps, Sweeps]) -> Iterator[Difference]:
    counts = [Counter(key[:-1] for key in of) for of in sweeps]
    for key in dict.fromkeys((*files[0], *files[1])):
        there = [key in of for of in files]
        if not all(there):
            said = [counted(n[key], "sweep") if here else None for n, here in zip(counts, there, strict=True)]
            yield _unlike_in("recordings", _item(key), "file", said)
    for key in dict.fromkeys((*sweeps[0], *sweeps[1])):
        if all(key[:-1] in of for of in files) and (key in sweeps[0]) != (key in sweeps[1]):
            said = ["there" if key in of else None for of in sweeps]
            yield _unlike_in("recordings", _item(key), "sweep", said)


def _exclusions(first: Sweeps, second: Sweeps) -> Iterator[Difference]:
    for key, member in first.items():
        other = second.get(key)
        if other is not None and member.excluded != other.excluded:
            yield Difference("exclusions", _item(key), "reason", member.excluded, other.excluded)


def _said(first: Files, second: Files) -> Iterator[Difference]:
    """Yield what was said of files and single sweeps, timings apart from the rest."""
    timings = {"tend", *timing_keys()}
    for key, file in first.items():
        if key not in second:
            continue
        both = [_metadata(one) for one in (file, second[key])]
        for sweep in dict.fromkeys((*both[0], *both[1])):
            place = _item((*key, sweep) if sweep else key)
            for name, *said in _unlike(*(one.get(sweep, {}) for one in both)):
                yield _unlike_in("timings" if name in timings else "files", place, name, said)


def _metadata(file: FileInputs) -> dict[str, Mapping[str, Any]]:
    """Return what was said of a file, as "", and of its sweeps by their names; paths left aside."""
    own = {key: value for key, value in file.metadata.items() if key not in PATHS}
    return {"": own, **file.recipe.sweeps}


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*first, *second)):
        one, other = first.get(name), second.get(name)
        if one != other:
            yield name, thaw(one), thaw(other)


# --- decisions on all of them


def _targets(first: Found, second: Found) -> Iterator[Difference]:
    sessions = first.inputs, second.inputs
    chosen = [None if one.targets is None else "by a person" for one in sessions]
    ways = [way or "automatically" for way in chosen]
    if ways[0] != ways[1]:
        yield _unlike_in("targets", "all", "chosen", ways)
    goals = [one.auto_targets for one in sessions]
    if goals[0] != goals[1] and not any(chosen):
        yield _unlike_in("targets", "all", "goals", map(_goals, goals))
    both = [_by_key(results) for results in (first, second)]
    for key in dict.fromkeys((*both[0], *both[1])):
        one, other = (of.get(key) for of in both)
        if one is None or other is None:
            wanted = (None if target is None else "wanted" for target in (one, other))
            yield _unlike_in("targets", _item(key), "target", wanted)
            continue
        for name, *said in _unlike(one.as_dict(), other.as_dict()):
            yield _unlike_in("targets", _item(key), name, said)


def _goals(goals: Any) -> str:
    return "the usual ones" if goals is None else f"{len(goals)} of a person"


def _by_key(results: Found) -> dict[Key, Target]:
    unit = "nA" if results.inputs.absolute_amplitude else "%"
    found: dict[Key, Target] = {}
    for target in results.targets:
        found[_free(_key_of(target, unit), found)] = target
    return found


def _key_of(target: Target, unit: str) -> Key:
    place = () if target.location == "soma" else (target.location,)
    return target.protocol, f"{target.amplitude:g} {unit}", *place, target.name


def _settings(first: Inputs, second: Inputs) -> Iterator[Difference]:
    for name, *said in _unlike(settings_in_force(first), settings_in_force(second)):
        yield _unlike_in("settings", "eFEL", name, said)
    for field in dataclasses.fields(Inputs):
        one, other = (getattr(inputs, field.name) for inputs in (first, second))
        if field.name in _ELSEWHERE or one == other:
            continue
        if field.name == "recording_reader":
            one, other = (None if reader is None else reader.name for reader in (one, other))
        if isinstance(one, Mapping) or isinstance(other, Mapping):
            for name, *said in _unlike(one or {}, other or {}):
                yield _unlike_in("settings", field.name, name, said)
        else:
            yield Difference("settings", "extraction", field.name, thaw(one), thaw(other))
    for name, cell in first.by_name.items():
        if name in second.by_name and cell.model != second.by_name[name].model:
            yield Difference("settings", name, "is a model", cell.model, second.by_name[name].model)


# --- what came out


def _rheobases(first: Found, second: Found) -> Iterator[Difference]:
    both = first.rheobases, second.rheobases
    for cell in both[0]:
        if cell not in both[1]:
            continue
        one, other = both[0][cell], both[1][cell]
        if (one.value, one.by_hand) != (other.value, other.by_hand):
            yield _unlike_in("rheobases", cell, "rheobase", map(_rheobase, (one, other)))


def _rheobase(found: Any) -> str | None:
    if found.value is None:
        return None
    return f"{found.value:.6g} nA" + (", by hand" if found.by_hand else "")


def _efeatures(first: Found, second: Found) -> Iterator[Difference]:
    both = [_averages(results) for results in (first, second)]
    for key, one in both[0].items():
        other = both[1].get(key)
        if other is not None and repr(one) != repr(other):  # nan is nan
            apart = (other.mean - one.mean) / one.std if one.std else math.nan
            in_std = apart if math.isfinite(apart) else None
            yield Difference("efeatures", _item(key), "mean ± std", one, other, in_std)


def _averages(results: Found) -> dict[Key, Average]:
    table = target_table(results).set_index("target")
    columns = (table[name].to_dict() for name in ("mean", "std", "n"))
    mean, std, number = columns
    return {
        key: Average(float(mean[t.id]), float(std[t.id]), int(number[t.id]), unit_of(t.efeature))
        for key, t in _by_key(results).items()
    }


def _notes(first: Inputs, second: Inputs, *sweeps: Sweeps) -> Iterator[Difference]:
    for cell in first.by_name:
        if cell in second.by_name:
            yield from _noted((cell,), *(one.cell_notes.get(cell, {}) for one in (first, second)))
    if not (first.recording_notes or second.recording_notes):
        return
    for key, member in sweeps[0].items():
        other = sweeps[1].get(key)
        if other is not None:
            told = first.recording_notes.get(member.id, {}), second.recording_notes.get(other.id, {})
            yield from _noted(key, *told)


def _noted(key: Key, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    return (_unlike_in("notes", _item(key), name, said) for name, *said in _unlike(one, other))
