"""``efewidgets cache``: what sessions keep on disk, so that recordings need not be extracted again."""

from __future__ import annotations

import argparse
from typing import Any

from .console import Console
from .report import Report

_DESCRIPTION = """\
Say where recordings and features are kept, and what was fetched from other computers, and how much room they take. The
cache is never needed: what isn't there is extracted from the recordings, or fetched, again. With it goes what is known
of the installed eFEL, which is then tried again (a second or two, once). The environment variables
EFEWIDGETS_CACHE and EFEWIDGETS_REMOTE_CACHE put the two elsewhere.
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
    from ..engine.features import efel_proof
    from ..engine.remote import store
    from ..state.cache.disk import DiskCache

    cache = DiskCache()
    freed = cache.clear() if chosen.clear else 0
    size = cache.size()
    freed_far = store.clear() if chosen.clear else 0
    if chosen.clear:
        efel_proof.clear()
    far, far_size = store.cache_folder(), store.size()

    def show(console: Console) -> None:
        if chosen.clear:
            console.print(f"{freed / 1e6:.1f} MB removed from {cache.folder}.")
            console.print(f"{freed_far / 1e6:.1f} MB of files from elsewhere removed from {far}.")
        else:
            console.print(
                f"{size / 1e6:.1f} MB in {cache.folder}; at most {cache.limit / 1e6:.0f} MB are kept."
            )

            limit = store.LIMIT / 1e6
            words = (
                f"{far_size / 1e6:.1f} MB of files from elsewhere in {far}; at most {limit:.0f} MB are kept."
            )
            console.print(words)

    elsewhere = {"folder": str(far), "bytes": far_size, "limit": store.LIMIT, "removed": freed_far}
    data = {
        "folder": str(cache.folder),
        "bytes": size,
        "limit": cache.limit,
        "removed": freed,
        "elsewhere": elsewhere,
    }
    return Report(data, show)
