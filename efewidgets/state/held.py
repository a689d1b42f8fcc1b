"""A whole that holds parts: what a part does, under a name of the whole."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def of(part: str, method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Return a method that a part does, with the signature and the docstring it has there.

    Parameters
    ----------
    part : str
        Name of the attribute that holds the part.
    method : callable
        A method of the part's class.
    """

    @functools.wraps(method)
    def done(whole: Any, /, *args: P.args, **more: P.kwargs) -> R:
        return method(getattr(whole, part), *args, **more)

    return done
