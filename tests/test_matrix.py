"""What is tried on which system and Python is said once, in pyproject.toml; all else follows it."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
WORKFLOWS = ROOT / ".github" / "workflows"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def jobs() -> dict:
    return yaml.safe_load((WORKFLOWS / "test.yml").read_text(encoding="utf-8"))["jobs"]


def sessions() -> set[str]:
    """Return the sessions that the workflow runs, on whichever system."""
    found = set()
    for job in jobs().values():
        matrix = job.get("strategy", {}).get("matrix", {})
        pythons = [*matrix.get("python", [""]), *(one["python"] for one in matrix.get("include", []))]
        for step in job["steps"]:
            named = re.findall(r"nox --session (\S+?)(-\$\{\{ matrix\.python \}\})?$", step.get("run", ""))
            found |= {f"{name}-{one}" if each else name for name, each in named for one in pythons}
    return found


def test_the_first_python_is_the_oldest_that_may_be_installed() -> None:
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert [Version(one).minor for one in PYTHONS] == list(range(11, 11 + len(PYTHONS)))


def test_the_workflow_runs_the_sessions_of_the_matrix() -> None:
    nox = pytest.importorskip("nox", reason="needs nox (efewidgets[dev])")
    done = subprocess.run(
        [sys.executable, "-m", nox.__name__, "--list", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    known = {one["session"] for one in yaml.safe_load(done.stdout)}
    assert sessions() <= known
    assert {f"newest-{one}" for one in PYTHONS} | {f"lowest-{PYTHONS[0]}", "types", "coming"} <= sessions()


def test_the_workflow_runs_on_every_system_of_a_lab() -> None:
    systems = jobs()["newest"]["strategy"]["matrix"]["os"]
    assert jobs()["lowest"]["strategy"]["matrix"]["os"] == systems
    kinds = [re.split(r"-\d", one)[0] + ("-arm" if one.endswith("-arm") else "") for one in systems]
    assert kinds == ["ubuntu", "ubuntu-arm", "windows", "macos"]  # GitHub's macOS is on ARM since 14


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_workflows_keep_to_their_schema(path: pathlib.Path) -> None:
    pytest.importorskip("check_jsonschema", reason="needs check-jsonschema (efewidgets[test])")
    assert schema_says(path) == ""


def test_the_schema_finds_what_is_wrong(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("check_jsonschema", reason="needs check-jsonschema (efewidgets[test])")
    text = (WORKFLOWS / "test.yml").read_text(encoding="utf-8")
    for right, wrong in [("runs-on:", "run-on:"), ("timeout-minutes: 45", "timeout-minutes: long")]:
        path = tmp_path / "test.yml"
        path.write_text(text.replace(right, wrong), encoding="utf-8", newline="\n")
        assert "$.jobs.newest" in schema_says(path)


def schema_says(path: pathlib.Path) -> str:
    """Return what GitHub's schema, which check-jsonschema brings, finds wrong with a workflow."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_each_dependency_has_one_lower_bound_and_no_upper_one() -> None:
    """An upper one would have to be lifted for each release of others, by a release of ours."""
    for text in PROJECT["dependencies"]:
        (bound,) = Requirement(text).specifier
        assert bound.operator == ">="


def test_extras_ask_for_the_same_versions() -> None:
    asked: dict[str, set[str]] = {}
    extras = {name: found for name, found in PROJECT["optional-dependencies"].items() if name != "dev"}
    for text in [one for found in extras.values() for one in found] + PROJECT["dependencies"]:
        requirement = Requirement(text)
        asked.setdefault(requirement.name, set()).add(str(requirement.specifier))
    del asked["efewidgets"]
    assert {name: found for name, found in asked.items() if len(found) > 1} == {}


def shell_lines() -> list[tuple[str, str]]:
    """Return the lines of all blocks that are to be typed into a shell, as they stand: cmd has no remarks either."""
    found = []
    for page in PAGES:
        for block in re.findall(
            r"^```(?:sh|shell|bash|console)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
        ):
            found += [(page.relative_to(ROOT).as_posix(), line) for line in block.splitlines() if line]
    return found


#: What at least one of sh, zsh, cmd and PowerShell takes otherwise than the others; all know double quotes
OTHERWISE = re.compile(r"[#*?'\[\]|;$`~]|&&|\\$|^\w+=")


def test_lines_to_be_typed_are_the_same_in_every_shell() -> None:
    lines = shell_lines()
    assert any("uv run" in line for _, line in lines)
    assert [one for one in lines if OTHERWISE.search(re.sub(r'"[^"$]*"', "", one[1]))] == []


def test_the_two_commands_stand_in_the_readme_for_all_systems() -> None:
    lines = [line for page, line in shell_lines() if page == "README.md"]
    assert {"uv run efewidgets dashboard", "uv run --extra dev python -m tests"} <= set(lines)
    python = r".venv\Scripts\python"
    assert {f"{python} -m pip install -r requirements-dev.txt", f"{python} -m tests"} <= set(lines)
    assert r"`.venv/bin/` for `.venv\Scripts\`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()[-1] == "--editable .[dev]"


def test_make_calls_the_same() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test:.*\n\t\$\(BIN\)/python -m tests$", text, re.MULTILINE)
    assert re.search(r"^dashboard:.*\n\t\$\(BIN\)/efewidgets dashboard ", text, re.MULTILINE)
