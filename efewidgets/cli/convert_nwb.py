"""``efewidgets convert``: recordings of any format as one NWB file."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

from ..engine.problems import EfeError
from ..engine.systems.paths import matching
from .console import Console
from .report import Report

_DESCRIPTION = """\
Write recordings (ABF, IBW, HEKA, MAT, TXT, CSV, NWB, …) as one NWB 2 file: voltages with their currents, the
tables of intracellular recordings, electrodes, and a table with the timing that was found and what was left out. The
numbers are those of the files, bit by bit where these hold the converter's own. Instead of recordings FILE may be a
config of `efewidgets extract`, or a session: then its cells, protocols, timings and exclusions are taken.

Which animal, when, by whom is said with --about; what isn't is taken from the files, and told where it is guessed.
Needs pynwb: pip install "efewidgets[nwb]".
"""
_EXAMPLE = """\
example:
  efewidgets convert IDrest_1.abf IDrest_2.abf cell1.nwb --cell cell1 --protocol IDrest
  efewidgets convert my-cells.json cells.nwb --about species="Rattus norvegicus" --about age=P14D --about sex=M
"""


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "convert",
        help="write recordings of any format as one NWB file",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a recording, a pattern such as *.abf, an address, or one config (JSON)",
    )
    parser.add_argument("output", metavar="OUT.nwb", help="where to write")
    parser.add_argument(
        "--cell", metavar="NAME", help="of which cell the files are (default: each is one, by its name)"
    )
    parser.add_argument("--protocol", metavar="NAME", help="of which protocol those are that don't say it")
    parser.add_argument(
        "--about",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a fact of the session: start, description, experimenter, institution, lab, device, electrode, keywords, "
        "subject_id, species, sex, age, strain, genotype; may be repeated",
    )
    parser.add_argument(
        "--metadata",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what the recordings don't say of themselves, e.g. v_unit=mV or dt=0.1; may be repeated",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT.nwb if it is there")
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """Read, write, report."""
    from ..engine.export.nwb import convert

    about: dict[str, Any] = dict(_pair("--about", "age=P14D", words) for words in chosen.about)
    metadata = dict(_pair("--metadata", "v_unit=mV", words) for words in chosen.metadata)
    source, more = _source([path for named in chosen.files for path in matching(named)])
    if more and (chosen.cell or chosen.protocol or metadata):
        raise EfeError("a config says what its files are: leave out --cell, --protocol and --metadata.")
    more["metadata"] = {name: _number_or_text(value) for name, value in metadata.items()}
    problems = convert(
        source, chosen.output, cell=chosen.cell, protocol=chosen.protocol, force=chosen.force, **more, **about
    )
    place = os.path.abspath(chosen.output)
    return Report({"file": place}, lambda console: console.title(f"Written to {place}"), problems)


def _source(files: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Return the files, or what a config says of them with how it reads them."""
    configs = [file for file in files if file.lower().endswith(".json")]
    if not configs:
        return files, {}
    if len(files) > 1:
        raise EfeError("a config must be the only FILE: it names the recordings itself.")
    from ..engine.config.document import load_config

    options, _ = load_config(configs[0])
    return options.files_metadata, {
        "recording_reader": options.recording_reader,
        "efel_settings": options.efel_settings,
    }


def _number_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _pair(option: str, example: str, words: str) -> tuple[str, str]:
    name, sign, value = words.partition("=")
    if not sign or not name.strip():
        raise EfeError(f"{option} takes NAME=VALUE, as in {option} {example}, but got {words!r}.")
    return name.strip(), value
