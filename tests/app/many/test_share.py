"""What visitors may take together and each, and who is to end when that is too much."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import types

import pytest

from efewidgets.app.many import share as shares_of
from efewidgets.app.many.share import MB, SERVER, STARTED, Share, shared
from efewidgets.app.many.watch import Watch
from efewidgets.engine.long.memory import Allowance
from efewidgets.engine.problems import EfeError
from efewidgets.engine.systems import shares

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which tells what processes take")


def test_what_is_not_said_follows_from_what_the_system_leaves(monkeypatch):
    left = Allowance(4096 * MB, "this machine")
    monkeypatch.setattr(shares_of, "allowance", lambda: left)
    found = shared(None, None, copies=False)
    assert found.memory == int(0.9 * 4096 * MB)
    assert found.visitors == (found.memory - SERVER) // STARTED
    assert shared(7, None, copies=False) == Share(7, found.memory)
    assert shared(None, None, copies=True).visitors > found.visitors
    monkeypatch.setattr(shares_of, "allowance", lambda: None)
    assert shared(None, None, copies=False) == Share()
    assert shared(7, None, copies=False) == Share(7, 0)


def test_a_share_is_its_part_of_what_the_server_leaves():
    assert Share(20, SERVER + 4000 * MB).each == 200 * MB
    assert Share(0, 4000 * MB).each == Share(20, 0).each == 0


def test_too_little_is_said_with_what_is_needed():
    with pytest.raises(EfeError, match=r"--memory 1024M suffices for 5 visitors.*20 need 3250M"):
        shared(20, 1024 * MB, copies=False)
    assert shared(5, 1024 * MB, copies=False) == Share(5, 1024 * MB)


@pytest.mark.parametrize(
    ("taken", "everything", "ends"),
    [
        ({"a": 900, "b": 100}, 1200, None),  # there is room
        ({"a": 2900, "b": 100}, 3250, "a"),
        ({"a": 1000, "b": 1100, "c": 900}, 3250, "b"),
        ({"a": 600, "b": 700}, 3250, None),  # nobody is over the share: it is somebody else
        ({}, 9000, None),
    ],
)
def test_the_one_that_takes_most_beyond_its_share_ends_when_there_is_no_room(taken, everything, ends):
    share = Share(3, 3000 * MB + SERVER - 250 * MB)  # 916 MB each
    sizes = {name: size * MB for name, size in taken.items()}
    assert share.one_too_many(sizes, everything * MB) == ends


CHILD = """
import subprocess, sys
full = bytearray({size} << 20)
full[::4096] = b"x" * len(full[::4096])
child = subprocess.Popen([sys.executable, "-c", "print('there', flush=True); input()"], stdin=subprocess.PIPE)
print("full", flush=True)
input()
child.communicate(b"\\n")
"""


@pytest.fixture
def filled():
    """A process that has filled 80 MB, and has a child."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(size=80)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    said = {process.stdout.readline().strip() for _ in range(2)}
    assert said == {"full", "there"}
    yield process
    process.communicate("\n")


@linux
def test_what_a_process_takes_and_who_descends_from_it(filled):
    assert shares.taken(filled.pid) >= 80 * MB
    assert shares.at_most(filled.pid) >= 80 * MB
    family = shares.families([filled.pid])[filled.pid]
    assert family[0] == filled.pid
    assert len(family) == 2
    found = shares.families([os.getpid(), filled.pid, -1])
    assert set(family) < set(found[os.getpid()])
    assert found[-1] == []
    assert shares.taken(2**30) == 0


@linux
def test_the_kernel_that_fills_memory_is_ended_and_the_other_is_not(filled):
    ended = []

    class Kernels(dict):
        def list_kernel_ids(self):
            return list(self)

        get_kernel = dict.__getitem__

        async def end(self, name, why):
            ended.append((name, why))

    small = types.SimpleNamespace(
        has_kernel=True, provisioner=types.SimpleNamespace(pid=shares.families([filled.pid])[filled.pid][1])
    )
    large = types.SimpleNamespace(has_kernel=True, provisioner=types.SimpleNamespace(pid=filled.pid))
    kernels = Kernels(small=small, large=large)

    class Narrow(Share):
        each = 40 * MB

    asyncio.run(Watch(kernels, Narrow(2, 10_000 * MB)).look())
    assert ended == []
    asyncio.run(Watch(kernels, Narrow(2, 60 * MB)).look())
    ((name, why),) = ended
    assert name == "large"
    assert "more than its share" in why.words
    assert not why.wakes


@linux
def test_who_gives_way_does_so_in_its_own_thread_only():
    code = """
import os, threading
from efewidgets.engine.systems.shares import give_way, end_sooner
found = []
def work():
    give_way()
    found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
thread = threading.Thread(target=work); thread.start(); thread.join()
end_sooner()
after = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
print(found[0], after == before, open("/proc/self/oom_score_adj").read())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    rank, same, score = done.stdout.split()
    assert int(rank) >= shares.BEHIND
    assert (same, int(score)) == ("True", shares.SOONER)
