"""NWB as it is written today: one long series an electrode, whose sweeps and stimuli stand in the icephys tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import inspect, read

from .nwb_files import add_aibs, add_mies, add_scala, in_amperes, in_volts, step, volts
from .nwb_tables import (
    EXTENSION,
    PLACE,
    TODAY,
    add_electrode,
    add_groups,
    add_long,
    add_rows,
    sweeps_of,
)

EACH = [[k] for k in range(4)]


def neuroconv(file: h5py.File) -> None:
    """One electrode, four sweeps one behind the other; the type stands beside the rows and in the sequence."""
    rows = sweeps_of(add_long(file, range(4)), 4)
    add_rows(file, rows, sequence=["day1"] * 4, stimulus_type=["Long Square"] * 4)
    add_groups(file, [EACH, [range(4)]], ["Long Square"])


def neuroconv_without_groups(file: h5py.File) -> None:
    """A lone interface of NeuroConv: rows, and no tables above."""
    rows = sweeps_of(add_long(file, range(4)), 4)
    add_rows(file, rows, sequence=["day1"] * 4, stimulus_type=["Long Square"] * 4)


def type_in_rows_alone(file: h5py.File) -> None:
    """The sequence was filled by a program; the rows say it."""
    rows = sweeps_of(add_long(file, range(4), gap=1.5), 4)
    add_rows(file, rows, sequence=["a"] * 4, stimulus_type=["Long Square"] * 2 + ["Ramp"] * 2)
    add_groups(file, [EACH, [range(4)]], ["not described"])


def type_in_sequences_alone(file: h5py.File) -> None:
    """A sibling run forced the column to exist."""
    rows = sweeps_of(add_long(file, range(4), gap=1.5), 4)
    add_rows(file, rows, sequence=["a"] * 2 + ["b"] * 2, stimulus_type=[""] * 4)
    add_groups(file, [EACH, [[0, 1], [2, 3]]], ["Long Square", "Step 2 (long)"])


def nothing_described(file: h5py.File) -> None:
    rows = sweeps_of(add_long(file, range(4)), 4)
    add_rows(file, rows, sequence=["a"] * 4, stimulus_type=["Not described."] * 4)
    add_groups(file, [EACH, [range(4)]], ["not described"])


def dual_patch(file: h5py.File) -> None:
    """Two electrodes at once: the series of both begin at 0."""
    first = add_long(file, [0, 1], "A", "electrode A", gap=2.0)
    second = add_long(file, [10, 11], "B", "electrode B", gap=2.0)
    rows = sweeps_of(first, 2) + sweeps_of(second, 2)
    add_rows(file, rows, sequence=["a"] * 4, stimulus_type=["IDrest"] * 4)
    add_groups(file, [[[0, 2], [1, 3]], [[0, 1]]], ["IDrest"])


def electrodes_in_the_table(file: h5py.File) -> None:
    """The series don't link to their electrodes; the table of recordings does."""
    first = add_long(file, [0, 1], "A", electrode=None)
    second = add_long(file, [10, 11], "B", electrode=None)
    table = add_rows(file, sweeps_of(first, 2) + sweeps_of(second, 2), stimulus_type=["IV"] * 4)
    places = [add_electrode(file, f"pipette {name}") for name in "PPQQ"]
    table.create_dataset("electrodes/electrode", data=[place.ref for place in places], dtype=h5py.ref_dtype)


def one_cell_two_electrodes(file: h5py.File) -> None:
    """Two files of one cell: each gave an electrode, never used at once, and both say the cell."""
    first = add_long(file, [0, 1], "A", "electrode A")
    second = add_long(file, [10, 11], "B", "electrode B")
    for name in "AB":
        file[f"{PLACE}/electrode {name}/cell_id"] = "m12 c3"
    rows = sweeps_of(first, 2) + sweeps_of(second, 2)
    add_rows(file, rows, sequence=["f1"] * 2 + ["f2"] * 2, stimulus_type=["IV"] * 2 + ["Ramp"] * 2)
    add_groups(file, [EACH, [[0, 1], [2, 3]]], ["IV", "Ramp"])


def extension(flat: bool) -> Callable[[h5py.File], None]:
    def make(file: h5py.File) -> None:
        rows = sweeps_of(add_long(file, range(4)), 4)
        add_rows(file, rows, flat=flat)
        levels = [EACH, [[0, 1], [2, 3]], [[0], [1]], [[0, 1]]]
        add_groups(file, levels, ["Square", "Ramp"], EXTENSION, ["control"])

    make.__name__ = f"extension_{'flat' if flat else 'aligned'}"
    return make


def one_series_a_sweep(file: h5py.File) -> None:
    """As pynwb's own tutorial has it: the names are Scala's, the types are the tables'."""
    rows = []
    for k in range(4):
        add_scala(file, str(k), k, "N/A")
        v = file[f"acquisition/CurrentClampSeries_{k}"]
        i = file[f"stimulus/presentation/CurrentClampStimulusSeries_{k}"]
        rows.append(((v, 0, 3000), (i, 0, 3000)))
    add_rows(file, rows)
    add_groups(file, [EACH, [range(3), [3]]], ["step protocol 5", "Ramp"])


def mies_two_headstages(file: h5py.File) -> None:
    for k in range(2):
        for e in range(2):
            add_mies(file, k, 10 * e + k, "LongPulse_DA_0", channels=(e, e))


def allen_slices(file: h5py.File) -> None:
    """The Allen Institute's first version, of two electrodes."""
    for k in range(4):
        add_aibs(file, f"Sweep_{k}", "Long Square", k)
        name = f"Electrode {k % 2 + 1}"
        add_electrode(file, name, **({"seal": "1.71 GOhm"} if k < 2 else {}))
        file[f"acquisition/timeseries/Sweep_{k}/electrode_name"] = name


@dataclass(frozen=True)
class Layout:
    """What must be found: numbers of sweeps by protocol in the file's order, cells, repetitions."""

    make: Callable[[h5py.File], None]
    protocols: dict[str, list[int]]
    cells: list[str] = field(default_factory=lambda: ["electrode A"])
    repetitions: list[int] = field(default_factory=list)


FOUR = list(range(4))
TWO_AND_TWO = [0, 1, 10, 11]
LAYOUTS = [
    Layout(neuroconv, {"Long Square": FOUR}),
    Layout(neuroconv_without_groups, {"Long Square": FOUR}),
    Layout(type_in_rows_alone, {"Long Square": [0, 1], "Ramp": [2, 3]}),
    Layout(type_in_sequences_alone, {"Long Square": [0, 1], "Step 2 (long)": [2, 3]}, repetitions=[1]),
    Layout(nothing_described, {"Step": FOUR}),
    Layout(dual_patch, {"IDrest": TWO_AND_TWO}, ["electrode A", "electrode B"]),
    Layout(electrodes_in_the_table, {"IV": TWO_AND_TWO}, ["pipette P", "pipette Q"]),
    Layout(one_cell_two_electrodes, {"IV": [0, 1], "Ramp": [10, 11]}, ["m12 c3"], [1]),
    Layout(extension(True), {"Square": [0, 1], "Ramp": [2, 3]}, repetitions=[1, 2]),
    Layout(extension(False), {"Square": [0, 1], "Ramp": [2, 3]}, repetitions=[1, 2]),
    Layout(one_series_a_sweep, {"step protocol 5": [0, 1, 2], "Ramp": [3]}, []),
    Layout(mies_two_headstages, {"LongPulse_DA_0": [0, 10, 1, 11]}, ["DA0", "DA1"]),
    Layout(allen_slices, {"Long Square": FOUR}, ["Electrode 1", "Electrode 2"]),
]
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=[one.make.__name__ for one in LAYOUTS])


def write(path, make):
    with h5py.File(path / "a.nwb", "w") as file:
        make(file)
    return str(path / "a.nwb")


def kept(path, **metadata):
    sweeps, problems = read({"filepath": path} | metadata)
    return [sweep for sweep in sweeps if sweep is not None], problems


@each_layout
def test_each_layout_has_its_protocols_sweeps_cells_and_units(tmp_path, layout):
    path = write(tmp_path, layout.make)
    summary = inspect(path)
    assert summary.protocols == list(layout.protocols)
    assert summary.cells == layout.cells
    assert summary.repetitions == layout.repetitions
    assert summary.units == {"voltage": ["volts"], "current": ["amperes"]}
    assert summary.durations == [pytest.approx(300.0)]
    assert summary.sampling_rates == [pytest.approx(10_000.0)]
    for protocol, ks in layout.protocols.items():
        sweeps, _ = kept(path, protocol_name=protocol)
        assert len(sweeps) == len(ks)
        for sweep, k in zip(sweeps, ks, strict=True):
            assert np.array_equal(sweep["voltage"], in_volts(volts(k)))
            assert np.array_equal(sweep["current"], in_amperes(step(k)))
            assert sweep["dt"] == pytest.approx(1e-4, rel=1e-12)


@each_layout
def test_each_cell_can_be_chosen(tmp_path, layout):
    path = write(tmp_path, layout.make)
    everything, problems = kept(path)
    assert any("cell_name" in p.message for p in problems) is (len(layout.cells) > 1)
    if layout.cells:
        assert sum(len(kept(path, cell_name=cell)[0]) for cell in layout.cells) == len(everything)


def test_what_names_no_stimulus_is_told(tmp_path):
    _, problems = kept(write(tmp_path, nothing_described))
    assert ["4 of its 4 sweeps don't say of which stimulus they are" in p.message for p in problems] == [True]
    _, problems = kept(write(tmp_path, neuroconv))
    assert problems == []


def test_a_step_of_the_tables_is_found_under_bluepyefes_name_too(tmp_path):
    path = write(tmp_path, type_in_sequences_alone)
    assert [s["protocol"] for s in kept(path, protocol_name="Step")[0]] == ["Step 2 (long)"] * 2


# --- repetitions and conditions


def runs(file: h5py.File, **columns: list) -> None:
    rows = sweeps_of(add_long(file, range(6)), 6)
    add_rows(
        file, rows, sequence=list("aabbcc"), stimulus_type=["IV", "IV", "Ramp", "Ramp", "IV", "IV"], **columns
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, [1, 1, 1, 1, 2, 2]),  # which run of its stimulus it is
        ({"repetition": ["r3"] * 4 + ["r7"] * 2}, [3, 3, 3, 3, 7, 7]),  # the labels end with numbers
        ({"repetition": ["first"] * 4 + ["again"] * 2}, [1, 1, 1, 1, 2, 2]),
        ({"repetition": ["1"] * 2 + ["2"] * 4}, [1, 1, 2, 2, 2, 2]),
        ({"repetition": [4, 4, 5, 5, 6, 6]}, [4, 4, 5, 5, 6, 6]),
    ],
)
def test_repetitions(tmp_path, columns, expected):
    path = write(tmp_path, lambda file: runs(file, **columns))
    assert [sweep.repetition for sweep in inspect(path).sweeps] == expected
    wanted = expected[-1]
    sweeps, _ = kept(path, repetition=wanted, protocol_name="IV")
    rows = [k for k in (0, 1, 4, 5) if expected[k] == wanted]
    assert [s["id"] for s in sweeps] == [f"CurrentClampSeriesA, recording {k}" for k in rows]


@pytest.mark.parametrize("by", ["column", "table"])
def test_conditions_are_not_mixed_without_a_word(tmp_path, by):
    def make(file):
        column = {"condition": ["control"] * 4 + ["TTX"] * 2} if by == "column" else {}
        runs(file, **column)
        labels = ["control", "TTX"] if by == "table" else []
        levels = [[[k] for k in range(6)], [[0, 1], [2, 3], [4, 5]], [[0, 1], [2]], [[0], [1]]]
        add_groups(file, levels, ["IV", "Ramp", "IV"], TODAY, labels)

    path = write(tmp_path, make)
    assert [sweep.condition for sweep in inspect(path).sweeps] == ["control"] * 4 + ["TTX"] * 2
    sweeps, (warning,) = kept(path, protocol_name="IV")
    assert len(sweeps) == 4
    assert warning.severity == "warning"
    assert "2 experimental conditions" in warning.message
    assert "'control' (2 sweeps), 'TTX' (2 sweeps)" in warning.message
    assert "'condition' in the metadata" in warning.message
    sweeps, problems = kept(path, protocol_name="IV", condition="ttx")
    assert [s["id"][-1] for s in sweeps] == ["4", "5"]
    assert problems == []
    with pytest.raises(ReadError, match=r"no condition 'TTY' \(condition\). It has 'control', 'TTX'"):
        kept(path, condition="TTY")


# --- times


def test_pauses_between_sweeps_are_no_fault_of_the_sweeps(tmp_path):
    path = write(tmp_path, lambda file: add_rows(file, sweeps_of(add_long(file, range(3), gap=7.3), 3)))
    sweeps, problems = kept(path, protocol_name="Step")
    assert [len(s["voltage"]) for s in sweeps] == [3000] * 3
    assert problems == []


def test_uneven_stamps_within_a_sweep_are(tmp_path):
    path = write(tmp_path, lambda file: add_rows(file, sweeps_of(add_long(file, range(3), gap=7.3), 3)))
    with h5py.File(path, "a") as file:
        for place in ("acquisition/CurrentClampSeriesA", "stimulus/presentation/CurrentClampStimulusSeriesA"):
            file[place]["timestamps"][4000:6000] += 0.01
    sweeps, problems = kept(path, protocol_name="Step")
    assert [s["id"][-1] for s in sweeps] == ["0", "2"]
    assert [(p.recording[-1], "irregular" in p.message) for p in problems] == [("1", True)]


def test_sweeps_of_unequal_length(tmp_path):
    def make(file):
        v, i = add_long(file, range(3))
        parts = [(0, 2000), (2000, 4000), (6000, 3000)]
        add_rows(file, [((v, *part), (i, *part)) for part in parts])

    sweeps, _ = kept(write(tmp_path, make))
    assert [len(s["voltage"]) for s in sweeps] == [2000, 4000, 3000]
    whole = in_volts(np.concatenate([volts(k) for k in range(3)]))
    assert np.array_equal(np.concatenate([s["voltage"] for s in sweeps]), whole)


# --- what isn't used is said, row by row


def mixed(file: h5py.File) -> None:
    """Current clamp, voltage clamp, I = 0, and current clamp without a stimulus, in one file."""
    clamp = add_long(file, [0, 1], "A")
    zero = add_long(file, [2], "Z", stimulus=False, kind="IZeroClampSeries")
    bare = add_long(file, [3, 4], "N", stimulus=False)
    held = add_long(file, [5], "V", stimulus=False, kind="VoltageClampSeries")
    held[0]["data"].attrs["unit"] = "amperes"
    rows = [
        row for series, n in ((clamp, 2), (zero, 1), (bare, 2), (held, 1)) for row in sweeps_of(series, n)
    ]
    add_rows(file, rows, stimulus_type=["IV"] * len(rows))


def test_rows_that_are_no_recordings_of_a_stimulus_are_named_with_the_reason(tmp_path):
    sweeps, problems = kept(write(tmp_path, mixed))
    assert [s["id"] for s in sweeps] == [
        "CurrentClampSeriesA, recording 0",
        "CurrentClampSeriesA, recording 1",
    ]
    said = {p.message.split(" (")[0][:40]: p for p in problems}
    assert len(problems) == 3
    assert sum("voltage clamp" in p.message and p.severity == "note" for p in problems) == 1
    assert sum("I = 0" in p.message and p.severity == "note" for p in problems) == 1
    (bare,) = (p for p in problems if "its stimulus isn't in the file" in p.message)
    assert bare.severity == "error"
    assert "'stimulus_channel_name' or 'stimulus_command'" in bare.message  # what could be done
    assert "2 sweeps: CurrentClampSeriesN, recording 3, CurrentClampSeriesN, recording 4" in bare.message
    assert said
    listed = inspect(write(tmp_path, mixed))
    assert len(listed.sweeps) + len({p.recording for p in listed.problems} - {None}) == 6


def test_a_file_of_responses_alone_says_what_could_be_done(tmp_path):
    make = lambda file: add_rows(file, sweeps_of(add_long(file, [0, 1], stimulus=False), 2))  # noqa: E731
    with pytest.raises(
        ReadError, match=r"its stimulus isn't in the file. (.|\n)*write the file again with it"
    ):
        kept(write(tmp_path, make))


@pytest.mark.parametrize(
    ("first", "count", "words"),
    [(8000, 3000, "were asked for"), (9000, 1, ""), (2_000_000_000, 100, "were asked for"), (0, 2, "")],
)
def test_a_row_that_points_beyond_its_series_takes_no_other_down(tmp_path, first, count, words):
    def make(file):
        v, i = add_long(file, range(3))
        rows = sweeps_of((v, i), 3)
        add_rows(file, [*rows[:2], ((v, first, count), (i, first, count))])

    sweeps, problems = kept(write(tmp_path, make))
    usable = [s["id"] for s in sweeps if len(s["voltage"]) == 3000]
    assert usable == ["CurrentClampSeriesA, recording 0", "CurrentClampSeriesA, recording 1"]
    assert any(words in p.message for p in problems) or len(sweeps) == 3


def test_a_row_whose_series_is_gone_is_named(tmp_path):
    path = write(tmp_path, dual_patch)
    with h5py.File(path, "a") as file:
        del file["acquisition/CurrentClampSeriesB"]
    sweeps, problems = kept(path, protocol_name="IDrest")
    assert len(sweeps) == 2
    (gone,) = (p for p in problems if p.severity == "error")
    assert (
        "points to a series that isn't in the file any more. (2 sweeps: recording 2, recording 3)"
        in gone.message
    )


# --- facts, comments, marks


def with_facts(file: h5py.File) -> None:
    v, i = add_long(file, range(2))
    v.attrs["comments"] = "pipette drifted"  # of both sweeps: no sweep's own
    for name, value in (
        ("bias_current", -35e-12),
        ("bridge_balance", 12.5e6),
        ("capacitance_compensation", 4e-12),
    ):
        v[name] = value
    v["gain"] = 20.0
    i["gain"] = np.nan
    electrode = file[f"{PLACE}/electrode A"]
    for name, value in (
        ("seal", "1.2 GOhm"),
        ("resistance", "4,5 MΩ"),
        ("initial_access_resistance", "11500000"),
    ):
        electrode[name] = value
    marks = {"passed": [True, False], "tags": ["", "seal lost"], "condition": ["ctrl"] * 2}
    add_rows(file, sweeps_of((v, i), 2), stimulus_type=["IV"] * 2, **marks)


FACTS = {
    "seal_resistance_MOhm": 1200.0,
    "pipette_resistance_MOhm": 4.5,
    "initial_access_resistance_MOhm": 11.5,
    "bias_current_pA": -35.0,
    "bridge_balance_MOhm": 12.5,
    "capacitance_compensation_pF": 4.0,
    "amplifier_gain_V/V": 20.0,
}


def test_facts_are_kept_and_change_no_sample(tmp_path):
    sweeps, problems = kept(write(tmp_path, with_facts))
    for k, sweep in enumerate(sweeps):
        assert sweep["facts"] == pytest.approx(FACTS)
        assert np.array_equal(sweep["voltage"], in_volts(volts(k)))  # no gain, no bridge
        assert np.array_equal(sweep["current"], in_amperes(step(k)))  # no bias
    (bias,) = (p for p in problems if "bias current" in p.message)
    assert "-35 pA, the stimulus begins at -20 pA" in bias.message
    assert "'add_holding': true" in bias.message


def test_facts_of_an_electrode_that_is_named_but_not_linked(tmp_path):
    sweeps, _ = kept(write(tmp_path, allen_slices), cell_name="Electrode 2")
    assert [s["facts"]["seal_resistance_MOhm"] for s in sweeps] == [pytest.approx(1710.0)] * 2


def test_the_bias_current_is_added_where_a_person_wants_it(tmp_path):
    sweeps, problems = kept(write(tmp_path, with_facts), add_holding=True)
    for k, sweep in enumerate(sweeps):
        assert sweep["current"] == pytest.approx((step(k) - 35.0) * 1e-12, rel=1e-5)
    assert not any("bias current" in p.message for p in problems)


@pytest.mark.parametrize("add", [True, False])
def test_a_stimulus_that_begins_at_the_bias_current_includes_it(tmp_path, add):
    path = write(tmp_path, with_facts)
    with h5py.File(path, "a") as file:
        file["acquisition/CurrentClampSeriesA/bias_current"][()] = -20e-12
    sweeps, problems = kept(path, add_holding=add)
    for k, sweep in enumerate(sweeps):
        assert np.array_equal(sweep["current"], in_amperes(step(k)))
    assert not any("bias current" in p.message for p in problems)


def test_marks_and_comments_of_failed_sweeps_are_told(tmp_path):
    _, problems = kept(write(tmp_path, with_facts))
    (mark,) = (p for p in problems if "marks it as failed" in p.message)
    assert mark.recording == "CurrentClampSeriesA, recording 1"
    assert "passed = False" in mark.message
    assert "'seal lost'" in mark.message
    assert not any("pipette drifted" in p.message for p in problems)
    path = write(tmp_path, lambda file: add_scala(file, "0", 0, "IV"))
    with h5py.File(path, "a") as file:
        file["acquisition/CurrentClampSeries_0"].attrs["comments"] = "patch lost at the end"
    (note,) = kept(path)[1]
    assert (note.severity, note.recording) == ("note", "CurrentClampSeries_0")
    assert "'patch lost at the end'" in note.message


@pytest.mark.parametrize(
    ("words", "expected"),
    [("12 MOhm", 12.0), ("0.9 GΩ", 900.0), ("2.5e9", 2500.0), ("Rs: 8.25 megaohm", 8.25), ("900 kOhm", 0.9),
     ("1,7 Gohms", 1700.0), ("3300000 ohm", 3.3), ("12", None), ("> a lot", None), ("", None), ("0 MOhm", None),
     ("nan", None), ("12 MOhm to 15 MOhm", None), (7.5e6, 7.5), (5, None)],
)  # fmt: skip
def test_resistances_in_words(tmp_path, words, expected):
    def make(file):
        add_rows(file, sweeps_of(add_long(file, [0]), 1, 1500), stimulus_type=["IV"])
        file[f"{PLACE}/electrode A/seal"] = words

    (sweep,), _ = kept(write(tmp_path, make))
    found = sweep.get("facts", {}).get("seal_resistance_MOhm")
    assert found == (None if expected is None else pytest.approx(expected))


def test_conversion_and_offset_are_applied_and_resolution_is_not(tmp_path):
    def make(file):
        v, i = add_long(file, range(2))
        for series, factor, offset in ((v, 5e-4, -0.01), (i, 2e-12, 3e-12)):
            series["data"].attrs.update(conversion=factor, offset=offset, resolution=1e-6)
        add_rows(file, sweeps_of((v, i), 2))

    sweeps, _ = kept(write(tmp_path, make))
    for k, sweep in enumerate(sweeps):
        assert sweep["voltage"] == pytest.approx(volts(k).astype(float) * 5e-4 - 0.01, rel=1e-6)
        assert sweep["current"] == pytest.approx(step(k).astype(float) * 2e-12 + 3e-12, rel=1e-6)


# --- other files


def linked(path, target="other.nwb", inner="/acquisition/CurrentClampSeriesA", part="data"):
    """Write a file whose voltage (or its data alone) lies in another file."""
    write(path, neuroconv)
    (path / "a.nwb").rename(path / "other.nwb")
    write(path, neuroconv)
    with h5py.File(path / "a.nwb", "a") as file:
        series = file["acquisition/CurrentClampSeriesA"]
        if part == "data":
            del series["data"]
            series["data"] = h5py.ExternalLink(target, inner + "/data")
        else:
            del file["acquisition/CurrentClampSeriesA"]
            file["acquisition/CurrentClampSeriesA"] = h5py.ExternalLink(target, inner)
    return str(path / "a.nwb")


def test_samples_in_another_file_are_read_from_there(tmp_path):
    sweeps, problems = kept(linked(tmp_path))
    assert problems == []
    for k, sweep in enumerate(sweeps):
        assert np.array_equal(sweep["voltage"], in_volts(volts(k)))


def test_samples_in_a_file_that_is_missing_are_told(tmp_path):
    path = linked(tmp_path)
    (tmp_path / "other.nwb").unlink()
    words = r"lies in another file, 'other.nwb', which isn't there. Put it beside this one"
    with pytest.raises(ReadError, match=words):
        kept(path)
    found = inspect(path)  # without reading anything
    assert [p.recording for p in found.problems] == [sweep.id for sweep in found.sweeps]
    assert all(re.search(words, p.message) for p in found.problems)


def test_a_series_in_another_file_under_another_name(tmp_path):
    def make(file):
        add_scala(file, "0", 0, "IV")
        file.move("acquisition/CurrentClampSeries_0", "kept/elsewhere")

    write(tmp_path, make)
    (tmp_path / "a.nwb").rename(tmp_path / "other.nwb")
    path = write(tmp_path, lambda file: add_scala(file, "0", 0, "IV"))
    with h5py.File(path, "a") as file:
        del file["acquisition/CurrentClampSeries_0"]
        file["acquisition/CurrentClampSeries_0"] = h5py.ExternalLink("other.nwb", "/kept/elsewhere")
    (sweep,), _ = kept(path)
    assert np.array_equal(sweep["voltage"], in_volts(volts(0)))
    (tmp_path / "other.nwb").unlink()
    with pytest.raises(ReadError, match=r"lies in another file, 'other.nwb', which isn't there"):
        kept(path)


def test_samples_in_files_of_another_kind_are_asked_for(tmp_path):
    """As image series have them: paths in place of samples."""
    path = write(tmp_path, lambda file: add_scala(file, "0", 0, "IV"))
    with h5py.File(path, "a") as file:
        series = file["acquisition/CurrentClampSeries_0"]
        del series["data"]
        series.create_dataset("data", shape=(0,), dtype="f4")
        series["external_file"] = np.array(["day1/cell3.bin"], object)
    with pytest.raises(ReadError, match=r"its samples are in another file, 'day1/cell3.bin'"):
        kept(path)
