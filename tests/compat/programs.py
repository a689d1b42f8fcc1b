"""Programs that work on our results, run in processes of their own (`pip install efewidgets[consumers]`)."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
#: Where programs are found: those of this environment first
PATH = os.pathsep.join((str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")))


def needs(*packages: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a module whose tests are slow and need packages that users may not have."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    reason = f"needs {', '.join(missing)} (efewidgets[consumers])"
    return [pytest.mark.slow, pytest.mark.skipif(bool(missing), reason=reason)]


def program(*arguments: str, cwd: str | os.PathLike[str] = ROOT, seconds: float = 900) -> None:
    """Run Python with these arguments; it must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "PATH": PATH},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
