"""What a page fetches whole from a slow server: told, given up by a click, and nothing half of it kept."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

import efewidgets
from efewidgets.engine.readers.looking_apart import inspect_apart
from tests.engine.readers.binary_files import write_abf2

CHANNELS = [("Vm", "mV"), ("Im", "pA")]
SIZE = 4_000_000  # bytes of samples: 8 s by the slow server


def write(path, n):
    sweep = np.zeros((n, 2), np.int16)
    sweep[:, 0] = -70
    sweep[n // 4 : n // 2, 1] = 100
    return write_abf2(path, CHANNELS, [sweep])


@pytest.fixture
def files(server, tmp_path):
    write(server.folder / "large.abf", SIZE // 4)
    write(server.folder / "small.abf", 1000)
    server.slowly = 0.1
    selector = efewidgets.FileSelector(efewidgets.ExtractionState(), root=tmp_path, uploads=False)
    yield selector
    selector.close()
    until(nobody_looks)


def nobody_looks():
    """Whether the threads have ended that were given up."""
    return "efewidgets-look" not in {thread.name for thread in threading.enumerate()}


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def kept(cache):
    """Return what files are in a folder that others change meanwhile."""
    return [name for _, _, names in os.walk(cache) for name in names]


def progress(files):
    return files.elsewhere.progress.bar.value


def test_it_is_told_how_far_a_file_is_and_the_page_goes_on(files, server):
    files.address.value = server.url + "/large.abf"
    until(lambda: "of 4 MB" in progress(files) and 'value="0"' not in progress(files))
    assert "fetching large.abf" in progress(files)
    assert files.elsewhere.progress.box.layout.display == ""
    begin = time.monotonic()
    files.state.add_files_metadata(efewidgets.datasets.sample_files_metadata(["RS1"]))
    assert {row["cell"] for row in files.table.rows} == {"RS1"}
    assert time.monotonic() - begin < 3
    assert server.sent < SIZE  # all that while it came
    server.slowly = 0.0
    assert files.wait(30)
    files.refresh()
    assert progress(files) == ""
    assert files.elsewhere.progress.box.layout.display == "none"
    assert [row["file"] for row in files.preview.table.rows] == ["large.abf"]


def test_stop_ends_it_and_nothing_of_it_is_kept(files, server, cache):
    url = server.url + "/large.abf"
    files.address.value = url
    until(lambda: "fetching large.abf" in progress(files))
    begin = time.monotonic()
    files.elsewhere.progress.stop.click()
    assert time.monotonic() - begin < 0.5
    assert files.message.text == "stopped: nothing of large.abf is kept."
    assert (files.preview.paths, files.looker.waiting, progress(files)) == ([], 0, "")
    assert files.preview.box.layout.display == "none"
    assert files.wait(1)
    until(nobody_looks)
    assert kept(cache) == []
    sent = server.sent
    time.sleep(0.5)
    assert server.sent - sent <= 100_000  # the line is cut, which a server learns when it writes once more
    assert server.sent < SIZE // 4

    # the same address, asked for again, is fetched anew
    server.slowly = 0.0
    files.elsewhere.look.click()
    assert files.wait(30)
    files.refresh()
    assert [row["problems"] for row in files.preview.table.rows if "stopped" in row["problems"]] == []
    assert len(files.looker.get(url).summary.sweeps) == 1
    assert kept(cache) == ["large.abf"]


def test_other_files_are_looked_into_after_one_is_stopped(files, server):
    files.address.value = server.url + "/large.abf"
    files.address.value = server.url + "/small.abf"
    until(lambda: "fetching large.abf" in progress(files))
    files.elsewhere.progress.stop.click()
    assert files.wait(30)
    files.refresh()
    assert [row["file"] for row in files.preview.table.rows] == ["small.abf"]


def test_who_proposes_nothing_any_more_fetches_no_more(files, server, cache):
    files.address.value = server.url + "/large.abf"
    until(lambda: "fetching large.abf" in progress(files))
    files.preview.cancel.click()
    assert progress(files) == ""
    assert files.wait(1)
    until(nobody_looks)
    assert kept(cache) == []
    assert server.sent < SIZE


def test_a_page_that_is_closed_fetches_no_more(files, server, cache):
    files.address.value = server.url + "/large.abf"
    until(lambda: "fetching large.abf" in progress(files))
    files.close()
    until(nobody_looks)
    assert kept(cache) == []
    assert server.sent < SIZE


def test_stop_is_for_the_files_of_this_page_alone(files, server, cache):
    """Another thread fetches the same file meanwhile, for whoever asked it to."""
    url = server.url + "/large.abf"
    server.slowly = 0.02
    found = []
    other = threading.Thread(target=lambda: found.append(inspect_apart(url)))
    other.start()
    files.address.value = url
    until(lambda: "fetching large.abf" in progress(files))
    files.elsewhere.progress.stop.click()
    other.join(20)
    assert [len(one.sweeps) for one in found] == [1]
    assert kept(cache) == ["large.abf"]


def test_an_address_that_failed_can_be_asked_for_again(files, server):
    server.slowly = 0.0
    server.fail_first = 3
    files.address.value = server.url + "/small.abf"
    assert files.wait(10)
    assert "503" in files.looker.get(server.url + "/small.abf").problem
    files.elsewhere.look.click()
    assert files.wait(10)
    assert len(files.looker.get(server.url + "/small.abf").summary.sweeps) == 1
