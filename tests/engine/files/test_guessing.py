"""Guesses from names: pairs of waves, cells and protocols."""

from __future__ import annotations

import time

import pytest

from efewidgets.engine.files.guessing import (
    Source,
    as_metadata,
    guess_pattern,
    hold_a_cell_each,
    is_protocol,
    pair_files,
    propose,
)
from efewidgets.engine.files.name_patterns import Pattern
from efewidgets.engine.problems import EfeError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("c/exp_IV_ch0_12.ibw", "c/exp_IV_ch1_12.ibw"),
        ("X1_IDrest_3.ibw", "X2_IDrest_3.ibw"),
        ("B6_Ch0_IDRest_181.ibw", "B6_Ch3_IDRest_181.ibw"),
        ("a/IV 3_i.bwav", "a/IV 3_v.bwav"),
        ("IV-current-1.IBW", "IV-voltage-1.IBW"),
    ],
)
def test_waves_pair_whose_names_differ_by_the_channel(one, other):
    sources, problems = pair_files([one, other])
    assert problems == []
    assert [(s.path, s.current) for s in sources] == [(other, one)]
    assert sources[0].metadata == {"v_file": other, "i_file": one}


def test_units_decide_which_wave_is_the_voltage():
    units = {"x_ch0_1.ibw": "V", "x_ch1_1.ibw": "A"}
    assert pair_files(units, units.get)[0] == [Source("x_ch0_1.ibw", "x_ch1_1.ibw")]
    units = {"x_ch0_1.ibw": None, "x_ch1_1.ibw": "pA"}
    assert pair_files(units, units.get)[0] == [Source("x_ch0_1.ibw", "x_ch1_1.ibw")]
    # names that say otherwise are wrong
    units = {"x_v.ibw": "nA", "x_i.ibw": "mV"}
    assert pair_files(units, units.get)[0] == [Source("x_i.ibw", "x_v.ibw")]
    assert "higher channel" in pair_files(["x_ch0_1.ibw", "x_ch1_1.ibw"])[0][0].problems[0]


def test_of_four_channels_the_units_tell_the_two():
    names = [f"x_ch{k}_1.ibw" for k in range(4)]
    units = dict(zip(names, ["A", "V", None, None], strict=True))
    assert pair_files(names, units.get)[0] == [Source(names[1], names[0])]
    sources, problems = pair_files(names)
    assert sources == []
    assert len(problems) == 4
    assert "4 waves" in problems[0].message


def test_what_can_not_be_paired_is_said():
    sources, problems = pair_files(["a/x_ch0_1.ibw", "b/x_ch1_1.ibw", "x_ch1_2.ibw", "y.abf", "y.abf"])
    assert sources == [Source("y.abf")]
    assert sorted(p.file for p in problems) == ["a/x_ch0_1.ibw", "b/x_ch1_1.ibw", "x_ch1_2.ibw"]
    units = dict.fromkeys(["x_ch0_1.ibw", "x_ch1_1.ibw"], "mV")
    assert "both waves of this pair are voltages" in pair_files(units, units.get)[1][0].message


@pytest.mark.parametrize(
    ("pattern", "path", "said"),
    [
        ("{cell}/{protocol}_*", "lab/C1/IDrest_3.abf", {"cell": "C1", "protocol": "IDrest"}),
        ("{cell}/{protocol}_*", "IDrest_3.abf", None),
        ("{cell}_{date}_{protocol}", "c 7_2020-03-12_IV.abf", {"cell": "c 7", "protocol": "IV"}),
        ("{cell}_{date}_{protocol}", "c_7_20200312_my_IV.abf", {"cell": "c_7", "protocol": "my_IV"}),
        ("{cell}/*_{protocol}_*", "C/X_IDrest_ch1_326.ibw", {"cell": "C", "protocol": "IDrest"}),
        ("{cell}", "a/b.c/d.e.nwb", {"cell": "d.e"}),
        ("{cell}.nwb", "a/d.nwb", {"cell": "d"}),
        ("{cell}?{number}", "细胞_7.abf", {"cell": "细胞"}),
        ("{Cell}/{protocol}", "<img src=x>/it's\n.abf", {"cell": "<img src=x>", "protocol": "it's"}),
        (
            r"re:(?P<cell>C\d+).*?(?P<protocol>ID\w+?)_",
            "x/C12-IDrest_3.abf",
            {"cell": "C12", "protocol": "IDrest"},
        ),
        (r"re:(?P<cell>C\d+)(?P<protocol>IV)?", "C12.abf", {"cell": "C12"}),
    ],
)
def test_patterns(pattern, path, said):
    assert Pattern(pattern).match(path) == said


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "empty"),
        ("*", "neither"),
        ("{cel}_*", "Did you mean 'cell'"),
        ("{cell}{protocol}", "nothing stands before"),
        ("{cell}_{cell}", "twice"),
        ("{cell", "not closed"),
        ("x" * 500, "longer"),
        ("re:(", "can't be used"),
        ("re:(?P<sell>x)", "neither cell nor protocol"),
    ],
)
def test_bad_patterns_say_why(pattern, reason):
    with pytest.raises(EfeError, match=reason):
        Pattern(pattern)


def test_a_nasty_name_takes_no_time():
    pattern = Pattern("{cell}_*_*_*_{protocol}_*.x")
    begin = time.process_time()
    assert pattern.match("_".join(["a"] * 120)) is None
    assert Pattern("{cell}" + "*a" * 150 + "b").match("a" * 250) is None
    assert time.process_time() - begin < 5


def test_an_expression_that_would_search_for_years_is_stopped(monkeypatch):
    monkeypatch.setattr("efewidgets.engine.files.expressions.LIMIT", 0.5)
    begin = time.perf_counter()
    with pytest.raises(EfeError, match=r"takes more than 0.5 s"):
        Pattern(r"re:(?P<cell>(a+)+)$").match_all(["b", "a" * 50 + "!"])
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["C1/X_IDrest_ch1_326.ibw", "C2/X_IV_ch1_3.ibw"], "{cell}/*_{protocol}_*"),
        (["B6/B6_Ch3_IDRest_185.ibw", "B9/B9_Ch3_IDRest_1.ibw"], "{cell}_*_{protocol}_*"),
        (["lab/C1/IV/1.abf", "lab/C1/IDrest/2.abf"], "{cell}/{protocol}/*"),
        (["C1/IDrest_1.abf", "C1/sAHP_2.abf"], "{cell}/{protocol}_*"),
        (["c1_IDrest.abf", "c2_IDrest.abf"], "{cell}_{protocol}"),
        (["C1/2020_03_02_0000.abf"], "{cell}/*"),
        (["x.abf", "y.abf"], "{cell}"),
        ([], "{cell}/{protocol}_*"),
    ],
)
def test_a_first_proposal(paths, pattern):
    assert guess_pattern(paths) == pattern
    for path in paths:
        assert Pattern(pattern).match(path) is not None


def test_a_known_protocol():
    assert is_protocol("ID rest")
    assert is_protocol("IDrest2")
    assert not is_protocol("passive")
    assert not is_protocol("")


def test_files_that_name_their_protocols_give_a_row_for_each():
    inside = {"r/c1.nwb": ["IV", "Step"]}
    found = propose(
        [Source("r/c1.nwb"), Source("r/c2.abf"), Source("r/c3.abf", problems=("x",))],
        Pattern("{cell}"),
        named=lambda path: path[2:],
        protocols_in=lambda path: inside.get(path, ()),
    )
    assert [(one.cell, one.protocol, one.found_in) for one in found] == [
        ("c1", "IV", "name, file"),
        ("c1", "Step", "name, file"),
        ("c2", "", "name"),
        ("c3", "", "name"),
    ]
    assert found[3].problems == ("x",)
    assert as_metadata(found) == {
        "c1": {"IV": [{"filepath": "r/c1.nwb"}], "Step": [{"filepath": "r/c1.nwb"}]}
    }
    assert "doesn't fit" in propose([Source("a.abf")], Pattern("{cell}/{protocol}"))[0].problems[0]


def test_real_folders(shared_data):
    from efewidgets import inspect
    from efewidgets.engine.files.folders import Root

    root = Root(shared_data / "recordings" / "ibw_sscx")
    paths = [str(root.path / entry.relative) for entry in root.tree(suffixes=[".ibw"]).entries]

    def unit(path):
        units = inspect(path).units
        return next(iter(units["voltage"] + units["current"]), None)

    sources, problems = pair_files(paths, unit)
    assert problems == []
    assert len(sources) * 2 == len(paths) == 428
    pattern = guess_pattern([root.relative(s.path) for s in sources])
    found = as_metadata(propose(sources, Pattern(pattern), named=root.relative))
    assert sorted(found) == ["C060109A1-SR-C1", "C061128A4-SR-C1", "C080501A5-SR-C1"]
    assert {len(protocols) for protocols in found.values()} == {8}


RECORDED = {"PYR1.abf": "IDrest 25 pA", "PYR2.abf": "cc25pA1s", "c3_IV_1.abf": "somebody's default"}


@pytest.mark.parametrize(
    ("pattern", "sure", "path", "expected"),
    [
        ("{cell}", True, "PYR1.abf", ("PYR1", "IDrest 25 pA", "name, header")),
        ("{cell}", True, "PYR2.abf", ("PYR2", "cc25pA1s", "name, header")),
        (None, True, "PYR1.abf", ("", "IDrest 25 pA", "header")),
        ("{cell}", True, "PYR9.abf", ("PYR9", "", "name")),  # a header without a name
        ("{cell}_{protocol}_*", True, "c3_IV_1.abf", ("c3", "IV", "name")),
        ("{cell}_{protocol}_*", False, "c3_IV_1.abf", ("c3", "IV", "name")),  # a known protocol in the name
        ("{cell}_{protocol}", True, "c3_x.abf", ("c3", "x", "name")),  # a person wrote so
        ("{protocol}", False, "PYR1.abf", ("", "IDrest 25 pA", "name, header")),  # a pattern that was guessed
    ],
)
def test_the_protocol_in_a_header_is_a_guess(pattern, sure, path, expected):
    (one,) = propose(
        [Source(path)],
        Pattern(pattern) if pattern else None,
        protocol_of=lambda path: RECORDED.get(path, ""),
        pattern_is_sure=sure,
    )
    assert (one.cell, one.protocol, one.found_in) == expected


def test_protocols_by_which_sweeps_are_chosen_go_before_that_of_the_header():
    found = propose(
        [Source("a.nwb")], Pattern("{cell}"), protocols_in=lambda _: ["IV", "Step"], protocol_of=lambda _: "x"
    )
    assert [one.protocol for one in found] == ["IV", "Step"]


@pytest.mark.parametrize(
    ("files", "each"),
    [
        ([("a/1.abf", 10, []), ("a/2.abf", 12, [])], True),
        ([("a/1.abf", 1, []), ("a/2.abf", 1, [])], False),
        # one folder a cell, one file a protocol: what Clampex's users have
        ([("a/1.abf", 10, ["IV"]), ("a/2.abf", 12, ["Ramp"])], False),
        ([("a/1.abf", 10, ["IV"]), ("a/2.abf", 12, ["IV"])], True),
        ([("a/1.abf", 10, ["IV"]), ("b/2.abf", 12, ["Ramp"])], True),
        ([], False),
    ],
)
def test_which_files_are_a_cell_each(files, each):
    assert hold_a_cell_each(files) is each


def test_a_protocol_in_the_names_beats_that_each_file_is_a_cell():
    assert guess_pattern(["x/PYR1.abf", "x/PYR2.abf"], files_are_cells=True) == "{cell}"
    assert guess_pattern(["x/PYR1.abf", "x/PYR2.abf"]) == "{cell}/*"
    assert guess_pattern(["C1/IDrest_1.abf", "C1/sAHP_2.abf"], files_are_cells=True) == "{cell}/{protocol}_*"
