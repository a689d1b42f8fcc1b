"""``efewidgets convert-legacy``: older configs, and other programs', become configs for ``efewidgets extract``."""

from __future__ import annotations

import argparse
import pathlib
from typing import Any

from ..engine.problems import EfeError
from .console import Console
from .report import Report

_DESCRIPTION = """\
Translate another program's config, or an older one, for `efewidgets extract`: one of BluePyEfe 1 (with "cells",
"features" and "options"), which EBRAINS' NeuroFeatureExtract writes, too; one whose targets are a dictionary of
protocols, as early versions of BluePyEfe 2 had them (or such targets alone); BluePyEModel's of an extraction
(config/extract_config/…, with the recipe that lies above it); OBI-ONE's. What can't be translated is listed.
"""
_EXAMPLE = """\
example:
  efewidgets convert-legacy old.json -o my-cells.json
  efewidgets check my-cells.json
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "convert-legacy",
        help="translate configs of BluePyEfe 1, BluePyEModel and OBI-ONE",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", metavar="OLD", help="the older config (JSON)")
    parser.add_argument(
        "-o", "--output", metavar="NEW", help="where to write the new one (default: print it)"
    )
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Translate, write or print, report."""
    from ..engine.config.document import config_as_dict, dump_config, parse_config, read_json
    from ..engine.config.legacy import convert_legacy
    from ..engine.outputs.standard_files import to_json

    old = pathlib.Path(chosen.old)
    try:
        config, problems = convert_legacy(read_json(old), old.parent)
        options, settings = parse_config(config, old.parent)
    except EfeError as error:
        raise EfeError(f"{old}: {error}") from error
    new = pathlib.Path(chosen.output) if chosen.output else None
    if new is not None:
        dump_config(new, options, settings)
    data = config_as_dict(options, settings, (new or old).parent)

    def show(console: Console) -> None:
        console.verbatim(f"Written to {new}" if new else to_json(data))

    return Report({"file": None if new is None else str(new.absolute()), "config": data}, show, problems)
