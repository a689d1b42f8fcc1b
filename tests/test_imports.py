"""What importing the package costs, and that layers and rooms of the house know only those before them."""

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
# Each layer may import from itself and from those before it.
LAYERS = ("engine", "state", "widgets", "app")
# So may each room inside its layer; "" are the modules that stand directly in it: the ground, before all rooms, or, of
# the state, what holds the rooms together.
ROOMS = {
    "engine": (
        *(
            "systems",
            "",
            "long",
            "remote",
            "readers",
            "traces",
            "detection",
            "features",
            "figures",
            "recordings",
            "files",
            "targets",
        ),
        *("outputs", "stages", "extraction", "export", "config"),
    ),
    "state": ("running", "", "cache", "results", "sessions", "actions"),
    "widgets": (
        *(
            "parts",
            "actions",
            "notes",
            "files",
            "traces",
            "rheobase",
            "targets",
            "features",
            "settings",
            "results",
            "overview",
        ),
        *("teaching", ""),
    ),
}
# Doors: what stands directly in a layer, and opens its rooms to those who come from outside
DOORS = {
    "engine": {"ecodes"},  # the name under which scripts import stimulus families
    "state": {"", "state", "exporting"},  # the state itself, and what leaves it for fitters
    "widgets": {""},
}
MOST_IN_A_CORRIDOR = {"engine": 16, "state": 12, "widgets": 6}
LIGHT_LAYERS = {
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
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
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
    assert not modules & (HEAVY - {"numpy"})


def test_no_format_is_loaded_before_its_first_file():
    """Nor what fetches files from elsewhere; ``efewidgets.engine.readers`` knows the names of all formats."""
    code = "import sys, efewidgets.extract; print(*(name for name in sys.modules if name.startswith(('efew', 'h5py'))))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    loaded, readers = set(done.stdout.split()), "efewidgets.engine.readers"
    assert f"{readers}.registry" in loaded
    assert not loaded & {
        "h5py",
        *(
            f"{readers}.{module}"
            for module in ("abf", "igor", "nwb", "heka", "episodes", "matlab", "columns", "hdf5")
        ),
        *(f"efewidgets.engine.remote.{module}" for module in ("blocks", "stamps", "transport", "whole")),
    }


def test_public_names_are_there():
    for name in efewidgets.__all__:
        assert getattr(efewidgets, name) is not None
    assert set(dir(efewidgets)) == set(efewidgets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'extract_features'"):
        efewidgets.extract_features  # noqa: B018


def modules_of(layer: str) -> list[pathlib.Path]:
    return sorted((PACKAGE / layer).rglob("*.py"))


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


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_run_one_way(layer):
    """The order is engine ← state ← widgets ← app."""
    later = LAYERS[LAYERS.index(layer) + 1 :]
    for path in modules_of(layer):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "efewidgets" and len(parts) > 1:
                assert parts[1] not in (*later, "cli"), f"{path.relative_to(PACKAGE)} imports {name}"


def names_of_modules() -> dict[str, pathlib.Path]:
    """Return all modules of the package by their names; a package has the name of its folder."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(("efewidgets", *parts[: -1 if parts[-1] == "__init__" else None]))] = path
    return found


#: They hand out names of modules that need them; what they tell type checkers is what they bring when it is asked for
HANDING_OUT = {"efewidgets", "efewidgets.app", "efewidgets.widgets"}


def inner_imports() -> dict[str, set[str]]:
    """Return which modules of the package each imports, late imports and those for type checkers among them."""
    modules = names_of_modules()
    found = {}
    for name, path in modules.items():
        targets = imports_of(path) & set(modules)
        # "from .a import b" names both a and, if it is a module, a.b: then a is only the way to it
        passed = {other for other in targets if any(t.startswith(f"{other}.") for t in targets)}
        names_something = {m for m in passed if _takes_from(path, m, modules)}
        found[name] = set() if name in HANDING_OUT else targets - (passed - names_something) - {name}
    return found


def _takes_from(path: pathlib.Path, module: str, modules: dict[str, pathlib.Path]) -> bool:
    """Whether a file imports something from a package that isn't a module below it."""
    return any(
        name.startswith(f"{module}.") and name.rpartition(".")[0] == module and name not in modules
        for name in imports_of(path)
    )


def loops(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other; each is a loop."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        todo, seen = [start], set()
        while todo:
            for target in graph[todo.pop()]:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        reached[start] = seen
    groups = {
        tuple(sorted({name, *(other for other in reached[name] if name in reached[other])})) for name in graph
    }
    return [list(group) for group in groups if len(group) > 1 or group[0] in reached[group[0]]]


def room_of(module: str, layer: str) -> str | None:
    """Return the room of a layer in which a module stands, "" for its corridor; None for another layer's."""
    parts = module.split(".")[1:]
    if not parts or parts[0] != layer:
        return None
    return parts[1] if len(parts) > 1 and (PACKAGE / layer / parts[1]).is_dir() else ""


def test_no_module_needs_itself():
    assert loops(inner_imports()) == []


def test_a_loop_is_found():
    assert sorted(loops({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}})) == [["b", "c"], ["d"]]


@pytest.mark.parametrize("layer", ROOMS)
def test_rooms_stand_in_their_order(layer):
    """Late imports and those for type checkers count, too."""
    order = ROOMS[layer]
    for module, targets in inner_imports().items():
        mine = room_of(module, layer)
        is_door = module.removeprefix(f"efewidgets.{layer}").lstrip(".") in DOORS[layer]
        if mine is None or is_door:
            continue
        for target in targets:
            other = room_of(target, layer)
            if other is not None:
                assert order.index(other) <= order.index(mine), f"{module} imports {target}"


@pytest.mark.parametrize("layer", ROOMS)
def test_every_room_is_drawn(layer):
    there = {path.name for path in (PACKAGE / layer).iterdir() if (path / "__init__.py").exists()}
    assert there == set(ROOMS[layer]) - {""}


@pytest.mark.parametrize("layer", MOST_IN_A_CORRIDOR)
def test_few_modules_stand_in_a_corridor(layer):
    assert len(list((PACKAGE / layer).glob("*.py"))) <= MOST_IN_A_CORRIDOR[layer]


@pytest.mark.parametrize("layer", LIGHT_LAYERS)
def test_layers_without_widgets(layer):
    for path in modules_of(layer):
        packages = {name.split(".")[0] for name in imports_of(path)}
        assert not packages & LIGHT_LAYERS[layer], path.relative_to(PACKAGE)


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
        "from ...state import inputs\ndef f():\n    from ..units import to_ms\n    import os.path\n",
        encoding="utf-8",
        newline="\n",
    )
    assert imports_of(file) == {
        "efewidgets.state",
        "efewidgets.state.inputs",
        "efewidgets.engine.units",
        "efewidgets.engine.units.to_ms",
        "os.path",
    }
