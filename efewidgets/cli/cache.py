"""``efewidgets cache``: what sessions keep on disk, so that recordings need not be extracted again."""

from __future__ import annotations

import argparse
from typing import Any

from .console import Console
from .report import Report

_DESCRIPTION = """\
Say where recordings and features are kept, and how much room they take. The cache is never needed: what isn't there is
extracted from the recordings again. The environment variable EFEWIDGETS_CACHE puts it elsewhere.
"""
_EXAMPLE = """\
example:
  efewidgets cache
  efewidgets cache --clear
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "cache",
        help="show or clear what is kept of recordings on disk",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clear", action="store_true", help="remove all of it")
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Look, clear, report."""
    from ..state.cache.disk import DiskCache

    cache = DiskCache()
    freed = cache.clear() if chosen.clear else 0
    size = cache.size()

    def show(console: Console) -> None:
        if chosen.clear:
            console.print(f"{freed / 1e6:.1f} MB removed from {cache.folder}.")
        else:
            console.print(
                f"{size / 1e6:.1f} MB in {cache.folder}; at most {cache.limit / 1e6:.0f} MB are kept."
            )

    data = {"folder": str(cache.folder), "bytes": size, "limit": cache.limit, "removed": freed}
    return Report(data, show)
