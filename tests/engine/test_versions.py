"""Libraries older than those that were tried are refused at once, in one sentence, by whichever door one comes."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import subprocess
import sys

import pytest

import efewidgets
from efewidgets.engine.versions import surely_fit, unfit

ASKED = ["numpy>=2.1", "efel>=5.7.20", "anywidget>=0.9.13", 'myokit>=1.38; extra == "heka"']
FIT = {"numpy": "2.1.0", "efel": "5.7.34", "anywidget": "0.9.13"}


def said(**versions: str | None) -> str:
    """Return what is said of libraries of these versions; None: not installed."""
    there = FIT | versions

    def installed(name: str) -> str:
        found = there.get(name)
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    return unfit(ASKED, installed)


@pytest.mark.parametrize(
    "fit",
    [
        {},
        {"numpy": "2.10.0"},  # ten is more than one, though "2.10" is the lesser text
        {"numpy": "3.0.0rc1", "efel": "6.0"},
        {"numpy": "2.5.0.dev0+git20261101"},
        {"anywidget": None},  # told by Python where it is needed: a worker has no use for it
        {"myokit": "1.0"},  # an extra's own affair
    ],
)
def test_those_that_were_tried_and_newer_ones_will_do(fit: dict[str, str | None]) -> None:
    assert said(**fit) == ""


def test_an_older_one_is_named_with_what_to_do() -> None:
    assert said(numpy="1.26.4") == (
        "efewidgets works with numpy >=2.1, not with numpy 1.26.4: python -m pip install --upgrade numpy"
    )
    assert "anywidget >=0.9.13, not with anywidget 0.9.2" in said(anywidget="0.9.2")
    assert "numpy >=2.1, not with numpy 2.1.0rc1" in said(numpy="2.1.0rc1")


def test_all_are_named_at_once() -> None:
    assert said(numpy="2.0.2", efel="5.7.0") == (
        "efewidgets works with numpy >=2.1 and efel >=5.7.20, not with numpy 2.0.2 and efel 5.7.0: "
        "python -m pip install --upgrade numpy efel"
    )


def there(folder: pathlib.Path, asked: list[str], **versions: str) -> str:
    """Make a folder of installed packages by their metadata; return its path."""
    for name, version in ({"efewidgets": "0.1.0"} | versions).items():
        (folder / f"{name}-{version}.dist-info").mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", *(f"Requires-Dist: {one}" for one in asked), "", "# What it is"]
    metadata = folder / "efewidgets-0.1.0.dist-info" / "METADATA"
    metadata.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return str(folder)


VERSIONS = [
    "2.1",
    "2.1.0",
    "2.10.0",
    "2.3",
    "2.0.2",
    "1.26.4",
    "3",
    "2.1.0rc1",
    "2.5.0.dev0+git20261101",
    "2.1.post1",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "asked", ["numpy>=2.1", "numpy>=2.1.0", "numpy>=2.10", "numpy<3,>=2.1", "numpy~=2.1", "numpy"]
)
def test_at_a_glance_is_never_more_than_by_all_the_rules(
    tmp_path: pathlib.Path, asked: str, version: str
) -> None:
    if surely_fit([there(tmp_path, [asked], numpy=version)]):
        assert unfit([asked], lambda _: version) == ""


def test_at_a_glance(tmp_path: pathlib.Path) -> None:
    fit = there(
        tmp_path / "fit", ["numpy>=2.1", "My-Package>=1.0", 'x>=9; extra == "y"'], numpy="2.1", my_package="1"
    )
    old = there(tmp_path / "old", ["numpy>=2.1"], numpy="2.0")
    assert surely_fit(["", "nowhere", fit])
    assert not surely_fit([old])
    assert not surely_fit([old, fit])  # as Python does it: the first is the one
    assert not surely_fit([there(tmp_path / "less", ["numpy>=2.1"])])  # isn't there: not for this way to say
    assert not surely_fit([])


@pytest.fixture
def old_efel(tmp_path: pathlib.Path) -> dict[str, str]:
    """An environment in which the installed efewidgets asks for more than the eFEL that is installed."""
    for name, version, asked in [("efewidgets", "0.1.0", "efel>=5.7.20"), ("efel", "5.7.6", "numpy")]:
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nRequires-Dist: {asked}\n"
        (folder / "METADATA").write_text(text, encoding="utf-8", newline="\n")
    places = [str(tmp_path), str(pathlib.Path(efewidgets.__file__).parents[1])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(places)}


def ran(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    [
        "from efewidgets.extract import extract_efeatures",
        "from efewidgets import ExtractionState",
        "import efewidgets; efewidgets.Dashboard",
        "import efewidgets.widgets; efewidgets.widgets.TraceViewer",
        "from efewidgets.compat import install; install()",
    ],
)
def test_said_at_the_import(old_efel: dict[str, str], line: str) -> None:
    done = ran(old_efel, "-c", line)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: efewidgets works with efel >=5.7.20, not with efel 5.7.6: python -m pip install --upgrade efel"
    )


def test_said_by_the_command_without_a_traceback(old_efel: dict[str, str]) -> None:
    done = ran(old_efel, "-m", "efewidgets", "extract", "--sample", "-o", os.devnull)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "efewidgets works with efel >=5.7.20, not with efel 5.7.6: python -m pip install --upgrade efel\n"
    )
