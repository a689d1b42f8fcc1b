"""Which reader reads which file: built-in ones, those registered by a script, those of installed plug-ins."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..problems import Problem, ReadError
from ..remote import name_of
from .files import main_path
from .inside import inside_hdf5
from .inspection import FileSummary, Opening

ENTRY_POINTS = "efewidgets.readers"

Read = TypeVar("Read", bound=Callable[..., Any])


@dataclass(frozen=True)
class Format:
    """A file format and what opens it.

    Of built-in formats `home` says where that stands, as "module:name" within this room; it is loaded when the first of
    their files is opened. A lab's own have `read` (metadata → list of sweeps) and perhaps `inspect`, and their
    `own_keys`: None if they take any. `by_protocol` tells whether sweeps are chosen by the name of their protocol.
    """

    name: str
    suffixes: tuple[str, ...]
    home: str | None = None
    by_protocol: bool = False
    read: Callable[[dict[str, Any]], Any] | None = None
    inspect: Callable[[str], FileSummary] | None = None
    own_keys: Mapping[str, Any] | Iterable[str] | None = None

    @property
    def opening(self) -> Opening | None:
        """What opens a file of a built-in format, None for a lab's own."""
        return None if self.home is None else opening_at(self.home)

    @property
    def keys(self) -> Mapping[str, Any] | Iterable[str] | None:
        """The keys of metadata that only this format has; None if it takes any."""
        return self.own_keys if self.home is None else opening_at(self.home).keys


def opening_at(home: str) -> Opening:
    """Return what the module of a built-in reader declares, by "module:name"."""
    module, _, name = home.partition(":")
    with inside_hdf5():  # which some of them load
        found: Opening = getattr(importlib.import_module(f".{module}", __package__), name)
    return found


_BUILT_IN = (
    Format("ABF", (".abf",), "abf:ABF"),
    Format("Igor", (".ibw", ".bwav"), "igor:IGOR"),
    Format("NWB", (".nwb", ".zarr"), "nwb:NWB", by_protocol=True),
    Format("HEKA", (".dat",), "heka:HEKA", by_protocol=True),
    Format("WinWCP", (".wcp",), "episodes:WINWCP"),
    Format("AxoGraph", (".axgd", ".axgx"), "episodes:AXOGRAPH"),
    Format("Spike2", (".smr", ".smrx"), "episodes:SPIKE2"),
    Format("Igor experiment", (".pxp",), "episodes:PACKED_IGOR"),
    Format("ATF", (".atf",), "episodes:AXON_TEXT"),
    Format("MATLAB", (".mat",), "matlab:MATLAB"),
    Format("text", (".txt",), "columns:TEXT"),
    Format("CSV", (".csv", ".tsv"), "columns:CSV"),
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
        name, tuple(s.lower() for s in endings), read=read, inspect=inspect, own_keys=declared_keys(read)
    )


def entry_points(group: str) -> Iterable[Any]:
    """Return what installed packages declare under a name; what finds it is loaded when a file is first looked at."""
    from importlib import metadata

    return metadata.entry_points(group=group)


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
    return tuple(suffix for known in _BUILT_IN if known.by_protocol for suffix in known.suffixes)


def format_for(metadata: Mapping[str, Any]) -> Format:
    """Return the format of the file that a recording's metadata name."""
    return format_of(main_path(metadata))


def chooses_by_protocol(metadata: Mapping[str, Any], reader: Callable[..., Any] | None = None) -> bool:
    """Whether the sweeps of the file that metadata name are chosen by the name of their protocol."""
    if reader is not None:
        return False
    try:
        return format_for(metadata).by_protocol
    except ReadError:
        return False


def reads(home: str) -> Callable[[Read], Read]:
    """Return a decorator by which a built-in reader says what opens its files, and so which keys it reads."""

    def declaring(reader: Read) -> Read:
        reader.opening = home  # type: ignore[attr-defined]
        return reader

    return declaring


def declared_keys(reader: Callable[..., Any]) -> Mapping[str, Any] | Iterable[str] | None:
    """Return the keys of metadata that a reader says it reads; None if it doesn't say."""
    home = getattr(reader, "opening", None)
    found: Mapping[str, Any] | Iterable[str] | None = getattr(reader, "metadata_keys", None)
    return opening_at(home).keys if isinstance(home, str) else found


def keys_of(metadata: Mapping[str, Any], reader: Callable[..., Any] | None = None) -> Any:
    """Return the keys of metadata that only the reader of this file has, perhaps with kinds; None if it takes any."""
    if reader is not None:
        return declared_keys(reader)
    try:
        return format_for(metadata).keys
    except ReadError:  # of no known format: is told when it is read
        return None
