"""One JSON file for one extraction: all arguments of `extract_efeatures`, read with checks and written again.

Keys are the names of the arguments (`config_keys`). Paths of recordings, and the output directory, are
relative to the file, so that a folder with recordings and their config can be moved. What another program
wants to keep in the file goes under "state", which is passed over here; "comment" is for people.
"""

from __future__ import annotations

import codecs
import dataclasses
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from ..extraction.writing import RunSettings
from ..kinds import nested_too_deeply, shown
from ..outputs.standard_files import to_json, write_text
from ..problems import EfeError
from ..readers.by_name import name_of, reader_named
from ..remote import is_url
from ..stages.options import Options, check_choices, check_goals, check_targets_of
from ..systems.paths import at_home, relative
from ..targets.automatic import AutoTarget, default_auto_targets
from .keys import GOAL, OPTIONS, SCHEMA_VERSION, faults

PATHS = ("filepath", "v_file", "i_file", "stimulus_file")


# --- reading


def load_config(path: str | os.PathLike[str]) -> tuple[Options, RunSettings]:
    """Read a config file.

    Returns
    -------
    options : Options
        What is extracted and how; paths are absolute.
    run : RunSettings
        What is written.

    Raises
    ------
    EfeError
        If the file can't be read, isn't JSON, or holds what a config can't; all of that is told at once.
    """
    path = pathlib.Path(path)
    try:
        return parse_config(read_json(path), path.parent)
    except EfeError as error:
        raise EfeError(f"{path}: {error}") from error


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read JSON as a person may have written it; raise EfeError that says where it is wrong."""
    try:
        text = _decoded(pathlib.Path(path).read_bytes())
    except FileNotFoundError:
        raise EfeError("there is no such file.") from None
    except UnicodeDecodeError:
        raise EfeError("this is not a text file in UTF-8, as JSON must be.") from None
    except OSError as error:
        raise EfeError(f"the file can't be read: {error.strerror or error}.") from error
    except ValueError:  # in the path
        raise EfeError("there can be no such file: its path holds the character NUL.") from None
    try:
        data = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise EfeError(f"this is not valid JSON. {_where_it_breaks(text, error)}") from None
    except EfeError:
        raise
    except ValueError:
        raise EfeError("a number in it has thousands of digits, which no measurement has.") from None
    except RecursionError:
        raise EfeError(_TOO_DEEP) from None
    if nested_too_deeply(data):
        raise EfeError(_TOO_DEEP)
    return data


def _decoded(content: bytes) -> str:
    """Return the text of a file: in UTF-8, or in UTF-16, in which PowerShell writes what is sent to a file."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig")


_TOO_DEEP = "this is not a config: its brackets are nested too deeply."


def _where_it_breaks(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "The file is empty."
    told = f"Line {error.lineno}, column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}"
    before = text[: error.pos].rstrip()
    if error.msg.startswith(("Invalid \\escape", "Invalid \\uXXXX", "Invalid control")):
        told += " (in a path, write each backslash twice, or / instead)"
    if text[error.pos : error.pos + 1] in ("}", "]") and before.endswith(","):
        told += " (after the last entry there must be no comma)"
    line = text.split("\n")[error.lineno - 1]
    start = max(0, error.colno - 60)
    return f"{told}:\n  {line[start : start + 76].rstrip()}\n  {' ' * (error.colno - 1 - start)}^"


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: JSON keeps the last one, and a cell or protocol would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise EfeError(f"the entry {key!r} stands twice in the same braces; put both into one.")
        found[key] = value
    return found


def _no_constant(name: str) -> None:
    raise EfeError(f"{name} is no number in JSON.")


def parse_config(data: Any, folder: str | os.PathLike[str] = ".") -> tuple[Options, RunSettings]:
    """Check the contents of a config file and turn them into `Options` and `RunSettings`.

    Parameters
    ----------
    data : dict
    folder : path
        Folder that relative paths start from.

    Raises
    ------
    EfeError
        If a key isn't known or a value isn't what it must be; all of them are told at once.
    """
    check_form(data)
    values = {key: value for key, value in data.items() if value is not None and key in OPTIONS}
    values |= _resolved(values, pathlib.Path(os.path.abspath(folder)))
    if "recording_reader" in values:
        _refuse(faults(data, values["recording_reader"]))
    chosen = {field.name for field in dataclasses.fields(Options)}
    options = Options(**{key: value for key, value in values.items() if key in chosen})
    check_choices(options)
    check_targets_of(options)
    check_goals(options.auto_targets or ())
    return options, RunSettings(**{key: value for key, value in values.items() if key not in chosen})


def check_form(data: Any) -> None:
    """Check that the contents of a config file are of its form, before anything is done with them.

    Raises
    ------
    EfeError
        If a key isn't known or a value isn't what it must be; all of them are told at once.
    """
    if not isinstance(data, Mapping):
        raise EfeError(f"a config must be one dictionary in braces, but is {shown(data)}.")
    _refuse(faults(data))


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise EfeError(wrong[0] if len(wrong) == 1 else "".join(f"\n- {fault}" for fault in wrong))


def _resolved(values: Mapping[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    """Return what the names and paths among the values stand for."""
    found = {"files_metadata": map_paths(values["files_metadata"], lambda path: _absolute(path, folder))}
    if "output_directory" in values:
        found["output_directory"] = _absolute(values["output_directory"], folder)
        if set("\b\f\n\r\t") & set(found["output_directory"]) and not os.path.isdir(
            found["output_directory"]
        ):
            raise EfeError(
                f"output_directory is {values['output_directory']!r}, with a tab or a line break in it: write each "
                "backslash of a path twice, or / instead."
            )
    if "recording_reader" in values:
        found["recording_reader"] = reader_named(values["recording_reader"], folder)
    if "auto_targets" in values:
        found["auto_targets"] = _auto_targets(values["auto_targets"])
    return found


def _auto_targets(goals: Any) -> list[AutoTarget]:
    if goals == "default":
        return default_auto_targets()
    return [AutoTarget(**{key: value for key, value in goal.items() if value is not None}) for goal in goals]


def _absolute(path: str, folder: pathlib.Path) -> str:
    return path if is_url(path) else os.path.normpath(folder / at_home(path))


def map_paths(files_metadata: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of `files_metadata` with its paths changed; what isn't of its form stays as it is."""
    if not isinstance(files_metadata, Mapping):
        return files_metadata
    return {
        cell: {
            protocol: [_with_paths(file, change) for file in files]
            if isinstance(files, (list, tuple))
            else files
            for protocol, files in protocols.items()
        }
        if isinstance(protocols, Mapping)
        else protocols
        for cell, protocols in files_metadata.items()
    }


def _with_paths(file: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(file, Mapping):
        return file
    return {
        key: change(os.fspath(value)) if key in PATHS and isinstance(value, (str, os.PathLike)) else value
        for key, value in file.items()
    }


# --- writing


def config_as_dict(
    options: Options,
    run: RunSettings | None = None,
    folder: str | os.PathLike[str] | None = None,
    state: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a config file holds: the inverse of `parse_config`. What is None is left out.

    Parameters
    ----------
    options : Options
    run : RunSettings, optional
    folder : path, optional
        Folder that paths are to be relative to; None leaves them as they are.
    state : dict, optional
        What another program wants to find again; it must be plain data.

    Raises
    ------
    EfeError
        If the reader is a function that can't be named.
    """
    values = _fields(options) | _fields(run or RunSettings())
    if folder is not None:
        start = pathlib.Path(os.path.abspath(folder))
        values["files_metadata"] = map_paths(values["files_metadata"], lambda path: _relative(path, start))
        if "output_directory" in values:
            values["output_directory"] = _relative(os.fspath(values["output_directory"]), start)
    if "recording_reader" in values:
        values["recording_reader"] = name_of(values["recording_reader"])
    if "auto_targets" in values:
        values["auto_targets"] = _goals_as_data(values["auto_targets"])
    return {"schema_version": SCHEMA_VERSION} | values | ({"state": dict(state)} if state is not None else {})


def _fields(record: Any) -> dict[str, Any]:
    found = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {name: value for name, value in found.items() if value is not None}


def _relative(path: str, start: pathlib.Path) -> str:
    return path if is_url(path) else relative(path, start)


def _goals_as_data(goals: Any) -> Any:
    def plain(goal: AutoTarget) -> dict[str, Any]:
        return {key: getattr(goal, key) for key in GOAL}

    listed = [plain(goal) for goal in goals]
    return "default" if listed == [plain(goal) for goal in default_auto_targets()] else listed


def dump_config(
    path: str | os.PathLike[str],
    options: Options,
    run: RunSettings | None = None,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Write a config file, whole or not at all; paths become relative to its folder.

    Parameters are those of `config_as_dict`.

    Raises
    ------
    EfeError
        If an option can't be written as JSON.
    """
    path = pathlib.Path(path)
    write_text(path, to_json(config_as_dict(options, run, path.parent, state)) + "\n")
