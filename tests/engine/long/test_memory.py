"""What doesn't fit the memory that is allowed is said before it is read, and everything else goes on."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from efewidgets.engine.long import array, memory
from efewidgets.engine.problems import EfeError

MB = 1 << 20


def system(root: pathlib.Path, files: dict[str, str]) -> pathlib.Path:
    """Write what Linux would tell under a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return root


def test_groups_of_version_2_count_what_holds_them_and_files_may_go(tmp_path: pathlib.Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/job/step\n",
            "sys/fs/cgroup/job/step/memory.max": "max\n",
            "sys/fs/cgroup/job/step/memory.current": f"{300 * MB}\n",
            "sys/fs/cgroup/job/memory.max": f"{1000 * MB}\n",
            "sys/fs/cgroup/job/memory.current": f"{700 * MB}\n",
            "sys/fs/cgroup/job/memory.stat": f"anon {300 * MB}\ninactive_file {400 * MB}\n",
            "proc/meminfo": f"MemAvailable: {9000 * 1024} kB\nSwapFree: 0 kB\n",
        },
    )
    found = memory.allowance(root)
    assert found is not None
    assert found.left == 700 * MB
    assert "1e+03 MB" in found.by or "1000 MB" in found.by


def test_groups_of_version_1_inside_a_container(tmp_path: pathlib.Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu:/docker/ab\n4:memory:/docker/ab\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * MB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{112 * MB}\n",
            "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 0\n",
        },
    )
    found = memory.allowance(root)
    assert found is not None
    assert found.left == 400 * MB


def test_no_limit_of_version_1_is_none(tmp_path: pathlib.Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "1\n",
    }
    assert memory.allowance(system(tmp_path, files)) is None


def test_a_system_that_tells_nothing_limits_nothing(tmp_path: pathlib.Path) -> None:
    assert memory.allowance(tmp_path) is None
    assert memory.allowance(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("words", "size"),
    [("800M", 800 * MB), ("2 GB", 2048 * MB), ("1.5GiB", 1536 * MB), ("1048576", MB), ("64 kB", MB // 16)],
)
def test_a_size_in_words(words: str, size: int) -> None:
    assert memory.size_of(words) == size


@pytest.mark.parametrize("words", ["much", "2 PB", "-1G", "1,5 GB"])
def test_what_is_no_size_is_refused(words: str) -> None:
    with pytest.raises(EfeError, match="EFEWIDGETS_MEMORY must be a size"):
        memory.size_of(words)


def test_a_person_allows_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "1 kB")
    assert memory.lacking(array.LONG, 10**12) == ""  # no long recording: nothing is asked
    words = memory.lacking(90_000_000, 360_000_000)
    assert "90,000,000 samples" in words
    assert "EFEWIDGETS_MEMORY=1 kB leaves 0 MB" in words
    assert "wasn't read" in words


def test_the_limit_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    resource = pytest.importorskip("resource")
    limits = {resource.RLIMIT_AS: (900 * MB, -1)}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits.get(kind, (resource.RLIM_INFINITY, -1)))
    found = memory.allowance(system(tmp_path, {"proc/self/status": f"VmSize:\t{400 * 1024} kB\n"}))
    assert found is not None
    assert found.left == 500 * MB
    assert np.isclose(found.left / MB, 500)
