"""What a person may say about a recording: the keys of a file's metadata and of single sweeps, and their kinds.

Keys that only one format has are declared beside its reader (``KEYS``), those of a stimulus family by its class. A
lab's own reader or eCode may take any keys unless it declares its own (an attribute ``metadata_keys``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ..kinds import (
    ANYTHING,
    MS,
    MV,
    NAME_OR_NAMES,
    NUMBER,
    PATH,
    TEXT,
    Kind,
    is_dict,
    is_text,
    shown,
    wrong_entries,
)
from ..problems import EfeError, Problem, misspelt, nearest
from ..readers.registry import chooses_by_protocol, keys_of
from . import ecodes
from .sweeps import EXCLUDE, SWEEPS

#: How samples become mV, nA and ms
_UNITS_AND_CORRECTIONS: dict[str, Kind] = {
    "v_unit": TEXT.about(
        "Unit of voltage",
        "In which the samples stand in the file; overrules what it says.",
        choices=("V", "mV", "uV"),
    ),
    "i_unit": TEXT.about(
        "Unit of current",
        "In which the samples stand in the file; overrules what it says.",
        choices=("A", "mA", "uA", "nA", "pA"),
    ),
    "dt": NUMBER.about(
        "Sampling step", "From one sample to the next, in the unit of time; overrules the file's."
    ),
    "t_unit": TEXT.about(
        "Unit of time", "Of the sampling step and of a column of times.", choices=("s", "ms")
    ),
    "ljp": MV.about("Liquid junction potential", "Is subtracted from the voltage.", "mV"),
    "v_corr": MV.about(
        "Voltage at the start",
        "The voltage is moved so that the median of its first 100 samples is this.",
        "mV",
    ),
}

#: What holds for a file as a whole, whatever its format
_OF_FILES: dict[str, Kind] = {
    "filepath": PATH,
    "v_file": PATH,
    "i_file": PATH,
    "protocol_name": NAME_OR_NAMES.about(
        "Protocol in the file", "What the file itself calls the protocol, where it has another name here."
    ),
    "comment": ANYTHING.about("Comment", "Whatever you want to note about the file."),
    "clamp_mode": TEXT.about(
        "Clamp",
        "As what the file is read, whatever it says: current or voltage clamp.",
        choices=("current", "voltage"),
    ),
}

_LEVEL = "above the holding current, in the unit of current"
#: What may be said of a stimulus, where it isn't found rightly
_OF_STIMULI: dict[str, Kind] = {
    "ecode": TEXT.about(
        "Stimulus", "The family of stimuli as which it is read, whatever the protocol is called."
    ),
    "ton": MS.about("Stimulus on", "When the stimulus begins, from the start of the sweep.", "ms"),
    "tmid": MS.about("Second level on", "When the current changes to the second level.", "ms"),
    "tmid2": MS.about("Second level off", "When the current leaves the second level.", "ms"),
    **{
        f"t{k}": MS.about(f"Corner {k}", f"When the ramps of the stimulus meet for the {nth} time.", "ms")
        for k, nth in enumerate(("first", "second", "third", "fourth"), start=1)
    },
    "toff": MS.about("Stimulus off", "When the stimulus ends, from the start of the sweep.", "ms"),
    "tend": MS,
    "hypamp": NUMBER.about(
        "Holding current", "What flows before and after the stimulus, in the unit of current."
    ),
    "amp": NUMBER.about("Amplitude", f"Of the stimulus {_LEVEL}."),
    "amp2": NUMBER.about("Second amplitude", f"Of the second level {_LEVEL}."),
}

_SWEEPS = Kind(
    lambda value: is_dict(value) and all(map(is_dict, value.values())),
    '{name of a sweep: {"exclude": reason, …}}',
)
_REASON = Kind(is_text, "the reason, as a text in quotes")


def sweep_keys() -> dict[str, Kind]:
    """Return what may be said about a single sweep: units, corrections, which stimulus it is, timings and levels."""
    return dict(_sweep_keys(tuple(dict.fromkeys([*ecodes.FAMILIES.values(), *ecodes.eCodes.values()]))))


@lru_cache(maxsize=4)  # asked for thousands of files; a lab's own families come and go
def _sweep_keys(families: tuple[type[Any], ...]) -> dict[str, Kind]:
    found = _UNITS_AND_CORRECTIONS | {key: _OF_STIMULI[key] for key in ("ecode", "tend", "hypamp")}
    for family in families:
        found |= {key: _OF_STIMULI.get(key, MS) for key in family.timings}
        found |= {key: _OF_STIMULI.get(key, NUMBER) for key in family.amplitudes}
    return found | {key: kind for family in families for key, kind in _keys_of_family(family).items()}


def timing_keys() -> Mapping[str, Kind]:
    """Return the entries that say when a stimulus of any family is, in an order in which those of each family stand."""
    return _timing_keys(tuple(dict.fromkeys([*ecodes.FAMILIES.values(), *ecodes.eCodes.values()])))


@lru_cache(maxsize=4)
def _timing_keys(families: tuple[type[Any], ...]) -> Mapping[str, Kind]:
    names = dict.fromkeys(name for one in families for name in one.stimulus_family.says_when)
    known, order = _sweep_keys(families), list(_OF_STIMULI)
    place = {name: order.index(name) for name in names if name in order}
    of_others = MS.about("", "", "ms")
    kinds = {
        name: known.get(name, of_others)
        for name in sorted(names, key=lambda name: place.get(name, len(order)))
    }
    return {name: of_others if kind is MS else kind for name, kind in kinds.items()}


def _keys_of_family(family: type) -> Mapping[str, Kind]:
    return as_kinds(getattr(family, "metadata_keys", None) or ())


def as_kinds(keys: Any) -> dict[str, Kind]:
    """Return declared keys with their kinds; a mere list of names says nothing about kinds."""
    return dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys, ANYTHING)


def faults(metadata: Any, reader: Callable[..., Any] | None = None) -> list[str]:
    """Return in words what the metadata of a file can't be: no dictionary, or values of another kind.

    Parameters
    ----------
    metadata : object
    reader : callable, optional
        A lab's own reader.
    """
    if not isinstance(metadata, Mapping):
        return [f'the metadata of a file must be in braces, {{"filepath": …}}, but are {shown(metadata)}.']
    own = keys_of(metadata, reader)
    known = sweep_keys() | _OF_FILES | as_kinds(own or ())
    found = wrong_entries(metadata, known)
    sweeps = metadata.get(SWEEPS)
    if sweeps is None or (own is None and not isinstance(sweeps, Mapping)):
        return found
    fault = _SWEEPS.fault(SWEEPS, sweeps)
    if fault:
        return [*found, fault]
    for label, values in sweeps.items():
        told = wrong_entries(values, sweep_keys() | {EXCLUDE: _REASON})
        found += [f"sweep {label!r}: {fault}" for fault in told]
    return found


def unknown_keys(
    metadata: Mapping[str, Any], protocol: str, reader: Callable[..., Any] | None = None
) -> tuple[list[str], list[str]]:
    """Return in words which keys of a file's metadata, and of its single sweeps, mean nothing.

    Parameters
    ----------
    metadata : dict
    protocol : str
        Name of the protocol that the file stands under; it says which stimulus it is, and so which timings there are.
    reader : callable, optional
        A lab's own reader.

    Returns
    -------
    misspelt : list of str
        Those that are most probably another key, misspelt.
    others : list of str
    """
    if _takes_any_key(protocol, metadata.get("ecode")):
        return [], []
    own, of_sweeps = keys_of(metadata, reader), sweep_keys()
    places: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    if own is not None:
        places.append((metadata, of_sweeps | _OF_FILES | as_kinds(own) | {SWEEPS: _SWEEPS}))
    sweeps = metadata.get(SWEEPS)
    told = sweeps.values() if isinstance(sweeps, Mapping) else ()
    places += [(values, of_sweeps | {EXCLUDE: _REASON}) for values in told if isinstance(values, Mapping)]
    wrong: dict[str, None] = {}
    others: dict[str, None] = {}
    for values, known in places:
        for key in values:
            if key in known:
                continue
            meant = misspelt(key, known)
            hint = f" Did you mean {meant!r}?" if meant else nearest(key, known)
            (wrong if meant else others)[f"the metadata of a recording have no entry {key!r}.{hint}"] = None
    return list(wrong), list(others)


def together(groups: Mapping[str, Mapping[str, Kind]]) -> dict[str, Kind]:
    """Return the entries of all groups, as `entries` returns them, by their names."""
    return {key: kind for kinds in groups.values() for key, kind in kinds.items()}


def entries(
    metadata: Mapping[str, Any], protocol: str, reader: Callable[..., Any] | None = None
) -> dict[str, dict[str, Kind]]:
    """Return all that may be said about a file, by what it is about: each entry with its title, meaning and unit.

    Parameters are those of `unknown_keys`.

    Returns
    -------
    dict of dict of Kind
        Under "file", what its reader takes; under "samples", units and corrections; under "stimulus", what its family
        takes. Entries that nobody has described are called by their names.
    """
    own = as_kinds(keys_of(metadata, reader) or ())
    ecode = metadata.get("ecode")
    try:
        family: Any = ecodes.ecode_of(protocol, ecode if is_text(ecode) else None)
    except EfeError:
        family = ecodes.FAMILIES["Step"]
    wanted = (
        "ecode",
        *family.timings,
        *dict.fromkeys((*family.amplitudes, "hypamp")),
        *_keys_of_family(family),
    )
    of_sweeps = sweep_keys()
    stimulus = {key: of_sweeps[key] for key in wanted if key in of_sweeps}
    stimulus["ecode"] = dataclasses.replace(stimulus["ecode"], choices=tuple(ecodes.FAMILIES))
    named = ("protocol_name",) if chooses_by_protocol(metadata, reader) else ()
    found = {
        "file": {key: _OF_FILES[key] for key in named}
        | own
        | {key: _OF_FILES[key] for key in ("clamp_mode", "comment")},
        "samples": _UNITS_AND_CORRECTIONS,
        "stimulus": stimulus,
    }
    return {
        group: {key: kind if kind.title else kind.about(key, "") for key, kind in kinds.items()}
        for group, kinds in found.items()
    }


def check(
    metadata: Mapping[str, Any], protocol: str, reader: Callable[..., Any] | None = None
) -> list[Problem]:
    """Return what there is to say about keys that mean nothing: an error if one is most probably misspelt.

    Parameters are those of `unknown_keys`.

    Raises
    ------
    EfeError
        If a value is of another kind than it must be.
    """
    wrong = faults(metadata, reader)
    if wrong:
        raise EfeError(" ".join(wrong))
    misspelt_keys, others = unknown_keys(metadata, protocol, reader)
    found = [
        Problem(f"{words} It is read as if that weren't there.", "error", "file") for words in misspelt_keys
    ]
    return found + [Problem(words, "warning", "file") for words in others]


def check_all(metadata: Any, protocol: str, reader: Callable[..., Any] | None = None) -> list[str]:
    """Return all that `faults` and `unknown_keys` have to say, for what a person writes here and now."""
    found = faults(metadata, reader)
    if isinstance(metadata, Mapping):
        found += [fault for listed in unknown_keys(metadata, protocol, reader) for fault in listed]
    return found


def _takes_any_key(protocol: str, ecode: Any) -> bool:
    """Whether the stimulus is a lab's own that doesn't say which keys it reads."""
    try:
        family = ecodes.ecode_of(protocol, ecode if is_text(ecode) else None)
    except EfeError:  # is told when the file is read
        return False
    own = [cls for cls in family.__mro__ if cls not in _OURS]
    return bool(own) and not any("metadata_keys" in vars(cls) for cls in own)


_OURS = {cls for family in ecodes.FAMILIES.values() for cls in family.__mro__}
