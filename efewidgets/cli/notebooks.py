"""``efewidgets notebooks``: the notebooks that came with the package, copied to where they can be run and changed."""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
from typing import Any

from ..engine.problems import EfeError
from .console import Console
from .report import Report

_DESCRIPTION = """\
Copy the notebooks to FOLDER, which is made if it isn't there; without FOLDER, list them. A notebook that you have
changed is never overwritten unless --force is given.
"""
_EXAMPLE = """\
example:
  efewidgets notebooks
  efewidgets notebooks my-notebooks
  jupyter lab my-notebooks
"""
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command's arguments and help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "notebooks",
        help="list the notebooks, or copy them to a folder",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where to copy them")
    parser.add_argument("--force", action="store_true", help="overwrite notebooks that were changed")
    parser.set_defaults(run=run)
    return parser


def run(chosen: argparse.Namespace, console: Console) -> Report:
    """List or copy, and report."""
    notebooks = packaged_notebooks()
    if chosen.folder is None:
        titles = {notebook.name: _title(notebook) for notebook in notebooks}
        return Report({"notebooks": titles}, lambda console: _show_list(console, titles))
    folder = pathlib.Path(chosen.folder).absolute()
    copied = copy_notebooks(notebooks, folder, chosen.force)

    def show(console: Console) -> None:
        same = len(notebooks) - len(copied)
        there = f"; {same} were there already" if same else ""
        console.print(f"{len(copied)} notebooks copied to {folder}{there}.")

    return Report({"folder": str(folder), "copied": copied}, show)


def packaged_notebooks() -> list[pathlib.Path]:
    """Return the notebooks of an installed package, or of the project's folder that it is used from.

    Raises
    ------
    EfeError
        If there are none.
    """
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        found = sorted(folder.glob("[0-9]*.ipynb"))
        if found:
            return found
    raise EfeError("this installation has no notebooks; they are in the folder notebooks of the project.")


def copy_notebooks(notebooks: list[pathlib.Path], folder: pathlib.Path, force: bool = False) -> list[str]:
    """Copy notebooks to a folder, all or none; those that are there already, unchanged, are left alone.

    Returns
    -------
    list of str
        Names of those that were copied.

    Raises
    ------
    EfeError
        If some are there with other contents, and not `force`.
    """
    there = {notebook: folder / notebook.name for notebook in notebooks}
    new = [n for n, place in there.items() if not place.exists() or place.read_bytes() != n.read_bytes()]
    changed = [notebook.name for notebook in new if there[notebook].exists()]
    if changed and not force:
        raise EfeError(
            f"{folder} has other versions of {', '.join(changed)}. Nothing was copied; name another folder, or "
            "overwrite them with --force."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in new:
        shutil.copyfile(notebook, there[notebook])
    return [notebook.name for notebook in new]


def _show_list(console: Console, titles: dict[str, str]) -> None:
    console.table(list(titles.items()))
    console.print()
    console.print("Copy them to a folder of yours with: efewidgets notebooks FOLDER")


def _title(notebook: pathlib.Path) -> str:
    """Return the title of a notebook, or its first heading without its marks; "" if there is neither."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    lines = [line for cell in content["cells"] if cell["cell_type"] == "markdown" for line in cell["source"]]
    headings = (line[2:].strip() for line in lines if line.startswith("# "))
    return str(content["metadata"].get("title") or next(headings, ""))
