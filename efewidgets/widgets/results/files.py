"""Results as files: a zip, a table, a folder; what is there is replaced only when a person says so."""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import pathlib
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...engine.config.document import config_as_dict
from ...engine.names import folder_names
from ...engine.outputs.spreadsheet import no_formula
from ...engine.outputs.standard_files import FILE_NAMES, to_json
from ...engine.problems import EfeError
from ...engine.systems.paths import at_home, leads_to_a_host
from ...state import ExtractionState, Inputs, Results
from ...state.convert import as_options, as_run_settings

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

#: Said where tables can't be saved as Parquet
NO_PARQUET = "Parquet needs the package pyarrow, which isn't installed."


def as_zip(results: Results, root: str | os.PathLike[str] | None = None) -> bytes:
    """Return a zip of the three output files, of the config that they come from, and of what was left out, if anything.

    Parameters
    ----------
    results : Results
    root : path, optional
        Folder that the paths of recordings are relative to; by default they are whole.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as found:
        for name, text in results.texts.items():
            found.writestr(FILE_NAMES[name], text.encode("utf-8"))
        if len(results.exclusions):
            found.writestr("exclusions.csv", exclusions_as_csv(results))
        if results.inputs.cell_notes or results.inputs.recording_notes:
            found.writestr("notes.csv", _csv(results.notes))
        inputs = results.inputs
        try:
            config = to_json(config_as_dict(as_options(inputs), as_run_settings(inputs), root))
        except EfeError as error:  # the results are there nevertheless
            found.writestr("no config.txt", f"The config can't be written: {error}\n")
        else:
            found.writestr("config.json", (config + "\n").encode("utf-8"))
    return stream.getvalue()


def exclusions_as_csv(results: Results) -> bytes:
    """Return which recordings were left out, and why, as CSV."""
    return _csv(results.exclusions)


def as_csv(results: Results) -> bytes:
    """Return the feature table as CSV; the ids of targets are parted by semicolons."""
    frame = results.feature_table
    return _csv(frame.assign(targets=[";".join(ids) for ids in frame["targets"]]))


def _csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV; a text that a spreadsheet would take for a formula, be it a header, is none any more."""
    texts = {str(name): column.map(no_formula) for name, column in frame.items() if column.dtype.kind == "O"}
    safe = frame.assign(**texts).set_axis(frame.columns.map(no_formula), axis="columns")
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8")


def as_parquet(results: Results) -> bytes:
    """Return the feature table as Parquet.

    Raises
    ------
    EfeError
        If pyarrow is not installed.
    """
    if not has_parquet():
        raise EfeError(NO_PARQUET)
    frame = results.feature_table
    stream = io.BytesIO()
    frame.assign(targets=frame["targets"].map(list)).to_parquet(stream, engine="pyarrow", index=False)
    return stream.getvalue()


def has_parquet() -> bool:
    """Whether tables can be saved as Parquet."""
    return importlib.util.find_spec("pyarrow") is not None


def folder_at(text: str, root: str | os.PathLike[str] | None = None) -> pathlib.Path:
    """Return the folder that a person named, links followed.

    Parameters
    ----------
    text : str
        Relative to `root` if there is one, else to the working directory.
    root : path, optional
        Folder that can't be left.

    Raises
    ------
    EfeError
        If nothing is named, or it lies outside of `root`.
    """
    if not text.strip():
        raise EfeError("name a folder to save the results in.")
    if "\0" in text:
        raise EfeError("the name of a folder can't hold a zero character.")
    start = pathlib.Path.cwd() if root is None else pathlib.Path(root).resolve()
    if root is not None and leads_to_a_host(text.strip(), [start]):
        logger.warning("refused to save in %.300r: on another machine", text)
        raise EfeError(f"{text!r} is out of reach: name a folder inside {start.name or start}.")
    try:
        found = pathlib.Path(os.path.realpath(start / at_home(text.strip())))
    except ValueError:  # half of a character
        raise EfeError("the name of a folder can't hold such characters.") from None
    if root is not None and not found.is_relative_to(start):
        logger.warning("refused to save in %.300r: outside of %s", text, start)
        raise EfeError(f"{text!r} is out of reach: name a folder inside {start.name or start}.")
    if os.path.exists(found) and not found.is_dir():
        raise EfeError(f"{text!r} is a file; name a folder.")
    return found


def would_replace(folder: pathlib.Path, inputs: Inputs) -> list[pathlib.Path]:
    """Return the files in a folder that saving may replace; figures are those that are there at all."""
    wanted: list[pathlib.Path] = []
    if inputs.write_files:
        wanted += [folder / name for name in FILE_NAMES.values()]
        if inputs.extract_per_cell:
            cells = [folder / name for name in folder_names(cell.name for cell in inputs.measured).values()]
            wanted += [cell / name for cell in cells for name in FILE_NAMES.values()]
    if inputs.pickle_cells:
        wanted += [folder / "cells.pkl", folder / "protocols.pkl"]
    found = [path for path in wanted if path.exists()]
    if inputs.plot and folder.is_dir():
        found += sorted(folder.rglob("*.pdf"))
    return found


def save(state: ExtractionState, folder: pathlib.Path) -> tuple[str, bool]:
    """Write the results into a folder; return what was written, in words, and whether all of it could be.

    Raises
    ------
    EfeError
        If nothing is to be written, or it can't be.
    """
    if not as_run_settings(state.inputs).writes:
        raise EfeError("nothing is asked for: switch on output files, figures or pickles in the settings.")
    try:
        written = state.write(folder)
    except OSError as error:
        raise EfeError(f"{folder} can't be written to: {error.strerror or error}.") from error
    said = f"Saved in {folder}: {_counted(written.files, 'file')}"
    if written.figures:
        said += f" and {_counted(written.figures, 'figure')}"
    if not written.problems:
        return f"{said}.", True
    return f"{said}. Not drawn: {'; '.join(map(str, written.problems[:3]))}", False


def _counted(files: Sequence[pathlib.Path], what: str) -> str:
    return f"{len(files)} {what}" + ("" if len(files) == 1 else "s")
