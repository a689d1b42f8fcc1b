"""Which reader reads which file: built-in ones, those registered by a script, those of installed plug-ins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, TypeVar

from ..problems import Problem, ReadError
from ..remote import name_of
from . import abf, columns, episodes, heka, igor, matlab, nwb, text
from .abf import inspect_abf, open_abf
from .columns import inspect_text, open_table
from .files import main_path
from .heka import inspect_heka, names_protocol, open_heka
from .igor import inspect_igor, open_igor
from .inspection import Contents, FileSummary
from .matlab import open_matlab
from .nwb import finds_by_name, open_nwb
from .text import is_lccr, open_lccr

ENTRY_POINTS = "efewidgets.readers"

Read = TypeVar("Read", bound=Callable[..., Any])
Open = Callable[[Mapping[str, Any]], AbstractContextManager[Contents]]


@dataclass(frozen=True)
class Format:
    """A file format and what opens it.

    Built-in formats have `open`; a lab's own have `read` (metadata → list of sweeps) and perhaps `inspect`.
    `keys` are the keys of metadata that only this format has; None if it takes any. `finds` tells whether a file has
    sweeps of a protocol, in formats whose sweeps are chosen by its name.
    """

    name: str
    suffixes: tuple[str, ...]
    open: Open | None = None
    open_for_inspection: Callable[[str], AbstractContextManager[Contents]] | None = None
    read: Callable[[dict[str, Any]], Any] | None = None
    inspect: Callable[[str], FileSummary] | None = None
    keys: Mapping[str, Any] | Iterable[str] | None = field(default_factory=dict)
    finds: Callable[[Mapping[str, Any], str], bool] | None = None


def _open_text(metadata: Mapping[str, Any]) -> AbstractContextManager[Contents]:
    if is_lccr(metadata) and metadata.get("columns") is None:
        return open_lccr(metadata)
    return open_table(metadata)


_BUILT_IN = (
    Format("ABF", (".abf",), open_abf, inspect_abf, keys=abf.KEYS),
    Format("Igor", (".ibw", ".bwav"), open_igor, inspect_igor, keys=igor.KEYS),
    Format("NWB", (".nwb", ".zarr"), open_nwb, keys=nwb.KEYS, finds=finds_by_name),
    Format("HEKA", (".dat",), open_heka, inspect_heka, keys=heka.KEYS, finds=names_protocol),
    *(
        Format(source.name, suffixes, source.open, source.open_for_inspection, keys=episodes.KEYS)
        for source, suffixes in (
            (episodes.WINWCP, (".wcp",)),
            (episodes.AXOGRAPH, (".axgd", ".axgx")),
            (episodes.SPIKE2, (".smr", ".smrx")),
            (episodes.PACKED_IGOR, (".pxp",)),
            (episodes.AXON_TEXT, (".atf",)),
        )
    ),
    Format("MATLAB", (".mat",), open_matlab, keys=matlab.KEYS),
    Format("text", (".txt",), _open_text, inspect_text, keys=text.KEYS | columns.KEYS),
    Format("CSV", (".csv", ".tsv"), open_table, inspect_text, keys=columns.KEYS),
)
_registered: dict[str, Format] = {}
_plugins: tuple[list[Format], list[Problem]] | None = None


def register_reader(
    name: str,
    suffixes: str | Iterable[str],
    read: Callable[[dict[str, Any]], Any],
    inspect: Callable[[str], FileSummary] | None = None,
) -> None:
    """Make a lab's own file format readable everywhere.

    Parameters
    ----------
    name : str
        What the format is called. Registering a name again replaces it.
    suffixes : str or iterable of str
        Endings of its files, e.g. ".dat"; without regard to case. Goes before the built-in formats.
    read : callable
        Takes a recording's metadata (dict), returns a list of sweeps: dicts with ``voltage`` and ``current``
        (arrays of equal length), and as far as the file knows them ``dt``, ``t_unit``, ``v_unit``,
        ``i_unit``, ``id``, ``repetition``, ``protocol``, ``clamp_mode`` ("current" or "voltage"). If it has an
        attribute ``metadata_keys`` (names of the keys that it reads besides those of any file), others are told as
        misspelt.
    inspect : callable, optional
        Takes a path, returns a `FileSummary`. Without it, the file is read.
    """
    _registered[name] = _custom_format(name, suffixes, read, inspect)


def _custom_format(name: str, suffixes: Any, read: Any, inspect: Any = None) -> Format:
    endings = (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    if not endings or not all(isinstance(s, str) and s.startswith(".") and len(s) > 1 for s in endings):
        raise ReadError(f"the suffixes of reader {name!r} must be like '.dat', but are {suffixes!r}.")
    if not callable(read):
        raise ReadError(f"the reader {name!r} must be a function of a recording's metadata, but is {read!r}.")
    return Format(
        name, tuple(s.lower() for s in endings), read=read, inspect=inspect, keys=declared_keys(read)
    )


def _load_plugins() -> tuple[list[Format], list[Problem]]:
    """Load the readers of installed packages, once; one that fails is a Problem and nothing more.

    An entry point is a callable with an attribute ``suffixes`` and perhaps one ``inspect``.
    """
    global _plugins
    if _plugins is None:
        formats, problems = [], []
        for point in entry_points(group=ENTRY_POINTS):
            try:
                read = point.load()
                formats.append(
                    _custom_format(point.name, read.suffixes, read, getattr(read, "inspect", None))
                )
            except Exception as error:  # whatever a plug-in does must not stop the rest
                problems.append(
                    Problem(
                        f"the reader plug-in {point.name!r} ({point.value}) can't be loaded: {error}",
                        "warning",
                        "file",
                    )
                )
        _plugins = formats, problems
    return _plugins


def plugin_problems() -> list[Problem]:
    """Return what went wrong with installed plug-ins."""
    return list(_load_plugins()[1])


def formats() -> list[Format]:
    """Return all formats, a lab's own first."""
    return [*_registered.values(), *_load_plugins()[0], *_BUILT_IN]


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format that a file's suffix tells, without regard to case. Raises ReadError if none."""
    name = name_of(path)
    for known in formats():
        if name.lower().endswith(known.suffixes):
            return known
    suffixes = sorted({s for known in formats() for s in known.suffixes})
    raise ReadError(
        f"{name} has no suffix of a known format ({', '.join(suffixes)}). Rename it, or pass your own reader."
    )


def suffixes_that_name_protocols() -> tuple[str, ...]:
    """Return the suffixes of formats whose sweeps are chosen by the name of their protocol."""
    return tuple(suffix for known in _BUILT_IN if known.finds is not None for suffix in known.suffixes)


def format_for(metadata: Mapping[str, Any]) -> Format:
    """Return the format of the file that a recording's metadata name."""
    return format_of(main_path(metadata))


def reads(keys: Mapping[str, Any]) -> Callable[[Read], Read]:
    """Return a decorator by which a reader declares the keys of metadata that it reads besides those of any file."""

    def declaring(reader: Read) -> Read:
        reader.metadata_keys = keys  # type: ignore[attr-defined]
        return reader

    return declaring


def declared_keys(reader: Callable[..., Any]) -> Mapping[str, Any] | Iterable[str] | None:
    """Return the keys of metadata that a reader says it reads; None if it doesn't say."""
    found: Mapping[str, Any] | Iterable[str] | None = getattr(reader, "metadata_keys", None)
    return found


def keys_of(metadata: Mapping[str, Any], reader: Callable[..., Any] | None = None) -> Any:
    """Return the keys of metadata that only the reader of this file has, perhaps with kinds; None if it takes any."""
    if reader is not None:
        return declared_keys(reader)
    try:
        return format_for(metadata).keys
    except ReadError:  # of no known format: is told when it is read
        return None
