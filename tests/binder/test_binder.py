"""What Binder installs and opens, as far as it can be told without building it."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from efewidgets.app import proxied
from tests.binder.links import ROOT, links

BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
PYTHON = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
SCRIPTS = ["postBuild", "pin"]


def lines(name: str) -> list[str]:
    """Return the lines of a file of requirements, without comments."""
    found = (line.split("#")[0].strip() for line in (BINDER / name).read_text(encoding="utf-8").splitlines())
    return [line for line in found if line]


def pins() -> dict[str, Version]:
    found = {}
    for line in lines("requirements.txt"):
        name, exact, version = line.partition("==")
        assert exact, f"{line} is no pin"
        found[canonicalize_name(name)] = Version(version)
    return found


def there(requirement: Requirement) -> bool:
    """Whether Binder's Python on Linux needs it."""
    system = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "sys_platform": "linux"}
    system |= {"platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64", "extra": ""}
    return requirement.marker is None or requirement.marker.evaluate({**default_environment(), **system})


@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *lines("requirements.in")])
def test_what_is_needed_is_pinned_and_new_enough(wanted):
    requirement = Requirement(wanted)
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def test_what_the_pinned_packages_need_is_pinned_too():
    pinned, looked_at = pins(), 0
    for name, version in pinned.items():
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if Version(package.version) != version:
            continue  # another version may need other packages
        looked_at += 1
        for requirement in map(Requirement, package.requires or ()):
            if there(requirement):
                assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, name
    if not looked_at:
        pytest.skip("none of the pinned versions is installed here")


def test_nothing_names_a_place_where_packages_are_or_breaks_dragging():
    text = (BINDER / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|^-|@", text, re.MULTILINE)
    assert "bqplot-gl" not in pins()


def test_the_python_is_one_that_the_project_takes():
    assert Version(PYTHON) in Requirement(f"efewidgets{PROJECT['requires-python']}").specifier


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_can_be_run(name):
    script = BINDER / name
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", script], check=True)


def test_the_scripts_name_files_that_exist():
    named = re.findall(
        r"binder/[\w./]+", "\n".join((BINDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    )
    assert named
    assert all((ROOT / name).exists() for name in named)


def test_pages_load_the_same_extensions_as_the_dashboard():
    pytest.importorskip("voila")
    from efewidgets.app.configured import FOR_PAGES

    settings = json.loads((BINDER / "voila" / "voila.json").read_text(encoding="utf-8"))["VoilaConfiguration"]
    assert settings["extension_allowlist"] == FOR_PAGES


def test_links_lead_to_what_is_there():
    own = PROJECT["entry-points"]["jupyter_serverproxy_servers"]
    opened = [link.path for link in links()]
    for start in ("efewidgets/", "voila/render/notebooks/10_", "voila/render/notebooks/11_"):
        assert any(path.startswith(start) for path in opened), start
    for path in opened:
        notebook = re.fullmatch(r"(?:voila/render|lab/tree)/(notebooks/.+\.ipynb)", path)
        assert (ROOT / notebook[1]).is_file() if notebook else path.rstrip("/") in own, path


def test_one_repository_everywhere():
    assert REPOSITORY.startswith("https://github.com/")
    assert {f"https://github.com/{link.repository}" for link in links()} == {REPOSITORY}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{{{REPOSITORY}}}" in readme


def test_the_citation_is_of_this_version_and_names_efel():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["repository-code"] == REPOSITORY
    assert citation["license"] == PROJECT["license"]
    (efel,) = citation["references"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{{{efel['doi']}}}" in readme
    assert f"{{{PROJECT['version']}}}" in readme
    assert all(author["family-names"] in readme for author in efel["authors"])


def test_the_server_proxy_starts_a_command_that_exists():
    from efewidgets.cli import dashboard

    ((name, where),) = PROJECT["entry-points"]["jupyter_serverproxy_servers"].items()
    assert where == f"{proxied.__name__}:{proxied.setup.__name__}"
    command = [part.format(port=8001, base_url="/user/me/") for part in proxied.setup()["command"]]
    assert command[1:4] == ["-m", "efewidgets", "dashboard"]
    parser = dashboard.add_to(argparse.ArgumentParser().add_subparsers())
    chosen = parser.parse_args(command[4:])
    assert (chosen.port, chosen.base_url) == (8001, f"/user/me/{name}/")


def test_repo2docker_takes_the_files_for_what_they_are(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("repo2docker", reason="needs jupyter-repo2docker")
    from tests.binder.steps import buildpack

    monkeypatch.chdir(ROOT)
    found = buildpack()
    assert type(found).__name__ == "PythonBuildPack"
    assert found.python_version == PYTHON
    assert [command for _, command in found.get_preassemble_scripts()] == [
        '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    ]
    assert not found.get_assemble_scripts()
    assert found.get_post_build_scripts() == [str(pathlib.Path("binder/postBuild"))]
    assert found.get_start_script() is None
