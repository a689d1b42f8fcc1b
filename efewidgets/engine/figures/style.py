"""What the figures look alike in: colours, markers, numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

# Okabe & Ito (2008), "Color Universal Design": told apart with every kind of colour vision.
# Its yellow is left out, for it can hardly be seen on white paper.
BLACK, BLUE, VERMILLION, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
ORANGE, SKY, PURPLE = "#E69F00", "#56B4E9", "#CC79A7"
INK, FAINT, FRAME = "#222222", "#6B6B6B", "#9A9A9A"

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
MARKERS = ("o", "^", "s", "D", "v", "P", "X")  # as many that no colour returns with its marker for 42 cells


class CellStyle(NamedTuple):
    """How the points of one cell look."""

    colour: str
    marker: str
    filled: bool


def cell_styles(names: Iterable[str]) -> dict[str, CellStyle]:
    """Give each cell a colour and a marker of its own (84 different ones, then again from the first)."""
    n_pairs = len(COLOURS) * len(MARKERS)
    return {
        name: CellStyle(COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], (i // n_pairs) % 2 == 0)
        for i, name in enumerate(dict.fromkeys(names))
    }


def number(value: float | None, digits: int = 3) -> str:
    """Return a number as a person writes it: so many significant digits, a true minus sign."""
    if value is None or not math.isfinite(value):
        return "?"
    if value and not 1e-4 <= abs(value) < 1e6:
        return _scientific(value, digits)
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])  # of the rounded number
    return minus(f"{value:.{max(0, digits - 1 - exponent) if value else 0}f}")


def counted(n: int, noun: str) -> str:
    """Return how many there are, e.g. ``1 spike``, ``3 spikes``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def minus(string: str) -> str:
    """Return a formatted number with a true minus sign."""
    return string.replace("-", "−")


def tick_labels(ticks: Any) -> list[str]:
    """Return labels of rising ticks, with as many decimals as the step between the ticks needs.

    Very large and very small numbers are written as powers of ten, e.g. ``2×10⁵``.
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    step = min((b - a for a, b in pairwise(ticks)), default=largest)
    if largest and not 1e-4 < largest < 1e6:
        apart = math.ceil(math.log10(largest / step)) + 1 if step > 0 else 0  # digits that tell them apart
        return [_scientific(tick, max(apart, 4)) for tick in ticks]
    for decimals in range(9):
        if abs(round(step, decimals) - step) <= 1e-6 * step:
            break
    return [minus(f"{tick:.{decimals}f}") if round(tick, decimals) else "0" for tick in ticks]


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _scientific(value: float, digits: int = 4) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return minus(f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}")
