"""Text files: voltage columns with the current in the metadata, and tables that say what each column is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import csv_lccr_reader, csv_reader, inspect, read

N = 3000
LCCR = {"dt": 0.1, "v_unit": "mV", "i_unit": "pA", "t_unit": "ms", "ton": 50, "toff": 200, "hypamp": -5}


def voltages(columns=2, n=N):
    """Return columns of voltage with few decimals, array (columns, n)."""
    rng = np.random.default_rng(0)
    return np.round(-70 + rng.standard_normal((columns, n)), 3)


def write(path, columns, delimiter="\t", header=None, decimal=".", end="\n"):
    """Write columns of numbers or texts."""
    rows = [[c if isinstance(c, str) else repr(float(c)) for c in row] for row in zip(*columns, strict=True)]
    lines = [delimiter.join(header)] if header else []
    lines += [delimiter.join(cell.replace(".", decimal) for cell in row) for row in rows]
    path.write_text(end.join(lines) + end, encoding="utf-8", newline="\n")
    return str(path)


def lccr(tmp_path, columns=None, amplitudes=(10, 20), **metadata):
    path = write(tmp_path / "a.txt", voltages() if columns is None else columns)
    return {"filepath": path, "amplitudes": list(amplitudes), **LCCR, **metadata}


# --- lccr


def test_lccr_sweeps(tmp_path):
    sweeps, problems = read(lccr(tmp_path))
    assert problems == []
    for k, sweep in enumerate(sweeps):
        assert np.array_equal(sweep["voltage"], voltages()[k])
        expected = np.full(N, -5.0)
        expected[500:2000] = 10.0 * (k + 1) - 5
        assert np.array_equal(sweep["current"], expected)
        assert (sweep["dt"], sweep["t_unit"], sweep["amp"], sweep["hypamp"]) == (0.1, "ms", 10 * (k + 1), -5)
        assert (sweep["ton"], sweep["toff"]) == (50, 200)


def test_lccr_timings_are_ms_whatever_the_unit_of_dt(tmp_path):
    (sweep, _), _ = read(lccr(tmp_path, dt=1e-4, t_unit="s"))
    assert np.array_equal(np.flatnonzero(sweep["current"] > 0), np.arange(500, 2000))


def test_lccr_edges_are_rounded_not_cut(tmp_path):
    # 0.3 / 0.1 is 2.9999… in floating point.
    (sweep, _), _ = read(lccr(tmp_path, ton=0.3, toff=200))
    assert np.flatnonzero(sweep["current"] > 0)[0] == 3


def test_lccr_without_its_last_100_ms(tmp_path):
    sweeps, _ = read(lccr(tmp_path, remove_last_100ms=True, toff=150))
    assert [len(s["voltage"]) for s in sweeps] == [2000, 2000]
    assert np.array_equal(sweeps[1]["voltage"], voltages()[1, :2000])
    with pytest.raises(ReadError, match="would leave nothing"):
        read(lccr(tmp_path, voltages(n=500), remove_last_100ms=True))


@pytest.mark.parametrize("missing", ["-", "", "NaN", "n/a"])
def test_missing_values_in_the_middle_refuse_the_sweep_and_at_the_end_are_cut(tmp_path, missing):
    first, second = voltages().astype(object)
    first[1200] = missing
    second[2900:] = missing
    sweeps, problems = read(lccr(tmp_path, [first, second]))
    assert sweeps[0] is None
    assert np.array_equal(sweeps[1]["voltage"], voltages()[1, :2900])
    assert [(p.recording, p.severity) for p in problems] == [("column 1", "error"), ("column 2", "warning")]
    assert "the first at 120 ms, sample 1200" in problems[0].message
    with pytest.raises(ReadError, match="missing"):
        csv_lccr_reader(lccr(tmp_path, [first, first]))


def test_rows_that_end_early_are_sweeps_that_end_early(tmp_path):
    metadata = lccr(tmp_path)
    lines = Path(metadata["filepath"]).read_text(encoding="utf-8").splitlines()
    lines[2900:] = [line.split("\t")[0] for line in lines[2900:]]
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    sweeps, (problem,) = read(metadata)
    assert [len(s["voltage"]) for s in sweeps] == [3000, 2900]
    assert problem.recording == "column 2"


def test_decimal_commas(tmp_path):
    path = write(tmp_path / "a.txt", voltages(), decimal=",")
    sweeps, (note,) = read({"filepath": path, "amplitudes": [1, 2], **LCCR})
    assert np.array_equal(sweeps[0]["voltage"], voltages()[0])
    assert note.severity == "note"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amplitudes": [1, 2, 3]}, "2 columns of voltage, the metadata give 3"),
        ({"amplitudes": "10"}, "must be a list of numbers"),
        ({"amplitudes": [1, "x"]}, "must be a number"),
        ({"dt": 0}, "dt must be greater than zero"),
        ({"dt": "0.1"}, "'dt' in the metadata must be a number"),
        ({"hypamp": None}, "needs 'hypamp' in its metadata"),
        ({"ton": 200, "toff": 50}, "must begin before it ends"),
        ({"ton": -1}, "must begin before it ends"),
        ({"toff": 301}, "after the recording"),
        ({"v_unit": "furlong"}, "'furlong', the unit of the voltage"),
        ({"t_unit": "days"}, "Time unit 'days'"),
    ],
)
def test_metadata_that_cannot_be(tmp_path, change, words):
    with pytest.raises(ReadError, match=words):
        read(lccr(tmp_path) | change)


def test_words_among_the_numbers_are_placed(tmp_path):
    columns = voltages().astype(object)
    columns[1, 6] = "abc"
    with pytest.raises(ReadError, match=r"a\.txt, line 7, column 2: 'abc' isn't a number"):
        read(lccr(tmp_path, columns))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n\r\n", "only empty lines"),
        (bytes(range(256)) * 4, "isn't text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "isn't text"),
        (b"a\tb\n", "a header, but no numbers"),
        (b"1\n" * 5000 + b"1\t" * 5000, "isn't a table"),
        (b'{"a": "' + b"x" * 200000 + b'"}', "no numbers|isn't a number"),
    ],
)
def test_files_that_are_no_tables(tmp_path, content, words):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=words):
        read({"filepath": str(path), "amplitudes": [1, 2], **LCCR})


# --- tables with a role for each column


def table(tmp_path, header, columns, delimiter=",", suffix=".csv", **options):
    return {"filepath": write(tmp_path / f"a{suffix}", columns, delimiter, header, **options)}


def trace(n=1000, dt=0.1):
    """Return times, voltage and current of a sweep."""
    current = np.where((np.arange(n) > 200) & (np.arange(n) < 600), 50.0, 0.0)
    return np.round(np.arange(n) * dt, 6), voltages(1, n)[0], current


@pytest.mark.parametrize(
    ("header", "units"),
    [
        (["t (ms)", "V (mV)", "I (pA)"], ("ms", "mV", "pA")),
        (["Time [ms]", "Vm [mV]", "Im [pA]"], ("ms", "mV", "pA")),
        (["time_ms", "voltage_mV", "current_nA"], ("ms", "mV", "nA")),
        (["t/ms", "V/mV", "I/pA"], ("ms", "mV", "pA")),
        (["Time ms", "Vm mV", "Cmd pA"], ("ms", "mV", "pA")),
        (["T (ms)", "potential (µV)", "stimulus (μA)"], ("ms", "µV", "μA")),
    ],
)
@pytest.mark.parametrize(
    ("delimiter", "suffix"), [(",", ".csv"), ("\t", ".tsv"), (";", ".CSV"), (" ", ".txt")]
)
def test_roles_are_guessed_from_headers_with_units(tmp_path, header, units, delimiter, suffix):
    if delimiter == " ":
        header = [h.replace(" ", "_") for h in header]
    t, v, i = trace()
    (sweep,), problems = read(table(tmp_path, header, [t, v, i], delimiter, suffix))
    assert problems == []
    assert np.array_equal(sweep["voltage"], v)
    assert np.array_equal(sweep["current"], i)
    assert (sweep["dt"], sweep["t_unit"], sweep["v_unit"], sweep["i_unit"]) == (0.1, *units)


def test_roles_are_guessed_from_plain_names(tmp_path):
    t, v, i = trace()
    metadata = table(tmp_path, ["I", "t", "V"], [i, t, v]) | {"v_unit": "mV", "i_unit": "pA", "t_unit": "ms"}
    (sweep,), _ = read(metadata)
    assert np.array_equal(sweep["voltage"], v)
    assert np.array_equal(sweep["current"], i)
    with pytest.raises(ReadError, match="Add 't_unit'"):
        read(metadata | {"t_unit": None})


@pytest.mark.parametrize("names", [True, False])
def test_roles_from_the_metadata_several_sweeps(tmp_path, names):
    t, v, i = trace()
    header = ["clock", "a", "b", "c", "d"] if names else None
    roles = {"time": 0, "voltage": [1, 3], "current": [4, 2]}
    if names:
        roles = {"time": "Clock", "voltage": ["a", "c"], "current": ["d", "b"]}
    units = {"v_unit": "mV", "i_unit": "pA", "t_unit": "ms"}
    metadata = table(tmp_path, header, [t, v, 2 * i, v + 1, i]) | units | {"columns": roles}
    sweeps, problems = read(metadata)
    assert problems == []
    assert np.array_equal(sweeps[0]["voltage"], v)
    assert np.array_equal(sweeps[0]["current"], i)
    assert np.array_equal(sweeps[1]["voltage"], v + 1)
    assert np.array_equal(sweeps[1]["current"], 2 * i)
    sweeps[0]["voltage"][:] = 0  # a caller's own copy
    assert np.array_equal(read(metadata)[0][0]["voltage"], v)


def test_one_current_for_all_voltages_and_dt_from_the_metadata(tmp_path):
    _, v, i = trace()
    metadata = table(tmp_path, ["V1 (mV)", "V2 (mV)", "I (nA)"], [v, v - 1, i])
    with pytest.raises(ReadError, match="no column of times"):
        read(metadata)
    sweeps, _ = read(metadata | {"dt": 0.05, "t_unit": "ms"})
    assert len(sweeps) == 2
    assert all(np.array_equal(s["current"], i) for s in sweeps)


def test_steps_from_the_metadata_where_no_current_was_recorded(tmp_path):
    t, v, _ = trace()
    metadata = table(tmp_path, ["t (s)", "V1 (mV)", "V2 (mV)"], [t / 1000, v, v - 1])
    given = {"amplitudes": [10, 20], "ton": 20, "toff": 60, "hypamp": 0, "i_unit": "pA"}
    sweeps, _ = read(metadata | given)
    assert [s["amp"] for s in sweeps] == [10, 20]
    assert np.array_equal(np.flatnonzero(sweeps[1]["current"] == 20), np.arange(200, 600))


def test_a_text_file_without_amplitudes_is_a_table(tmp_path):
    t, v, i = trace()
    (sweep,), _ = read(table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i], "\t", ".txt"))
    assert np.array_equal(sweep["voltage"], v)


def test_decimal_commas_between_semicolons_and_between_commas(tmp_path):
    t, v, i = trace()
    header = ["t (ms)", "V (mV)", "I (pA)"]
    (sweep,), (note,) = read(table(tmp_path, header, [t, v, i], ";", decimal=","))
    assert np.array_equal(sweep["voltage"], v)
    assert "decimal commas" in note.message
    with pytest.raises(ReadError, match="separated by tabs or semicolons"):
        read(table(tmp_path, header, [t, v, i], ",", decimal=","))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(tmp_path, encoding, end):
    t, v, i = trace()
    path = table(tmp_path, ["t (ms)", "V (µV)", "I (pA)"], [t, v, i])["filepath"]
    words = "# a comment\n\n" + Path(path).read_text(encoding="utf-8") + "\n\n"
    with open(path, "w", encoding=encoding, newline="") as file:
        file.write(words.replace("\n", end))
    (sweep,), problems = read({"filepath": path})
    assert problems == []
    assert np.array_equal(sweep["voltage"], v)
    assert sweep["v_unit"] in ("µV", "uV")


@pytest.mark.parametrize(
    ("header", "columns", "words"),
    [
        (["a", "b", "c"], None, "no column that is plainly the voltage"),
        (None, None, "3 columns without a header"),
        (["t (ms)", "V (mV)", "temperature (C)"], None, "plainly the current"),
        (["t (ms)", "V (mV)", "I (pA)"], {"voltage": "Vm", "current": 2}, "no column 'Vm'"),
        (["t (ms)", "V (mV)", "I (pA)"], {"voltage": 1, "current": 7}, "no column 7"),
        (["t (ms)", "V (mV)", "I (pA)"], {"volt": 1}, "'columns' must be like"),
        (["t (ms)", "V (mV)", "I (pA)"], [0, 1, 2], "'columns' must be like"),
    ],
)
def test_roles_that_are_not_clear(tmp_path, header, columns, words):
    metadata = table(tmp_path, header, trace())
    with pytest.raises(ReadError, match=words):
        read(metadata | ({} if columns is None else {"columns": columns}))


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (
            {"columns": {"time": 0, "voltage": [1, 2, 1], "current": [2, 2]}},
            "3 columns of voltage and 2 of current",
        ),
        (
            {"columns": {"time": 0, "voltage": 1}, "amplitudes": [1, 2]},
            "1 columns of voltage, but .* 2 amplitudes",
        ),
        ({"columns": {"time": 0, "voltage": 1}, "amplitudes": [1]}, "sampling step isn't known"),
    ],
)
def test_columns_and_amplitudes_that_do_not_fit(tmp_path, metadata, words):
    given = {"ton": 20, "toff": 60, "hypamp": 0, "v_unit": "mV", "i_unit": "pA"}
    with pytest.raises(ReadError, match=words):
        csv_reader(table(tmp_path, ["a", "b", "c"], trace()) | given | metadata)


def test_times_must_be_even(tmp_path):
    t, v, i = trace()
    t[500:] += 3
    with pytest.raises(ReadError, match="irregular"):
        read(table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i]))


def test_a_blank_line_in_the_middle_is_a_missing_sample(tmp_path):
    metadata = lccr(tmp_path)
    lines = Path(metadata["filepath"]).read_text(encoding="utf-8").splitlines()
    lines[100] = ""
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    with pytest.raises(ReadError, match="the first at 10 ms, sample 100"):
        read(metadata)


def test_inspection(tmp_path):
    t, v, i = trace()
    summary = inspect(table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i])["filepath"])
    assert (summary.format, [s.id for s in summary.sweeps]) == ("CSV", ["V (mV)"])
    assert summary.durations == [pytest.approx(100.0)]
    assert summary.units == {"voltage": ["mV"], "current": ["pA"]}
    summary = inspect(lccr(tmp_path)["filepath"])
    assert (summary.format, [s.id for s in summary.sweeps]) == ("text", ["column 1", "column 2"])
    assert "'amplitudes'" in summary.problems[0].message


# --- rows, numbers and names that aren't what they seem


def lines_of(path):
    return Path(path).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("row", [0, 1, 417, 999])
@pytest.mark.parametrize(("row_as", "cells"), [("-37,5938,50.0", 3), ("5,-37.5938,50.0", 3), ("1,2,3,4", 4)])
def test_a_row_with_a_cell_too_many_is_placed(tmp_path, header, row, row_as, cells):
    _, v, i = trace()
    metadata = table(tmp_path, ["V (mV)", "I (pA)"] if header else None, [v, i])
    metadata |= {"dt": 0.1, "t_unit": "ms", "v_unit": "mV", "i_unit": "pA"}
    metadata |= {"columns": {"voltage": 0, "current": 1}}
    lines = lines_of(metadata["filepath"])
    lines[row + header] = row_as
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    with pytest.raises(ReadError, match=rf"line {row + header + 1}: {cells} cells, but there are 2 columns"):
        read(metadata)


def test_rows_may_end_in_a_delimiter_and_columns_may_end_early(tmp_path):
    _, v, i = trace()
    metadata = table(tmp_path, ["V (mV)", "V2 (mV)", "I (pA)"], [v, v + 1, i])
    metadata |= {"dt": 0.1, "t_unit": "ms", "columns": {"voltage": [1, 2], "current": 0}}
    lines = lines_of(metadata["filepath"])
    rows = [line.split(",") for line in lines]
    rows = [[c, a, b] for a, b, c in rows]
    rows[901:] = [row[:2] for row in rows[901:]]
    Path(metadata["filepath"]).write_text(
        "\n".join(",".join(row) + "," for row in rows), encoding="utf-8", newline="\n"
    )
    sweeps, (problem,) = read(metadata)
    assert [len(s["voltage"]) for s in sweeps] == [1000, 900]
    assert "the last 100 samples hold no numbers" in problem.message


@pytest.mark.parametrize(
    "cell", ["-38_3438", "1_0", "３８", "٣", "0x1F", "1e5j", "1d3", "--3", "+ 3", "1e_5", "True"]
)
def test_numbers_are_those_that_any_program_reads(tmp_path, cell):
    t, v, i = trace()
    metadata = table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i])
    lines = lines_of(metadata["filepath"])
    lines[500] = ",".join([lines[500].split(",")[0], cell, "50.0"])
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    with pytest.raises(ReadError, match=r"line 501, column 2: '.*' isn't a number"):
        read(metadata)


@pytest.mark.parametrize("cell", ["-70", "-70.", "-.7e2", "-7E1", "-7.0e+01", " -70.0 ", '"-70"'])
def test_all_ways_to_write_a_number(tmp_path, cell):
    t, v, i = trace()
    metadata = table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i])
    lines = lines_of(metadata["filepath"])
    lines[500] = ",".join([lines[500].split(",")[0], cell, "50.0"])
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    (sweep,), _ = read(metadata)
    assert sweep["voltage"][499] == -70.0


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e400", "1e30"])
def test_numbers_that_no_cell_has(tmp_path, cell):
    from efewidgets.engine.recordings.reading import read_file

    t, v, i = trace()
    metadata = table(tmp_path, ["t (ms)", "V (mV)", "I (pA)"], [t, v, i])
    lines = lines_of(metadata["filepath"])
    lines[500] = ",".join([lines[500].split(",")[0], cell, "50.0"])
    Path(metadata["filepath"]).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    recordings, problems = read_file(metadata, "Step")
    assert recordings == []
    assert "sample 499" in problems[0].message


SCALED = [
    "Vm/10 (mV)",
    "Vm ×100 (mV)",
    "10*V (mV)",
    "Vm * 0.1 (mV)",
    "V x10 (mV)",
    "V 10x (mV)",
    "Vm gain 20 (mV)",
]


@pytest.mark.parametrize("header", SCALED)
def test_a_factor_in_a_column_s_name_is_not_passed_over(tmp_path, header):
    t, v, i = trace()
    metadata = table(tmp_path, ["t (ms)", header, "I (pA)"], [t, v, i], ";")
    with pytest.raises(ReadError, match=r"seems to state a factor .*'v_unit'"):
        read(metadata)
    (sweep,), _ = read(metadata | {"v_unit": "mV"})  # a person says that they are mV as they stand
    assert np.array_equal(sweep["voltage"], v)


@pytest.mark.parametrize("role", ["t/100 (ms)", "Im ×100 (pA)"])
def test_a_factor_of_time_or_current_is_not_passed_over(tmp_path, role):
    t, v, i = trace()
    header = [role, "V (mV)", "I (pA)"] if role[0] == "t" else ["t (ms)", "V (mV)", role]
    with pytest.raises(ReadError, match=f"seems to state a factor .*'{role[0].lower()}_unit'"):
        read(table(tmp_path, header, [t, v, i], ";"))


@pytest.mark.parametrize(
    "header",
    ["Vm1 (mV)", "V_2 (mV)", "10_Vm (mV)", "Sweep 1/5 (mV)", "Vm_scaled (mV)", "Ch 2: V (mV)", "Trace/V/mV"],
)
def test_numbers_in_names_are_no_factors(tmp_path, header):
    t, v, i = trace()
    (sweep,), _ = read(table(tmp_path, ["t (ms)", header, "I (pA)"], [t, v, i], ";"))
    assert np.array_equal(sweep["voltage"], v)


@pytest.mark.parametrize("unit", ["10 mV", "100 pA", "2", "mV/10"])
def test_a_unit_with_a_number_is_no_unit(tmp_path, unit):
    t, v, i = trace()
    with pytest.raises(
        ReadError, match=r"no column that is plainly the voltage|doesn't say the unit of its voltage"
    ):
        read(table(tmp_path, ["t (ms)", f"Vm ({unit})", "I (pA)"], [t, v, i], ";"))


def test_columns_that_are_not_used_are_named(tmp_path):
    t, v, i = trace()
    metadata = table(tmp_path, ["t (ms)", "V (mV)", "Vm", "I (pA)", "temperature"], [t, v, v, i, v])
    (_,), (note,) = read(metadata)
    assert note.severity == "note"
    assert "not used: 'Vm', 'temperature'" in note.message
    roles = {"time": 0, "voltage": 1, "current": 3}
    assert read(metadata | {"columns": roles})[1] == []
