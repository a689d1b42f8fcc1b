"""Only what depends on an edit is computed again, and nobody sees half of an update."""

from __future__ import annotations

import pytest

from efewidgets import ExtractionState
from efewidgets.engine.stages.graph import Graph, Stage

from ..conftest import stages_run

#: What comes after a change of which recordings, or values, fall into the targets of one protocol and amplitude
FROM_FEATURES = {"features", "protocol", "entry"}
TOGETHER = {"outputs", "texts", "problems"}


def kinds(counts):
    return set(counts)


def only_file(state, cell, protocol):
    return state.files(cell=cell, protocol=protocol)[0]


def target(state, protocol, amplitude):
    return next(t.id for t in state.inputs.targets if (t.protocol, t.amplitude) == (protocol, amplitude))


def member(state, cell, protocol, k=0):
    return [m.id for m in state.results.members.values() if (m.cell, m.protocol) == (cell, protocol)][k]


def test_a_tolerance_is_matching_and_statistics_only(state, counted):
    chosen = target(state, "IDrest", 150)
    counts = stages_run(state, lambda: state.edit_target(chosen, tolerance=5))
    assert counts == {"targets": 1, "protocol": 1, "entry": 1, "outputs": 1, "texts": 1, "problems": 1}
    counts = stages_run(
        state, lambda: state.edit_target(chosen, tolerance=12)
    )  # the largest of its amplitude
    assert counts.pop("match") == 1
    assert kinds(counts) <= {"targets", "protocol", "entry"} | TOGETHER
    assert not counted


def test_a_wider_tolerance_computes_features_of_what_is_new(state, counted):
    chosen = target(state, "IDrest", 150)
    counts = stages_run(state, lambda: state.edit_target(chosen, tolerance=60))
    assert counts["match"] == counts["features"] == counts["stimulus"] == 1
    assert counted == {"recordings": 2}  # 100 and 200 % of two cells; of 200 % the other features are known
    assert "rheobase" not in counts


def test_an_exclusion_is_that_cells_rheobase_onward(state, counted):
    counts = stages_run(state, lambda: state.exclude(member(state, "A", "IV"), "drift"))
    assert counts["cell"] == counts["rheobase"] == counts["threshold"] == counts["holding"] == 1
    assert counts["sweeps"] == 1  # of IV
    assert not {"read", "agree"} & kinds(counts)
    assert not counted


def test_an_exclusion_that_moves_a_rheobase_moves_that_cells_amplitudes(state, counted):
    decided = state.results.rheobases["A"].recording
    counts = stages_run(state, lambda: state.exclude(decided, "leak"))
    assert state.results.rheobases["A"].recording != decided
    assert counts["rheobase"] == 1
    assert counts["sweeps"] == len({t.protocol for t in state.results.targets})
    assert counts["global"] == 1
    assert not {"read", "agree"} & kinds(counts)


def test_the_liquid_junction_potential_of_a_file_is_that_file_onward(state, counted):
    counts = stages_run(state, lambda: state.set_metadata(only_file(state, "A", "IV"), ljp=5.0))
    assert counts["read"] == counts["agree"] == counts["cell"] == counts["rheobase"] == 1
    assert counts["match"] == 2  # two amplitudes of IV
    assert counted == {"files": 1, "recordings": 2}  # what else of IV is wanted is known


def test_timings_of_one_sweep_read_its_file(state, counted):
    counts = stages_run(state, lambda: state.set_sweep(member(state, "B", "IDrest"), toff=240.0))
    assert counts["read"] == counts["agree"] == 1
    assert counted["files"] == 1


def test_a_file_more_reads_that_file(state, counted, tmp_path, files):
    from .. import lab

    more = lab.write_file(tmp_path / "more.json", [0.3], 0.2)
    counts = stages_run(
        state, lambda: state.add_files("B", "IDrest", {"filepath": more, "ton": lab.TON, "toff": lab.TOFF})
    )
    assert counts["read"] == counts["agree"] == counts["cell"] == 1
    assert counted["files"] == 1


def test_another_cell_leaves_the_others_alone(state, counted, tmp_path):
    from .. import lab

    new = lab.write_cells(tmp_path, {"C": 0.15})
    counts = stages_run(state, lambda: state.add_files_metadata(new))
    assert counts["read"] == counted["files"] == 4
    assert counts["cell"] == counts["rheobase"] == 1


def test_a_rheobase_by_hand_is_that_cells_amplitudes(state, counted):
    counts = stages_run(state, lambda: state.set_rheobase("A", 0.1001))
    assert counts["rheobase"] == counts["threshold"] == 1
    assert not {"read", "agree", "cell", "holding"} & kinds(counts)
    assert not counted


def test_a_rule_that_says_the_same_ends_there(state, counted):
    counts = stages_run(state, lambda: state.set_rheobase_rule("absolute", settings={"spike_threshold": 1}))
    assert kinds(counts) <= {"rheobase", "threshold", "cell_problems", "problems"}


def test_a_new_feature_is_computed_on_what_it_matches(state, counted):
    counts = stages_run(state, lambda: state.add_target("Spikecount", "IDrest", 150, 10))
    assert counts["features"] == counts["protocol"] == 1
    assert "match" not in counts
    assert counted == {"recordings": 4}


def test_the_mode_of_protocols_is_their_stimulus_only(state, counted):
    counts = stages_run(state, lambda: state.set_averaging(protocol_mode="median"))
    assert kinds(counts) == {"stimulus", "outputs", "texts"}
    assert counts["stimulus"] == 4


def test_the_least_number_of_values_is_the_entries_only(state, counted):
    counts = stages_run(state, lambda: state.set_averaging(threshold_nvalue_save=2))
    assert kinds(counts) <= {"entry"} | TOGETHER


def test_a_setting_of_features_leaves_recordings_alone(state, counted):
    counts = stages_run(state, lambda: state.set_efel_settings(DerivativeThreshold=12.0))
    assert not {"read", "agree", "cell", "rheobase", "match", "stimulus"} & kinds(counts)
    assert counted["files"] == 0
    assert counted["recordings"] == 10


def test_a_setting_of_spikes_reads_all_files(state, counted):
    counts = stages_run(state, lambda: state.set_efel_settings(Threshold=-30.0))
    assert counts["read"] == counted["files"] == 8


def test_what_a_run_writes_changes_nothing(state, counted):
    assert stages_run(state, lambda: state.set_output(plot=True)) == {}


def test_a_name_of_a_cell_reads_no_file(state, counted):
    stages_run(state, lambda: state.rename_cell("A", "Z"))
    assert counted["files"] == 0


def test_undo_and_redo_find_all_results(state, counted):
    edits = [
        lambda: state.edit_target(target(state, "IDrest", 150), tolerance=5),
        lambda: state.exclude(member(state, "A", "IDthresh", 2), "leak"),
        lambda: state.set_metadata(only_file(state, "A", "IV"), ljp=5.0),
    ]
    texts = [state.results.texts]
    for edit in edits:
        edit()
        texts.append(state.results.texts)
        _ = state.results.problems
    counted.clear()
    for k in (2, 1, 0):
        assert stages_run(state, state.undo) == {}
        assert state.results.texts == texts[k]
    for k in (1, 2, 3):
        assert stages_run(state, state.redo) == {}
        assert state.results.texts == texts[k]
    assert not counted


def test_an_edit_that_changes_nothing_is_none(state):
    before = state.revision
    state.edit_target(target(state, "IDrest", 150), tolerance=10)
    assert state.revision == before
    assert not state.can_undo


# --- nobody sees half of an update


def test_a_diamond_is_computed_once_and_whole():
    """A feeds B and C, which feed D: D is computed once, from both as they are now."""
    seen = []
    stages = [
        Stage("A", lambda read, values, work: read[0], lambda context, item, get: (context["a"],)),
        Stage("B", lambda read, values, work: values[0] + 10, needs=lambda c, i, g: [("A", None)]),
        Stage("C", lambda read, values, work: values[0] * 100, needs=lambda c, i, g: [("A", None)]),
        Stage(
            "D",
            lambda read, values, work: seen.append(tuple(values)) or tuple(values),
            needs=lambda c, i, g: [("B", None), ("C", None)],
        ),
    ]
    graph = Graph(stages)
    assert graph.evaluate({"a": 1}).get("D") == (11, 100)
    assert graph.evaluate({"a": 2}).get("D") == (12, 200)
    assert graph.evaluate({"a": 1}).get("D") == (11, 100)
    assert seen == [(11, 100), (12, 200)]
    assert graph.runs == {"A": 2, "B": 2, "C": 2, "D": 2}


def test_an_observer_sees_one_whole_state(state):
    """Rheobases, relative amplitudes, matches and outputs that an observer sees follow from the same decisions."""
    seen = []

    def look(change):
        results = state.results
        assert results.inputs is state.inputs
        value = results.rheobases["A"].value
        amps = {100.0 * m.recording.amp / value for m in results.members.values() if m.cell == "A"}
        told = {relative["amp_rel"] for i, relative in results.relative_amps.items() if i in results.members}
        assert amps <= told
        seen.append((value, results.currents["all_threshold_current"]["A"], results.features is not None))

    state.observe(look, "revision")
    for value in (0.11, 0.12, 0.13):
        state.set_rheobase("A", value)
    state.undo()
    assert [(a, b) for a, b, _ in seen] == [(v, v) for v in (0.11, 0.12, 0.13, 0.12)]
    assert not state.problems


def test_results_in_hand_stay_what_they_were(state):
    old = state.results
    texts = old.texts
    state.set_rheobase("A", 0.15)
    assert old.texts == texts != state.results.texts
    assert old.rheobases["A"].value == pytest.approx(0.1)


def test_edits_made_by_observers_wait_for_their_turn(state):
    """While an observer's edit is told, the first edit has been told to all; each is told once."""
    order = []

    def first(change):
        order.append(("first", change.new))
        if len(order) < 3:
            state.set_averaging(threshold_nvalue_save=2)

    def second(change):
        order.append(("second", change.new))

    state.observe(first, "revision")
    state.observe(second, "revision")
    start = state.revision
    state.set_averaging(default_std_value=0.5)
    assert order == [("first", start + 1), ("second", start + 1), ("first", start + 2), ("second", start + 2)]


def test_observers_that_answer_each_other_without_end_are_stopped(state):
    def up(change):
        state.set_averaging(threshold_nvalue_save=state.inputs.threshold_nvalue_save + 1)

    state.observe(up, "revision")
    state.set_averaging(default_std_value=0.5)
    assert any("keep changing it" in problem.message for problem in state.problems)
    assert state.inputs.threshold_nvalue_save < 60


def test_one_commit_is_one_revision(state):
    told = []
    state.observe(lambda change: told.append(change.new), "revision")
    state.apply_preset("firing pattern", "IDrest", [150, 200])
    assert len(told) == 1


def test_a_key_is_the_same_in_another_state(arguments):
    """Two states with the same decisions have the same keys: nothing of a process or of time goes in."""
    keys = []
    for _ in range(2):
        with ExtractionState.from_arguments(arguments) as state:
            _ = state.results.get("rheobase", "A")
            keys.append(
                sorted(k for k, r in state._present.graph._results.items() if r.stage in ("read", "rheobase"))
            )
    assert keys[0] == keys[1]
