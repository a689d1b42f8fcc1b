"""The recordings that the lab's data folder describes: metadata as people write them, with whole paths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def recordings(folder: Path, case: str) -> list[dict[str, Any]]:
    """Return the metadata of each file of a case, as the engine hands them to a reader."""
    config = json.loads((folder / "cases" / case / "config.json").read_text(encoding="utf-8"))
    found = []
    for protocols in config["files_metadata"].values():
        for protocol, files in protocols.items():
            for metadata in files:
                given = {"protocol_name": protocol} | metadata
                # Beside a filepath, v_file only names the file that a sweep once came from.
                keys = ("filepath",) if "filepath" in given else ("v_file", "i_file")
                given |= {key: str(folder / "recordings" / given[key]) for key in keys if key in given}
                found.append(given)
    return found


def reader_name(folder: Path, case: str) -> str | None:
    """Return the name of the reader that a case asks for."""
    config = json.loads((folder / "cases" / case / "config.json").read_text(encoding="utf-8"))
    return config["settings"].get("recording_reader")
