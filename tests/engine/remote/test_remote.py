"""Recordings read by their addresses: the numbers of the local file, few bytes, and nothing kept of what failed."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pytest

import efewidgets
from efewidgets.app.fence import Fence
from efewidgets.cli import main
from efewidgets.engine.guard import set_guard
from efewidgets.engine.problems import EfeError, MissingFileError, ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.looking_apart import inspect_apart
from efewidgets.engine.remote import absolute, hosts, is_url, name_of, places, store, transport, watch
from tests.engine.readers import nwb_files
from tests.engine.readers.binary_files import write_abf2, write_ibw


def kept(cache: pathlib.Path) -> list[str]:
    """Return what is in the cache."""
    return sorted(path.name for path in cache.rglob("*") if path.is_file()) if cache.exists() else []


@pytest.fixture
def nwb(server) -> str:
    nwb_files.bbp(server.folder / "cell.nwb")
    return server.url + "/cell.nwb"


@pytest.fixture
def abf(server) -> str:
    random = np.random.RandomState(0)
    sweeps = []
    for k in range(3):
        sweep = random.randint(-5, 6, (200_000, 2))
        sweep[:, 0] -= 2300
        sweep[60_000:160_000, 1] += 300 * (k + 1)
        sweeps.append(sweep.astype(np.int16))
    write_abf2(server.folder / "a b.abf", [("Vm", "mV"), ("Im", "pA")], sweeps, gains=[0.0305, 0.31])
    return server.url + "/a%20b.abf"


def assert_same(url: str, path: pathlib.Path, **metadata) -> None:
    far, problems = read({"filepath": url, **metadata})
    near, _ = read({"filepath": str(path), **metadata})
    assert not problems
    assert len(far) == len(near) > 0
    for mine, their in zip(far, near, strict=True):
        assert np.array_equal(mine["voltage"], their["voltage"])
        assert np.array_equal(mine["current"], their["current"])
        assert mine["dt"] == their["dt"]


# --- the numbers


def test_nwb_is_read_in_pieces(server, nwb):
    assert_same(nwb, server.folder / "cell.nwb", protocol_name="IV")
    assert all("bytes=" in one for one in server.requests if one.startswith("GET"))
    assert inspect(nwb).protocols == inspect(server.folder / "cell.nwb").protocols
    assert inspect_apart(nwb).path == nwb


def test_what_was_read_is_not_asked_for_again(server, nwb, monkeypatch):
    assert_same(nwb, server.folder / "cell.nwb")
    server.reset()
    assert_same(nwb, server.folder / "cell.nwb")
    assert server.sent == 0
    assert all(one.startswith("HEAD") for one in server.requests)


def test_other_formats_are_fetched_whole_once(server, abf, cache):
    path = server.folder / "a b.abf"
    assert_same(abf, path)
    assert server.sent == path.stat().st_size
    assert kept(cache) == ["a b.abf"]
    server.reset()
    assert inspect_apart(abf).path == abf
    assert_same(abf, path)
    assert server.sent == 0


def test_two_waves_are_fetched_each(server):
    volts, amperes = np.linspace(-0.07, -0.06, 4000, dtype="f4"), np.zeros(4000, "f4")
    amperes[1000:2000] = 1e-10
    write_ibw(server.folder / "v.ibw", volts, dt=1e-4, unit="V")
    write_ibw(server.folder / "i.ibw", amperes, dt=1e-4, unit="A")
    (sweep,), _ = read({"v_file": server.url + "/v.ibw", "i_file": server.url + "/i.ibw"})
    assert np.array_equal(sweep["voltage"], volts)
    assert np.array_equal(sweep["current"], amperes)


def sparse_nwb(path: pathlib.Path, sweeps: int, n: int, chunk: int | None = None) -> None:
    """Write a large file: of samples that are nowhere on disk, or in chunks."""
    block = np.random.RandomState(0).bytes(4 * chunk) if chunk else b""
    with h5py.File(path, "w") as file:
        acquisition, presentation = nwb_files.groups(file)
        for k in range(sweeps):
            for group, name, unit in (
                (acquisition, f"CurrentClampSeries_{k:04d}", "volts"),
                (presentation, f"CurrentClampStimulusSeries_{k:04d}", "amperes"),
            ):
                series = group.create_group(name)
                kind = "CurrentClampSeries" if unit == "volts" else "CurrentClampStimulusSeries"
                series.attrs.update(neurodata_type=kind, stimulus_description="IDrest", description="a sweep")
                if chunk is None:
                    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                    made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                    made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                    space = h5py.h5s.create_simple((n,))
                    h5py.h5d.create(series.id, b"data", h5py.h5t.IEEE_F32LE, space, made)
                else:
                    data = series.create_dataset("data", (n,), "f4", chunks=(chunk,))
                    for start in range(0, n, chunk):
                        data.id.write_direct_chunk((start,), block)
                series["data"].attrs.update(unit=unit, conversion=1e-3)
                series["starting_time"] = float(k)
                series["starting_time"].attrs.update(rate=1e4, unit="seconds")


def test_inspecting_a_large_file_needs_little_of_it(server):
    sparse_nwb(server.folder / "large.nwb", 40, 500_000)
    assert os.path.getsize(server.folder / "large.nwb") > 160_000_000
    assert len(inspect(server.url + "/large.nwb").sweeps) == 40
    assert server.sent < 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [None, 125_000], ids=["contiguous", "chunks"])
def test_inspecting_a_gigabyte_needs_5_MB(server, chunk):
    sparse_nwb(server.folder / "large.nwb", 250, 500_000, chunk)
    assert os.path.getsize(server.folder / "large.nwb") > 1_000_000_000
    assert len(inspect(server.url + "/large.nwb").sweeps) == 250
    assert server.sent <= 5_000_000


def test_one_sweep_of_a_large_file_needs_only_that(server):
    sparse_nwb(server.folder / "large.nwb", 10, 500_000)
    with h5py.File(server.folder / "large.nwb", "r+") as file:
        file["acquisition/CurrentClampSeries_0004/data"][:] = np.linspace(-70, -60, 500_000, dtype="f4")
        file["stimulus/presentation/CurrentClampStimulusSeries_0004/data"][:] = np.linspace(0, 1e-8, 500_000)
    sweeps, _ = read({"filepath": server.url + "/large.nwb"}, only={4})
    assert np.allclose(sweeps[4]["voltage"], np.linspace(-0.07, -0.06, 500_000), rtol=1e-6)
    assert server.sent < 4_000_000 + 1_000_000


# --- what goes wrong


@pytest.mark.parametrize("name", ["cell.nwb", "a%20b.abf"])
class TestFailures:
    """Whatever fails is told, and nothing of it is kept; afterwards the numbers are right."""

    def fails(self, server, name, words, kind=ReadError):
        url = f"{server.url}/{name}"
        for look in (lambda: read({"filepath": url}), lambda: inspect(url), lambda: inspect_apart(url)):
            with pytest.raises(kind, match=words):
                look()

    def works(self, server, name):
        assert_same(f"{server.url}/{name}", server.folder / name.replace("%20", " "))

    def test_cut_connection(self, server, nwb, abf, cache, name):
        server.cut = 1000
        self.fails(server, name, "didn't come whole")
        assert kept(cache) == []
        server.cut = None
        self.works(server, name)

    def test_wrong_length(self, server, nwb, abf, cache, name):
        server.more = 50
        self.fails(server, name, "didn't come whole")
        assert kept(cache) == []
        server.more = 0
        self.works(server, name)

    def test_slow_server(self, server, nwb, abf, cache, name, monkeypatch):
        monkeypatch.setenv(transport.TIMEOUT_VARIABLE, "0.3")
        monkeypatch.setattr(transport, "TRIES", 1)
        server.pause = 1.0
        with pytest.raises(ReadError, match=r"silent for 0\.3 s"):
            read({"filepath": f"{server.url}/{name}"})
        assert kept(cache) == []

    def test_a_moment_of_failure_is_waited_for(self, server, nwb, abf, name):
        server.fail_first = 2
        self.works(server, name)

    def test_lasting_failure(self, server, nwb, abf, cache, name):
        server.fail_first = 1000
        self.fails(server, name, "answered with error 503")
        assert kept(cache) == []

    def test_missing(self, server, nwb, abf, cache, name):
        for path in server.folder.iterdir():
            path.unlink()
        self.fails(server, name, "has no such file", MissingFileError)
        assert kept(cache) == []

    def test_redirection(self, server, nwb, abf, name):
        server.redirect = {f"/old/{name}".replace("%20", " "): f"{server.url}/{name}"}
        path = server.folder / name.replace("%20", " ")
        assert_same(f"{server.url}/old/{name}", path)

    def test_redirection_to_a_host_that_is_not_allowed(self, server, nwb, abf, cache, name):
        far = f"http://localhost:{server.url.rpartition(':')[2]}/{name}"
        server.redirect = {f"/old/{name}".replace("%20", " "): far}
        hosts.allow_only(["127.0.0.1"])
        try:
            self.fails(server, f"old/{name}", "localhost.*--allow-host")
            self.works(server, name)
        finally:
            hosts.allow_only(None)
        assert all(f"/{name}" != one.split()[1] for one in server.requests[:2])

    def test_a_new_version_is_fetched(self, server, nwb, abf, name):
        self.works(server, name)
        path = server.folder / name.replace("%20", " ")
        data = path.read_bytes()
        if path.suffix == ".abf":
            at = len(data) - 4000  # amid the last sweep
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        else:
            nwb_files.bbp(path, protocols=("IV",), repetitions=1)
        os.utime(path, ns=(1, 1))
        self.works(server, name)


def test_a_server_without_ranges(server, nwb, abf, cache):
    server.ranges = False
    with pytest.raises(ReadError, match="doesn't send pieces"):
        inspect(nwb)
    assert_same(abf, server.folder / "a b.abf")


@pytest.fixture
def looked_at(monkeypatch):
    """Have no process go through files beforehand, which would have fetched all that is needed."""
    for module in ("hdf5", "hdf5_links"):
        monkeypatch.setattr(f"efewidgets.engine.readers.{module}.vouch_for", lambda path: None)


def test_a_file_that_changes_while_it_is_read(server, looked_at, monkeypatch):
    sparse_nwb(server.folder / "large.nwb", 20, 500_000)
    asked = 0
    send = transport.piece

    def meanwhile(file, start, end):
        nonlocal asked
        asked += 1
        if asked == 3:
            os.utime(server.folder / "large.nwb", ns=(1, 1))
        return send(file, start, end)

    monkeypatch.setattr(transport, "piece", meanwhile)
    with pytest.raises(ReadError, match="has changed while"):
        inspect(server.url + "/large.nwb")


def test_a_failure_in_the_middle_is_never_a_file_with_fewer_sweeps(server, nwb, looked_at, monkeypatch):
    """HDF5 takes what it can't read for what isn't there."""
    from efewidgets.engine.remote import blocks

    monkeypatch.setattr(blocks, "_LEAST_OF_SMALL", 4096)
    expected = inspect(server.folder / "cell.nwb").sweeps
    send = transport.piece
    outcomes = set()
    for allowed in range(0, 40, 3):
        left = allowed

        def fails_then(file, start, end):
            nonlocal left
            left -= 1
            if left < 0:
                raise ReadError("the line is down")
            return send(file, start, end)

        store.clear()
        blocks._pages.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transport, "piece", fails_then)
            outcomes.add(outcome(nwb, expected))
    assert outcomes == {"the line is down", "all"}
    assert inspect(nwb).sweeps == expected


@pytest.mark.parametrize("error", ["ReadError('the line is down')", "KeyboardInterrupt()"])
def test_python_ends_well_after_a_failure(server, nwb, error):
    """HDF5 frees at its end what is still open, and called a Python that was no more."""
    script = f"""
import h5py
from efewidgets.engine.problems import ReadError
from efewidgets.engine.remote import blocks, transport

def fails(*piece):
    raise {error}

transport.piece = fails
try:
    with blocks.open_in_ranges({nwb!r}) as source, h5py.File(source, "r"):
        pass
except BaseException as error:
    kept = error
print("told")
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, encoding="utf-8"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "told\n", "")


def outcome(url: str, expected: tuple) -> str:
    """Return whether a file has all its sweeps, or else how it failed."""
    try:
        return "all" if inspect(url).sweeps == expected else "fewer"
    except ReadError as error:
        return str(error)


def test_a_damaged_piece_on_disk_is_fetched_again(server, nwb, cache):
    assert_same(nwb, server.folder / "cell.nwb")
    from efewidgets.engine.remote import blocks

    blocks._pages.clear()
    for path in cache.rglob("*.pages"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    server.reset()
    assert_same(nwb, server.folder / "cell.nwb")
    assert server.sent > 0


def test_a_record_that_was_never_finished_is_left_aside(tmp_path):
    pages = store.Pages(tmp_path)
    pages.put(3, b"a" * store.PAGE + b"b" * 10)
    (name,) = (path.name for path in tmp_path.iterdir())
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole + whole[:50])
    again = store.Pages(tmp_path)
    again.look()
    assert again.get(3) == b"a" * store.PAGE
    assert again.get(4) == b"b" * 10
    assert again.get(5) is None


def test_a_full_disk_costs_the_cache_only(server, nwb, monkeypatch):
    def full(self, record):
        self.writable = False
        return 0

    monkeypatch.setattr(store.Pages, "_append", full)
    assert_same(nwb, server.folder / "cell.nwb")


def test_files_of_which_there_are_too_many_make_room(server, nwb, abf, cache, monkeypatch):
    inspect(nwb)
    os.utime(next(cache.iterdir()), (1, 1))
    monkeypatch.setattr(store, "LIMIT", 1000)
    inspect(abf)
    assert kept(cache) == ["a b.abf"]
    assert store.clear() == (server.folder / "a b.abf").stat().st_size
    assert kept(cache) == []


def test_other_files_that_it_draws_on_are_refused(server, tmp_path):
    nwb_files.bbp(server.folder / "linked.nwb")
    with h5py.File(server.folder / "linked.nwb", "r+") as file:
        file["secret"] = h5py.ExternalLink(str(tmp_path / "mine.h5"), "/data")
    with pytest.raises(ReadError, match="draws on other files"):
        inspect(server.url + "/linked.nwb")


def test_without_requests_it_says_what_to_install(server, nwb, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(ReadError, match=r"efewidgets\[remote\]"):
        inspect(nwb)


def test_somebody_who_watches_is_told_and_may_stop_it(server, abf, cache):
    seen = []
    with watch(lambda *told: seen.append(told)):
        inspect(abf)
    size = (server.folder / "a b.abf").stat().st_size
    assert seen[-1] == ("a b.abf", size, size)
    store.clear()

    def stop(*told):
        raise KeyboardInterrupt

    with watch(stop), pytest.raises(KeyboardInterrupt):
        inspect(abf)
    assert kept(cache) == []


# --- addresses


def test_what_an_address_is():
    assert all(map(is_url, ("https://a/b.nwb", "HTTP://a/b", "s3://b/k.nwb", "dandi://000001/x.nwb")))
    assert not any(map(is_url, ("/a/b", "C:\\a", "ftp://a", "file:///etc/passwd", "a", "", None)))
    assert name_of("https://a.org/x/cell%201.nwb?versionId=3#top") == "cell 1.nwb"
    assert absolute("https://a.org/x/../b.nwb", "/tmp") == "https://a.org/x/../b.nwb"


def test_the_suffix_is_that_of_the_path(server, nwb):
    assert len(inspect(nwb + "?versionId=12").sweeps) == len(inspect(nwb).sweeps)
    with pytest.raises(ReadError, match="suffix"):
        inspect(server.url + "/cell.xyz")


def test_buckets_are_read_without_an_account(server, nwb, monkeypatch):
    assert places.first_place("s3://dandi/blobs/a b.nwb") == "https://dandi.s3.amazonaws.com/blobs/a%20b.nwb"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    (server.folder / "bucket").mkdir()
    nwb_files.bbp(server.folder / "bucket" / "cell.nwb")
    assert_same("s3://bucket/cell.nwb", server.folder / "bucket" / "cell.nwb")
    with pytest.raises(ReadError, match="BUCKET/KEY"):
        inspect("s3:///cell.nwb")


def test_assets_of_dandi_are_looked_up(server, nwb, monkeypatch):
    monkeypatch.setenv(places.DANDI_VARIABLE, server.url + "/api")
    base = "/api/dandisets/000293/versions/0.220708.1652/assets/"
    found = {
        "results": [
            {"path": "sub-a/cell.nwb.bak", "asset_id": "no"},
            {"path": "sub-a/cell.nwb", "asset_id": "id1"},
        ]
    }
    server.answers[f"{base}?path=sub-a%2Fcell.nwb&page_size=100"] = json.dumps(found).encode()
    urls = [server.url + "/api/assets/id1/download/", nwb]
    server.answers[f"{base}id1/"] = json.dumps({"contentUrl": urls}).encode()
    assert_same("dandi://000293@0.220708.1652/sub-a/cell.nwb", server.folder / "cell.nwb")
    server.answers[f"{base}?path=sub-b.nwb&page_size=100"] = b'{"results": []}'
    with pytest.raises(MissingFileError, match="has no asset sub-b"):
        inspect("dandi://000293@0.220708.1652/sub-b.nwb")
    with pytest.raises(ReadError, match="DANDISET/ASSET"):
        inspect("dandi://cells/cell.nwb")


# --- where addresses come in


@pytest.fixture
def config(tmp_path, abf) -> pathlib.Path:
    place = tmp_path / "configs" / "cells.json"
    place.parent.mkdir()
    targets = [{"efeature": "voltage_base", "protocol": "IDrest", "amplitude": 0.093, "tolerance": 0.02}]
    data = {
        "files_metadata": {"c": {"IDrest": [{"filepath": abf}]}},
        "targets": targets,
        "absolute_amplitude": True,
        "output_directory": "out",
    }
    place.write_text(json.dumps(data), encoding="utf-8", newline="\n")
    return place


def test_commands_take_addresses(server, abf, config, capsys):
    assert main(["inspect", abf, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["path"] == abf
    assert main(["check", str(config), "--jobs", "1"]) in (0, 1)
    assert main(["extract", str(config), "--jobs", "1"]) in (0, 1)
    assert (config.parent / "out" / "features.json").exists()
    assert main(["cache", "--json"]) == 0
    assert main(["inspect", server.url + "/none.abf"]) == 2


def test_processes_that_share_the_work_read_addresses_too(config):
    assert main(["extract", str(config), "--jobs", "2"]) in (0, 1)
    assert (config.parent / "out" / "features.json").exists()


def test_sessions_keep_addresses_and_tell_changes(server, abf, config, tmp_path):
    state = efewidgets.ExtractionState.load(config)
    (file,) = state.inputs.files()
    assert file[1].path == abf
    assert state.results.cells["c"].recordings
    state.save(tmp_path / "session.json")
    saved = json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))
    assert saved["files_metadata"]["c"]["IDrest"][0]["filepath"] == abf
    assert abf in saved["state"]["files"]
    again = efewidgets.ExtractionState.load(tmp_path / "session.json")
    assert not [problem for problem in again.problems if "has changed" in problem.message]
    os.utime(server.folder / "a b.abf", ns=(1, 1))
    changed = efewidgets.ExtractionState.load(tmp_path / "session.json")
    assert [problem.file for problem in changed.problems if "has changed" in problem.message] == [abf]


def test_a_selector_proposes_an_address(server, nwb, tmp_path):
    selector = efewidgets.FileSelector(efewidgets.ExtractionState(), root=tmp_path, uploads=False)
    selector.address.value = nwb
    assert selector.wait(30)
    assert {one.protocol for one in selector.preview.propose()} == {"IDrest", "IV"}
    selector.address.value = "cell.nwb"
    assert "must begin with https://" in selector.message.text
    selector.close()


# --- behind a fence


@pytest.fixture
def fence(tmp_path, cache):
    made = []

    def make(**options) -> Fence:
        fence = Fence(tmp_path, **options)
        fence.enclose()
        made.append(fence)
        return fence

    yield make
    set_guard(None)
    hosts.allow_only(None)


@pytest.mark.parametrize("name", ["cell.nwb", "a%20b.abf"])
def test_behind_a_fence_no_host_is_asked(server, nwb, abf, fence, name):
    fence()
    url = f"{server.url}/{name}"
    for look in (lambda: read({"filepath": url}), lambda: inspect(url), lambda: inspect_apart(url)):
        with pytest.raises(EfeError, match=r"--allow-host 127\.0\.0\.1"):
            look()
    with pytest.raises(EfeError, match="allow-host"):
        read({"filepath": url}, lambda metadata: [])
    assert server.requests == []


def test_behind_a_fence_a_host_may_be_allowed(server, nwb, abf, fence):
    fence(hosts=["127.0.0.1"])
    assert len(inspect_apart(nwb).sweeps) == 4
    assert len(inspect_apart(abf).sweeps) == 3
    with pytest.raises(EfeError, match="localhost"):
        inspect(nwb.replace("127.0.0.1", "localhost"))


def test_behind_a_fence_sessions_with_addresses_are_refused(server, config, fence):
    from efewidgets.app.begin import open_session

    data = json.loads(config.read_text(encoding="utf-8"))
    del data["output_directory"]
    config.write_text(json.dumps(data), encoding="utf-8", newline="\n")
    with pytest.raises(EfeError, match="allow-host"):
        open_session(config, fence())
    assert server.requests == []
    open_session(config, fence(hosts=["127.0.0.1"]))


def test_all_hosts_below_one_can_be_allowed():
    for host, good in (("a.example.org", True), ("example.org", False), ("a.example.org.evil.net", False)):
        if good:
            hosts.check_among(f"https://{host}/x.nwb", ["*.example.org"])
        else:
            with pytest.raises(ReadError):
                hosts.check_among(f"https://{host}/x.nwb", ["*.example.org"])
    with pytest.raises(ReadError):
        hosts.check_among("https://good.org@evil.net/x.nwb", ["good.org"])
    hosts.check_among("https://Good.org:8443/x.nwb", ["good.ORG"])


def test_a_selector_behind_a_fence_says_that_no_host_is_allowed(tmp_path):
    state = efewidgets.ExtractionState()
    selector = efewidgets.FileSelector(state, root=tmp_path, uploads=False, hosts=())
    assert "Elsewhere" in selector.sources.box.titles
    assert "--allow-host" in selector.elsewhere.hint.value
    line, hint = selector.elsewhere.box.children
    assert (line.layout.display, hint.layout.display) == ("none", None)  # there is nothing to type
    with pytest.raises(EfeError, match="allow-host"):
        selector.choose(["https://example.org/a.nwb"])
    selector.close()
