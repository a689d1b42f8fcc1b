"""What is seen in the terminal: text, tables, problems, a progress bar."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from ..engine.problems import Problem
from .interrupt import Interrupt
from .report import Report

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_MAX_WIDTH = 120


class Console:
    """Standard output for results, standard error for problems and progress.

    Parameters
    ----------
    as_json : bool
        Print one JSON document instead of text.
    quiet : bool
        Print problems only.
    interrupt : Interrupt
        Whether Ctrl-C was pressed; the work looks there from time to time.
    """

    def __init__(self, as_json: bool, quiet: bool, interrupt: Interrupt):
        self.as_json = as_json
        self.interrupt = interrupt
        self.quiet = quiet
        self.out, self.err = sys.stdout, sys.stderr
        self.width = max(min(shutil.get_terminal_size((100, 24)).columns, _MAX_WIDTH), 60)
        self._bar: Bar | None = None

    def show(self, report: Report) -> int:
        """Print a report and return its exit code."""
        if self.as_json:
            print(_to_json(report.as_dict()), file=self.out)
        else:
            if report.show is not None and not self.quiet:
                report.show(self)
            self.out.flush()
            self._problems(report.problems)
            if report.error:
                print(f"{self.styled('efewidgets:', 'red', self.err)} {report.error}", file=self.err)
        self.out.flush()
        return report.exit_code

    # --- text

    def print(self, text: str = "", indent: str = "") -> None:
        """Print a paragraph on standard output, wrapped to the terminal."""
        print(_wrapped(text, self.width, indent), file=self.out)

    def verbatim(self, text: str) -> None:
        """Print a text on standard output as it is."""
        print(text, file=self.out)

    def title(self, text: str) -> None:
        """Print a heading."""
        print(self.styled(text, "bold"), file=self.out)

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """Colour a text if the stream is a terminal that shows colours."""
        if not _has_colours(stream or self.out):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def table(
        self, rows: Iterable[Sequence[str]], header: Sequence[str] = (), right: Sequence[int] = ()
    ) -> None:
        """Print aligned columns; the last one is wrapped below itself if it doesn't fit.

        Parameters
        ----------
        rows : iterable of list of str
        header : list of str, optional
            What stands above the columns.
        right : list of int
            Columns to align at their right.
        """
        cells = [[_printable(cell) for cell in row] for row in (*([header] if header else ()), *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for i, row in enumerate(cells):
            aligned = [
                cell.rjust(width) if k in right else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            start = "  " + "".join(f"{cell}  " for cell in aligned[:-1])
            room = max(self.width - len(start), 24)
            lines = textwrap.wrap(aligned[-1], room, break_long_words=False) or [""]
            if widths[-1] <= room:
                lines = [aligned[-1]]
            text = "\n".join(
                (before + line).rstrip()
                for before, line in zip((start, *[" " * len(start)] * (len(lines) - 1)), lines, strict=True)
            )
            print(self.styled(text, "dim") if header and not i else text, file=self.out)

    # --- problems

    def _problems(self, problems: Sequence[Problem]) -> None:
        for severity, style in (("error", "red"), ("warning", "yellow"), ("note", "dim")):
            chosen = [problem for problem in problems if problem.severity == severity]
            if not chosen or (severity == "note" and self.quiet):
                continue
            count = f"{len(chosen)} {severity}{'s' if len(chosen) > 1 else ''}"
            print(f"\n{self.styled(count, style, self.err)}", file=self.err)
            for message, places in grouped(chosen).items():
                print(_wrapped(message, self.width, "  ", "  "), file=self.err)
                for place in places:
                    print(_wrapped(place, self.width, "    - ", "      "), file=self.err)

    # --- progress

    def progress(self, label: str) -> Bar:
        """Return a new progress bar, which is shown on a terminal only."""
        self.end_progress()
        shown = not self.as_json and not self.quiet and self.err.isatty()
        self._bar = Bar(label, self.err if shown else None)
        return self._bar

    def end_progress(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.clear()
            self._bar = None


class Bar:
    """A progress bar on one line: ``Reading recordings  ━━━━━━────  42 of 127``.

    Parameters
    ----------
    label : str
    stream : text file or None
        None shows nothing.
    """

    every_s = 0.1
    cells = 30

    def __init__(self, label: str, stream: TextIO | None):
        self.label, self.stream = label, stream
        self._length, self._last = 0, -1.0
        self._lock = threading.Lock()

    def __call__(self, done: int, total: int) -> None:
        """Show how many of how many jobs are done; `total` is 0 if it isn't known yet."""
        with self._lock:
            now = time.monotonic()
            if self.stream is None or (now - self._last < self.every_s and done != total):
                return
            self._last = now
            if not total:
                self._draw(f"{self.label}  {done}")
                return
            full = round(self.cells * done / total)
            bar = (
                ("━" * full + "─" * (self.cells - full))
                if _has_blocks(self.stream)
                else ("#" * full + "." * (self.cells - full))
            )
            self._draw(f"{self.label}  {bar}  {done} of {total}")

    def clear(self) -> None:
        """Leave an empty line, for good."""
        with self._lock:
            if self._length:
                self._draw("")
                self._draw("")
            self.stream = None

    def _draw(self, line: str) -> None:
        assert self.stream is not None
        line = line[: shutil.get_terminal_size((80, 24)).columns - 1]
        self.stream.write("\r" + line.ljust(self._length))
        self.stream.flush()
        self._length = len(line)


def grouped(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Return each message once, with the places it is about, in words.

    Recordings of one protocol of one cell are one place.
    """
    groups: dict[str, dict[str, list[str]]] = {}
    for problem in problems:
        where = _place_without_recording(problem)
        recordings = groups.setdefault(problem.message, {}).setdefault(where, [])
        if problem.recording is not None:
            recordings.append(problem.recording)
    return {
        message: [text for text in (_with_recordings(*item) for item in places.items()) if text]
        for message, places in groups.items()
    }


def _place_without_recording(problem: Problem) -> str:
    protocol = problem.protocol if problem.target is None else None  # a target names its protocol
    parts = {"cell": problem.cell, "protocol": protocol, "target": problem.target}
    words = [f"{name} {value}" for name, value in parts.items() if value is not None]
    if problem.file is not None:
        words.append(_short_path(problem.file))
    return ", ".join(words)


def _with_recordings(place: str, recordings: Sequence[str]) -> str:
    if not recordings:
        return place
    named = ", ".join(recordings[:6]) + (", …" if len(recordings) > 6 else "")
    what = "recording" if len(recordings) == 1 else f"{len(recordings)} recordings:"
    return f"{place}, {what} {named}" if place else f"{what} {named}"


def _short_path(path: str) -> str:
    """Return a path as seen from the working directory, if that is shorter."""
    try:
        return min(path, os.path.relpath(path), key=len)
    except ValueError:  # another drive
        return path


def _wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> str:
    """Wrap each line of a text; words are not broken, for paths shall be copied."""
    rest = first if rest is None else rest
    text = _printable(text)
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(
            line,
            width,
            initial_indent=rest if lines else first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Return a text in which nothing steers the terminal: names of cells and files are other people's."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _has_blocks(stream: TextIO) -> bool:
    try:
        "━─".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _to_json(data: Any) -> str:
    return json.dumps(data, indent=2, default=_plain, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return numpy's numbers and arrays, and paths, as JSON has them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
