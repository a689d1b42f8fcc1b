"""The cache on disk: yesterday's folder opens without extracting; nothing that happens to the cache does harm."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
import sys
import threading

import pytest

from efewidgets import ExtractionState
from efewidgets.state.cache import stored
from efewidgets.state.cache.disk import DiskCache, default_folder

from .. import lab


def opened(arguments, folder):
    """Open a session with the cache in a folder, and run it."""
    state = ExtractionState.from_arguments(arguments, cache=folder)
    state.run()
    return state


def entries(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


# --- sessions


def test_yesterdays_folder_reads_no_recording(arguments, tmp_path, counted):
    first = opened(arguments, tmp_path / "cache")
    assert counted == {"files": 8, "recordings": 10}
    counted.clear()
    second = opened(arguments, tmp_path / "cache")
    assert not counted
    assert second.results.texts == first.results.texts
    assert second.problems == first.problems
    assert second.results.recordings.equals(first.results.recordings)


def test_a_moved_folder_is_known_too(arguments, tmp_path, counted, tmp_path_factory):
    first = opened(arguments, tmp_path / "cache")
    moved = tmp_path_factory.mktemp("moved")
    for path in tmp_path.glob("*.json"):
        shutil.copy(path, moved / path.name)
    counted.clear()
    for protocols in arguments["files_metadata"].values():
        for file in (file for files in protocols.values() for file in files):
            file["filepath"] = file["filepath"].replace(str(tmp_path), str(moved))
    second = opened(arguments, tmp_path / "cache")
    assert not counted
    assert second.results.texts == first.results.texts
    identity, member = next(iter(second.results.members.items()))
    assert member.file.path.startswith(str(moved))
    assert len(second.results.trace(identity).voltage) == 1500


def test_what_was_edited_is_read_and_kept(arguments, tmp_path, counted):
    opened(arguments, tmp_path / "cache")
    state = opened(arguments, tmp_path / "cache")
    state.set_metadata(state.files(cell="A", protocol="IV"), ljp=5.0)
    state.add_target("Spikecount", "IDrest", 150, 10)
    counted.clear()
    state.run()
    assert counted == {"files": 1, "recordings": 6}
    counted.clear()
    again = ExtractionState(state.inputs, cache=tmp_path / "cache")
    assert again.results.texts == state.results.texts
    assert not counted


def test_a_changed_file_is_not_taken_from_the_cache(arguments, tmp_path, counted):
    opened(arguments, tmp_path / "cache")
    path = arguments["files_metadata"]["A"]["IV"][0]["filepath"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text.replace("-70.0", "-65.0"))
    counted.clear()
    state = opened(arguments, tmp_path / "cache")
    assert counted["files"] == 1
    with ExtractionState.from_arguments(arguments) as fresh:
        assert state.results.texts == fresh.results.texts


def test_a_change_while_a_session_is_open_is_seen_when_asked_for(state, arguments, counted):
    before = state.results.texts
    path = arguments["files_metadata"]["A"]["IV"][0]["filepath"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text.replace("-70.0", "-65.0"))
    assert state.results.texts == before
    assert state.refresh_files() == [path]
    assert state.results.texts != before
    assert counted["files"] == 1
    assert state.refresh_files() == []


def test_problems_and_failures_are_kept(arguments, tmp_path, monkeypatch, counted):
    from efewidgets.engine.features import efel_features as features

    arguments["files_metadata"]["A"]["IV"][0]["sweeps"] = {"nobody": {"ton": 1.0}}
    compute = features.feature_values
    with monkeypatch.context() as patch:
        patch.setattr(
            features, "feature_values", lambda *a, **k: 1 / 0 if "AP_amplitude" in a[5] else compute(*a, **k)
        )
        first = opened(arguments, tmp_path / "cache")
    counted.clear()
    second = opened(arguments, tmp_path / "cache")
    assert not counted
    assert second.problems == first.problems
    assert {"file", "feature"} <= {problem.kind for problem in second.problems}


def test_another_version_of_the_engine_reads_anew(arguments, tmp_path, counted, monkeypatch):
    opened(arguments, tmp_path / "cache")
    monkeypatch.setattr(stored, "versions", lambda: "another")
    counted.clear()
    opened(arguments, tmp_path / "cache")
    assert counted["files"] == 8


def test_readers_that_may_change_unseen_are_not_kept(arguments, tmp_path, counted):
    arguments["recording_reader"] = lambda metadata: lab.reader(metadata)
    opened(arguments, tmp_path / "cache")
    counted.clear()
    opened(arguments, tmp_path / "cache")
    assert counted["files"] == 8


def test_two_kernels_at_once(arguments, tmp_path, state):
    """Four processes fill the same cache at the same time; each gets the right results, and so does the next."""
    state.save(tmp_path / "session.json")
    code = (
        "import sys; from efewidgets import ExtractionState\n"
        f"state = ExtractionState.load({str(tmp_path / 'session.json')!r}, cache={str(tmp_path / 'cache')!r})\n"
        "state.run(); print(state.results.texts['features'], end='')"
    )
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root, encoding="utf-8"
        )
        for _ in range(4)
    ]
    expected = state.results.texts["features"]
    assert [process.communicate()[0] for process in running] == [expected] * 4
    again = opened(arguments, tmp_path / "cache")
    assert again._present.graph.runs["read"] == 0
    assert again.results.texts["features"] == expected


# --- what may happen to a cache


@pytest.mark.parametrize("damage", ["half", "empty", "flipped", "garbage"])
def test_a_damaged_entry_is_not_taken(arguments, tmp_path, counted, damage):
    first = opened(arguments, tmp_path / "cache")
    for path in entries(tmp_path / "cache"):
        data = path.read_bytes()
        half = len(data) // 2
        path.write_bytes(
            {
                "half": data[:half],
                "empty": b"",
                "flipped": data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :],
                "garbage": os.urandom(len(data)),
            }[damage]
        )
    counted.clear()
    second = opened(arguments, tmp_path / "cache")
    assert counted["files"] == 8
    assert second.results.texts == first.results.texts
    counted.clear()
    opened(arguments, tmp_path / "cache")
    assert not counted  # what was damaged has been replaced


def test_a_full_disk_costs_only_the_cache(arguments, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    state = opened(arguments, tmp_path / "cache")
    monkeypatch.undo()
    assert state.results.features
    assert [p.message for p in state.problems if p.kind == "cache"] == [
        f"the cache in {tmp_path / 'cache'} can't be written: No space left on device."
    ]
    assert entries(tmp_path / "cache") == []  # nothing is left lying about


def test_a_folder_that_can_not_be_made_costs_only_the_cache(arguments, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8", newline="\n")
    state = opened(arguments, tmp_path / "file" / "cache")
    assert state.results.features
    assert "cache" in {problem.kind for problem in state.problems}


def test_what_is_in_an_entry_can_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.system, ("touch " + str(tmp_path / "exploded"),)

    with pytest.raises(pickle.UnpicklingError, match="no place in the cache"):
        stored._Unpickler(__import__("io").BytesIO(pickle.dumps(Bomb()))).load()
    assert not (tmp_path / "exploded").exists()


def test_a_malicious_entry_is_passed_over(arguments, tmp_path, counted):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    opened(arguments, tmp_path / "cache")
    cache = DiskCache(tmp_path / "cache")
    for path in entries(cache.folder):
        cache.put(bytes.fromhex(path.parent.name + path.name), pickle.dumps(Bomb()))
    counted.clear()
    state = opened(arguments, tmp_path / "cache")
    assert state.results.features
    assert counted["files"] == 8
    assert not (tmp_path / "exploded").exists()


# --- the cache by itself


def test_entries_come_back(tmp_path):
    cache = DiskCache(tmp_path)
    assert cache.get(b"k" * 16) is None
    cache.put(b"k" * 16, b"value" * 100)
    assert DiskCache(tmp_path).get(b"k" * 16) == b"value" * 100
    cache.put(b"k" * 16, b"other")
    assert cache.get(b"k" * 16) == b"other"
    assert cache.clear() > 0
    assert cache.get(b"k" * 16) is None
    assert cache.size() == 0


def test_size_is_bounded_and_the_last_used_stay(tmp_path):
    cache = DiskCache(tmp_path, limit=20_000)
    keys = [bytes([k]) * 16 for k in range(40)]
    for k, key in enumerate(keys):
        cache.put(key, os.urandom(1000))
        os.utime(cache._path(key), (k, k))
        if cache.get(keys[0]) is not None:  # used again and again
            os.utime(cache._path(keys[0]), (1000, 1000))
    assert cache.size() <= 21_000
    assert cache.get(keys[0]) is not None
    assert cache.get(keys[-1]) is not None
    assert cache.get(keys[1]) is None


def test_many_threads_write_the_same_entry(tmp_path):
    values = [bytes([k]) * 50_000 for k in range(8)]
    caches = [DiskCache(tmp_path) for _ in values]
    seen = []

    def work(cache, value):
        for _ in range(20):
            cache.put(b"k" * 16, value)
            seen.append(cache.get(b"k" * 16))

    threads = [threading.Thread(target=work, args=pair) for pair in zip(caches, values, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) <= set(values)


def test_the_folder_is_the_systems(monkeypatch, tmp_path):
    monkeypatch.delenv("EFEWIDGETS_CACHE", raising=False)
    assert "efewidgets" in str(default_folder())
    monkeypatch.setenv("EFEWIDGETS_CACHE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
