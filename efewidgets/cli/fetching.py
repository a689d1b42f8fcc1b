"""How far files are that are fetched from other computers, on the terminal."""

from __future__ import annotations

from .console import Console
from .progress import Bar


class Fetching:
    """Shows a bar for each file that is fetched whole; Ctrl-C ends it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._name, self._bar = "", Bar("", None)

    def __call__(self, name: str, done: int, of: int | None) -> None:
        """Show that so many bytes of a file have come."""
        self.console.interrupt.check()
        if name != self._name:
            shown = not self.console.as_json and not self.console.quiet and self.console.err.isatty()
            self._name, self._bar = name, Bar(f"Fetching {name}, kB", self.console.err if shown else None)
        self._bar(done // 1000, (of or 0) // 1000)
        if done == of:
            self._bar.clear()
