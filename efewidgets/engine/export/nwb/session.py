"""Facts of a session that NWB asks for: as a person gives them, as the files have them, or guessed and told so."""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import struct
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...problems import EfeError, Problem, nearest
from ...readers.hdf5 import open_file
from ...readers.hdf5_members import text
from .sweeps import CellSweeps

#: NWB's word for what isn't known of a subject
_UNKNOWN_SEX = "U"
#: As NWB writes an age of which only the lower bound is known
_UNKNOWN_AGE = "P0D/"
_AGE = re.compile(r"P\d+(?:\.\d+)?[YMWD][^/]*(?:/(?:P[^/]+)?)?")
_SEXES = ("M", "F", "U", "O")
_OF_SUBJECT = ("subject_id", "species", "sex", "age", "strain", "genotype")


@dataclass(frozen=True)
class Session:
    """What an NWB file says of the experiment as a whole.

    Parameters
    ----------
    start : datetime
        When it began, with a time zone; given as text, e.g. "2024-05-17T10:30:00+02:00".
    description : str
        Of the session, in a sentence.
    identifier : str
        By default one that no other file has.
    device : str
        The amplifier.
    experimenter : tuple of str
        Given as text: "Last, First; Last, First".
    institution, lab, experiment_description, keywords : str
    subject_id, species, sex, age, strain, genotype : str
        Of the animal: a Latin name such as "Rattus norvegicus"; M, F, O or U; an ISO 8601 duration such as P21D.
    electrode : str
        Description of the pipettes.
    """

    start: datetime.datetime
    description: str = ""
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    device: str = ""
    experimenter: tuple[str, ...] = ()
    institution: str = ""
    lab: str = ""
    experiment_description: str = ""
    keywords: str = ""
    subject_id: str = ""
    species: str = ""
    sex: str = ""
    age: str = ""
    strain: str = ""
    genotype: str = ""
    electrode: str = ""

    @property
    def subject(self) -> dict[str, str]:
        """What is known of the animal."""
        found = {name: getattr(self, name) for name in _OF_SUBJECT if getattr(self, name)}
        return {
            "sex": _UNKNOWN_SEX,
            "age": _UNKNOWN_AGE,
            "description": "the animal, as far as it is known",
        } | found


def session_of(cells: Sequence[CellSweeps], about: Mapping[str, Any], problems: list[Problem]) -> Session:
    """Return the facts of a session; what is guessed is told.

    Raises
    ------
    EfeError
        If a fact isn't one that is known, or isn't what it must be.
    """
    known = [one.name for one in dataclasses.fields(Session)]
    for name, value in about.items():
        if name not in known:
            raise EfeError(
                f"{name!r} is no fact of a session.{nearest(name, known)} There are: {', '.join(known)}."
            )
        if name != "start" and not isinstance(value, str):
            raise EfeError(f"{name} must be a text, but is {value!r}.")
    facts: dict[str, Any] = {name: value.strip() for name, value in about.items() if name != "start"}
    people = facts.get("experimenter", "").split(";")
    facts["experimenter"] = tuple(person.strip() for person in people if person.strip())
    if facts.get("sex") and facts["sex"] not in _SEXES:
        raise EfeError(f"sex must be one of {', '.join(_SEXES)}, but is {facts['sex']!r}.")
    if facts.get("age") and not _AGE.fullmatch(facts["age"]):
        raise EfeError(f"age must be a duration such as P21D (days) or P9W (weeks), but is {facts['age']!r}.")
    names = ", ".join(cell.name for cell in cells)
    facts["description"] = facts.get("description") or f"Current-clamp recordings of {names}."
    lacking = [name for name in ("subject_id", "species", "sex", "age") if not facts.get(name)]
    if lacking:
        words = (
            f"nobody said of which animal the cells are ({', '.join(lacking)}), which archives ask for: "
            "give it by --about species='Rattus norvegicus' and so on."
        )
        problems.append(Problem(words, "note", "output"))
    facts["subject_id"] = facts.get("subject_id") or (cells[0].name if len(cells) == 1 else "unknown")
    given = about.get("start")
    facts["start"] = _given(given) if given is not None else _guessed(cells, problems)
    return Session(**facts)


def _given(value: Any) -> datetime.datetime:
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            raise EfeError(
                f"start must be a date and time such as 2024-05-17T10:30:00+02:00, but is {value!r}."
            ) from None
    if not isinstance(value, datetime.datetime):
        raise EfeError(f"start must be a date and time, but is {value!r}.")
    return value.astimezone() if value.tzinfo is None else value


def _guessed(cells: Sequence[CellSweeps], problems: list[Problem]) -> datetime.datetime:
    """Return the earliest time that the files tell, else the earliest at which one was changed; say which it is."""
    paths = [path for cell in cells for path in cell.paths]
    said = [moment for moment in map(started, paths) if moment is not None]
    if said:
        if any(moment.tzinfo is None for moment in said):
            words = "the files say when they were recorded but in no time zone: this computer's is taken."
            problems.append(Problem(words, "note", "output"))
        return min(moment.astimezone() for moment in said)
    found = list(_changed(paths))
    words = (
        "no file says when it was recorded: when the oldest was last changed stands as the session's start. "
        "Give it by --about start=2024-05-17T10:30 (start=)."
    )
    problems.append(Problem(words, "warning", "output"))
    return min(found) if found else datetime.datetime.now().astimezone()


def _changed(paths: Iterable[str]) -> Iterable[datetime.datetime]:
    for path in paths:
        if os.path.exists(path):
            yield datetime.datetime.fromtimestamp(os.stat(path).st_mtime).astimezone()


def started(path: str) -> datetime.datetime | None:
    """Return when a recording was begun, as its file has it (NWB, ABF); None if it doesn't say."""
    try:
        if path.lower().endswith(".nwb"):
            with open_file(path, "NWB") as file:
                return datetime.datetime.fromisoformat(text(file["session_start_time"][()]) or "")
        if path.lower().endswith(".abf"):
            with open(path, "rb") as binary:
                return _started_abf(binary.read(40))
    except (EfeError, OSError, KeyError, ValueError, struct.error):
        return None
    return None


def _started_abf(head: bytes) -> datetime.datetime:
    """Return the date (yyyymmdd) and the time of day in an ABF header: ms in version 2, s in version 1."""
    at, unit = (16, 1e-3) if head[:4] == b"ABF2" else (20, 1.0)
    day, clock = struct.unpack_from("<II", head, at)
    date = datetime.datetime.strptime(f"{day:08d}", "%Y%m%d")
    if not clock * unit < 24 * 3600:
        raise ValueError("no time of day")
    return date + datetime.timedelta(seconds=clock * unit)
