"""Axon Text Files (.atf) of pCLAMP: a header, and columns of numbers, the first of which is the time."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ..problems import ReadError

_COLUMN = re.compile(r"^(?P<name>.*?)\s*\((?P<unit>[^()]*)\)\s*$")
_MOST_COLUMNS, _MOST_RECORDS = 100_000, 10_000


@dataclass(frozen=True)
class TextFile:
    """What an Axon text file holds.

    Parameters
    ----------
    names, units : list of str
        Of each column, the time's first.
    records : dict
        What its header says, by name.
    numbers : array (n_rows, n_columns)
    """

    path: str
    names: list[str]
    units: list[str]
    records: dict[str, str]
    numbers: np.ndarray

    @property
    def signals(self) -> list[str]:
        """Channel of each column behind the time's; "" where the header doesn't say."""
        found = [name for name in self.records.get("Signals", "").split("\t") if name]
        return found if len(found) == len(self.names) - 1 else [""] * (len(self.names) - 1)

    @property
    def step(self) -> float:
        """Time between rows, in the unit of the first column. Raises ReadError if it isn't steady."""
        times = self.numbers[:, 0]
        step = float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0
        if not step > 0 or np.max(np.abs(np.diff(times) - step)) > 0.5 * step:
            raise ReadError(f"the times of {os.path.basename(self.path)} don't go up steadily.")
        return step


def read_atf(path: str) -> TextFile:
    """Read an Axon text file. Raises ReadError if it isn't one, or is damaged."""
    name = os.path.basename(path)
    with open(path, encoding="latin-1", newline=None) as file:
        if not re.match(r"ATF\s", file.readline()):
            raise ReadError(f"{name} isn't an Axon text file: its first line isn't 'ATF 1.0'.")
        counts = re.match(r"\s*(\d{1,9})\s+(\d{1,9})\s*$", file.readline())
        n_records, n_columns = (int(count) for count in counts.groups()) if counts else (0, 0)
        if not (2 <= n_columns <= _MOST_COLUMNS and n_records <= _MOST_RECORDS):
            raise ReadError(
                f"the header of {name} is damaged: its second line must count records and columns."
            )
        records = {}
        for _ in range(n_records):
            first, *others = (field.strip().strip('"').strip() for field in file.readline().split("\t"))
            key, _, value = first.partition("=")
            records[key] = "\t".join([value, *others]).strip("\t")
        titles = [title.strip().strip('"') for title in file.readline().rstrip("\n").split("\t")]
        begin = next((line for line in iter(file.readline, "") if line.strip()), None)
        if begin is None:
            raise ReadError(f"{name} holds no numbers.")
        try:
            numbers = np.loadtxt(chain([begin], file), ndmin=2, comments=None, usecols=range(n_columns))
        except ValueError as error:
            raise ReadError(
                f"{name} is damaged: a row doesn't hold {n_columns} numbers ({error})."
            ) from error
    if len(titles) < n_columns:
        raise ReadError(f"{name} is damaged: it has {len(titles)} titles for {n_columns} columns.")
    if not np.isfinite(numbers).all():
        raise ReadError(f"{name} is damaged: it holds numbers that aren't finite.")
    found = [_COLUMN.match(title) for title in titles[:n_columns]]
    names = [match["name"] if match else title for match, title in zip(found, titles, strict=False)]
    units = [match["unit"].replace("µ", "u").replace(" ", "") if match else "" for match in found]
    return TextFile(path, names, units, records, numbers)
