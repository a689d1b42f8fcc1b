"""Sessions on disk: a config for `efewidgets extract`, and beside it what files it was made with."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...engine.config.document import check_form, dump_config, parse_config, read_json
from ...engine.features.efel_import import efel_version
from ...engine.problems import EfeError, Problem
from ...engine.remote import is_url
from ...engine.stages.inputs import Inputs
from ...engine.stages.world import sha256, stamp
from ...engine.systems.paths import relative
from ..convert import as_options, as_run_settings, inputs_of
from .looking import accepted_as_data, noted_as_data, with_accepted, with_noted

FORMAT = 1


def save_inputs(inputs: Inputs, path: str | os.PathLike[str], view: Mapping[str, Any] | None = None) -> None:
    """Write inputs as a config, whole or not at all; paths become relative to its folder.

    Parameters
    ----------
    inputs : Inputs
    path : path
    view : dict, optional
        What is looked at, see `looking.view_as_data`.

    Raises
    ------
    EfeError
        If something can't stand in a file, such as a reader without a name.
    """
    path = pathlib.Path(path)
    about = state_as_data(view, inputs) | {"files": _fingerprints(inputs, path.parent)}
    dump_config(path, as_options(inputs), as_run_settings(inputs), state=about)


def state_as_data(view: Mapping[str, Any] | None = None, inputs: Inputs | None = None) -> dict[str, Any]:
    """Return what a session says of itself, but for its files; versions that don't know an entry pass it over."""
    more: dict[str, Any] = {"view": dict(view or {})}
    if inputs is not None:
        more |= {"accepted": accepted_as_data(inputs), "notes": noted_as_data(inputs)}
    return {"format": FORMAT, "versions": _versions()} | {name: told for name, told in more.items() if told}


def load_inputs(
    path: str | os.PathLike[str],
    new_id: Callable[[str], str],
    check: Callable[[Any, pathlib.Path], Any] | None = None,
) -> tuple[Inputs, list[Problem], Any, Callable[[], list[Problem]]]:
    """Read inputs from a config, one that was saved here or one that a person wrote.

    Parameters
    ----------
    path : path
    new_id : callable
        Returns a new id that starts with the given letter.
    check : callable, optional
        ``check(contents, folder)`` before anything is done with them, as soon as their form is right; raises EfeError
        if they must not be used.

    Returns
    -------
    inputs : Inputs
    problems : list of Problem
        What can't be used, and which files on this disk have changed since it was saved.
    view : object
        What was looked at, for `looking.look`; None if that doesn't stand there.
    elsewhere : callable
        Asks the servers of files elsewhere, and returns which of these have changed.

    Raises
    ------
    EfeError
        If it isn't a config.
    """
    path = pathlib.Path(path)
    try:
        data = read_json(path)
        check_form(data)
        if check is not None:
            check(data, path.parent)
        waits = data.get("absolute_amplitude") is True and data.get("targets") is None
        run = {name: value for name, value in data.items() if not (waits and name == "absolute_amplitude")}
        inputs, problems = inputs_of(*parse_config(run, path.parent), new_id)
        if waits:  # no run may begin so, but a person may be between the two decisions: the blockers say it
            inputs = dataclasses.replace(inputs, absolute_amplitude=True)
    except EfeError as error:
        raise EfeError(f"{path}: {error}") from error
    about = data.get("state")
    view = about.get("view") if isinstance(about, Mapping) else None
    if isinstance(about, Mapping):
        inputs = with_noted(with_accepted(inputs, about.get("accepted")), about.get("notes"))
    near, far = _remembered(about, path, inputs)
    return inputs, [*problems, *_changes(path, near)], view, partial(_changes, path, far)


def _versions() -> dict[str, str]:
    import numpy

    from ... import __version__

    return {
        "efewidgets": __version__,
        "efel": efel_version()[0],
        "numpy": numpy.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _fingerprints(inputs: Inputs, folder: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Return size, time and SHA-256 of each file, by its path from the folder."""
    paths = sorted({path for cell in inputs.cells for path in cell.paths.names})
    return {_from(folder, path): found for path in paths if (found := _fingerprint(path)) is not None}


def _fingerprint(path: str) -> dict[str, Any] | None:
    seen, content = stamp(path), sha256(path)
    if seen is None or content is None:
        return None
    return {"size": seen[0], "mtime_ns": seen[1], "sha256": content}


def _from(folder: pathlib.Path, path: str) -> str:
    return path if is_url(path) else relative(path, os.path.abspath(folder))


#: What was remembered of files, by their paths
Then = dict[str, Mapping[str, Any]]


def _remembered(about: Any, path: pathlib.Path, inputs: Inputs) -> tuple[Then, Then]:
    """Return what a session says of the files that are used: of those on this disk, and of those elsewhere."""
    files = about.get("files") if isinstance(about, Mapping) else None
    near: Then = {}
    far: Then = {}
    if isinstance(files, Mapping):
        used = {name for cell in inputs.cells for name in cell.paths.names}
        for relative, then in files.items():
            name = _used(path.parent, str(relative))
            if name in used and isinstance(then, Mapping):
                (far if is_url(name) else near)[name] = then
    return near, far


def _changes(path: pathlib.Path, files: Then) -> list[Problem]:
    """Say which recordings aren't what they were; those that are missing are told of when they are read."""
    message = f"the file has changed since {path.name} was saved; results may differ from those of then."
    return [
        Problem(message, "warning", "file", file=name)
        for name, then in files.items()
        if _has_changed(name, then)
    ]


def _used(folder: pathlib.Path, relative: str) -> str:
    return relative if is_url(relative) else os.path.normpath(folder.absolute() / relative)


def _has_changed(path: str, then: Mapping[str, Any]) -> bool:
    seen = stamp(path)
    if seen is None or seen[:2] == (then.get("size"), then.get("mtime_ns")):
        return False
    return seen[0] != then.get("size") or sha256(path) != then.get("sha256")
