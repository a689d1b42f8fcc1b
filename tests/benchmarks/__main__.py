"""All benchmarks, or those that are named.

    python -m tests.benchmarks [--quick] [extraction growth detection figures state traces long widgets page visitors]

`extraction` and `figures` measure BluePyEfe beside us; see each module for what it measures and for its own options.
"""

from __future__ import annotations

import argparse
import importlib
import sys

#: Options with which a benchmark is quick
QUICK = {
    "extraction": ["--quick"],
    "growth": ["--quick"],
    "detection": ["--seeds", "2"],
    "figures": ["--rounds", "1"],
    "state": ["--rounds", "9", "--sizes", "1200"],
    "traces": ["--rounds", "9"],
    "long": ["--samples", "10000000"],
    "widgets": ["--rounds", "9"],
    "page": ["--rounds", "5", "--recordings", "1200"],
    "visitors": ["--visitors", "4", "--seconds", "30"],
}


def main() -> int:
    """Run one after the other, each as if it were called by itself; 0 unless one misses its limits."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", choices=[*QUICK, []], metavar="NAME", help="which ones (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="smaller, for a first look")
    options = parser.parse_args()
    status = 0
    for name in options.names or QUICK:
        print(f"\n# {name}", flush=True)
        sys.argv = [f"{parser.prog} {name}", *(QUICK[name] if options.quick else [])]
        status = importlib.import_module(f"tests.benchmarks.{name}").main() or status
    return status


if __name__ == "__main__":
    sys.exit(main())
