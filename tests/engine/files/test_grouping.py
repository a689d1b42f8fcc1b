"""Guesses for each folder and format: one rig's habit is not read into another's names."""

from __future__ import annotations

from efewidgets.engine.files.grouping import group_sources
from efewidgets.engine.files.guessing import Source, pair_files


def found(paths, **options):
    sources, _ = pair_files(paths)
    groups = group_sources(sources, naming=(".nwb",), **options)
    return {(group.folders, group.suffix): (group.pattern, len(group.sources)) for group in groups}


WAVES = [
    f"{cell}/{cell}_Ch{ch}_{name}_{k}.ibw"
    for cell in ("B6", "B8")
    for name in ("IDRest", "APWaveform")
    for k in range(4)
    for ch in (0, 3)
]


def test_each_format_of_a_mixed_folder_is_read_by_itself():
    paths = [f"lab/{path}" for path in WAVES]
    paths += ["lab/B6/2020_07_29_0062.abf", "lab/B8/File_axon_3.abf", "lab/c1.nwb", "lab/c2.nwb"]
    assert found(paths) == {
        (("lab/B6", "lab/B8"), ".ibw"): ("{cell}_*_{protocol}_*", 16),
        (("lab/B6", "lab/B8"), ".abf"): ("{cell}/*", 2),
        (("lab",), ".nwb"): ("{cell}", 2),
    }


def test_folders_of_a_format_that_are_named_otherwise_are_groups_of_their_own():
    paths = [f"a/{cell}/IDrest_{k}.abf" for cell in ("c1", "c2") for k in range(6)]
    paths += [f"b/x7/17o_ic_ramp_{k}.abf" for k in range(2)]
    groups = found(paths)
    assert groups[(("a/c1", "a/c2"), ".abf")] == ("{cell}/{protocol}_*", 12)
    assert groups[(("b/x7",), ".abf")] == ("{cell}/*_*_{protocol}_*", 2)


def test_files_of_many_sweeps_are_cells_where_they_lie_so():
    runs = [("many/PYR1.abf", 20, ["cc"]), ("many/PYR3.abf", 20, ["cc"]), ("few/a1.abf", 1, ["cc"])]
    groups = found(["many/PYR1.abf", "many/PYR3.abf"], runs=runs)
    assert groups == {(("many",), ".abf"): ("{cell}", 2)}


def test_a_folder_of_runs_beside_one_of_many_protocols_is_still_a_cell_a_file():
    runs = [("many/PYR1.abf", 20, ["cc"]), ("many/PYR3.abf", 20, ["cc"])]
    runs += [("lab/0001.abf", 9, ["a"]), ("lab/0002.abf", 9, ["b"])]
    assert found([path for path, _, _ in runs], runs=runs) == {
        (("many",), ".abf"): ("{cell}", 2),
        (("lab",), ".abf"): ("{cell}/*", 2),
    }


def test_what_a_person_wrote_holds_for_its_place():
    groups = group_sources(
        [Source("a/x_1.abf"), Source("b/y_1.abf")], said={("a", ".abf"): "{protocol}_{number}"}
    )
    patterns = {group.folders: group.pattern for group in groups}
    assert patterns[("a",)] == "{protocol}_{number}"
    assert patterns[("b",)] != "{protocol}_{number}"
