"""Damage files at random (always the same way) and read them: nothing but a ReadError may come of it.

Bytes are changed and files are cut (`damaged`), or a number in them, of whatever width, says something else (`lied`).

Run as a program for one file, because a damaged file can bring the HDF5 library down with the process.
"""

from __future__ import annotations

import json
import random
import re
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

#: s of work for one file; not by the clock, which goes on while a busy machine does something else
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


def lied(raw: bytes, seed: str) -> bytes:
    """Have one to three numbers say something else: digits of text, or whole numbers of 2, 4 or 8 bytes at even places.

    The places are all over the file, since the lists of some formats stand behind their samples.
    """
    rng = random.Random(seed)
    found = bytearray(raw)
    text = [match.span() for match in re.finditer(rb"(?<![\x80-\xff])\d+", raw[:1024])]
    for _ in range(rng.choice([1, 1, 2, 3])):
        if text and rng.random() < 0.4:
            begin, end = rng.choice(text)
            found[begin:end] = rng.choice(
                [b"0", b"-1", b"7", b"65536", b"999999999", b"9" * 30, b"1e308", b"nan"]
            )
            text = []  # places behind it have moved
        else:
            order, form = rng.choice("<>"), rng.choice("hiq")
            size = struct.calcsize(form)
            most = 1 << (8 * size - 1)
            at = 2 * rng.randrange((min(len(raw), rng.choice([1024, len(raw)])) - size) // 2)
            near = struct.unpack_from(order + form, found, at)[0] if at + size <= len(found) else 0
            lie = rng.choice([0, 1, -1, near + 1, near - 1, 2 * near, 1000, most - 1, -most, 1 << (4 * size)])
            found[at : at + size] = struct.pack(order + form, max(min(lie, most - 1), -most))
    return bytes(found)


def outcomes(path: Path, metadata: dict[str, Any], seeds: int, how: Callable = damaged) -> list[str]:
    """Return what each damage did: "read", "ReadError"; anything else is a bug."""
    raw = path.read_bytes()
    target = path.with_name("damaged" + path.suffix)
    key = "v_file" if "i_file" in metadata else "filepath"
    found: list[str] = []
    read(metadata | {key: str(path)})  # whole, as it must be; imports what reads it
    for seed in range(seeds):
        target.write_bytes(how(raw, f"{path.name} {seed}"))
        start = time.process_time()
        found += [_outcome(read, metadata | {key: str(target)}), _outcome(inspect, target)]
        took = time.process_time() - start
        if took > SECONDS:
            found.append(f"seed {seed} took {took:.1f} s")
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
