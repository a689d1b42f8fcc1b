"""A text file of numbers in columns: its delimiter, header, decimal sign and missing cells."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..problems import ReadError
from .files import existing_file

_MISSING = {"", "-", "nan", "+nan", "-nan", "na", "n/a", "none", "null"}
# Python reads more as a number: digits of other scripts, and "38_3438".
_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity)", re.IGNORECASE)
# Fewer values than that are no column of their own, but a mistake in their rows.
_FEW_VALUES = 50
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")

Line = tuple[int, str]  # its number in the file, its text


@dataclass(frozen=True)
class Table:
    """Columns of numbers; NaN where a cell is missing.

    Parameters
    ----------
    columns : array (n_columns, n_rows)
        Not to be written to.
    header : list of str
        Names of the columns, empty if the file has none.
    notes : list of str
        What was guessed.
    comments : str
        The lines that begin with #.
    """

    columns: np.ndarray
    header: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comments: str = ""


def read_table(path: str, delimiter: str | None = None) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : str
    delimiter : str, optional
        What stands between the cells (" " is any white space); guessed from the first lines if None.

    Raises
    ------
    ReadError
        If the file isn't text, holds no numbers, or a cell isn't a number (the message says which).
    """
    existing_file(path)
    state = os.stat(path)
    return _read_table(path, delimiter, state.st_mtime_ns, state.st_size)


# The sweeps of a table are asked for one by one; parsing it each time would take most of the time.
@lru_cache(maxsize=2)
def _read_table(path: str, delimiter: str | None, mtime: int, size: int) -> Table:
    name = os.path.basename(path)
    every = list(enumerate(_decode(path, name).splitlines(), start=1))
    lines = [line for line in every if not _is_comment(line[1])]
    comments = "\n".join(words for _, words in every if _is_comment(words))
    _strip_blank(lines)
    if not lines:
        raise ReadError(f"{name} holds only empty lines.")
    delimiter = _guess_delimiter(lines) if delimiter is None else delimiter
    comma = delimiter != "," and _has_decimal_commas(lines[:50], delimiter)
    header = _take_header(lines, delimiter, comma)
    _strip_blank(lines)
    if not lines:
        raise ReadError(f"{name} holds a header, but no numbers.")
    columns = _numbers(lines, delimiter, comma, name, len(header))
    if header and len(columns) > len(header):
        raise _too_wide(f"{name}, line {lines[0][0]}", len(columns), len(header))
    columns.flags.writeable = False
    notes = ["its decimal commas are read as decimal points."] if comma else []
    return Table(columns, header, notes, comments)


def _decode(path: str, name: str) -> str:
    with open(path, "rb") as file:
        raw = file.read()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    if any(control in raw for control in (b"\0", b"\1", b"\2", b"\3", b"\4", b"\x1b")):
        raise ReadError(f"{name} isn't text: it holds binary data. What program wrote it?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _strip_blank(lines: list[Line]) -> None:
    """Remove blank lines from both ends; one in the middle is a row of missing values."""
    while lines and not lines[-1][1].strip():
        lines.pop()
    blank = next((k for k, (_, words) in enumerate(lines) if words.strip()), 0)
    del lines[:blank]


def _guess_delimiter(lines: list[Line]) -> str:
    for delimiter in ("\t", ";", ","):
        if any(delimiter in words for _, words in lines[:20]):
            return delimiter
    return " "


def _cells(words: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return words.split()
    if '"' not in words:
        return words.split(delimiter)
    try:
        return next(csv.reader([words], delimiter=delimiter), [])
    except csv.Error:
        return [words]


def _has_decimal_commas(lines: list[Line], delimiter: str) -> bool:
    return any(_COMMA_NUMBER.fullmatch(cell) for _, words in lines for cell in _cells(words, delimiter))


def _value(cell: str, decimal_comma: bool) -> float:
    """Return a cell's number, NaN if it is missing. Raises ValueError for anything else."""
    cell = cell.strip()
    if cell.lower() in _MISSING:
        return np.nan
    cell = cell.replace(",", ".") if decimal_comma else cell
    if not _NUMBER.fullmatch(cell):
        raise ValueError(cell)
    return float(cell)


def _take_header(lines: list[Line], delimiter: str, decimal_comma: bool) -> list[str]:
    """Remove the first line and return its cells if none of them is a number."""

    def is_word(cell: str) -> bool:
        try:
            _value(cell, decimal_comma)
        except ValueError:
            return True
        return not cell.strip()

    cells = _cells(lines[0][1], delimiter)
    if not all(is_word(cell) for cell in cells):
        return []
    del lines[0]
    return [cell.strip() for cell in cells]


def _numbers(lines: list[Line], delimiter: str, decimal_comma: bool, name: str, named: int) -> np.ndarray:
    """Return the cells as an array (n_columns, n_rows), NaN where a cell or the end of a row is missing.

    `named` is the number of columns that have names, 0 if there is no header.
    """
    if not decimal_comma and all(words.strip() for _, words in lines):
        # An order of magnitude faster, for tables without gaps.
        try:
            body = (words for _, words in lines)
            table = np.loadtxt(
                body, delimiter=None if delimiter == " " else delimiter, comments=None, ndmin=2
            )
            return np.ascontiguousarray(table.T)
        except ValueError:
            pass
    return _numbers_and_gaps(lines, delimiter, decimal_comma, name, named)


def _numbers_and_gaps(
    lines: list[Line], delimiter: str, decimal_comma: bool, name: str, named: int
) -> np.ndarray:
    rows = [_cells(words, delimiter) for _, words in lines]
    width, cells = max(len(row) for row in rows), sum(len(row) for row in rows)
    if width * len(rows) > 10 * cells + 1000:
        raise ReadError(f"{name} isn't a table: some rows have {width} cells, most far fewer.")
    columns = np.full((width, len(rows)), np.nan)
    for k, row in enumerate(rows):
        for c, cell in enumerate(row):
            try:
                columns[c, k] = _value(cell, decimal_comma)
            except ValueError:
                place = f"{name}, line {lines[k][0]}, column {c + 1}"
                raise ReadError(f"{place}: {cell.strip()[:40]!r} isn't a number.") from None
    while width > 1 and np.isnan(columns[width - 1]).all():
        width -= 1
    columns = columns[:width]
    odd = _wide_row([len(row) for row in rows], columns, named)
    if odd is not None:
        expected = named or Counter(len(row) for row in rows).most_common(1)[0][0]
        raise _too_wide(f"{name}, line {lines[odd][0]}", len(rows[odd]), expected)
    return columns


def _wide_row(widths: list[int], columns: np.ndarray, named: int) -> int | None:
    """Return the first row that holds more than the columns there are, None if all fit.

    Columns may end early, so that rows get narrower; a row that is wider than those before it, or a few that are
    wider than all the others, hold a comma too many.
    """
    usual = named or min(Counter(widths).most_common(1)[0][0], widths[0])
    for column in columns[usual:]:
        filled = np.flatnonzero(~np.isnan(column))
        if len(filled) and (named or filled[0] > 0 or len(filled) < _FEW_VALUES or len(columns) > widths[0]):
            return int(filled[0])
    return None


def _too_wide(place: str, cells: int, expected: int) -> ReadError:
    return ReadError(
        f"{place}: {cells} cells, but there are {expected} columns. Numbers with decimal commas must be separated "
        "by tabs or semicolons."
    )
