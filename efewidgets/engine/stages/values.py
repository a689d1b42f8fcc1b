"""Values that never change and can be told apart by a digest of what they hold, the same in every process."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..problems import EfeError

SIZE = 16


def digest(*values: Any) -> bytes:
    """Return 16 bytes that differ if the values do; 1, 1.0 and True differ too.

    Raises
    ------
    TypeError
        If a value is of a kind that may change.
    """
    parts: list[bytes] = []
    for value in values:
        _add(value, parts)
    return hashlib.blake2b(b"".join(parts), digest_size=SIZE).digest()


def _add(value: Any, parts: list[bytes]) -> None:
    """Add the bytes that stand for a value; no two values have the same."""
    kind = type(value)
    if kind is tuple:
        parts.append(b"(%d:" % len(value))
        for part in value:
            _add(part, parts)
    elif kind is bytes:
        parts.append(b"b%d:" % len(value))
        parts.append(value)
    elif kind is str:
        text = value.encode("utf-8", "surrogatepass")
        parts.append(b"s%d:" % len(text))
        parts.append(text)
    elif value is None:
        parts.append(b"n")
    elif kind is bool:
        parts.append(b"T" if value else b"F")
    elif kind is int:
        parts.append(b"i%d;" % value)
    elif isinstance(value, float):  # np.float64 too
        parts.append(b"f" + struct.pack("<d", value))
    elif isinstance(value, (Value, Frozen)):
        parts.append(b"d" + value.digest)
    elif isinstance(value, np.generic):
        parts.append(b"g" + value.dtype.str.encode() + value.tobytes())
    else:
        raise TypeError(f"{kind.__name__} has no digest")


class Value:
    """A frozen dataclass with a digest of its fields; those with ``compare=False`` don't count."""

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that stand for what the value holds."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return digest(type(self).__name__, *(getattr(self, field.name) for field in fields if field.compare))


class Frozen(Mapping[str, Any]):
    """A dictionary that never changes, nor what is in it; equal to a dictionary that holds the same."""

    def __init__(self, items: Mapping[str, Any] | None = None, **more: Any):
        self._items = {str(key): freeze(value) for key, value in {**(items or {}), **more}.items()}

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self._items.items()))

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary of its own, with what it holds as it is."""
        return dict(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._items == (
            other._items
            if isinstance(other, Frozen)
            else {key: freeze(value) for key, value in other.items()}
        )

    def __repr__(self) -> str:
        return f"Frozen({self._items!r})"

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that stand for what it holds and in which order, since output files have the order too."""
        return digest(*(part for item in self._items.items() for part in item))

    def changed(self, changes: Mapping[str, Any]) -> Frozen:
        """Return a copy with the changes; None takes an entry away."""
        return Frozen({key: v for key, v in {**self._items, **changes}.items() if v is not None})


def freeze(value: Any) -> Any:
    """Return a value that can't change: dictionaries become `Frozen`, lists tuples, numpy's numbers Python's.

    Raises
    ------
    EfeError
        If it is something that can't stand in a config.
    """
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return Frozen(value)
    if isinstance(value, np.ndarray):
        return freeze(value.tolist())
    if isinstance(value, (list, tuple)):
        return tuple(freeze(part) for part in value)
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(freeze(part) for part in value))
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__fspath__"):
        return str(value.__fspath__())
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    raise EfeError(f"{value!r} can't be kept: it must be a text, a number, a list or a dictionary.")


_PLAIN = {str, bool, int, float, Frozen}


def thaw(value: Any) -> Any:
    """Return plain dictionaries and lists; the inverse of `freeze`."""
    if isinstance(value, Mapping):
        return {key: thaw(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [thaw(part) for part in value]
    return value
