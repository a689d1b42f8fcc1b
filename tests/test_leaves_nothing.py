"""Tests leave nothing in the temporary folder: theirs goes with them, and is that of the processes they start too."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LEAVES = """
import subprocess, sys, tempfile

def test_that_clears_nothing_up():
    tempfile.mkdtemp()
    subprocess.run([sys.executable, "-c", "import tempfile; tempfile.mkdtemp()"], check=True)
"""


def test_what_a_test_and_its_processes_leave_goes_with_the_run(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(LEAVES, encoding="utf-8", newline="\n")
    for name in ("__init__.py", "conftest.py", "lacking.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path / "outside"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        encoding="utf-8",
    )
    assert "1 passed" in done.stdout, done.stdout
    # pytest's own folder of runs stays, with nothing in it
    assert [path for path in (tmp_path / "outside").rglob("*") if not path.name.startswith("pytest-")] == []
