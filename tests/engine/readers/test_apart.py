"""Files on which a C library hangs or crashes: found beforehand, or at the cost of a process that may be lost."""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

import efewidgets
from efewidgets import datasets
from efewidgets.engine import apart
from efewidgets.engine.problems import EfeError, ReadError
from efewidgets.engine.readers import inspect, read, vouched
from efewidgets.engine.readers.hdf5_soundness import is_sound
from efewidgets.engine.readers.looking_apart import inspect_apart

from . import nwb_files
from .binary_files import write_abf2, write_ibw
from .nwb_files import bbp


@pytest.fixture
def quick(monkeypatch):
    """Half a second of processor time is enough for an object of a small file."""
    monkeypatch.setattr(vouched, "QUICK", 0.5)


def sound(path) -> bool:
    with open(path, "rb") as file:
        return is_sound(file)


def overwrite(path, at, form, *values):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(struct.pack("<" + form, *values))


def first(path, name) -> int:
    return path.read_bytes().index(name)


def text_without_length(path):
    """Make the first object in the heap of texts a free space of no length: the next object is itself."""
    overwrite(path, first(path, b"GCOL") + 16, "HHIQ", 0, 0, 0, 0)


def gap_that_leads_back(path):
    """Make the list of gaps in each heap of names lead back to its beginning."""
    raw = path.read_bytes()
    at = raw.find(b"HEAP")
    while at >= 0:
        size, _, data = struct.unpack_from("<QQQ", raw, at + 8)
        overwrite(path, at + 16, "Q", size - 16)
        overwrite(path, data + size - 16, "QQ", size - 16, 16)
        at = raw.find(b"HEAP", at + 4)


def tree_that_is_its_own_branch(path):
    """Make the tree of each group one of the next level, whose branch is itself."""
    raw = path.read_bytes()
    at = raw.find(b"TREE")
    while at >= 0:
        if raw[at + 4] == 0:
            overwrite(path, at + 5, "B", 1)
            overwrite(path, at + 32, "Q", at)
        at = raw.find(b"TREE", at + 4)


def data_that_are_themselves(path):
    """Put the samples of a sweep together from themselves."""
    with h5py.File(path, "r+") as file:
        name = next(
            name for name in _datasets(file) if name.startswith("acquisition") and name.endswith("/data")
        )
        layout = h5py.VirtualLayout((100,), "f8")
        layout[:] = h5py.VirtualSource(".", name, (100,))
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_virtual_dataset(name, layout).attrs.update(attributes)


def _datasets(file):
    names = []
    file.visititems(lambda name, found: names.append(name) if isinstance(found, h5py.Dataset) else None)
    return names


DAMAGES = [text_without_length, gap_that_leads_back, tree_that_is_its_own_branch, data_that_are_themselves]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_that_hdf5_follows_without_looking(tmp_path, quick, damage):
    path = bbp(tmp_path / "a.nwb")
    assert sound(path)
    damage(path)
    assert not sound(path)
    for function in (inspect, inspect_apart, lambda p: read({"filepath": str(p), "protocol_name": "IDrest"})):
        with pytest.raises(ReadError, match=r"a\.nwb.*damaged"):
            function(path)


def test_a_block_before_hdf5_is_passed_over(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["Trace_1_1_1_1"] = np.zeros((2, 10))
        file["Trace_1_1_1_1"].attrs["MATLAB_class"] = "double"
    assert sound(path)
    gap_that_leads_back_behind = path.read_bytes().index(b"HEAP")
    overwrite(path, gap_that_leads_back_behind + 16, "Q", 0)
    assert not sound(path)


def test_long_chunk_trees_are_sound(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(20_000.0), chunks=(10,))
        file.create_dataset("y", data=np.zeros((300, 40)), chunks=(2, 4))
        for k in range(500):
            file[f"group{k}/x"] = k
    assert sound(path)


def test_data_put_together_in_a_circle_of_two_files(tmp_path):
    paths = [bbp(tmp_path / name) for name in ("a.nwb", "b.nwb")]
    for path, other in (paths, paths[::-1]):
        with h5py.File(path, "r+") as file:
            name = next(n for n in _datasets(file) if n.startswith("acquisition") and n.endswith("/data"))
            layout = h5py.VirtualLayout((nwb_files.N,), "f8")
            layout[:] = h5py.VirtualSource(other.name, name, (nwb_files.N,))
            attributes = dict(file[name].attrs)
            del file[name]
            file.create_virtual_dataset(name, layout).attrs.update(attributes)
    sweeps, problems = read({"filepath": str(paths[0]), "protocol_name": "IDrest"})
    assert [sweep is None for sweep in sweeps] == [True, False]
    assert "lead back to itself" in problems[0].message


def test_a_damaged_file_costs_its_time_once(tmp_path, quick, monkeypatch):
    path = bbp(tmp_path / "a.nwb")
    text_without_length(path)
    asked = []
    ask = apart.ask
    monkeypatch.setattr(apart, "ask", lambda *args: asked.append(args) or ask(*args))
    for _ in range(3):
        with pytest.raises(ReadError):
            inspect(path)
    assert len(asked) == 1


def test_good_files_ask_no_other_process(tmp_path, monkeypatch):
    monkeypatch.setattr(vouched, "_always_apart", False)
    monkeypatch.setattr(apart, "ask", lambda *args: pytest.fail("a good file was given to another process"))
    assert len(inspect(bbp(tmp_path / "a.nwb")).sweeps) == 4


def test_all_files_are_gone_through_where_a_page_would_be_lost(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(vouched, "_always_apart", False)
    monkeypatch.setattr(apart, "ask", lambda *args: asked.append(args[1]))
    vouched.always_apart()
    path = str(bbp(tmp_path / "a.nwb"))
    assert len(inspect(path).sweeps) == 4
    assert asked == [path]


def test_what_came_with_the_package_needs_no_other_process(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "ask", lambda *given: pytest.fail(f"asked for {given}"))
    monkeypatch.setattr(vouched, "_always_apart", True)
    own = next(datasets.sample_folder().glob("*.nwb"))
    vouched.vouch_for(str(own))
    assert inspect_apart(own).path == str(own)
    copy = tmp_path / "efewidgets" / "own.nwb"
    copy.parent.mkdir()
    shutil.copy(own, copy)
    assert vouched.is_ours(str(own))
    assert not vouched.is_ours(str(copy))
    assert not vouched.is_ours(f"{own.parents[2]}-other/a.nwb")


def test_what_is_seen_apart_is_what_is_seen_here(tmp_path):
    path = bbp(tmp_path / "a.nwb")
    assert inspect_apart(path) == inspect(path)
    with pytest.raises(ReadError, match="no file"):
        inspect_apart(tmp_path / "b.nwb")


def test_a_lost_process_is_told_and_the_next_one_answers(tmp_path):
    damaged = bbp(tmp_path / "b.nwb")
    data_that_are_themselves(damaged)
    with pytest.raises(apart.LostError, match="crashed"):
        apart.ask("readers.hdf5_walk:walk", str(damaged), 5.0)
    path = bbp(tmp_path / "a.nwb")
    assert len(inspect_apart(path).sweeps) == 4


def test_no_file_is_mapped():
    """A map of a file that another program makes shorter takes this program down."""
    for path in pathlib.Path(efewidgets.__file__).parent.rglob("*.py"):
        names = {
            getattr(node, "attr", getattr(node, "id", getattr(node, "name", "")))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        }
        assert not names & {"memmap", "mmap"}, path


@pytest.mark.parametrize("kind", ["abf", "ibw"])
def test_a_file_that_is_made_shorter_while_it_is_read(tmp_path, monkeypatch, kind):
    from efewidgets.engine.readers import abf_header, files, igor

    stored = files.stored_numbers

    def cut(path, *args):
        os.truncate(path, os.path.getsize(path) - 2000)
        return stored(path, *args)

    monkeypatch.setattr({"abf": abf_header, "ibw": igor}[kind], "stored_numbers", cut)
    metadata = MAKE[kind](tmp_path)
    with pytest.raises(EfeError, match="cut short while it was read"):
        read(metadata)


def _abf(folder):
    samples = np.zeros((1000, 2), "i2")
    return {"filepath": str(write_abf2(folder / "a.abf", [("V", "mV"), ("I", "pA")], [samples]))}


def _ibw(folder):
    samples = np.zeros(1000, "f4")
    v, i = (str(write_ibw(folder / f"{n}.ibw", samples, 1e-4, unit=u)) for n, u in (("v", "mV"), ("i", "pA")))
    return {"v_file": v, "i_file": i, "t_unit": "s"}


MAKE = {"abf": _abf, "ibw": _ibw}


def test_a_process_that_has_gone_leaves_no_pipe_open():
    from efewidgets.engine import apart

    gone = apart._running()
    gone.kill()
    gone.wait()
    assert apart._running() is not gone
    assert gone.stdin is not None
    assert gone.stdout is not None
    assert (gone.stdin.closed, gone.stdout.closed) == (True, True)


@pytest.mark.skipif(os.name == "nt", reason="a group of processes gets Ctrl-C otherwise there")
def test_ctrl_c_while_the_process_starts_does_not_make_a_file_seem_damaged(tmp_path):
    """A terminal, and a kernel's interrupt, send it to the whole group."""
    code = (
        "import os, signal, sys\n"
        "from efewidgets.engine import apart\n"
        "from efewidgets.engine.readers.looking_apart import inspect_apart\n"
        "signal.signal(signal.SIGINT, lambda *_: print('heard'))\n"
        "process = apart._running()\n"
        "os.killpg(os.getpgrp(), signal.SIGINT)\n"
        "print(len(inspect_apart(sys.argv[1]).sweeps), apart._running() is process)\n"
    )
    command = [sys.executable, "-c", code, str(bbp(tmp_path / "a.nwb"))]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, start_new_session=True, encoding="utf-8"
    )
    assert done.stdout.split() == ["heard", "4", "True"], done.stderr


@pytest.mark.skipif(os.name == "nt", reason="kernels end otherwise there")
def test_a_kernel_that_has_looked_at_files_shuts_down_at_once_and_cleanly(tmp_path):
    """It waits for all processes of its group; what is to be done at the end of Python must be done."""
    manager = pytest.importorskip("jupyter_client").KernelManager(kernel_name="python3")
    manager.shutdown_wait_time = 30  # s; half of it before the kernel is ended by force
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    code = (
        "import atexit, pathlib\n"
        f"atexit.register(pathlib.Path({str(tmp_path / 'ended')!r}).touch)\n"
        "from efewidgets.engine.readers.looking_apart import inspect_apart\n"
        f"inspect_apart({str(bbp(tmp_path / 'a.nwb'))!r})\n"
    )
    assert client.execute_interactive(code, timeout=60)["content"]["status"] == "ok"
    began = time.monotonic()
    manager.shutdown_kernel()
    client.stop_channels()
    assert time.monotonic() - began < 5
    assert (tmp_path / "ended").exists()
