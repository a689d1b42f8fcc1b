"""What importing the package costs, and that the rooms of the house know only those before them."""

from __future__ import annotations

import ast
import json
import pathlib
import subprocess
import sys

import pytest

import efewidgets

PACKAGE = pathlib.Path(efewidgets.__file__).parent
HEAVY = {
    "IPython",
    "efel",
    "h5py",
    "igor2",
    "ipywidgets",
    "jupyter_client",
    "matplotlib",
    "neo",
    "numpy",
    "pandas",
    "scipy",
    "traitlets",
    "voila",
}
# Each room may import from itself and from those before it.
ROOMS = ("engine", "state", "widgets", "app")
LIGHT_ROOMS = {
    "engine": {"traitlets", "ipywidgets", "IPython", "voila"},
    "state": {"ipywidgets", "IPython", "voila"},
}
IMPORT = """
import json, sys, time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
print(json.dumps([seconds, [name.split(".")[0] for name in sys.modules]]))
"""


def imported_by(module: str) -> tuple[float, set[str]]:
    """Import a module in a process of its own; return the seconds it took and the packages then loaded."""
    code = IMPORT.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = json.loads(done.stdout)
    return seconds, set(modules)


def test_importing_the_package_is_quick():
    fastest = min(imported_by("efewidgets")[0] for _ in range(3))
    assert fastest < 0.3


def test_importing_the_package_loads_nothing_heavy():
    _, modules = imported_by("efewidgets")
    assert not modules & HEAVY


def test_the_functions_load_no_notebook_and_no_figures():
    _, modules = imported_by("efewidgets.extract")
    assert not modules & (HEAVY - {"numpy", "h5py"})


def test_public_names_are_there():
    for name in efewidgets.__all__:
        assert getattr(efewidgets, name) is not None
    assert set(dir(efewidgets)) == set(efewidgets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'extract_features'"):
        efewidgets.extract_features  # noqa: B018


def modules_of(room: str) -> list[pathlib.Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def imports_of(path: pathlib.Path) -> set[str]:
    """Return the full names of all modules that a file imports, wherever in it."""
    package = ("efewidgets", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room):
    """The order is engine ← state ← widgets ← app."""
    later = ROOMS[ROOMS.index(room) + 1 :]
    for path in modules_of(room):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "efewidgets" and len(parts) > 1:
                assert parts[1] not in (*later, "cli"), f"{path.relative_to(PACKAGE)} imports {name}"


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_rooms_without_widgets(room):
    for path in modules_of(room):
        packages = {name.split(".")[0] for name in imports_of(path)}
        assert not packages & LIGHT_ROOMS[room], path.relative_to(PACKAGE)


def test_only_one_door_to_efel():
    """The settings and the C++ object of eFEL belong to the whole process: one module has them, with its helpers.

    Units of features are plain data, and may be read elsewhere.
    """
    users = set()
    for path in PACKAGE.rglob("*.py"):
        names = {name for name in imports_of(path) if name.split(".")[0] == "efel"}
        if names - {"efel.units", "efel.units.get_unit"}:
            users.add(path.name)
    assert users <= {"features.py", "efel_engine.py", "efel_import.py"}


def test_the_scan_sees_relative_imports(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "engine" / "readers").mkdir(parents=True)
    file = tmp_path / "engine" / "readers" / "x.py"
    file.write_text(
        "from ...state import inputs\ndef f():\n    from ..units import to_ms\n    import os.path\n"
    )
    assert imports_of(file) == {
        "efewidgets.state",
        "efewidgets.state.inputs",
        "efewidgets.engine.units",
        "efewidgets.engine.units.to_ms",
        "os.path",
    }
