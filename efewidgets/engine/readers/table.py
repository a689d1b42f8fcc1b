"""A text file of numbers in columns: its delimiter, header, decimal sign and missing cells."""

from __future__ import annotations

import codecs
import csv
import os
import re
from dataclasses import dataclass, field

import numpy as np

from ..problems import ReadError
from .files import existing_file

_MISSING = {"", "-", "nan", "na", "n/a", "none", "null"}
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")


@dataclass
class Table:
    """Columns of numbers; NaN where a cell is missing.

    Parameters
    ----------
    columns : array (n_columns, n_rows)
    header : list of str
        Names of the columns, empty if the file has none.
    notes : list of str
        What was guessed.
    """

    columns: np.ndarray
    header: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_table(path: str, delimiter: str | None = None) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : str
    delimiter : str, optional
        What stands between the cells; guessed from the first lines if None.

    Raises
    ------
    ReadError
        If the file isn't text, holds no numbers, or a cell isn't a number (the message says which).
    """
    name = os.path.basename(existing_file(path))
    words = _decode(path, name)
    lines = words.splitlines()
    if not any(line.strip() for line in lines):
        raise ReadError(f"{name} holds only empty lines.")
    if delimiter is None:
        delimiter = _guess_delimiter(lines)
    rows = [
        (number, row)
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), start=1)
        if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
    ]
    decimal_comma = delimiter != "," and any(_COMMA_NUMBER.fullmatch(c) for _, row in rows[:50] for c in row)
    header = _take_header(rows, decimal_comma)
    if not rows:
        raise ReadError(f"{name} holds a header, but no numbers.")
    table = Table(_numbers(rows, name, decimal_comma), header)
    if decimal_comma:
        table.notes.append("its decimal commas are read as decimal points.")
    return table


def _decode(path: str, name: str) -> str:
    with open(path, "rb") as file:
        raw = file.read()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise ReadError(f"{name} isn't text: it holds binary data. What program wrote it?")
    try:
        words = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = raw.decode("latin-1")
    strange = sum(1 for c in words[:4096] if not c.isprintable() and c not in "\t\r\n")
    if strange > 0:
        raise ReadError(f"{name} isn't text: it holds binary data. What program wrote it?")
    return words


def _guess_delimiter(lines: list[str]) -> str:
    first = [line for line in lines if line.strip() and not line.lstrip().startswith("#")][:20]
    for delimiter in ("\t", ";"):
        if any(delimiter in line for line in first):
            return delimiter
    return ","


def _value(cell: str, decimal_comma: bool) -> float:
    """Return a cell's number, NaN if it is missing. Raises ValueError for anything else."""
    cell = cell.strip()
    if cell.lower() in _MISSING:
        return np.nan
    if decimal_comma:
        cell = cell.replace(",", ".")
    return float(cell)


def _take_header(rows: list[tuple[int, list[str]]], decimal_comma: bool) -> list[str]:
    """Remove the first row and return its cells if none of them is a number."""

    def is_word(cell: str) -> bool:
        try:
            _value(cell, decimal_comma)
        except ValueError:
            return True
        return not cell.strip()

    if rows and all(is_word(cell) for cell in rows[0][1]):
        return [cell.strip() for cell in rows.pop(0)[1]]
    return []


def _numbers(rows: list[tuple[int, list[str]]], name: str, decimal_comma: bool) -> np.ndarray:
    width = max(len(row) for _, row in rows)
    columns = np.full((width, len(rows)), np.nan)
    for k, (number, row) in enumerate(rows):
        for c, cell in enumerate(row):
            try:
                columns[c, k] = _value(cell, decimal_comma)
            except ValueError:
                raise ReadError(
                    f"{name}, line {number}, column {c + 1}: {cell.strip()[:40]!r} isn't a number."
                ) from None
    while width > 1 and np.isnan(columns[width - 1]).all():
        width -= 1
    return columns[:width]
