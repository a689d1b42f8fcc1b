"""Tables as CSV: what a spreadsheet would take for a formula is none any more, since people's words stand there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV, numbers with all of their digits."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([no_formula(name) for name in columns])
    writer.writerows([no_formula(value) for value in row] for row in rows)
    return text.getvalue()


def no_formula(value: Any) -> Any:
    """Return a value for a cell; a text that a spreadsheet would take for a formula is no formula any more."""
    return f"'{value}" if is_formula(value) else value


def is_formula(value: Any) -> bool:
    """Whether a spreadsheet would take a value for a formula."""
    return isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
