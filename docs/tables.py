"""Pages that the code knows by itself: features, settings, stimulus families, config file, command line."""

from __future__ import annotations

import argparse
import inspect
import pathlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from efewidgets.cli import _parser
from efewidgets.engine.config.keys import GOAL, OPTIONS
from efewidgets.engine.features.catalogue import catalogue, settings_catalogue
from efewidgets.engine.features.efel_import import efel_version
from efewidgets.engine.recordings.ecodes import FAMILIES, eCodes


def write_tables(folder: pathlib.Path) -> None:
    """Write all pages; those that are the same already stay untouched, so that a build does no work twice."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / f"{name}.md", page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _features() -> str:
    groups: dict[str, list] = {}
    for info in catalogue():
        groups.setdefault(info.group, []).append(info)
    parts = [
        "# Features\n",
        f"What eFEL {efel_version()[0]} computes, as `efewidgets features` lists it. *I*: the current must have been "
        "recorded.\n",
    ]
    for group, infos in groups.items():
        rows = [
            (
                f"`{i.name}`",
                i.unit,
                i.description + (" *I*" if i.needs_current else ""),
                _code(i.needed_settings),
            )
            for i in infos
        ]
        parts += [f"## {group}\n", _table(("feature", "unit", "what it is", "needs the settings"), rows), ""]
    return "\n".join(parts)


def _settings() -> str:
    rows = [
        (
            f"`{i.name}`",
            i.type,
            "" if i.default is None else f"`{i.default}`",
            i.unit,
            i.meaning,
            len(i.features),
        )
        for i in settings_catalogue()
    ]
    heads = ("setting", "type", "eFEL's default", "unit", "meaning", "features that depend on it")
    return (
        f"# Settings of eFEL\n\n`efel_settings` of an extraction or of a target.\n\n{_table(heads, rows)}\n"
    )


def _families() -> str:
    rows = []
    for name, family in FAMILIES.items():
        names = [key for key, cls in eCodes.items() if cls is family]
        what = (inspect.getdoc(inspect.getmodule(type(family.stimulus_family))) or "").partition("\n")[0]
        timings = _code(family.timings) or _code(family.extra_params)
        rows.append((f"`{name}`", what.partition(": ")[2] or what, timings, _code(names)))
    heads = ("family", "what it is", "timings (ms)", "names of protocols that stand for it")
    return (
        "# Stimulus families\n\nThe longest of these names that is found in a protocol's name counts; "
        '`"ecode": "Step"` in the metadata of a recording says otherwise.\n\n' + _table(heads, rows) + "\n"
    )


def _config() -> str:
    rows = [(f"`{name}`", kind.words) for name, kind in OPTIONS.items()]
    goals = [(f"`{name}`", kind.words) for name, kind in GOAL.items()]
    return (
        "# The config file\n\nOne JSON file holds all arguments of `extract_efeatures`; `efewidgets extract`, "
        "`efewidgets check`, `efewidgets dashboard` and `ExtractionState.load` take it. Paths are relative to the "
        "file.\n\n"
        + _table(("key", "what it holds"), rows)
        + "\n\n## A goal of `auto_targets`\n\n"
        + _table(("key", "what it holds"), goals)
        + "\n"
    )


def _command_line() -> str:
    parser = _parser()
    parser.prog = "efewidgets"
    parts = ["# Command line\n", _help(parser)]
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        parts += [f"## efewidgets {name}\n", _help(command)]
    return "\n".join(parts)


def _help(parser: argparse.ArgumentParser) -> str:
    # As wide on every machine, whatever its terminal is.
    parser.formatter_class = partial(parser.formatter_class, width=100)
    return f"```text\n{parser.format_help().rstrip()}\n```\n"


PAGES: dict[str, Callable[[], str]] = {
    "features": _features,
    "settings": _settings,
    "families": _families,
    "config": _config,
    "command_line": _command_line,
}
