"""What stands in a cell of the target table, as text, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...engine.problems import EfeError, nearest
from ...engine.roles import ROLES
from .html import plain

#: Columns that are numbers a target must have
AMOUNTS = ("amplitude", "tolerance")

_COMMA = re.compile(r"[-+]?\d+,\d+")
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def unit_of_amplitudes(absolute: bool) -> str:
    """Return the unit of amplitudes and tolerances."""
    return "nA" if absolute else "% of rheobase"


def read_cell(column: str, text: Any, absolute: bool = False) -> Any:
    """Return what a text in a column means for a target; None where an optional cell is empty.

    Parameters
    ----------
    column : str
        A field of a target.
    text : str
    absolute : bool
        Whether amplitudes are in nA.

    Raises
    ------
    EfeError
        If the text can't stand there.
    """
    text = "" if text is None else str(text).strip()
    if column in AMOUNTS:
        return read_number(text, column.capitalize(), absolute)
    if column in ("protocol", "efeature") and not text:
        raise EfeError(f"{'A protocol' if column == 'protocol' else 'A feature'} is needed here.")
    reader: Callable[[str], Any] = _READERS.get(column, lambda found: found or None)
    return reader(text)


def read_number(text: str, what: str = "It", absolute: bool = False) -> int | float:
    """Return the number that a text holds: "150", "150 %", "0,5" or "−50"; a whole one as int.

    Raises
    ------
    EfeError
        If it is none, or in the unit that isn't in force.
    """
    found = text.strip().replace("\N{MINUS SIGN}", "-")
    for unit, mine in (("%", not absolute), ("nA", absolute)):
        if found.endswith(unit):
            if not mine:
                raise EfeError(f"{what} must be in {unit_of_amplitudes(absolute)}, but is {plain(text)!r}.")
            found = found.removesuffix(unit).strip()
    if _COMMA.fullmatch(found):
        found = found.replace(",", ".")
    try:
        return int(found)
    except ValueError:
        pass
    try:
        return float(found)
    except ValueError:
        raise EfeError(f"{what} must be a number, but is {plain(text)!r}.") from None


def read_numbers(text: str, what: str, absolute: bool = False) -> list[int | float]:
    """Return the numbers of a list: "50, 100, 150", "50 100", or "0,5; 1" with commas for points.

    Raises
    ------
    EfeError
        If one is none, or there are none.
    """
    parts = re.split(r";" if ";" in text else r"[\s,]+", text.replace("%", " ").replace("nA", " ").strip())
    found = [read_number(part, what, absolute) for part in parts if part.strip()]
    if not found:
        raise EfeError(f"{what} is needed: one number or several, such as 50, 100, 150.")
    return list(dict.fromkeys(found))


def read_settings(text: str) -> dict[str, Any]:
    """Return eFEL settings as they stand in a cell: "Threshold = -10; strict_stiminterval = true", or JSON.

    Raises
    ------
    EfeError
        If a part isn't of the form name = value.
    """
    text = text.strip()
    if text.startswith("{"):
        found = _json(text)
        if isinstance(found, dict):
            return found
    parts = re.split(r"[;\n]", text)
    if len(parts) == 1 and text.count("=") > 1:
        parts = re.split(r",(?=[^\[\]]*=)", text)
    settings: dict[str, Any] = {}
    for part in filter(str.strip, parts):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise EfeError(
                f"Settings are written as name=value, with a semicolon between them, such as Threshold=-10; "
                f"interp_step=0.1; but {plain(part.strip())!r} isn't."
            )
        if name in settings:
            raise EfeError(f"The setting {plain(name)} stands here twice.")
        settings[name] = _value(value)
    return settings


def write_settings(settings: Mapping[str, Any]) -> str:
    """Return eFEL settings as they stand in a cell; the inverse of `read_settings`."""
    text = "; ".join(f"{name}={_written(value)}" for name, value in settings.items())
    as_json = json.dumps(dict(settings))
    try:
        return text if json.dumps(read_settings(text)) == as_json else as_json
    except EfeError:  # such as a text with a semicolon in it
        return as_json


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(list(value) if isinstance(value, tuple) else value)


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    found = _json(text.replace("\N{MINUS SIGN}", "-"))
    return text if found is None else found


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        return None


def _count(text: str) -> int | None:
    if not text:
        return None
    try:
        found = int(text)
    except ValueError:
        found = 0
    if found < 1:
        raise EfeError(
            f"The minimum n must be a whole number from 1 on, or empty for that of all, but is {plain(text)!r}."
        )
    return found


def _feature(text: str) -> str:
    from ...engine.features.efel_features import check_feature

    check_feature(text)
    return text


def _checked_settings(text: str) -> dict[str, Any]:
    from ...engine.features.efel_features import check_settings

    found = read_settings(text)
    check_settings(found)
    return found


def _role(text: str) -> str | None:
    if not text:
        return None
    known = {role.lower(): role for role in ROLES}
    if text.lower() not in known:
        raise EfeError(f"The role must be one of {', '.join(ROLES)}, or empty, but is {plain(text)!r}.")
    return known[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    "min_values": _count,
    "efeature": _feature,
    "efel_settings": _checked_settings,
    "role": _role,
    "weight": lambda text: read_number(text, "The weight") if text else None,
}


def column_of(header: str) -> tuple[str, str]:
    """Return the field of a target that a header of a spreadsheet means, and the unit in it.

    Returns
    -------
    field : str
        A field of a target; "" if the column tells of results and is passed over.
    unit : str
        What stands in brackets.

    Raises
    ------
    EfeError
        If it means nothing here.
    """
    name, _, rest = header.partition("(")
    key = re.sub(r"[\s_.:-]+", " ", name).strip().lower()
    if key in _ALIASES:
        return _ALIASES[key], rest.strip(" )")
    raise EfeError(
        f"the column {plain(header)!r} isn't known.{nearest(key, _ALIASES)} There can be protocol, amplitude, "
        "tolerance, feature, name, settings, minimum n."
    )


#: What columns may be called, spaces for underscores
_ALIASES = {
    alias: field
    for field, aliases in {
        "protocol": "protocol,protocols,protocol name,stimulus,ecode",
        "amplitude": "amplitude,amplitudes,amp,level",
        "tolerance": "tolerance,tolerances,tol",
        "efeature": "feature,features,efeature,efel feature,efel feature name",
        "efeature_name": "name,own name,efeature name,feature name",
        "efel_settings": "settings,efel settings",
        "min_values": "minimum n,min n,min values,minimum values,n min",
        "location": "location",
        "weight": "weight",
        "role": "role",
        "": "unit,matches,recordings,cells,n,mean,std,± std,in output,id",
    }.items()
    for alias in aliases.split(",")
}
