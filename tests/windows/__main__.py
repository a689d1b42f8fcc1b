"""Run tests on a pretended Windows: ``python -m tests.windows [arguments of pytest]``; by default the chosen part.

What tests ask of POSIX is skipped, saying so. In the end stands what the package itself did that Windows wouldn't do.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Where files are written, replaced, looked for and named
CHOSEN = [
    "tests/engine/test_exchange.py",
    "tests/engine/systems",
    "tests/engine/files",
    "tests/engine/outputs",
    "tests/engine/figures",
    "tests/engine/parallel",
    "tests/state/cache",
    "tests/state/sessions",
    "tests/cli",
    "tests/app",
    "tests/widgets/files",
    "tests/widgets/results",
]


def environment(log: pathlib.Path, parts: str = "text,files,posix") -> dict[str, str]:
    """Return the environment of a process that is to pretend, and log what went wrong."""
    path = os.pathsep.join([str(HERE), str(ROOT)])
    return os.environ | {
        "PYTHONPATH": path,
        "EFEWIDGETS_PRETEND": parts,
        "EFEWIDGETS_PRETEND_LOG": str(log),
    }


def violations(log: pathlib.Path) -> list[str]:
    """Return the lines of a log that are about the package, not about its tests; each once."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return sorted({line for line in lines if "efewidgets/" in line and not line.startswith("HELD")})


def main(arguments: list[str]) -> int:
    """Run pytest; return its exit code, or 1 if the package itself did what Windows wouldn't do."""
    given = arguments or [*CHOSEN, "-q", "-m", "not slow and not browser"]
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *given]
        code = subprocess.run(command, cwd=ROOT, env=environment(log), check=False).returncode
        found = violations(log)
    if found:
        print("What Windows wouldn't do, or would do otherwise:", *found, sep="\n  ")
    return code or int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
