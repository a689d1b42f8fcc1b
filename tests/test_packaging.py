"""What a bare installation brings: nothing that the package needs is there only because a developer has it."""

from __future__ import annotations

import ast
import email.parser
import email.policy
import importlib
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: Imported where they are at hand, and done without where they aren't
OPTIONAL = {"pynwb", "requests", "bluepyopt", "deflate", "igor2", "myokit", "neo", "neuron", "pyarrow"}


#: What the session "lowest" of `noxfile.py` installs; one that is lowered has to be tried there again
LOWEST = {
    "numpy": ">=2.3",
    "efel": ">=5.7.20",
    "h5py": ">=3.12.1",
    "pandas": ">=2.2.3",
    "scipy": ">=1.15.3",
    "matplotlib": ">=3.10",
    "traitlets": ">=5.14.3",
    "ipywidgets": ">=8.1.5",
    "bqplot": ">=0.13",
    "anywidget": ">=0.9.13",
    "voila": ">=0.5.8",
    "ipykernel": ">=6.29.5",
    "platformdirs": ">=4.3",
    "packaging": ">=24.2",
}


def brought():
    """Return the names of all distributions that installing the package brings, without extras."""
    found, waiting = set(), list(PROJECT["project"]["dependencies"])
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += importlib.metadata.requires(name) or []
    return found


def imported():
    """Return the names of the foreign packages that are imported anywhere in the package."""
    found = set()
    for path in (ROOT / "efewidgets").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"efewidgets"}


def test_what_is_imported_is_brought():
    distributions = importlib.metadata.packages_distributions()
    there = brought()
    missing = {
        name
        for name in imported() - OPTIONAL
        if not {canonicalize_name(found) for found in distributions.get(name, ())} & there
    }
    assert missing == set()


def test_a_kernel_is_brought():
    """It is never imported, but nothing is shown without one."""
    assert "ipykernel" in brought()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as a wheel installs it: unpacked, with nothing of the project beside it."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="needs hatchling (efewidgets[test])")
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = builder.WheelBuilder(str(ROOT)).build(directory=str(folder / "dist"), versions=["standard"])
    zipfile.ZipFile(path).extractall(folder / "site-packages")
    return folder / "site-packages"


#: What Python, Jupyter and the documentation leave behind
LEFT = {"__pycache__", ".ipynb_checkpoints", "_build", "generated"}


def files(folder):
    """Return what is in a folder, but for what programs leave there."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if not LEFT & set(path.parts)}


def test_the_wheel_has_all_of_the_package(wheel):
    notebooks = {f"notebooks/{name}" for name in files(ROOT / "notebooks")}
    assert len(notebooks) > 6
    assert files(wheel / "efewidgets") == files(ROOT / "efewidgets") | notebooks


TYPED = """
import efewidgets
from efewidgets import ExtractionState
from efewidgets.extract import extract_efeatures

state = ExtractionState()
reveal_type(state.results.rheobases)
reveal_type(state.set_rheobase)
reveal_type(extract_efeatures)
widget = efewidgets.TraceViewer(state)
reveal_type(widget)
state.set_rheobase("cell", "much")
"""


@pytest.mark.slow
def test_a_type_checker_sees_the_types(wheel, tmp_path):
    assert (wheel / "efewidgets" / "py.typed").is_file()
    script = tmp_path / "script.py"
    script.write_text(TYPED, encoding="utf-8", newline="\n")
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", "--no-incremental", str(script)]
    environment = os.environ | {"MYPYPATH": str(wheel)}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        encoding="utf-8",
    )
    said = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("script.py")]
    assert len(said) == 5, done.stdout
    assert "Rheobase" in said[0]
    assert "float" in said[1]
    assert "tuple[dict" in said[2]
    assert "TraceViewer" in said[3]
    assert "error" in said[4]


@pytest.mark.parametrize("module", ["efewidgets", "efewidgets.widgets", "efewidgets.app"])
def test_what_is_imported_late_is_told_to_type_checkers(module):
    package = importlib.import_module(module)
    (found,) = (
        node
        for node in ast.parse(pathlib.Path(package.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.If)
    )
    told = {alias.asname: node.module for node in found.body for alias in node.names}
    assert set(told) == set(package.__all__) - {"__version__"}
    for name, home in told.items():
        assert getattr(importlib.import_module(f"{module}.{home}"), name) is getattr(package, name)


def metadata_of(wheel):
    (path,) = wheel.glob("*.dist-info/METADATA")
    return email.parser.Parser(policy=email.policy.default).parsestr(path.read_text(encoding="utf-8"))


def test_what_the_wheel_says_it_needs_is_what_is_tried(wheel):
    """Pip and the package index know nothing else: which Pythons, which systems, the lowest version of each package."""
    said = metadata_of(wheel)
    assert (said["Name"], said["Requires-Python"]) == ("efewidgets", ">=3.11")
    told = said.get_all("Classifier")
    versions = [one.rpartition(" ")[2] for one in told if re.search(r"Python :: 3\.\d+$", one)]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert sorted(one.partition(" :: ")[2] for one in told if one.startswith("Operating System")) == [
        "MacOS", "Microsoft :: Windows", "POSIX :: Linux",
    ]  # fmt: skip
    asked = [Requirement(text) for text in said.get_all("Requires-Dist")]
    floors = {one.name: str(one.specifier) for one in asked if one.marker is None}
    assert floors == LOWEST
    assert set(said.get_all("Provides-Extra")) == set(PROJECT["project"]["optional-dependencies"])
    assert said.get_all("License-File") == ["LICENSE"]
    assert said["License-Expression"] == "BSD-3-Clause"


def test_links_of_the_description_lead_home_from_anywhere(wheel):
    """A package index shows the README without the project beside it."""
    metadata = metadata_of(wheel)
    assert metadata["Description-Content-Type"] == "text/markdown"
    there = re.findall(r"(!?)\[[^][]*\]\(([^)#]+)[^)]*\)", metadata.get_payload())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    here = [target for target in re.findall(r"\]\(([^)#]+)\)", readme) if ":" not in target]
    assert {"docs/differences.md", "docs/images/dashboard.gif", "CONTRIBUTING.md"} <= set(here)
    home = PROJECT["project"]["urls"]["Repository"]
    expected = {f"{home}/{'raw' if name.startswith('docs/images') else 'blob'}/HEAD/{name}" for name in here}
    assert {target for _, target in there if target.startswith(f"{home}/")} == expected
    assert all(target.startswith("https://") for _, target in there)
    assert [name for name in here if not (ROOT / name).exists()] == []


def test_the_wheel_works_without_the_project(wheel, tmp_path):
    """Templates, sample recordings and notebooks are found in it."""

    def python(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(wheel)}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    page = "from efewidgets.app import server; print(server.NOTEBOOK); print((server.SERVED / 'template').is_dir())"
    notebook, template = python("-c", page).splitlines()
    assert pathlib.Path(notebook).is_file()
    assert (pathlib.Path(notebook).is_relative_to(wheel), template) == (True, "True")
    python("-m", "efewidgets", "notebooks", "mine")
    assert files(tmp_path / "mine") == files(ROOT / "notebooks") - {"README.md"}
    python("-m", "efewidgets", "extract", "--sample", "-o", "out", "--jobs", "1")
    assert "features.json" in files(tmp_path / "out")


def test_the_source_distribution_has_all_of_the_project(tmp_path):
    builder = pytest.importorskip("hatchling.builders.sdist", reason="needs hatchling (efewidgets[test])")
    (path,) = builder.SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(path) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("efewidgets", "tests", "notebooks", "binder", "docs"):
        assert {f"{folder}/{name}" for name in files(ROOT / folder)} <= found, folder
    assert {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "CITATION.cff",
        "Makefile",
        "pyproject.toml",
        "hatch_build.py",
        "conda/recipe.yaml",
    } <= found
