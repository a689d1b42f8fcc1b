"""Reading recordings: one module a format family, a registry for a lab's own formats, and what all share.

Whatever the format, a file becomes a list of sweeps (dicts with ``voltage``, ``current``, ``dt``, units) and
a list of problems. A bad sweep doesn't take the others down with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from ..apart import one_step
from ..guard import may_open
from ..long.memory import NO_MEMORY, lacking
from ..problems import EfeError, MissingFileError, NoSweepError, Problem, ReadError
from ..systems.files import HELD, is_held
from .checks import check_sweep
from .elsewhere import copy_here, with_copies_here
from .files import existing_file
from .inside import go_on
from .inspection import (
    Contents,
    FileSummary,
    LazySweep,
    LeftOutError,
    Sweep,
    SweepInfo,
    known_sweep,
    step_in_ms,
)
from .registry import format_for, format_of, opening_at, plugin_problems, reads, register_reader
from .vouched import always_apart

__all__ = [
    "FileSummary",
    "SweepInfo",
    "always_apart",
    "axon_reader",
    "csv_lccr_reader",
    "csv_reader",
    "each_sweep",
    "has_protocol",
    "igor_reader",
    "inspect",
    "nwb_reader",
    "plugin_problems",
    "read",
    "read_matlab",
    "register_reader",
]

Reader = Callable[[dict[str, Any]], Any]

_IN_C = ("NWB", "MATLAB")
_BOTH = 16  # bytes of a sample of voltage and one of current, at most


def read(
    metadata: Mapping[str, Any], reader: Reader | None = None, only: Collection[int] | None = None
) -> tuple[list[Sweep | None], list[Problem]]:
    """Read the sweeps of the file (or pair of files) that a recording's metadata name.

    Parameters
    ----------
    metadata : dict
        What a person wrote about the recording: ``filepath``, or ``v_file`` and ``i_file``; what the format
        needs besides (``protocol_name``, ``repetition``, ``amplitudes``, …); units and ``dt``, which overrule
        the file's.
    reader : callable, optional
        A function of the metadata that returns a list of sweeps; chosen by the file's suffix if None.
    only : collection of int, optional
        Indexes of the sweeps wanted. The samples of others aren't read, where the format allows.

    Returns
    -------
    sweeps : list of dict or None
        One entry a sweep, so that indexes stay; None for those not wanted or not usable. ``voltage`` and
        ``current`` are arrays (n,) in the file's units (``v_unit``, ``i_unit``), ``dt`` is in ``t_unit``,
        ``index`` is the position, ``label`` names the sweep for people. ``id``, ``protocol``, ``repetition``,
        ``ton``, ``toff`` (ms), ``amp``, ``hypamp`` (``i_unit``) stand where the file has them.
    problems : list of Problem
        What a person should know, with the sweep in ``recording``.

    Raises
    ------
    ReadError
        If no sweep that is wanted can be had.
    """
    problems: list[Problem] = []
    return [sweep for _, sweep in each_sweep(metadata, problems, reader, only)], problems


def each_sweep(
    metadata: Mapping[str, Any],
    problems: list[Problem],
    reader: Reader | None = None,
    only: Collection[int] | None = None,
    as_stored: bool = False,
) -> Iterator[tuple[str, Sweep | None]]:
    """As `read`, but one sweep after the other, where the format allows: yield the label and the sweep of each.

    With `as_stored` each has under "stored" the numbers as they stand in the file, where the format has such. In the
    end the problems are added to the list, or ReadError is raised.
    """
    file = _file_of(metadata)
    found: list[Problem] = []
    failures: list[Problem] = []
    usable = False
    with _unforeseen(file), _open(metadata, reader) as contents:
        found += [*contents.problems, *contents.lost()]
        for index, lazy in enumerate(contents.sweeps):
            if only is not None and index not in only:
                yield lazy.label, None
                continue
            go_on()
            with _step(contents):
                sweep, told = _load(lazy, metadata, contents.format)
            found += told
            if sweep is None:
                failures += told
                yield lazy.label, None
            else:
                usable = True
                if as_stored and lazy.stored is not None:
                    sweep["stored"] = lazy.stored()
                yield lazy.label, sweep | {"index": index, "label": lazy.label}
    if failures and not usable:
        raise _no_sweep(failures)
    problems += _merged(found, file)


def inspect(path: str | os.PathLike[str]) -> FileSummary:
    """Say what is in a file without loading its samples: format, dialect, protocols, sweeps, units, rates.

    Raises
    ------
    ReadError
        If the file can't be opened, or its format isn't known.
    """
    path = os.fspath(path)
    known, here = format_of(path), copy_here(path)
    existing_file(here)
    if known.inspect is not None:
        with _unforeseen(path):
            return known.inspect(here).of(path)
    opener = known.opening.open_for_inspection if known.opening else None
    with _unforeseen(path), opener(here) if opener else _open({"filepath": here}, None) as contents:
        return contents.summary(path)


def has_protocol(metadata: Mapping[str, Any], protocol: str) -> bool:
    """Whether the file that metadata name chooses its sweeps by the name of a protocol, and has some of this one."""
    try:
        opening = format_for(metadata).opening
    except EfeError:
        return False
    finds = opening.finds if opening else None
    try:
        return finds is not None and finds(with_copies_here(metadata), protocol)
    except EfeError:  # it is elsewhere, and can't be had
        return False


def _open(metadata: Mapping[str, Any], reader: Reader | None) -> Any:
    metadata = with_copies_here(metadata, reader is not None)
    if reader is not None:
        return _open_custom(metadata, reader, getattr(reader, "__name__", "custom reader"))
    known = format_for(metadata)
    if known.read is not None:
        return _open_custom(metadata, known.read, known.name)
    assert known.opening is not None
    return known.opening.open(metadata)


def _step(contents: Contents) -> AbstractContextManager[None]:
    """Limit the time for one sweep where a C library reads it."""
    return one_step() if contents.format in _IN_C else nullcontext()


def _load(lazy: LazySweep, metadata: Mapping[str, Any], form: str = "") -> tuple[Sweep | None, list[Problem]]:
    """Load and check one sweep; what goes wrong becomes a problem of this sweep."""
    found: list[Problem] = []
    sweep: Sweep | None = None
    try:
        if form != "NWB":  # whose sweeps say so themselves, since describing them takes time
            _check_room(lazy)
        sweep = check_sweep(lazy.load(found), metadata, found)
    except LeftOutError as error:
        found.append(Problem(str(error), "note", "file"))
    except EfeError as error:
        found.append(Problem(str(error), "error", "file"))
    except MemoryError:
        found.append(Problem(NO_MEMORY, "error", "file"))
    except Exception as error:  # a damaged file fails in ways that nobody foresees
        found.append(
            Problem(f"its samples can't be read ({type(error).__name__}: {error}).", "error", "file")
        )
    return sweep, [problem.at(recording=lazy.label) for problem in found]


def _check_room(lazy: LazySweep) -> None:
    """Raise ReadError for a long sweep that doesn't fit the memory that is allowed, before it is read."""
    samples = lazy.describe([]).n_samples or 0
    lack = lacking(samples, samples * _BOTH)
    if lack:
        raise ReadError(lack)


@contextmanager
def _unforeseen(file: str | None) -> Iterator[None]:
    """Turn what a damaged file makes a library raise into a ReadError."""
    try:
        yield
    except EfeError:
        raise
    except MemoryError as error:
        raise ReadError(NO_MEMORY) from error
    except Exception as error:
        name = os.path.basename(file or "the file")
        if is_held(error, file):
            raise ReadError(f"{name} can't be read: {HELD}.") from error
        words = f"{type(error).__name__}: {error}"
        raise ReadError(f"{name} is damaged, or isn't what its suffix says ({words}).") from error


def _no_sweep(failures: list[Problem]) -> ReadError:
    first = failures[0]
    if len(failures) == 1:
        return ReadError(f"{first.recording}: {first.message}")
    return ReadError(f"none of its sweeps can be used. {first.recording}: {first.message}")


def _merged(problems: list[Problem], file: str | None) -> list[Problem]:
    """Say once what holds for many sweeps, and name the file."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.message), []).append(problem.at(file=file))
    merged = []
    for same in groups.values():
        if len(same) == 1 or same[0].recording is None:
            merged.append(same[0])
        else:
            names = ", ".join(str(p.recording) for p in same[:4]) + (", …" if len(same) > 4 else "")
            message = f"{same[0].message} ({len(same)} sweeps: {names})"
            merged.append(Problem(message, same[0].severity, same[0].kind, file))
    return merged


def _file_of(metadata: Mapping[str, Any]) -> str | None:
    path = metadata.get("filepath") or metadata.get("v_file") or metadata.get("i_file")
    return os.fspath(path) if isinstance(path, (str, os.PathLike)) else None


# --- a lab's own reader


@contextmanager
def _open_custom(metadata: Mapping[str, Any], reader: Reader, name: str) -> Iterator[Contents]:
    for key in ("filepath", "v_file", "i_file"):
        if isinstance(metadata.get(key), (str, os.PathLike)):
            may_open(os.fspath(metadata[key]))
    try:
        found = reader(dict(metadata))
    except EfeError:
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"the reader {name!r} found no file: {error}") from error
    except Exception as error:
        raise ReadError(f"the reader {name!r} failed: {type(error).__name__}: {error}") from error
    expected = f"the reader {name!r} must return a list of sweeps, dicts with 'voltage' and 'current'"
    if isinstance(found, Mapping) or not isinstance(found, (list, tuple)):
        raise ReadError(f"{expected}, but returned {type(found).__name__}.")
    if not found:
        raise NoSweepError(f"the reader {name!r} found no sweep in the file.")
    contents = Contents(name)
    for k, sweep in enumerate(found):
        if not isinstance(sweep, Mapping):
            raise ReadError(f"{expected}, but its sweep {k + 1} is {type(sweep).__name__}.")
        contents.sweeps.append(known_sweep(_custom_info(sweep, k), _custom_loader(sweep)))
    yield contents


def _custom_loader(sweep: Mapping[str, Any]) -> Callable[[list[Problem]], Sweep]:
    return lambda problems: dict(sweep)


def _custom_info(sweep: Mapping[str, Any], k: int) -> SweepInfo:
    return SweepInfo(
        str(sweep.get("id") or f"sweep {k + 1}"),
        sweep.get("protocol"),
        sweep.get("repetition"),
        int(np.size(sweep.get("voltage", ()))),
        step_in_ms(sweep.get("dt"), sweep.get("t_unit")),
        sweep.get("v_unit"),
        sweep.get("i_unit"),
    )


# --- readers by the names of BluePyEfe, for `recording_reader=`


def _sweeps(reader: Any, metadata: Mapping[str, Any]) -> list[Sweep]:
    with opening_at(reader.opening).open(metadata) as contents:
        loaded = [_load(lazy, metadata) for lazy in contents.sweeps]
    sweeps = [sweep for sweep, _ in loaded if sweep is not None]
    if loaded and not sweeps:
        raise _no_sweep([problem for _, found in loaded for problem in found])
    return sweeps


@reads("abf:ABF")
def axon_reader(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read all usable sweeps of an Axon file (.abf); see `read`."""
    return _sweeps(axon_reader, metadata)


@reads("igor:IGOR")
def igor_reader(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read the sweep of a pair of Igor waves, ``v_file`` and ``i_file``; see `read`."""
    return _sweeps(igor_reader, metadata)


@reads("nwb:NWB")
def nwb_reader(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read the usable sweeps of an NWB file that ``protocol_name`` and ``repetition`` choose; see `read`."""
    return _sweeps(nwb_reader, metadata)


@reads("matlab:MATLAB")
def read_matlab(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read all usable sweeps of a PatchMaster export for MATLAB (.mat); see `read`."""
    return _sweeps(read_matlab, metadata)


@reads("text:LCCR")
def csv_lccr_reader(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read the voltage columns of a text file, with step currents from the metadata; see `read`."""
    return _sweeps(csv_lccr_reader, metadata)


@reads("columns:CSV")
def csv_reader(metadata: Mapping[str, Any]) -> list[Sweep]:
    """Read a table whose columns are time, voltage and current; see `read`."""
    return _sweeps(csv_reader, metadata)
