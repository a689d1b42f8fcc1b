"""A protocol's new name is for people: files that choose their sweeps by their own name of it keep it."""

from __future__ import annotations

import h5py
import pytest

from efewidgets import ExtractionState
from tests.engine.readers.nwb_files import add_bbp, add_scala

WINDOWS_PATH = "C:\\Axon\\Params\\cc25pA1s protocol"


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(4):
            add_scala(file, f"{k}", k, WINDOWS_PATH if k < 3 else "IV")
    return str(tmp_path / "a.nwb")


def read(state):
    """Return the sweeps of each protocol, and what is said of files."""
    found = {}
    for member in state.results.members.values():
        found.setdefault(member.protocol, []).append(member.recording.label)
    return found, [p.message for p in state.results.problems if p.kind == "file" and p.severity == "error"]


def test_an_unknown_name_is_no_dead_end(path):
    sweeps = [f"CurrentClampSeries_{k}" for k in range(3)]
    with ExtractionState() as state:
        (file,) = state.add_files("c", WINDOWS_PATH, path)
        assert read(state)[0] == {}
        state.regroup_files(file, protocol="Step")
        assert read(state) == ({"Step": sweeps}, [])
        assert state.inputs.by_name["c"].by_id[file].metadata["protocol_name"] == WINDOWS_PATH
        state.regroup_files(file, protocol="LongSquare")
        assert read(state) == ({"LongSquare": sweeps}, [])
        # The file's own name again: nothing more need be said.
        state.regroup_files(file, protocol=WINDOWS_PATH)
        assert "protocol_name" not in state.inputs.by_name["c"].by_id[file].metadata
        state.undo()
        assert read(state)[0] == {"LongSquare": sweeps}


def test_a_name_of_another_protocol_of_the_file_takes_the_same_sweeps(path):
    with ExtractionState() as state:
        (file,) = state.add_files("c", WINDOWS_PATH, path)
        state.regroup_files(file, protocol="IV")
        assert read(state)[0] == {"IV": [f"CurrentClampSeries_{k}" for k in range(3)]}


def test_a_name_that_the_file_does_not_know_is_put_right_by_renaming(path):
    with ExtractionState() as state:
        (file,) = state.add_files("c", "Ramp", path)
        assert "has no protocol 'Ramp'" in " ".join(read(state)[1])
        state.regroup_files(file, protocol="IV")
        assert read(state) == ({"IV": ["CurrentClampSeries_3"]}, [])


def test_files_that_choose_by_no_name_are_only_renamed(tmp_path, path):
    (tmp_path / "a.csv").write_text("t (s),V (mV),I (pA)\n" + "0,1,1\n" * 3, encoding="utf-8", newline="\n")
    with ExtractionState() as state:
        first = state.add_files("c", "old", str(tmp_path / "a.csv"))
        gone = state.add_files("c", "old", str(tmp_path / "gone.nwb"))
        state.regroup_files([*first, *gone], protocol="Step")
        assert [dict(f.metadata) for _, f in state.inputs.files()] == [
            {"filepath": str(tmp_path / "a.csv")},
            {"filepath": str(tmp_path / "gone.nwb")},
        ]
    with ExtractionState() as state:
        (file,) = state.add_files("c", "IV", path)
        state.set_reader(lambda metadata: [])
        state.regroup_files(file, protocol="Step")
        assert "protocol_name" not in state.inputs.by_name["c"].by_id[file].metadata


def test_what_a_person_wrote_of_sweeps_stays_theirs(path, tmp_path):
    with ExtractionState() as state:
        (file,) = state.add_files("c", "IV", path)
        state.exclude(f"{file}/CurrentClampSeries_3", "seal lost")
        state.regroup_files(file, protocol="Step")
        (member,) = state.results.members.values()
        assert (member.protocol, member.recording.label) == ("Step", "CurrentClampSeries_3")
        (excluded,) = (own.excluded for _, own in state.inputs.files())
        assert dict(excluded) == {"CurrentClampSeries_3": "seal lost"}
        state.save(tmp_path / "session.json")
    with ExtractionState.load(tmp_path / "session.json") as state:
        assert read(state)[0] == {"Step": ["CurrentClampSeries_3"]}


def test_a_cell_of_the_file_stays_chosen(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(4):
            add_bbp(file, "IV", k, f"repetition {k}", "AB"[k % 2])
    with ExtractionState() as state:
        (one,) = state.add_files("b", "IV", {"filepath": str(tmp_path / "a.nwb"), "cell_name": "B"})
        state.regroup_files(one, protocol="Step", cell="other")
        assert read(state)[0] == {"Step": ["ic__IV__1", "ic__IV__3"]}
