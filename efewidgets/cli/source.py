"""What a command extracts, and with how many processes: a config, or the sample cells."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.extraction.writing import RunSettings
    from ..engine.stages.options import Options


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is extracted."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("config", nargs="?", metavar="CONFIG", help="what to extract, from what (JSON)")
    what.add_argument("--sample", action="store_true", help="use the five sample cells instead of a config")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add the argument that says with how many processes."""
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes to work with (default: all cores if that pays)"
    )


def load_source(chosen: argparse.Namespace) -> tuple[Options, RunSettings]:
    """Return what was chosen, checked."""
    from ..engine.config.document import load_config, parse_config

    if not chosen.sample:
        return load_config(chosen.config)
    from ..datasets import sample_config

    return parse_config(sample_config())
