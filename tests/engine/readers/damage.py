"""Damage files at random (always the same way) and read them: nothing but a ReadError may come of it.

Run as a program for one file, because a damaged file can bring the HDF5 library down with the process.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

SECONDS = 2.0


def damaged(raw: bytes, seed: str) -> bytes:
    """Cut the file short, or change some bytes, mostly near its start where the headers are."""
    rng = random.Random(seed)
    if rng.random() < 0.15:
        return raw[: rng.randrange(len(raw))]
    found = bytearray(raw)
    end = min(len(raw), rng.choice([64, 512, 2048, 8192, len(raw)]))
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        found[rng.randrange(end)] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    return bytes(found)


def outcomes(path: Path, metadata: dict[str, Any], seeds: int) -> list[str]:
    """Return what each damage did: "read", "ReadError"; anything else is a bug."""
    raw = path.read_bytes()
    target = path.with_name("damaged" + path.suffix)
    key = "v_file" if "i_file" in metadata else "filepath"
    found = []
    for seed in range(seeds):
        target.write_bytes(damaged(raw, f"{path.name} {seed}"))
        start = time.monotonic()
        found += [_outcome(read, metadata | {key: str(target)}), _outcome(inspect, target)]
        if time.monotonic() - start > SECONDS:
            found.append(f"seed {seed} took {time.monotonic() - start:.1f} s")
    return found


def _outcome(function: Any, argument: Any) -> str:
    try:
        function(argument)
    except ReadError:
        return "ReadError"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "read"


if __name__ == "__main__":
    print(json.dumps(outcomes(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]))))
