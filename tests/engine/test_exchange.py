"""Files that belong together: after a kill at any moment, or on a full disk, never some of one run, some of another."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from efewidgets.engine import exchange
from efewidgets.engine.exchange import write_files
from efewidgets.engine.outputs.standard_files import save_outputs, write_text

ROOT = pathlib.Path(__file__).parents[2]
NAMES = ["features.json", "holding_threshold_currents.json", "protocols.json"]

# Writes the second set and is killed at the n-th call of the functions that change what stands in a folder.
KILLED = """
import os, shutil, signal, sys, tempfile
from efewidgets.engine.outputs.standard_files import save_outputs

left = int(sys.argv[2])

def deadly(function):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapped

for module, names in ((os, ("mkdir", "rename", "replace", "chmod", "rmdir", "unlink")), (tempfile, ("mkstemp",))):
    for name in names:
        setattr(module, name, deadly(getattr(module, name)))
save_outputs(sys.argv[1], {"run": 2}, {"run": 2}, {"run": 2})
print("done", left)
"""


def runs(folder: pathlib.Path) -> set[int]:
    """Return of which runs the files are that stand in a folder."""
    return {
        json.loads((folder / name).read_text(encoding="utf-8"))["run"]
        for name in NAMES
        if (folder / name).exists()
    }


def names(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="nobody is killed like this there")
def test_killed_at_any_moment_the_set_is_of_one_run_and_nothing_is_lost(tmp_path: pathlib.Path) -> None:
    seen = set()
    for moment in range(60):
        folder = tmp_path / str(moment)
        save_outputs(folder, {"run": 1}, {"run": 1}, {"run": 1})
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(moment)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
        )
        found = runs(folder)
        assert len(found) <= 1, moment
        kept = [json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("old/*.json")]
        there = [name for name in NAMES if (folder / name).exists()]
        assert found == {2} or len(there) + len(kept) == 3, moment  # the old ones are there or in "old"
        seen |= {(frozenset(found), len(there))}
        save_outputs(folder, {"run": 3}, {"run": 3}, {"run": 3})
        assert runs(folder) == {3}
        assert names(folder) == NAMES, moment  # what the killed one left is cleared up
        if ran.returncode == 0:
            break
    else:
        pytest.fail("it never came to its end")
    assert {(frozenset({1}), 3), (frozenset({2}), 3)} <= seen
    assert any(count < 3 for _, count in seen)  # it was killed in the middle, too


def failing_at(count: int, function: Callable[..., Any], error: OSError) -> Callable[..., Any]:
    calls = []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == count:
            raise error
        return function(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("step", ["rename", "replace"])
def test_what_fails_in_the_middle_is_taken_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, step: str, count: int
) -> None:
    """As where another program has one of the files open."""
    save_outputs(tmp_path, {"run": 1}, {"run": 1}, {"run": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing_at(count, getattr(os, step), PermissionError(13, "in use")))
        with pytest.raises(PermissionError, match="in use"):
            save_outputs(tmp_path, {"run": 2}, {"run": 2}, {"run": 2})
    assert (runs(tmp_path), names(tmp_path)) == ({1}, NAMES)


class Full:
    """A file on a full disk."""

    def __init__(self, handle: int, *_: Any) -> None:
        self.handle = handle

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def write(self, data: bytes) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["features.json", "session.json"])
def test_a_full_disk_is_told_with_the_name_of_the_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(exchange.os, "fdopen", Full)
    several = name == "features.json"
    with pytest.raises(OSError, match="No space left") as caught:
        save_outputs(tmp_path, {}, {}, {}) if several else write_text(tmp_path / name, "{}")
    assert caught.value.filename == str(tmp_path / name)
    assert caught.value.errno == 28
    assert names(tmp_path) == []


def test_files_of_several_folders_go_together(tmp_path: pathlib.Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "c1" / "a.json", tmp_path / "c2" / "a.json"]
    write_files(dict.fromkeys(paths, "1"))
    write_files(dict.fromkeys(paths, b"2"))
    assert [path.read_text(encoding="utf-8") for path in paths] == ["2"] * 3
    assert names(tmp_path) == ["a.json", "c1", "c2"]
    assert names(tmp_path / "c1") == ["a.json"]


def test_what_a_living_process_is_writing_stays_and_what_is_somebody_s_own(tmp_path: pathlib.Path) -> None:
    mine = exchange._Stage(tmp_path, exchange._SEVERAL)
    own = [tmp_path / "unfinished-thoughts", tmp_path / "unfinished-efewidgets-elsewhere-1-abc" / "notes"]
    for folder in own:
        folder.mkdir(parents=True)
        os.utime(folder.parent if folder.name == "notes" else folder, (0, 0))
    save_outputs(tmp_path, {}, {}, {})
    assert mine.folder.is_dir()
    assert all(folder.is_dir() for folder in own)


def test_of_another_machine_s_process_nobody_can_tell(tmp_path: pathlib.Path) -> None:
    for name, hours in (("young", 0), ("old", 2)):
        folder = tmp_path / f"unfinished-efewidgets-elsewhere-77-{name}"
        folder.mkdir()
        then = folder.stat().st_mtime - 3600 * hours
        os.utime(folder, (then, then))
    save_outputs(tmp_path, {}, {}, {})
    assert names(tmp_path) == [*NAMES, "unfinished-efewidgets-elsewhere-77-young"]
