"""WinWCP, AxoGraph, Igor's packed experiments, Axon text: sweeps of channels that are chosen by their units."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from efewidgets.engine.problems import NoSweepError, ReadError
from efewidgets.engine.readers import inspect, read
from efewidgets.engine.readers.extras import has_module
from efewidgets.engine.readers.looking_apart import inspect_apart
from efewidgets.extract import read_recordings

from .binary_files import write_ibw

needs_neo = pytest.mark.skipif(not has_module("neo"), reason="neo isn't installed (efewidgets[axograph])")
needs_igor2 = pytest.mark.skipif(not has_module("igor2"), reason="igor2 isn't installed (efewidgets[igor])")
N = 400


def membrane(seed: int = 0, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).integers(-20000, -19500, n).astype("<i2")


def step(k: int, n: int = N) -> np.ndarray:
    found = np.zeros(n, "<i2")
    found[100:300] = 100 * (k + 1)
    return found


# --- WinWCP


def write_wcp(
    path: Path,
    n_records: int = 3,
    columns=(1, 0),
    header: dict | None = None,
    status=b"ACCEPTED",
    step_s=1e-4,
) -> Path:
    """Write records of a current and a voltage, whose places among the samples are `columns`.

    The current's range is 10 V in the first record, 20 in the second, …; its gain 0.5 V/nA, the voltage's 10 mV/mV.
    """
    data = 2 * 2 * N
    sectors = -(-data // 512)
    lines = {"VER": 9, "NBH": 1024, "ADCMAX": 32767, "NC": 2, "NBA": 2, "NBD": sectors, "NR": n_records}
    lines |= {"DT": "0,0001", "NP": N}
    for c, (name, unit, gain) in enumerate((("Im", "nA", "0,5"), ("Vm", "mV", "0.01"))):
        lines |= {f"YO{c}": columns[c], f"YU{c}": unit, f"YN{c}": name, f"YG{c}": gain}
    lines |= header or {}
    raw = (
        "".join(f"{key}={value}\r\n" for key, value in lines.items() if value is not None)
        .encode()
        .ljust(1024, b"\0")
    )
    for k in range(n_records):
        analysis = struct.pack("<8s4s3f2f", status, b"TEST", 1.0, 0.0, step_s, 10.0 * (k + 1), 10.0)
        samples = np.zeros((N, 2), "<i2")
        samples[:, columns[0]], samples[:, columns[1]] = step(k), membrane(k) // 200 * 3
        raw += analysis.ljust(1024, b"\0") + samples.tobytes().ljust(512 * sectors, b"\0")
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("columns", [(0, 1), (1, 0)])
def test_winwcp_records_have_their_own_ranges_and_channels_their_columns(tmp_path, columns):
    sweeps, problems = read({"filepath": str(write_wcp(tmp_path / "a.wcp", columns=columns))})
    assert problems == []
    for k, sweep in enumerate(sweeps):
        # range / (largest digit · gain): 10 (k + 1) V / (32767 · 0.5 V/nA)
        assert np.allclose(sweep["current"], step(k) * 10.0 * (k + 1) / (32767 * 0.5), rtol=1e-7)
        assert np.allclose(sweep["voltage"], (membrane(k) // 200 * 3) * 10.0 / (32767 * 0.01), rtol=1e-7)
        assert (sweep["v_unit"], sweep["i_unit"], sweep["dt"], sweep["label"]) == (
            "mV",
            "nA",
            1e-4,
            f"sweep {k + 1}",
        )


def test_a_record_s_own_step_goes_before_the_header_s_where_they_differ(tmp_path):
    sweeps, _ = read({"filepath": str(write_wcp(tmp_path / "a.wcp", step_s=2e-4))})
    assert sweeps[0]["dt"] == pytest.approx(2e-4, rel=1e-6)


def test_rejected_records_are_told(tmp_path):
    sweeps, problems = read({"filepath": str(write_wcp(tmp_path / "a.wcp", status=b"REJECTED"))})
    assert len(sweeps) == 3
    assert "marked as rejected in WinWCP" in problems[0].message


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"NR": 0}, "holds no record"),
        ({"NR": 9}, "claims 9 records, but holds 3: it is cut short"),
        ({"NR": "x"}, "NR must be a whole number, but is 'x'"),
        ({"NC": 0}, "claims 3 records of 0 channels"),
        ({"NP": 10**7}, "don't fit into a record"),
        ({"NBA": 0}, "don't fit into a record"),
        ({"ADCMAX": 0}, "ADCMAX must be a number"),
        ({"YG1": "NaN"}, "YG1 must be a number"),
        ({"YO1": 7}, "channel 1 would be column 7 of 2"),
        ({"VER": None}, "isn't a WinWCP file"),
    ],
)
def test_what_is_wrong_with_a_winwcp_header_is_said(tmp_path, header, words):
    path = write_wcp(tmp_path / "a.wcp", header=header)
    for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
        with pytest.raises(ReadError, match=words):
            look()


def test_real_winwcp_equals_neo_and_myokit(shared_data):
    path = real(shared_data, "wcp", "wcp-file.wcp")
    sweeps, _ = read({"filepath": str(path), "clamp_mode": "current"})
    assert len(sweeps) == 11
    for theirs in filter(None, (by_neo(path), by_myokit(path))):
        for mine, (current, voltage) in zip(sweeps, theirs, strict=True):
            assert np.allclose(mine["current"], current, rtol=1e-6)
            assert np.allclose(mine["voltage"], voltage, rtol=1e-6)
    assert (sweeps[0]["v_unit"], sweeps[0]["i_unit"], sweeps[0]["dt"]) == ("mV", "pA", 1e-3)
    with pytest.raises(NoSweepError, match="holds no record"):
        read({"filepath": str(real(shared_data, "wcp", "wcp-file-empty.wcp"))})


def by_neo(path: Path) -> list:
    if not has_module("neo"):
        return []
    from neo.rawio import WinWcpRawIO

    reader = WinWcpRawIO(str(path))
    reader.parse_header()
    chunks = (reader.get_analogsignal_chunk(0, k, stream_index=0) for k in range(reader.segment_count(0)))
    return [reader.rescale_signal_raw_to_float(chunk, "float64", stream_index=0).T for chunk in chunks]


def by_myokit(path: Path) -> list:
    if not has_module("myokit"):
        return []
    from myokit.formats.wcp import WcpFile

    file = WcpFile(str(path))
    return [[np.asarray(file.values(k, c)) for c in (0, 1)] for k in range(file.sweep_count())]


# --- AxoGraph


def write_axograph(path: Path, columns: list[tuple[str, np.ndarray, float, float]], dt: float = 1e-4) -> Path:
    """Write AxoGraph X of version 6: times, then columns as digits with scale and offset; without metadata."""
    raw = b"axgx" + struct.pack(">2l", 6, 1 + len(columns))
    for k, (title, digits, scale, offset) in enumerate([("Time (s)", np.zeros(N), dt, 0.0), *columns]):
        name = title.encode("utf-16-be")
        raw += struct.pack(">3l", len(digits), 9 if k == 0 else 10, len(name)) + name
        raw += struct.pack(">2d", scale, offset) if k else struct.pack(">2d", 0.0, dt)
        raw += digits.astype(">i2").tobytes() if k else b""
    path.write_bytes(raw)
    return path


def axograph_columns(n_sweeps: int = 3) -> list:
    """Return a voltage and a current for each sweep, with another scale in each."""
    found = []
    for k in range(n_sweeps):
        found.append(("Vm (V)", membrane(k), 3.5e-6 * (k + 1), 0.0))
        found.append(("Im (A)", step(k), 1e-12 * (k + 1), 2e-12))
    return found


@needs_neo
@pytest.mark.parametrize("suffix", [".axgx", ".axgd"])
def test_axograph_columns_of_one_name_are_sweeps_each_with_its_scale(tmp_path, suffix):
    path = write_axograph(tmp_path / f"a{suffix}", axograph_columns())
    sweeps, problems = read({"filepath": str(path), "clamp_mode": "current"})
    assert problems == []
    for k, sweep in enumerate(sweeps):
        assert np.allclose(sweep["voltage"], membrane(k) * 3.5e-6 * (k + 1), rtol=1e-9)
        assert np.allclose(sweep["current"], step(k) * 1e-12 * (k + 1) + 2e-12, rtol=1e-9)
        assert (sweep["v_unit"], sweep["i_unit"]) == ("V", "A")
        assert sweep["dt"] == pytest.approx(1e-4)
    assert [one.id for one in inspect_apart(path).sweeps] == ["sweep 1", "sweep 2", "sweep 3"]


@needs_neo
def test_axograph_without_a_current_says_what_is_there(tmp_path):
    columns = [one for one in axograph_columns() if one[0].startswith("Vm")]
    with pytest.raises(
        ReadError, match=r"no current channel, only voltage: it holds 0: 'Vm' \(V\)\. 'v_channel'"
    ):
        read({"filepath": str(write_axograph(tmp_path / "a.axgx", columns))})


@needs_neo
def test_cut_axograph_files_are_told(tmp_path):
    whole = write_axograph(tmp_path / "a.axgx", axograph_columns()).read_bytes()
    path = tmp_path / "b.axgx"
    for share in (0.002, 0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
            with pytest.raises(ReadError, match=r"b\.axgx is damaged"):
                look()


@needs_neo
def test_real_axograph_equals_neo(shared_data):
    from neo.rawio import AxographRawIO

    path = real(shared_data, "axograph", "episodic.axgd")
    # the stimulus was recorded as a voltage; a person says what it is
    chosen = {"v_channel": "CAP", "i_channel": "STIM", "i_unit": "pA", "clamp_mode": "current"}
    sweeps, _ = read({"filepath": str(path), **chosen})
    reader = AxographRawIO(str(path))
    reader.parse_header()
    assert len(sweeps) == reader.segment_count(0) == 30
    for k, sweep in enumerate(sweeps):
        raw = reader.get_analogsignal_chunk(0, k, stream_index=0)
        voltage, current = reader.rescale_signal_raw_to_float(raw, "float64", stream_index=0).T
        assert np.array_equal(sweep["voltage"], voltage)
        assert np.array_equal(sweep["current"], current)
        assert (sweep["dt"], sweep["v_unit"]) == (pytest.approx(2e-4), "V")
    assert inspect(path).protocols == ["Protocol Aplysia Neural Recording"]


@needs_neo
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AxoGraph_X_File.axgx", "no voltage channel: it holds 0: 'Current'"),
        ("events_and_epochs.axgx", "no current channel"),
        ("corrupt-comment.axgx", "no current channel"),
    ],
)
def test_real_axograph_without_a_pair_is_told(shared_data, name, words):
    path = real(shared_data, "axograph", name)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path)})
    assert inspect(path).sweeps


# --- Igor's packed experiments


def write_pxp(
    path: Path, waves: list[tuple[str, str, np.ndarray, str]], x_unit: str = "s", note: str = ""
) -> Path:
    """Write a packed experiment: waves as (folder or "", name, samples, unit)."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<Hhl", kind, 0, len(content)) + content

    by_folder: dict[str, bytes] = {}
    for folder, name, samples, unit in waves:
        one = path.with_suffix(".ibw")
        write_ibw(one, samples, 1e-4, unit, x_unit, order="<")
        content = bytearray(one.read_bytes())
        content[64 + 28 : 64 + 60] = name.encode().ljust(32, b"\0")
        struct.pack_into("<i", content, 12, len(note))
        content += note.encode()
        (checked,) = struct.unpack_from("<h", content, 2)
        total = int(np.frombuffer(bytes(content[:384]), "<i2").sum(dtype=np.int64)) - checked
        struct.pack_into("<H", content, 2, -total & 0xFFFF)
        by_folder[folder] = by_folder.get(folder, b"") + record(3, bytes(content))
    raw = by_folder.pop("", b"")
    for folder, content in by_folder.items():
        raw += record(9, folder.encode().ljust(32, b"\0")) + content + record(10, b"")
    path.write_bytes(raw)
    return path


def waves() -> list:
    found = []
    for folder in ("cellA", "cellB"):
        for k in (3, 1, 2):
            found.append((folder, f"ad0_{k}", membrane(k).astype("<f4") / 300, "mV"))
            found.append((folder, f"ad1_{k}", step(k).astype("<f4"), "pA"))
    return [
        *found,
        ("cellA", "average", np.ones(7, "<f4"), ""),
        ("cellB", "ad0_9", membrane().astype("<f4"), "mV"),
    ]


@needs_igor2
def test_waves_of_a_packed_experiment_are_put_together_by_number_and_folder(tmp_path):
    path = write_pxp(tmp_path / "a.pxp", waves())
    sweeps, problems = read({"filepath": str(path)})
    assert [s["label"] for s in sweeps] == [f"cell{c}:ad0_{k}" for c in "AB" for k in (3, 1, 2)]
    for sweep, k in zip(sweeps, (3, 1, 2) * 2, strict=True):
        assert np.array_equal(sweep["voltage"], membrane(k).astype("f4") / np.float32(300))
        assert np.array_equal(sweep["current"], step(k))
        assert (sweep["v_unit"], sweep["i_unit"], sweep["t_unit"]) == ("mV", "pA", "s")
        assert sweep["dt"] == pytest.approx(1e-4)
    lost, several = problems
    assert several.severity == "warning"
    assert "2 cells, by its folders and names" in several.message
    assert "'cellA' (3 sweeps), 'cellB' (3 sweeps)" in several.message
    for cell in "AB":
        sweeps, problems = read({"filepath": str(path), "cell_name": f"cell{cell}"})
        assert [s["label"] for s in sweeps] == [f"cell{cell}:ad0_{k}" for k in (3, 1, 2)]
        assert [p.recording for p in problems] == ["cellB:ad0_9"]
    assert (lost.recording, "no current that belongs to it" in lost.message) == ("cellB:ad0_9", True)
    assert len(inspect_apart(path).sweeps) == 6


@needs_igor2
def test_two_voltages_of_one_folder_are_two_cells(tmp_path):
    """NeuroMatic's channels A and C are voltages, B and D their currents."""
    made = []
    for k in range(3):
        for channel, samples, unit in (
            ("A", membrane(k), "mV"), ("B", step(k), "pA"), ("C", membrane(10 + k), "mV"), ("D", step(10 + k), "pA")
        ):  # fmt: skip
            made.append(("", f"Record{channel}{k}", samples.astype("<f4") / 300, unit))
    path = write_pxp(tmp_path / "a.pxp", made)
    assert inspect(path).cells == ["RecordA", "RecordC"]
    for first, cell in ((0, "RecordA"), (10, "RecordC")):
        sweeps, problems = read({"filepath": str(path), "cell_name": cell})
        assert problems == []
        assert [s["label"] for s in sweeps] == [f"{cell}{k}" for k in range(3)]
        for k, sweep in enumerate(sweeps):
            assert np.array_equal(sweep["voltage"], membrane(first + k).astype("f4") / np.float32(300))
            assert np.array_equal(sweep["current"], step(first + k).astype("f4") / np.float32(300))
    with pytest.raises(ReadError, match=r"no cell 'RecordB' \(cell_name\). It has 'RecordA', 'RecordC'"):
        read({"filepath": str(path), "cell_name": "RecordB"})


@needs_igor2
def test_a_current_whose_voltage_lost_its_unit_is_told(tmp_path):
    made = [
        (folder, name, samples, "" if (folder, name) == ("cellB", "ad0_1") else unit)
        for folder, name, samples, unit in waves()
    ]
    sweeps, problems = read({"filepath": str(write_pxp(tmp_path / "a.pxp", made))})
    assert [s["label"] for s in sweeps] == [f"cell{c}:ad0_{k}" for c, k in ("A3", "A1", "A2", "B3", "B2")]
    (lost,) = (p for p in problems if p.recording == "cellB:ad1_1")
    assert "no voltage that belongs to it" in lost.message


@needs_igor2
def test_units_that_stand_in_labels_of_axes_count(tmp_path):
    """NeuroMatic gives its waves no unit, but a note."""
    both = [
        ("", "RecordA0", membrane().astype("<f4") / 300, ""),
        ("", "RecordB0", step(0).astype("<f4"), "pA"),
    ]
    path = write_pxp(tmp_path / "a.pxp", both, "", "XLabel:sec\rYLabel:Vmem (mV)\r")
    (sweep,), problems = read({"filepath": str(path)})
    assert (sweep["v_unit"], sweep["i_unit"], sweep["t_unit"], problems) == ("mV", "pA", "s", [])
    (sweep,), problems = read(
        {"filepath": str(write_pxp(tmp_path / "b.pxp", [(*both[0][:3], "mV"), both[1]], ""))}
    )
    assert sweep["t_unit"] == "s"
    assert "taken as seconds" in problems[0].message


@needs_igor2
def test_an_experiment_without_a_recording_lists_its_waves(tmp_path, shared_data):
    path = write_pxp(
        tmp_path / "a.pxp", [("", "radius", np.ones(9, "<f4"), ""), ("", "v", membrane().astype("<f4"), "V")]
    )
    with pytest.raises(ReadError, match="Of its 2 waves 1 are voltages, 0 currents: 'radius'"):
        read({"filepath": str(path)})
    with pytest.raises(ReadError, match="Of its 8 waves 0 are voltages"):
        read({"filepath": str(real(shared_data, "igor_pxp", "polar-graphs-demo.pxp"))})


@needs_igor2
def test_cut_experiments_are_told(tmp_path):
    whole = write_pxp(tmp_path / "a.pxp", waves()).read_bytes()
    path = tmp_path / "b.pxp"
    for share in (0.001, 0.02, 0.5, 0.97):
        path.write_bytes(whole[: int(share * len(whole))])
        for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
            with pytest.raises(ReadError):
                look()


# --- Axon text


def write_atf(path: Path, signals: bool = True, n_sweeps: int = 3, unit: str = "s") -> Path:
    names = ["IN 0", "IN 1"] * n_sweeps
    head = [
        "ATF\t1.0",
        f"{2 if signals else 1}\t{1 + 2 * n_sweeps}",
        '"AcquisitionMode=Episodic Stimulation"',
    ]
    head += ['"Signals="\t' + "\t".join(f'"{name}"' for name in names)] if signals else []
    head.append(
        f'"Time ({unit})"\t'
        + "\t".join(f'"Trace #{k // 2 + 1} ({"mV" if k % 2 == 0 else "pA"})"' for k in range(2 * n_sweeps))
    )
    factor = 1e-4 if unit == "s" else 0.1
    rows = [
        "\t".join(
            [
                f"{t * factor:.5f}",
                *(f"{x:.6g}" for k in range(n_sweeps) for x in (membrane(k)[t] / 300, step(k)[t])),
            ]
        )
        for t in range(N)
    ]
    path.write_text("\r\n".join([*head, *rows]) + "\r\n", encoding="latin-1", newline="")
    return path


@pytest.mark.parametrize("signals", [True, False])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_columns_of_axon_text_are_sweeps(tmp_path, signals, unit):
    sweeps, problems = read({"filepath": str(write_atf(tmp_path / "a.atf", signals, unit=unit))})
    assert problems == []
    assert len(sweeps) == 3
    for k, sweep in enumerate(sweeps):
        assert np.allclose(sweep["voltage"], membrane(k) / 300, rtol=1e-5)
        assert np.array_equal(sweep["current"], step(k))
        assert (sweep["v_unit"], sweep["i_unit"], sweep["t_unit"]) == ("mV", "pA", unit)
    (cell,) = read_recordings({"cell": {"IDrest": [{"filepath": str(tmp_path / "a.atf")}]}})
    assert [r.amp for r in cell.recordings] == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)
    assert {(round(r.ton), round(r.toff)) for r in cell.recordings} == {(10, 30)}


def test_damaged_axon_text_is_told(tmp_path):
    whole = write_atf(tmp_path / "a.atf").read_bytes()
    path = tmp_path / "b.atf"
    for content in (
        b"ATF\t1.0\r\n",
        whole[:60],
        whole[: len(whole) // 2],
        b"text" + whole,
        whole.replace(b"0.00", b"x", 1),
    ):
        path.write_bytes(content)
        with pytest.raises(ReadError):
            read({"filepath": str(path)})


# --- what all share


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("neo", "a.axgx", r"a\.axgx looks like AxoGraph: pip install 'efewidgets\[axograph\]'"),
        ("igor2", "a.pxp", r"a\.pxp looks like an Igor packed experiment: pip install 'efewidgets\[igor\]'"),
    ],
)
def test_a_missing_library_is_named_with_what_to_install(tmp_path, monkeypatch, module, name, words):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"content")
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(tmp_path / name)})


@pytest.mark.parametrize("suffix", [".wcp", ".axgx", ".axgd", ".pxp", ".atf"])
def test_what_is_no_such_file_is_told(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    for content in (b"text that is none\n" * 50, bytes(5000), bytes(range(256)) * 20):
        path.write_bytes(content)
        for look in (lambda: read({"filepath": str(path)}), lambda: inspect_apart(path)):
            with pytest.raises(ReadError):
                look()


def real(shared_data: Path, *names: str) -> Path:
    path = shared_data.joinpath("formats", *names)
    if not path.is_file():
        pytest.skip("needs the real files of other rigs, which are not part of the project")
    return path
