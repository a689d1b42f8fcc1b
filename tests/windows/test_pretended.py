"""The main job on a pretended Windows: the same bytes, and nothing done on the way that Windows wouldn't do."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.windows.__main__ import ROOT, environment, main, violations

FILES = ("features.json", "protocols.json", "holding_threshold_currents.json")

pytestmark = pytest.mark.skipif(not pathlib.Path("/proc/self/fd").is_dir(), reason="pretended on Linux only")


def extract(folder: pathlib.Path, env: dict[str, str], *more: str) -> dict[str, str]:
    """Extract the sample cells' features in a process of its own; return the SHA-256 of each file that it wrote."""
    command = [sys.executable, "-m", "efewidgets", "extract", "--sample", "-o", str(folder), *more]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode in (0, 1), done.stderr
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_sample_cells_files_have_the_same_bytes(tmp_path):
    log = tmp_path / "log"
    here = extract(tmp_path / "here", os.environ | {"PYTHONPATH": str(ROOT)})
    there = extract(tmp_path / "there", environment(log), "--jobs", "2")
    again = extract(tmp_path / "there", environment(log))  # over what is there
    assert set(FILES) <= set(here)
    assert there == here
    assert again == here
    assert violations(log) == []
    for name in FILES:
        assert b"\r" not in (tmp_path / "there" / name).read_bytes()


def test_the_pretence_is_in_force(tmp_path):
    # without this, all that passes under it would say nothing
    (tmp_path / "efewidgets_log").touch()
    code = """
import os, pathlib, subprocess, sys
folder = pathlib.Path(sys.argv[1])
(folder / "text").write_text("café\\n")
assert (folder / "text").read_bytes() == b"caf\\xe9\\r\\n"
with open(folder / "held", "wb") as held:
    for change in (lambda: os.replace(folder / "text", folder / "held"), lambda: (folder / "held").unlink()):
        try:
            change()
        except PermissionError as error:
            assert error.winerror == 32
        else:
            raise SystemExit("an open file was replaced or removed")
(folder / "held").unlink()
for ask in (lambda: os.mkfifo(folder / "pipe"), lambda: os.symlink("a", folder / "b"), lambda: exec("import fcntl")):
    try:
        ask()
    except (AttributeError, OSError, ImportError):
        continue
    raise SystemExit("something that only POSIX has was there")
"""
    # a file of ours: the pretence is for those only
    script = ROOT / "tests" / "windows" / f"pretence_{os.getpid()}.py"
    script.write_text(code, encoding="utf-8", newline="\n")
    try:
        env = environment(tmp_path / "log")
        done = subprocess.run(
            [sys.executable, str(script), str(tmp_path)], env=env, capture_output=True, check=False
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr.decode()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    for words in ("NO ENCODING", "NO NEWLINE", "HELD replace open", "HELD unlink open"):
        assert words in log
    for name in ("mkfifo", "symlink", "fcntl"):
        assert f"MISSING {name}" in log


def test_what_the_package_does_wrong_is_found(tmp_path):
    log = tmp_path / "log"
    lines = ["NO ENCODING efewidgets/x.py:1", "NO ENCODING tests/x.py:1", "HELD replace open /x | y.py:1"]
    log.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    assert violations(log) == lines[:1]
    assert violations(tmp_path / "absent") == []


@pytest.mark.slow
def test_every_module_of_the_tests_is_collected_without_posix(tmp_path):
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    env = environment(tmp_path / "log", "posix")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
def test_the_chosen_tests_pass_on_a_pretended_windows():
    assert main([]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_types_hold_on_every_system(platform, tmp_path):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--platform", platform, "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


def test_a_script_s_json_is_read_anywhere(tmp_path):
    # what another program reads from a pipe is ASCII, in whatever code page it is taken to be
    command = [sys.executable, "-m", "efewidgets", "inspect", "--json", str(tmp_path / "Zelle Ä.abf")]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path / "log"), capture_output=True, check=False
    )
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["problems"][0]["file"].endswith("Zelle Ä.abf")
