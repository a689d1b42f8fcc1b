"""``python -m tests``: the style, the types and the tests, on every system alike; with the Python that runs it.

``python -m tests tests/engine -x`` hands its arguments to pytest and leaves out the rest. Without arguments the
slow tests are left out.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHECKS = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]]
QUICK = ["-n", "auto", "-m", "not slow"]


def main(arguments: list[str]) -> int:
    """Run one after the other, until one fails; return its exit code."""
    for command in [["pytest", *arguments]] if arguments else [*CHECKS, ["pytest", *QUICK]]:
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
