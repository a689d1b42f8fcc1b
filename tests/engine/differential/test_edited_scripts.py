"""Scripts that change recordings between the classic steps have BluePyEfe's numbers: random scripts, run by both."""

from __future__ import annotations

import copy
import importlib
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.compare import differences
from tests.engine.differential.cells import STEP, firing_cell, metadata_of, synthetic_reader
from tests.engine.differential.experiments import GIVEN, SETTINGS, cell_files, family_sweep, targets_for
from tests.engine.differential.peer import quiet, tidied

pytestmark = pytest.mark.usefixtures("impossible_values_stay")

COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}
PROTOCOLS = ["IDthresh", "IDrest", "sAHP"]


class Script:
    """A person's script on one of the two packages; each edit is a line of it."""

    def __init__(self, package: str, files: dict[str, Any], efel_settings: dict[str, Any] | None):
        self.extract = importlib.import_module(f"{package}.extract")
        self.cells = self.extract.read_recordings(
            copy.deepcopy(files), synthetic_reader, efel_settings=copy.deepcopy(efel_settings)
        )
        self.protocols: list[Any] = []

    def one(self, k: int) -> Any:
        recordings = [recording for cell in self.cells for recording in cell.recordings]
        return recordings[k % len(recordings)]

    def ton(self, k, share):
        self.one(k).ton = self.one(k).ton + 40.0 * share

    def toff(self, k, share):
        self.one(k).toff = self.one(k).toff - 40.0 * share

    def tmid(self, k, share):
        if hasattr(self.one(k), "tmid"):
            self.one(k).tmid += 10.0 * share

    def amp(self, k, share):
        self.one(k).amp *= 0.5 + share

    def hypamp(self, k, share):
        self.one(k).hypamp -= 0.05 * share

    def auto_threshold(self, k, share):
        self.one(k).auto_threshold = -60.0 + 70.0 * share

    def set_autothreshold(self, k, share):
        self.one(k).set_autothreshold(10.0 + 80.0 * share)

    def voltage_in_place(self, k, share):
        self.one(k).voltage[:] -= 30.0 * share

    def voltage_replaced(self, k, share):
        self.one(k).voltage = self.one(k).voltage * (0.8 + 0.4 * share)

    def voltage_assigned_in_place(self, k, share):
        self.one(k).voltage += 14.0 * share

    def current_in_place(self, k, share):
        self.one(k).current[:] *= 0.5 + share

    def times_shifted(self, k, share):
        self.one(k).t = self.one(k).t + 20.0 * share

    def spikes_again(self, k, share):
        self.one(k).compute_spikecount({"Threshold": -50.0 + 70.0 * share})

    def spikes_again_by_own_threshold(self, k, share):
        self.one(k).compute_spikecount()

    def features_again(self, k, share):
        chosen = {"Threshold": -40.0 + 30.0 * share, "strict_stiminterval": share > 0.5}
        self.one(k).compute_efeatures(["Spikecount", "voltage_base"], efel_settings=chosen)

    def features_of_a_protocol_again(self, k, share):
        cell, name = self.cells[k % len(self.cells)], PROTOCOLS[k % len(PROTOCOLS)]
        cell.extract_efeatures(name, ["mean_frequency", "AP1_amp"], ["mean_frequency", "AP1_amp.own"], {})

    def value_taken_out(self, k, share):
        self.one(k).efeatures.pop(self.some_name(k, share), None)

    def value_changed(self, k, share):
        if (name := self.some_name(k, share)) is not None:
            self.one(k).efeatures[name] = 1000.0 * share

    def values_doubled(self, k, share):
        self.one(k).efeatures = {name: 2 * value for name, value in self.one(k).efeatures.items()}

    def values_emptied(self, k, share):
        self.one(k).efeatures = {}

    def values_cleared(self, k, share):
        self.one(k).efeatures.clear()

    def recording_left_out(self, k, share):
        cell = self.cells[k % len(self.cells)]
        if len(cell.recordings) > 4:
            cell.recordings.pop()

    def rheobase_by_hand(self, k, share):
        cell = self.cells[k % len(self.cells)]
        cell.rheobase = 0.05 + 0.2 * share
        cell.compute_relative_amp()

    def rheobase_by_hand_and_no_rule(self, k, share):
        self.rheobase_by_hand(k, share)
        self.extract.compute_rheobase([self.cells[k % len(self.cells)]], ["nothing of this name"])

    def some_name(self, k: int, share: float) -> str | None:
        names = sorted(self.one(k).efeatures)
        return names[int(share * len(names)) % len(names)] if names else None

    # --- the classic steps

    def features(self, targets, efel_settings):
        self.cells = self.extract.extract_efeatures_at_targets(
            self.cells, copy.deepcopy(targets), efel_settings=copy.deepcopy(efel_settings)
        )

    def rheobase(self):
        self.extract.compute_rheobase(self.cells, ["IDthresh"])

    def memory_freed(self):
        for cell in self.cells:
            for recording in cell.recordings:
                recording.t = recording.voltage = recording.current = None

    def outputs(self, targets, efel_settings) -> dict[str, Any]:
        """Group and average; also what each recording says of itself."""
        protocols = self.extract.group_efeatures(
            self.cells, copy.deepcopy(targets), efel_settings=copy.deepcopy(efel_settings)
        )
        found = self.extract.create_feature_protocol_files(self.cells, protocols, write_files=False)
        names = ("features", "protocols", "holding_threshold_currents")
        recordings = [
            {
                "efeatures": dict(sorted(recording.efeatures.items())),
                "spikes": recording.spikecount,
                "amp_rel": recording.amp_rel,
                "auto_threshold": recording.auto_threshold,
            }
            for cell in self.cells
            for recording in cell.recordings
        ]
        return tidied(copy.deepcopy(dict(zip(names, found, strict=True)))) | {
            "recordings": recordings,
            "rheobases": [cell.rheobase for cell in self.cells],
        }


EDITS = [
    name
    for name, line in vars(Script).items()
    if callable(line) and line.__code__.co_varnames[:3] == ("self", "k", "share")
    if name != "some_name"
]
EDIT = st.tuples(st.sampled_from(EDITS), st.integers(0, 11), st.floats(0.01, 0.99))


@st.composite
def scripts(draw: st.DrawFn, edits: Any = EDIT) -> dict[str, Any]:
    """Draw files, targets, settings, and the edits before, between and after the steps."""
    return {
        "files": {name: draw(cell_files(k, ("IDrest", "sAHP"), clean_top=3)) for k, name in enumerate("ab")},
        "targets": draw(targets_for(PROTOCOLS, absolute=False)),
        "efel_settings": draw(st.sampled_from(SETTINGS)),
        "edits": [draw(st.lists(edits, max_size=3)) for _ in range(4)],
        "twice": draw(st.booleans()),
        "freed": draw(st.booleans()),
    }


def run(package: str, script: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a script with one of the packages, and return what it comes to, each time that it groups."""
    efel_settings, targets = script["efel_settings"], script["targets"]
    before, between, then, after = script["edits"]
    found = []
    with quiet() if package == "bluepyefe" else nullcontext():
        person = Script(package, script["files"], efel_settings)

        def edit(lines):
            for name, k, share in lines:
                getattr(person, name)(k, share)

        edit(before)
        person.features(targets, efel_settings)
        edit(between)
        person.rheobase()
        edit(then)
        found.append(person.outputs(targets, efel_settings))
        edit(after)
        if script["twice"]:
            person.features(targets, efel_settings)
        if script["freed"]:
            person.memory_freed()
        found.append(person.outputs(targets, efel_settings))
    return found


def compare(script: dict[str, Any]) -> int:
    """Run a script with both packages; return how many features both give."""
    expected, actual = run("bluepyefe", script), run("efewidgets", script)
    assert differences(expected, actual) == []
    return sum(len(entry["soma"]) for outputs in expected for entry in outputs["features"].values())


@pytest.mark.slow
@settings(max_examples=8, derandomize=True, phases=(Phase.generate,), **COMMON)
@given(scripts())
def test_random_scripts(script):
    compare(script)


@pytest.mark.slow
@settings(max_examples=200, **COMMON)
@given(scripts())
def test_random_scripts_many(script):
    compare(script)


FILES = {
    "cell": firing_cell({0.1: 1, 0.15: 3, 0.2: 6})
    | {"sAHP": [metadata_of([family_sweep("sAHP", 0.2, 3)], "sahp", **GIVEN["sAHP"])]}
}
TARGETS = [
    {"efeature": name, "protocol": protocol, "amplitude": amplitude, "tolerance": 30}
    for name in ("Spikecount", "voltage_base", "ohmic_input_resistance_vb_ssse")
    for protocol, amplitude in (("IDthresh", 150), ("IDthresh", 200), ("sAHP", 200))
]


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_in_each_place(edit):
    """One edit of all recordings (and the cell's rheobase), before or after any of the steps."""
    for place, efel_settings in enumerate((None, {"interp_step": 0.1}, {"interp_step": 0.1}, None)):
        edits: list[list] = [[], [], [], []]
        edits[place] = [(edit, k, 0.6) for k in range(4)]
        script = {"files": FILES, "targets": TARGETS, "efel_settings": efel_settings, "edits": edits}
        compare(script | {"twice": place == 3, "freed": False})


# --- by hand: three spikes at 0.15 nA, evenly spread over 45 to 185 ms and a little later each


def recording_at(amplitude: float = 0.15, spikes: int = 3) -> Any:
    from efewidgets import extract

    files = {"cell": firing_cell({0.1: 1, amplitude: spikes})}
    (cell,) = extract.read_recordings(files, synthetic_reader, efel_settings={"Threshold": -20.0})
    return cell.recordings[1]


def test_spikes_are_counted_in_the_window_that_was_set():
    recording = recording_at()
    chosen = {"Threshold": -20.0, "strict_stiminterval": True}
    recording.compute_efeatures(["Spikecount"], efel_settings=chosen)
    assert recording.efeatures == {"Spikecount": 3.0}
    peaks = recording.peak_time
    recording.ton = (peaks[0] + peaks[1]) / 2
    assert recording.efeatures == {"Spikecount": 3.0}
    recording.compute_efeatures(["Spikecount"], efel_settings=chosen)
    assert recording.efeatures == {"Spikecount": 2.0}
    recording.toff = (peaks[1] + peaks[2]) / 2
    recording.efeatures = {}
    recording.compute_efeatures(["Spikecount"], efel_settings=chosen)
    assert recording.efeatures == {"Spikecount": 1.0}


def test_half_the_amplitude_is_twice_the_resistance():
    """60 MOhm is what the cell has (see `cells.RESISTANCE`)."""
    name = "ohmic_input_resistance_vb_ssse"
    recording = recording_at(0.05, 0)
    recording.compute_efeatures([name])
    assert recording.efeatures[name] == pytest.approx(60.0, rel=1e-3)
    recording.amp /= 2
    recording.compute_efeatures([name])
    assert recording.efeatures[name] == pytest.approx(120.0, rel=1e-3)


def test_samples_in_place_and_under_another_name():
    """What one name shows stays, though the same feature is computed anew under another."""
    recording = recording_at(0.05, 0)
    recording.compute_efeatures(["voltage_base"], ["before"])
    recording.voltage[:] -= 5.0
    recording.compute_efeatures(["voltage_base"], ["after"])
    assert recording.efeatures == pytest.approx({"before": -75.0, "after": -80.0}, abs=1e-3)
    assert recording.feature_value("before", "voltage_base", {}) == pytest.approx(-75.0, abs=1e-3)


def test_samples_that_are_none_are_gone_and_results_stay():
    from efewidgets.engine.problems import EfeError

    recording = recording_at()
    recording.compute_efeatures(["Spikecount"], efel_settings={"Threshold": -20.0})
    recording.t = recording.voltage = recording.current = None
    assert recording.t is recording.time is recording.voltage is recording.current is None
    assert recording.efeatures == {"Spikecount": 3.0}
    assert (recording.spikecount, recording.auto_threshold) == (3, pytest.approx(-55.0, abs=10.0))
    with pytest.raises(EfeError, match="a script has set them to None"):
        recording.compute_efeatures(["voltage_base"])
    assert recording.efeatures == {"Spikecount": 3.0}
    recording.t, recording.voltage, recording.current = np.arange(2400) * 0.1, *np.full((2, 2400), -60.0)
    recording.compute_efeatures(["voltage_base"])
    assert recording.efeatures["voltage_base"] == pytest.approx(-60.0)


def test_samples_of_a_script_are_never_replaced_by_the_files():
    recording = recording_at()
    recording.voltage = np.full(2400, -60.0)
    recording.release()
    assert recording.voltage[0] == -60.0


def test_samples_that_are_only_looked_at_can_t_be_changed_in_vain():
    from efewidgets.engine.recordings.reading import read_file

    metadata = metadata_of(FILES["cell"]["IDthresh"][0]["made"][:1], **STEP)
    (recording,), _ = read_file(metadata, "IDrest", synthetic_reader, keep_samples=False)
    with pytest.raises(ValueError, match="read-only"):
        recording.voltage[:] -= 5.0


def test_a_rheobase_by_hand_stays_where_none_is_found():
    from efewidgets import extract

    files = {"cell": firing_cell({0.1: 0, 0.2: 0})}
    cells = extract.read_recordings(files, synthetic_reader, efel_settings={"Threshold": -20.0})
    cells[0].rheobase = 0.1
    extract.compute_rheobase(cells, ["IDthresh"])
    assert cells[0].rheobase == 0.1
    assert [recording.amp_rel for recording in cells[0].recordings] == pytest.approx([100.0, 200.0])
    (problem,) = cells[0].all_problems()
    assert "keeps its rheobase of 0.1 nA, which was set by hand" in str(problem)
