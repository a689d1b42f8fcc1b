"""Two sessions beside each other, with differences that were made by hand."""

from __future__ import annotations

import csv
import io
import math

import pytest

from efewidgets import ExtractionState
from efewidgets.state.results.comparing import Average, Difference, as_csv, as_table, compare, in_words

from .. import lab


@pytest.fixture
def two(arguments):
    """Two states with the same decisions."""
    with ExtractionState.from_arguments(arguments) as one, ExtractionState.from_arguments(arguments) as other:
        yield one, other


def differences(two, *about):
    found = compare(two[0].results, two[1].results)
    return [one for one in found if one.about in about] if about else found


def test_the_same_decisions_differ_in_nothing(two):
    assert differences(two) == []
    assert as_table([]).empty


def test_decisions_differ_as_they_were_made(two):
    one, other = two
    one.exclude("f1/s0", "noisy")
    other.exclude(["f1/s1"], "seal lost")
    other.set_sweep("f2/s0", ton=60.0)
    other.set_metadata("f4", ljp=14.0)
    other.set_averaging(threshold_nvalue_save=3)
    other.set_efel_settings(Threshold=-10.0)
    other.set_rheobase("A", 0.15)
    other.describe_cells("B", genotype="KO")
    one.describe("f2/s1", drug="TTX")
    found = differences(two, "recordings", "exclusions", "timings", "files", "settings", "rheobases", "notes")
    old = one.results.rheobases["A"].value
    assert found == [
        Difference("exclusions", "A · IDthresh · A_IDthresh_0.json · s0", "reason", "noisy", None),
        Difference("exclusions", "A · IDthresh · A_IDthresh_0.json · s1", "reason", None, "seal lost"),
        Difference("timings", "A · IDrest · A_IDrest_0.json · s0", "ton", None, 60.0),
        Difference("files", "A · IV · A_IV_0.json", "ljp", None, 14.0),
        Difference("settings", "eFEL", "Threshold", -20.0, -10.0),
        Difference("settings", "extraction", "threshold_nvalue_save", 1, 3),
        Difference("rheobases", "A", "rheobase", f"{old:.6g} nA", "0.15 nA, by hand"),
        Difference("notes", "B", "genotype", None, "KO"),
        Difference("notes", "A · IDrest · A_IDrest_0.json · s1", "drug", "TTX", None),
    ]


def test_targets_are_found_again_by_protocol_amplitude_and_feature(two):
    one, other = two
    first = one.inputs.targets[0]
    other.edit_target(other.inputs.targets[0].id, tolerance=first.tolerance + 5)
    last = other.inputs.targets[-1]
    other.remove_targets(last.id)
    place, gone = (f"{t.protocol} · {t.amplitude:g} % · {t.name}" for t in (first, last))
    assert differences(two, "targets") == [
        Difference("targets", place, "tolerance", first.tolerance, first.tolerance + 5),
        Difference("targets", gone, "target", "wanted", None),
    ]
    other.use_auto_targets()
    assert differences(two, "targets")[0] == Difference(
        "targets", "all", "chosen", "by a person", "automatically"
    )


def test_averages_are_apart_by_standard_deviations_of_the_first(two):
    one, other = two
    other.exclude(other.results.feature_table.recording.iloc[0], "noisy")
    tables = [state.results.target_statistics.set_index("target") for state in two]
    found = {d.item: d for d in differences(two, "efeatures")}
    assert found
    for before, after in zip(one.results.targets, other.results.targets, strict=True):
        old, new = tables[0].loc[before.id], tables[1].loc[after.id]
        item = f"{before.protocol} · {before.amplitude:g} % · {before.name}"
        if item not in found:
            assert (old.n, repr(old["mean"]), repr(old["std"])) == (
                new.n,
                repr(new["mean"]),
                repr(new["std"]),
            )
            continue
        said = found[item]
        assert (said.first.n, said.second.n) == (old.n, new.n)
        if new.n and old.n:
            assert said.in_std == pytest.approx((new["mean"] - old["mean"]) / old["std"])
        else:
            assert said.in_std is None


def test_files_and_sweeps_that_only_one_has(two, tmp_path):
    _one, other = two
    other.remove_files("f4")
    path = lab.write_file(tmp_path / "new.json", [0.1, 0.2], 0.1)
    other.add_files("C", "IV", [{"filepath": str(path), "ton": lab.TON, "toff": lab.TOFF}])
    assert differences(two, "recordings") == [
        Difference("recordings", "A · IV · A_IV_0.json", "file", "3 sweeps", None),
        Difference("recordings", "C · IV · new.json", "file", None, "2 sweeps"),
    ]


def test_the_same_files_elsewhere_are_the_same(tmp_path):
    both = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        files = lab.write_cells(tmp_path / name, {"A": 0.1})
        both.append(ExtractionState.from_arguments(lab.arguments(files)))
    assert compare(both[0].results, both[1].results) == []
    (tmp_path / "there" / "more").mkdir()
    again = lab.write_file(tmp_path / "there" / "more" / "A_IV_0.json", [-0.1], 0.1)
    both[1].add_files("A", "IV", [{"filepath": str(again), "ton": lab.TON, "toff": lab.TOFF}])
    # two of one name: now whole paths count
    found = [one for one in compare(both[0].results, both[1].results) if one.about == "recordings"]
    assert [(one.first, one.second) for one in found] == [
        ("3 sweeps", None),
        (None, "3 sweeps"),
        (None, "1 sweep"),
    ]
    for state in both:
        state.close()


def test_as_a_table_that_no_spreadsheet_takes_for_formulas():
    first, second = Average(1.5, 0.25, 4, "mV"), Average(2.0, 0.5, 3, "mV")
    found = [
        Difference("notes", "A", "=key", '=HYPERLINK("x")', None),
        Difference("efeatures", "IV · 20 % · x", "mean ± std", first, second, 2.0),
        Difference("efeatures", "y", "mean ± std", Average(math.nan, math.nan, 0), Average(1.0, 1.0, 1)),
    ]  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert (rows[0]["what"], rows[0]["first"], rows[0]["second"]) == ("'=key", '\'=HYPERLINK("x")', "–")
    assert rows[1]["first"] == "1.5 ± 0.25 mV (n = 4)"
    assert [rows[1][n] for n in ("mean_first", "std_second", "n_second", "difference_in_std")] == [
        "1.5",
        "0.5",
        "3",
        "2.0",
    ]
    assert rows[2]["first"] == "no value"
    table = as_table(found)
    assert table.difference_in_std[1] == 2.0
    assert in_words({"a": True, "b": [1, 2.5]}) == "a: yes, b: 1, 2.5"


def test_by_one_line_of_python(two, tmp_path):
    one, other = two
    other.exclude("f1/s0", "noisy")
    table = one.results.compared_with(other.results)
    assert list(table[table.about == "exclusions"].second) == ["noisy"]
