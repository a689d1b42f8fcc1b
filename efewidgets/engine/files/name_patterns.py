"""Patterns of names of files: where they say the cell and the protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..problems import EfeError, nearest
from .expressions import search_all

#: Marks of a pattern that stand for more than "anything without a slash"
MARKS = {"date": r"[0-9]{2,8}(?:[-.]?[0-9]{2}){0,2}", "number": r"[0-9]+"}
FIELDS = ("cell", "protocol", *MARKS, "any")

_LONGEST = 400  # characters of a pattern

#: What a pattern finds in a path
Said = Mapping[str, str | None] | None


@dataclass(frozen=True)
class Pattern:
    """Where names of files say the cell and the protocol.

    A simple pattern is held against the end of a path, its suffix left away: ``{cell}/{protocol}_*``. ``{cell}``,
    ``{protocol}`` and ``{any}`` stand for anything without a slash, as short as can be; ``{date}`` and ``{number}``
    for digits; ``*`` and ``?`` for any characters and for one. After ``re:`` comes a regular expression with
    groups named ``cell`` and ``protocol``, which is looked for anywhere in the path (with the suffix).

    Parameters
    ----------
    text : str
    """

    text: str
    _match_all: Callable[[Sequence[str]], list[Said]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_match_all", _matcher(self.text.strip()))

    def match(self, path: str) -> dict[str, str] | None:
        """Return what a path says, of "cell" and "protocol"; None if the pattern doesn't fit."""
        return self.match_all([path])[0]

    def match_all(self, paths: Sequence[str]) -> list[dict[str, str] | None]:
        """Return what each path says; see `match`. Raises EfeError if a regular expression takes too long."""
        return [_parts(said) for said in self._match_all([_with_slashes(path) for path in paths])]


def _with_slashes(path: str) -> str:
    return path.replace("\\", "/") if "\\" in path and "/" not in path else path


def _parts(said: Said) -> dict[str, str] | None:
    if said is None:
        return None
    found = {name: (said.get(name) or "").strip() for name in ("cell", "protocol")}
    return {name: text for name, text in found.items() if text}


def _matcher(text: str) -> Callable[[Sequence[str]], list[Said]]:
    if not text:
        raise EfeError("the pattern is empty: write for example {cell}/{protocol}_*")
    if len(text) > _LONGEST:
        raise EfeError(f"the pattern is longer than {_LONGEST} characters.")
    if text.startswith("re:"):
        expression = _regular(text[3:].strip())
        return lambda paths: list(search_all(expression, paths))
    pieces = _pieces(text.strip("/"))
    depth = text.strip("/").count("/") + 1

    def matches(path: str) -> Mapping[str, str] | None:
        end = "/".join(path.split("/")[-depth:])
        stem = os.path.splitext(end)[0]
        found = _fit(pieces, stem)
        return found if found is not None or stem == end else _fit(pieces, end)

    return lambda paths: [matches(path) for path in paths]


def _regular(text: str) -> str:
    """Return a regular expression that can be used."""
    try:
        found = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise EfeError(f"the regular expression can't be used: {error}.") from None
    if not {"cell", "protocol"} & set(found.groupindex):
        raise EfeError(
            "the regular expression names neither cell nor protocol: write (?P<cell>…), (?P<protocol>…)."
        )
    return text


@dataclass(frozen=True)
class _Piece:
    """A part of a simple pattern: literal text, or a place that is open."""

    kind: str  # "text", "?", "*" or one of FIELDS
    text: str = ""


def _pieces(text: str) -> list[_Piece]:
    """Return the parts of a simple pattern. Raises EfeError if it can't be one."""
    found: list[_Piece] = []
    for token in re.findall(r"\{[^{}]*\}|\*+|[^{}*?]+|.", text, re.DOTALL):
        if token.startswith("{") and len(token) > 1:
            found.append(_open_place(token, found))
        elif token in ("{", "}"):
            raise EfeError("a brace of the pattern is not closed: write {cell} or {protocol}.")
        elif token[0] in "*?":
            found.append(_Piece(token[0]))
        else:
            found.append(_Piece("text", token))
    if not {"cell", "protocol"} & {piece.kind for piece in found}:
        raise EfeError("the pattern names neither {cell} nor {protocol}.")
    return found


def _open_place(token: str, before: Sequence[_Piece]) -> _Piece:
    name = token[1:-1].strip().lower()
    if name not in FIELDS:
        known = ", ".join(f"{{{one}}}" for one in FIELDS)
        raise EfeError(f"{token} means nothing in a pattern.{nearest(name, FIELDS)} There are {known}.")
    if name in ("cell", "protocol") and any(piece.kind == name for piece in before):
        raise EfeError(f"{token} stands twice in the pattern.")
    if before and before[-1].kind in ("cell", "protocol", "any", "*") and name not in MARKS:
        raise EfeError(f"nothing stands before {token} to tell where it begins: write for example _ there.")
    return _Piece(name)


def _fit(pieces: Sequence[_Piece], text: str) -> dict[str, str] | None:
    """Return what stands in the open places, each as short as can be; None if the text doesn't fit.

    Where a piece can't begin is remembered, so that no name takes long (a regular expression would try anew).
    """
    hopeless: set[tuple[int, int]] = set()

    def ends(k: int, start: int) -> list[int] | None:
        """Return where the pieces from the k-th on end."""
        if k == len(pieces):
            return [] if start == len(text) else None
        if (k, start) in hopeless:
            return None
        for end in _ends(pieces[k], text, start):
            rest = ends(k + 1, end)
            if rest is not None:
                return [end, *rest]
        hopeless.add((k, start))
        return None

    found = ends(0, 0)
    if found is None:
        return None
    spans = zip(pieces, [0, *found], found, strict=False)
    return {piece.kind: text[start:end] for piece, start, end in spans if piece.kind in ("cell", "protocol")}


def _ends(piece: _Piece, text: str, start: int) -> Iterator[int]:
    """Yield where a piece can end that begins here, nearest first."""
    if piece.kind == "text":
        if text.startswith(piece.text, start):
            yield start + len(piece.text)
        return
    slash = text.find("/", start)
    last = len(text) if slash < 0 else slash
    if piece.kind in MARKS:
        digits = re.compile(MARKS[piece.kind])
        yield from (end for end in range(start + 1, last + 1) if digits.fullmatch(text, start, end))
    elif piece.kind == "?":
        yield from range(start + 1, min(start + 1, last) + 1)
    else:
        yield from range(start + (piece.kind != "*"), last + 1)
