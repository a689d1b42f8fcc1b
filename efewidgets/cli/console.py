"""What is seen in the terminal: text, tables, problems, a progress bar."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

from ..engine.problems import Problem
from ..engine.systems.terminal import has_colours
from .interrupt import Interrupt
from .progress import Bar
from .text import grouped, printable, wrapped

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_MAX_WIDTH = 120
_FEW_NOTES = 3


class Console:
    """Standard output for results, standard error for problems and progress.

    Parameters
    ----------
    as_json : bool
        Print one JSON document instead of text.
    quiet : bool
        Print errors and warnings only.
    interrupt : Interrupt
        Whether Ctrl-C was pressed; the work looks there from time to time.
    all_notes : bool
        Print all notes, not only the first kinds of them.
    """

    def __init__(self, as_json: bool, quiet: bool, interrupt: Interrupt, all_notes: bool = True):
        self.as_json = as_json
        self.interrupt = interrupt
        self.quiet = quiet
        self.all_notes = all_notes
        self.out, self.err = sys.stdout, sys.stderr
        self.width = max(min(shutil.get_terminal_size((100, 24)).columns, _MAX_WIDTH), 60)
        self._bar: Bar | None = None

    def show(
        self,
        data: Mapping[str, Any],
        show: Callable[[Console], None] | None = None,
        problems: Sequence[Problem] = (),
        error: str = "",
    ) -> None:
        """Print what a command found, as the one JSON document or as text: results, then problems, then the error."""
        if self.as_json:
            print(_to_json(data), file=self.out)
        else:
            if show is not None and not self.quiet:
                show(self)
            self.out.flush()
            self._problems(problems)
            if error:
                print(f"{self.styled('efewidgets:', 'red', self.err)} {error}", file=self.err)
        self.out.flush()

    # --- text

    def print(self, text: str = "", indent: str = "") -> None:
        """Print a paragraph on standard output, wrapped to the terminal."""
        print(wrapped(text, self.width, indent), file=self.out)

    def verbatim(self, text: str) -> None:
        """Print a text on standard output as it is."""
        print(text, file=self.out)

    def title(self, text: str) -> None:
        """Print a heading."""
        print(self.styled(text, "bold"), file=self.out)

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """Colour a text if the stream is a terminal that shows colours."""
        if not has_colours(stream or self.out):
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
        cells = [[printable(cell) for cell in row] for row in (*([header] if header else ()), *rows)]
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
            groups = grouped(chosen)
            shown = groups if severity != "note" or self.all_notes else groups[:_FEW_NOTES]
            count = f"{len(chosen)} {severity}{'s' if len(chosen) > 1 else ''}"
            print(f"\n{self.styled(count, style, self.err)}", file=self.err)
            for group in shown:
                print(wrapped(group.message, self.width, "  "), file=self.err)
                for place in group.places:
                    print(wrapped(place, self.width, "    - ", "      "), file=self.err)
            if len(shown) < len(groups):
                print(f"  … and {len(groups) - len(shown)} kinds more, with --notes", file=self.err)

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


def _to_json(data: Any) -> str:
    return json.dumps(data, indent=2, default=_plain, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return numpy's numbers and arrays, and paths, as JSON has them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
