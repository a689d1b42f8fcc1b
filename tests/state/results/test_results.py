"""Results by name: numbers against independent sources."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from efewidgets import EfeError, ExtractionState
from efewidgets.engine.features.efel_features import feature_values

from .. import lab


@pytest.fixture
def member(state):
    """Return a function that finds a recording by cell, protocol and position."""

    def find(cell, protocol, k=0):
        found = [m for m in state.results.members.values() if (m.cell, m.protocol) == (cell, protocol)]
        return found[k]

    return find


def test_rheobases_say_what_decided_and_why(state, member):
    found = state.results.rheobases
    assert found["A"].value == pytest.approx(0.1, rel=1e-6)
    assert found["B"].value == pytest.approx(0.2, rel=1e-6)
    assert found["A"].recording == member("A", "IDthresh", 2).id  # 60, 80, 100, 120 %
    assert "4 sweeps" in found["A"].reason
    state.set_rheobase("A", 0.12)
    hand = state.results.rheobases["A"]
    assert (hand.value, hand.recording, hand.by_hand) == (0.12, None, True)
    assert not state.results.rheobases["B"].by_hand
    state.clear_rheobase("A")
    assert state.results.rheobases["A"] == found["A"]


def test_other_rules_can_be_compared(state):
    by_flush = state.results.rheobases_by("flush")
    state.set_rheobase_rule("flush")
    assert state.results.rheobases == by_flush
    with pytest.raises(EfeError, match="Did you mean 'flush'"):
        state.results.rheobases_by("flus")


def test_windows_spikes_and_thresholds(state, member):
    chosen = member("A", "IDrest", 1)  # 150 %
    assert state.results.windows[chosen.id] == {"ton": 50.0, "toff": 250.0, "tend": 300.0}
    spikes = state.results.spikes[chosen.id]
    assert len(spikes) == lab.firing(0.15, 0.1) == 5
    assert spikes[0] == pytest.approx(lab.TON + 5.0, abs=0.5)
    sweep = lab.draw(0.15, 5)
    response = np.median(sweep["voltage"][round(lab.TON / lab.DT) : round(lab.TOFF / lab.DT)])
    assert state.results.auto_thresholds[chosen.id] == pytest.approx(response + 20.0)


def test_relative_amplitudes(state, member):
    chosen = member("B", "IDrest", 1)
    assert state.results.relative_amps[chosen.id]["amp_rel"] == pytest.approx(150.0, rel=1e-6)
    state.set_rheobase("B", 0.3)
    assert state.results.relative_amps[chosen.id]["amp_rel"] == pytest.approx(100.0, rel=1e-6)


def test_traces_are_those_of_the_file(state, member):
    chosen = member("A", "IDrest", 1)
    trace = state.results.trace(chosen.id)
    sweep = lab.draw(0.15, 5)
    np.testing.assert_array_equal(trace.voltage, sweep["voltage"])
    np.testing.assert_array_equal(trace.current, sweep["current"])
    assert trace.dt == pytest.approx(lab.DT)
    with pytest.raises(EfeError, match="no recording"):
        state.results.trace("f1/nobody")


def test_the_feature_table_is_tidy(state, member):
    frame = state.results.feature_table
    assert not frame.duplicated(["recording", "feature"]).any()
    chosen = member("A", "IDrest", 1)
    row = frame[(frame.recording == chosen.id) & (frame.feature == "AP_amplitude")].iloc[0]
    sweep = lab.draw(0.15, 5)
    time = np.arange(len(sweep["voltage"])) * lab.DT
    settings = lab.EFEL | {"stimulus_current": 0.15}
    expected = feature_values(
        time, sweep["voltage"], None, lab.TON, lab.TOFF, ["AP_amplitude"], settings, stock=True
    )
    assert row.value == pytest.approx(np.mean(expected["AP_amplitude"]), rel=1e-9)
    assert (row.unit, row.cell, row.protocol, row.sweep) == ("mV", "A", "IDrest", "s1")
    assert row.amp_nA == pytest.approx(0.15)
    assert row.amp_percent == pytest.approx(150.0, rel=1e-6)
    (target,) = row.targets
    assert next(t for t in state.inputs.targets if t.id == target).amplitude == 150


def test_the_feature_table_says_all_targets_a_value_went_into(state, member):
    wide = state.add_target("AP_amplitude", "IDrest", 160, 30)
    frame = state.results.feature_table
    row = frame[(frame.recording == member("A", "IDrest", 1).id) & (frame.feature == "AP_amplitude")]
    assert len(row) == 1
    assert wide in row.iloc[0].targets
    assert len(row.iloc[0].targets) == 2


def test_the_same_feature_under_other_settings_is_another_row(state, member):
    state.add_target(
        "AP_amplitude", "IDrest", 150, 10, efel_settings={"Threshold": 0.0}, efeature_name="high"
    )
    frame = state.results.feature_table
    rows = frame[(frame.recording == member("A", "IDrest", 1).id) & (frame.efeature == "AP_amplitude")]
    assert set(rows.feature) == {"AP_amplitude", "high"}


def test_target_statistics_are_those_of_the_values(state):
    frame = state.results.feature_table
    table = state.results.target_statistics.set_index("target")
    for target in state.results.targets:
        values = frame[
            frame.targets.map(lambda ids, t=target: t.id in ids) & (frame.efeature == target.efeature)
        ].value
        row = table.loc[target.id]
        assert row.n == values.notna().sum()
        assert row["mean"] == pytest.approx(np.mean(values), rel=1e-12)
        assert row["std"] == pytest.approx(np.std(values) or 1e-3, rel=1e-9)
        entry = state.results.features[f"{target.protocol}_{target.amplitude}"]["soma"]
        written = next(e for e in entry if e["feature"] == target.efeature)
        assert written["val"] == [row["mean"], row["std"]]
        assert written["n"] == row.n
    assert table.in_output.all()
    state.set_averaging(threshold_nvalue_save=3)
    table = state.results.target_statistics
    assert list(table.in_output) == list(table.n >= 3)


def test_outputs_are_those_of_the_texts(state):
    for name in ("features", "protocols", "currents"):
        assert json.loads(state.results.texts[name]) == getattr(state.results, name)
    assert state.results.currents["all_threshold_current"] == pytest.approx({"A": 0.1, "B": 0.2}, rel=1e-6)
    assert state.results.currents["holding_current"][0] == pytest.approx(-0.01)


def test_results_can_not_be_spoilt(state):
    """Whatever is done to what one gets, the results stay what they are."""
    results, texts = state.results, state.results.texts
    results.features["IDrest_150"]["soma"].clear()
    results.protocols.clear()
    results.currents["threshold_current"][0] = 99.0
    results.rheobases.clear()
    results.texts.clear()
    for name in ("feature_table", "target_statistics", "recordings"):
        frame = getattr(results, name)
        frame.iloc[:, 1] = "spoilt"
    with pytest.raises(TypeError):
        results.members["f1/s0"] = None
    state.set_averaging(default_std_value=0.5)
    state.undo()
    assert state.results.texts == texts
    assert results.texts == texts
    assert len(results.rheobases) == 2
    assert results.features["IDrest_150"]["soma"]
    assert results.feature_table.cell.notna().all()


def test_recordings_stand_in_a_table(state, member):
    state.exclude(member("A", "IV").id, "drift")
    table = state.results.recordings.set_index("recording")
    assert len(table) == len(state.results.members) == 22
    row = table.loc[member("A", "IV").id]
    assert row.excluded == "drift"
    row = table.loc[member("B", "IDrest", 3).id]
    assert row.amp_nA == pytest.approx(0.4)
    assert row.amp_percent == pytest.approx(200.0, rel=1e-6)
    assert row.spikes == 9
    assert (row.ton_ms, row.toff_ms, row.tend_ms, row.dt_ms) == (50.0, 250.0, 300.0, lab.DT)
    assert row.timing_from == "given"


def test_explain_says_of_each_recording_why(state, member, tmp_path):
    state.exclude(member("A", "IDrest", 1).id, "seal lost")
    state.add_files("B", "IDrest", tmp_path / "nowhere.json")
    target = next(t for t in state.inputs.targets if (t.protocol, t.amplitude) == ("IDrest", 150))
    frame = state.explain(target)
    of = {row.recording: row for row in frame.itertuples() if row.recording}
    assert of[member("A", "IDrest", 1).id].reason == "excluded: seal lost"
    taken = of[member("A", "IDrest", 2).id]
    assert taken.taken
    assert taken.amplitude == pytest.approx(148.0, rel=1e-6)
    assert taken.reason == ""
    far = of[member("B", "IDrest", 3).id]
    assert not far.taken
    assert "200 % of rheobase, is 50 away from 150, not less than the tolerance of 10" in far.reason
    lost = frame[frame.recording.isna()].iloc[0]
    assert "nowhere.json" in lost.file
    assert lost.reason
    row = state.results.target_statistics.set_index("target").loc[target.id]
    assert frame.taken.sum() == row.n
    assert frame[frame.taken].value.mean() == pytest.approx(row["mean"])
    assert state.explain(target.id).equals(frame)
    with pytest.raises(EfeError, match="no target"):
        state.explain("t99")


def test_explain_says_what_efel_does_not_find(state):
    target = state.add_target("AP_amplitude", "IV", -100, 10)
    frame = state.explain(target)
    near = frame[frame.amplitude.between(-110, -90)]
    assert len(near) == 2
    assert not near.taken.any()
    assert set(near.reason) == {"eFEL finds no AP_amplitude in it"}


def test_explain_says_that_a_cell_has_no_rheobase(state):
    state.set_rheobase_rule(protocols=["IV"])
    frame = state.explain(state.inputs.targets[0])
    assert not frame.taken.any()
    assert frame.reason.str.contains("its cell has no rheobase").all()


def test_blockers_say_what_is_missing(tmp_path, arguments):
    with ExtractionState() as state:
        assert state.blockers == ["There are no recordings: add files."]
        state.set_reader(lab.reader)
        state.add_files_metadata(arguments["files_metadata"])
        state.set_rheobase_rule(protocols="IDthresh")
        state.set_efel_settings(**lab.EFEL)
        state.set_targets([])
        assert state.blockers == ["There are no targets: add some, or let them be chosen automatically."]
        state.use_auto_targets()
        state.use_absolute_amplitude()
        assert "works in % of rheobase: add targets" in state.blockers[0]
        state.use_absolute_amplitude(False)
        state.set_rheobase_rule(protocols="Nothing")
        assert state.blockers[0].startswith("No cell has a rheobase")
        state.set_rheobase_rule(protocols="IDthresh")
        state.set_targets([{"efeature": "voltage_base", "protocol": "IV", "amplitude": 999, "tolerance": 1}])
        assert state.blockers[0].startswith("No target has enough values")
        state.exclude(list(state.results.members), "all")
        assert state.blockers[0].startswith("No recording can be used")
        state.undo()
        state.use_auto_targets()
        assert state.blockers == []


def test_auto_targets_are_chosen_and_can_be_kept(state):
    state.use_auto_targets()
    chosen = state.results.targets
    assert chosen
    features, currents = state.results.features, state.results.currents
    ids = state.keep_auto_targets()
    for name, entry in state.results.features.items():  # what two goals want is one target now
        assert entry["soma"] == list({e["feature"]: e for e in features[name]["soma"]}.values())
    assert state.results.currents == currents
    assert len(ids) == len(state.inputs.targets) == len(set(chosen))
    state.edit_target(ids[0], tolerance=1)


def test_empty_state_has_empty_results():
    with ExtractionState() as state:
        results = state.results
        assert results.members == results.rheobases == results.spikes == {}
        assert isinstance(results.feature_table, pd.DataFrame)
        assert len(results.feature_table) == len(results.recordings) == len(results.target_statistics) == 0
        assert results.features == results.protocols == {}
        assert results.currents["all_holding_current"] == {}
        assert state.problems == ()
        state.run()
        assert state.status == "ready"


def test_what_is_written_is_what_is_seen(state, tmp_path):
    with pytest.raises(EfeError, match="folder"):
        state.write()
    state.set_output(output_directory=str(tmp_path / "out"), extract_per_cell=True)
    written = state.write()
    assert len(written.files) == 9
    for name, file in (
        ("features", "features.json"),
        ("protocols", "protocols.json"),
        ("currents", "holding_threshold_currents.json"),
    ):
        assert (tmp_path / "out" / file).read_text(encoding="utf-8") == state.results.texts[name]
    assert (
        json.loads((tmp_path / "out" / "A" / "features.json").read_text(encoding="utf-8"))["IDrest_150"][
            "soma"
        ][0]["n"]
        == 2
    )


def test_figures_are_drawn_of_what_is_seen(state, tmp_path):
    state.set_output(plot=True, write_files=False)
    written = state.write(tmp_path)
    assert written.figures
    assert not written.problems
    assert all(path.stat().st_size for path in written.figures)
