"""Scripts as public clients of BluePyEfe write them, run by both packages, or with the right values by hand."""

from __future__ import annotations

import copy
import importlib
import json
import logging
import math
import pathlib
from contextlib import nullcontext

import numpy as np
import pytest

import efewidgets.compat.bluepyefe
from efewidgets import datasets, extract
from efewidgets.engine.problems import EfeError
from tests.compare import differences
from tests.engine.differential.cells import STEP, firing_cell, metadata_of, step, sweep_of, synthetic_reader
from tests.engine.differential.peer import quiet, tidied

EFEL = {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025}
TARGETS = [
    {"efeature": name, "protocol": "IDthresh", "amplitude": amplitude, "tolerance": 20}
    for name in ("Spikecount", "AP_amplitude", "voltage_base")
    for amplitude in (150, 200)
]
FILES = {
    "a": firing_cell({0.05: 0, 0.1: 1, 0.15: 3, 0.2: 6}),
    "b": firing_cell({0.06: 0, 0.12: 1, 0.18: 4, 0.24: 6}),
}
PACKAGES = ("bluepyefe", "efewidgets.compat.bluepyefe")


def both(script):
    """Run a script, a function of `module`, with both packages; check that it gives the same, and return that."""
    found = []
    for package in PACKAGES:
        with quiet() if package == "bluepyefe" else nullcontext():
            found.append(script(lambda name, package=package: importlib.import_module(f"{package}.{name}")))
    theirs, ours = found
    assert differences(theirs, ours) == []
    return ours


def outputs(features, protocols, currents):
    names = ("features", "protocols", "holding_threshold_currents")
    return tidied(copy.deepcopy(dict(zip(names, (features, protocols, currents), strict=True))))


# --- scripts of the clients' kinds


def test_read_and_extract_group_and_another_mode():
    """The private `_read_extract`, the mode of a protocol set afterwards, and the files of each cell."""

    def script(module):
        classic = module("extract")
        cells = classic._read_extract(
            copy.deepcopy(FILES), synthetic_reader, map, copy.deepcopy(TARGETS), EFEL
        )
        classic.compute_rheobase(cells, ["IDthresh"])
        protocols = classic.group_efeatures(cells, copy.deepcopy(TARGETS), efel_settings=EFEL)
        for protocol in protocols:
            protocol.mode = "min"
        return outputs(*classic.create_feature_protocol_files(cells, protocols, write_files=False))

    found = both(script)
    # 150 % are 0.15 and 0.18 nA; the mean rheobase is 0.11 nA
    assert found["protocols"]["IDthresh_150"]["step"]["amp"] == pytest.approx(0.165)


def test_extract_with_targets_and_low_memory():
    def script(module):
        classic, tools = module("extract"), module("tools")
        found = []
        for low in (False, True):
            cells, protocols = classic._extract_with_targets(
                copy.deepcopy(FILES),
                copy.deepcopy(TARGETS),
                ["IDthresh"],
                recording_reader=synthetic_reader,
                low_memory_mode=low,
                efel_settings=tools.DEFAULT_EFEL_SETTINGS,
            )
            assert all((recording.voltage is None) is low for recording in cells[0].recordings)
            found.append(outputs(*classic.create_feature_protocol_files(cells, protocols, write_files=False)))
        assert found[0] == found[1]
        return found[0]

    assert both(script)["features"]["IDthresh_150"]["soma"][0]["val"][0] == 3.5  # 3 and 4 spikes


def test_automatic_targets_by_the_private_function():
    def script(module):
        classic, goals = module("extract"), module("auto_targets")
        goal = goals.AutoTarget(["IDthresh"], [150, 200], ["Spikecount"], 2, 2, 20.0)
        _, protocols, targets = classic._extract_auto_targets(
            copy.deepcopy(FILES), ["IDthresh"], synthetic_reader, map, "mean", EFEL, [goal], "absolute"
        )
        assert goal.active_amplitudes == [150, 200]
        return [(p.stimulus_name, p.feature_targets[0].values) for p in protocols], len(targets)

    assert both(script) == ([("IDthresh_150", [3.0, 4.0]), ("IDthresh_200", [6.0, 6.0])], 2)


def test_rheobases_by_the_rules_as_functions_and_by_hand():
    def script(module):
        classic, rules = module("extract"), module("rheobase")
        cells = classic.read_recordings(copy.deepcopy(FILES), synthetic_reader, efel_settings=EFEL)
        rules.compute_rheobase_absolute(cells[0], ["IDthresh"], spike_threshold=2)
        classic.compute_rheobase_flush(cells[1], ["IDthresh"], flush_length=2)
        found = [cell.rheobase for cell in cells]
        cells[1].rheobase = 0.09
        rules.compute_rheobase_absolute(cells[1], ["no such protocol"])
        for cell in cells:
            cell.compute_relative_amp()
        return [*found, *(recording.amp_rel for cell in cells for recording in cell.recordings)]

    found = both(script)
    assert found[:2] == pytest.approx([0.15, 0.12])
    assert found[-1] == pytest.approx(100 * 0.24 / 0.09)


def test_a_reader_of_the_lab_that_checks_its_metadata():
    def script(module):
        reader = module("reader")

        def own(metadata):
            reader._check_metadata(metadata, "own", ["filepath", "made"])
            return synthetic_reader(metadata)

        cells = module("extract").read_recordings(copy.deepcopy(FILES), own, efel_settings=EFEL)
        with pytest.raises(KeyError):
            reader._check_metadata({}, "own", ["filepath"])
        return [recording.spikecount for cell in cells for recording in cell.recordings]

    assert both(script) == [0, 1, 3, 6, 0, 1, 4, 6]


def test_figures_shown_and_written(tmp_path):
    (cell,) = extract.read_recordings({"a": FILES["a"]}, synthetic_reader, efel_settings=EFEL)
    assert [p.name for p in cell.plot_all_recordings(output_dir=tmp_path, show=False)] == [
        "a_IDthresh_recordings.pdf"
    ]
    assert cell.plot_recordings("IDthresh", show=True) == []  # no window here, and nowhere to write to
    assert any("shown in notebooks only" in str(problem) for problem in cell.problems)


def test_figures_of_features_by_their_functions(tmp_path):
    plotting = efewidgets.compat.bluepyefe.plotting
    cells = extract.read_recordings(FILES, synthetic_reader, efel_settings=EFEL)
    extract.extract_efeatures_at_targets(cells, TARGETS, efel_settings=EFEL)
    extract.compute_rheobase(cells, ["IDthresh"])
    protocols = extract.group_efeatures(cells, TARGETS, efel_settings=EFEL)

    def drawn(function, *arguments, **more):
        folder = tmp_path / f"{function.__name__}{len(more)}"
        function(*arguments, output_dir=folder, **more)
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pdf"))

    assert drawn(plotting.plot_all_recordings, cells) == [
        "a/a_IDthresh_recordings.pdf",
        "b/b_IDthresh_recordings.pdf",
    ]
    one = drawn(plotting.plot_efeature, cells, "Spikecount", "IDthresh", protocols=protocols)
    assert one == ["IDthresh_Spikecount_amp.pdf"]
    features = ["AP_amplitude", "Spikecount", "voltage_base"]
    grouped = drawn(plotting.plot_grouped_efeatures, cells, protocols, key_amp="amp_rel")
    assert grouped == [*(f"IDthresh_{name}_amp_rel.pdf" for name in features), "legend.pdf"]
    single = drawn(plotting.plot_individual_efeatures, cells, protocols)
    assert len(single) == 6
    assert all(path.startswith(("a/", "b/")) for path in single)
    assert len(drawn(plotting.plot_efeatures, cells[:1], "IDthresh", protocols=protocols)) == 3
    assert extract.plot_all_recordings_efeatures(cells, protocols) == []  # nowhere to write to


def test_metadata_with_paths_that_are_no_texts():
    config = datasets.sample_config()
    (name, protocols), *_ = config["files_metadata"].items()
    protocol, (metadata, *_) = next(iter(protocols.items()))
    cell = extract.Cell(name)
    cell.read_recordings([{**metadata, "filepath": pathlib.Path(metadata["filepath"])}], protocol)
    assert cell.recordings
    assert len(cell.reader({**metadata, "protocol_name": protocol})) == len(cell.recordings)


def test_inspect_nwb():
    """What is in a file of the sample cells, and its samples."""
    config = datasets.sample_config()
    path = next(
        metadata["filepath"]
        for protocols in config["files_metadata"].values()
        for files in protocols.values()
        for metadata in files
        if metadata["filepath"].endswith(".nwb")
    )

    def script(module):
        found = module("reader").inspect_nwb(path)
        json.dumps(found["metadata"])
        traces = [
            (t["id"], t["i_unit"], t["v_unit"], float(t["voltage"][7]), float(t["current"][7]), t["dt"])
            for t in found["traces"]
        ]
        return found["reader"], sorted(found["protocols"]), sorted(traces), found["metadata"]["identifier"]

    assert len(both(script)[2]) > 3


def test_inspect_nwb_of_what_is_none(tmp_path):
    reader = efewidgets.compat.bluepyefe.reader
    path = tmp_path / "x.nwb"
    for content in (None, b"", b"no HDF5"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(reader.NWBInspectionError, match="Unable to inspect"):
            reader.inspect_nwb(path)


def test_json_of_numpy_and_of_what_is_no_number(tmp_path):
    tools = efewidgets.compat.bluepyefe.tools
    data = {
        "n": np.int32(3),
        "x": np.float32(0.5),
        "list": np.arange(2),
        "no": math.nan,
        "yes": np.bool_(True),
    }
    tools.dict_to_json(data, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {
        "n": 3,
        "x": 0.5,
        "list": [0, 1],
        "no": None,
        "yes": True,
    }
    assert json.loads(json.dumps(data, cls=tools.NumpyEncoder))["n"] == 3
    with pytest.raises(TypeError):
        json.dumps({"x": object()}, cls=tools.NumpyEncoder)


def test_old_configs_are_arguments_of_extract_efeatures(tmp_path):
    old = {
        "cells": {"c": {"experiments": {"IDthresh": {"files": [{"filepath": "c.nwb", "t_unit": "s"}]}}}},
        "features": {"IDthresh": ["Spikecount"]},
        "options": {
            "target": [150],
            "tolerance": [20],
            "onoff": {"IDthresh": [40, 190]},
            "expthreshold": ["IDthresh"],
        },
        "path": str(tmp_path),
    }
    translate = efewidgets.compat.bluepyefe.translate_legacy_config
    found = translate.translate_legacy_config(old)
    assert set(found) >= {
        "files_metadata",
        "targets",
        "protocols_rheobase",
        "rheobase_strategy",
        "rheobase_settings",
    }
    with pytest.raises(FileNotFoundError):
        extract.extract_efeatures(tmp_path, **found)
    assert translate.translate_legacy_targets(old)[0]["amplitude"] == 150


# --- what comes back


def test_currents_that_there_are_not_are_nan_in_memory_and_null_in_the_file(tmp_path):
    files = {"silent": firing_cell({0.1: 0, 0.2: 0})}
    *_, currents = extract.extract_efeatures(
        tmp_path, files, TARGETS, recording_reader=synthetic_reader, write_files=True, efel_settings=EFEL
    )
    assert np.isnan(currents["threshold_current"]).all()
    assert currents["threshold_current"][0] * 2 != 0  # can be calculated with
    assert currents["all_threshold_current"] == {}
    written = json.loads((tmp_path / "holding_threshold_currents.json").read_text(encoding="utf-8"))
    assert written["threshold_current"] == [None, None]
    assert written["holding_current"] == currents["holding_current"]
    cells = extract.read_recordings(files, synthetic_reader, efel_settings=EFEL)
    again = extract.create_feature_protocol_files(cells, [], tmp_path)[2]
    assert np.isnan(again["threshold_current"]).all()


def test_a_protocol_that_no_file_has(tmp_path, caplog):
    """Empty outputs, and the line of BluePyEfe's log that programs wait for."""
    reader = lambda metadata: []  # noqa: E731
    arguments = {"targets": [TARGETS[0] | {"protocol": "Ramp"}], "recording_reader": reader}
    with caplog.at_level(logging.WARNING):
        features, protocols, currents = extract.extract_efeatures(
            tmp_path, {"c": {"Ramp": [{"filepath": "c.made"}]}}, **arguments
        )
    assert (features, protocols) == ({}, {})
    assert np.isnan([*currents["holding_current"], currents["all_holding_current"]["c"]]).all()
    line = ("bluepyefe.extract", logging.WARNING, "Protocol 'Ramp' not found in any cell recordings.")
    assert caplog.record_tuples.count(line) == 1


def test_a_protocol_that_only_some_files_have(caplog):
    cells = extract.read_recordings(FILES, synthetic_reader, efel_settings=EFEL)
    extract.compute_rheobase(cells, ["IDthresh"])
    with caplog.at_level(logging.WARNING):
        extract.group_efeatures(cells, [*TARGETS, TARGETS[0] | {"protocol": "IV"}])
    lines = [message for name, _, message in caplog.record_tuples if name == "bluepyefe.extract"]
    assert lines == ["Protocol 'IV' not found in any cell recordings."]


def test_a_protocol_that_an_nwb_file_lacks(tmp_path):
    config = datasets.sample_config()
    path = next(
        metadata["filepath"]
        for protocols in config["files_metadata"].values()
        for files in protocols.values()
        for metadata in files
        if metadata["filepath"].endswith(".nwb")
    )
    files = {"c": {"NegCheops": [{"filepath": path, "protocol_name": "NegCheops"}]}}
    found = extract.extract_efeatures(tmp_path, files, [TARGETS[0] | {"protocol": "NegCheops"}])
    assert found[:2] == ({}, {})
    assert efewidgets.compat.bluepyefe.reader.nwb_reader(files["c"]["NegCheops"][0]) == []


@pytest.mark.parametrize("suffix", ["nwb", "abf", "ibw", "mat", "txt", "csv"])
def test_files_that_are_not_there(suffix, tmp_path):
    """The error is BluePyEfe's kind and ours; one that is damaged is no missing one."""
    path = tmp_path / f"absent.{suffix}"
    pair = {"v_file": str(path), "i_file": str(tmp_path / "other.ibw")}
    metadata = pair if suffix == "ibw" else {"filepath": str(path)}
    more = {"i_unit": "pA", "v_unit": "mV", "t_unit": "ms"}
    files = {"c": {"IDthresh": [metadata | more]}}
    with pytest.raises(FileNotFoundError, match="there is no file") as caught:
        extract.extract_efeatures(tmp_path, files, TARGETS)
    assert isinstance(caught.value, EfeError)
    for place in (path, tmp_path / "other.ibw"):
        place.write_bytes(b"this is no recording at all, whatever its name says")
    with pytest.raises(EfeError) as caught:
        extract.extract_efeatures(tmp_path, files, TARGETS)
    assert not isinstance(caught.value, FileNotFoundError)


def test_amplitudes_in_lists_and_entries_of_no_meaning(tmp_path, caplog):
    files = {"files_metadata": FILES, "recording_reader": synthetic_reader, "efel_settings": EFEL}
    plain = extract.extract_efeatures(tmp_path, targets=TARGETS[:1], **files)
    odd = {**TARGETS[0], "amplitude": [150], "tolerance": [20], "note": "figure 3"}
    with caplog.at_level(logging.WARNING):
        assert extract.extract_efeatures(tmp_path, targets=[odd], **files) == plain
    assert "a target has no entry 'note'; it is passed over" in caplog.text
    assert list(plain[0]) == ["IDthresh_150"]


def test_fewer_amplitudes_than_columns(tmp_path):
    path = tmp_path / "x.txt"
    np.savetxt(path, np.full((3000, 3), -70.0), delimiter="\t", newline="\n")
    metadata = {"filepath": str(path), "dt": 0.1, "amplitudes": [10, 20], "hypamp": 0, "ton": 50, "toff": 200}
    metadata |= {"i_unit": "pA", "v_unit": "mV", "t_unit": "ms"}
    cell = extract.Cell("c")
    cell.read_recordings([metadata], "Step")
    assert [recording.amp for recording in cell.recordings] == pytest.approx([0.01, 0.02])
    assert "3 columns of voltage, the metadata give 2 amplitudes" in str(cell.problems[0])
    assert efewidgets.compat.bluepyefe.reader.csv_lccr_reader({**metadata, "amplitudes": []}) == []


# --- a lab's own stimulus families


@pytest.fixture
def ecodes():
    """The table of eCodes of each package, as it was before."""
    tables = [importlib.import_module(f"{package}.ecode").eCodes for package in PACKAGES]
    before = [dict(table) for table in tables]
    yield
    for table, content in zip(tables, before, strict=True):
        table.clear()
        table.update(content)


def test_a_subclass_finds_its_stimulus_as_its_family_does(ecodes):
    """Timings aren't given; the step is from 40 to 190 ms."""
    from efewidgets.engine.recordings.ecodes import Step

    class LabStep(Step):
        """A lab's own."""

    extract_table = efewidgets.compat.bluepyefe.ecode.eCodes
    extract_table["lab_stim"] = LabStep
    cell = extract.Cell("c")
    sweeps = [step(amplitude, i_noise=0.002, seed=k) for k, amplitude in enumerate((0.1, 0.2, 0.3))]
    for name in ("lab_stim", "My_LabStim_3"):
        cell.read_recordings([metadata_of(sweeps)], name, synthetic_reader, EFEL)
    assert [type(recording) for recording in cell.recordings] == [LabStep] * 6
    for recording in cell.recordings:
        assert (recording.ton, recording.toff) == pytest.approx((40.0, 190.0), abs=1.0)
    assert cell.problems == []


@pytest.mark.parametrize("family", ["SAHP", "Ramp", "HyperDePol", "SpikeRec", "SineSpec", "CapCheck"])
def test_subclasses_of_every_family_are_that_family(family):
    from efewidgets.engine.recordings.ecodes import FAMILIES

    assert type("Mine", (FAMILIES[family],), {}).family() == family
    with pytest.raises(EfeError, match="made from none of"):
        type("Mine", (extract.Recording,), {}).family()


def lab_step(module):
    """Return a family of BluePyEfe's form: made from Recording, with all of its own."""

    class LabStim(module("recording").Recording):
        def __init__(self, config_data, reader_data, protocol_name="labstim", efel_settings=None):
            super().__init__(config_data, reader_data, protocol_name)
            self.ton = self.toff = self.tend = self.dt = None
            self.amp_rel = self.hypamp_rel = None
            if self.t is not None and self.current is not None:
                self.interpret(self.t, self.current, self.config_data, self.reader_data)
            if self.voltage is not None:
                self.set_autothreshold()
                self.compute_spikecount(efel_settings)
            self.export_attr = ["ton", "toff", "tend", "amp", "hypamp", "dt", "amp_rel", "hypamp_rel"]

        def interpret(self, t, current, config_data, reader_data):
            self.dt = t[1]
            self.set_timing_ecode(["ton", "toff"], config_data)
            self.set_amplitudes_ecode("hypamp", config_data, reader_data, np.median(current[: self.ton]))
            level = np.median(current[self.ton : self.toff]) - self.hypamp
            self.set_amplitudes_ecode("amp", config_data, reader_data, level)
            self.index_to_ms("ton", t)
            self.index_to_ms("toff", t)
            self.tend = len(t) * self.dt

        def generate(self):
            t = np.arange(0.0, self.tend, self.dt)
            current = np.full(t.shape, float(self.hypamp))
            current[self.ms_to_index(self.ton) : self.ms_to_index(self.toff)] += self.amp
            return t, current

        def get_stimulus_parameters(self):
            return {"delay": self.ton, "amp": self.amp, "duration": self.toff - self.ton}

    return LabStim


def double_step(module):
    """Return a family made from Step that interprets what Step has found."""

    class LabStim(module("ecode.step").Step):
        def interpret(self, t, current, config_data, reader_data):
            super().interpret(t, current, config_data, reader_data)
            self.amp = 2 * self.amp

    return LabStim


@pytest.mark.parametrize(("make", "factor"), [(lab_step, 1), (double_step, 2)])
def test_families_of_bluepyefes_form(make, factor, ecodes):
    files = {"c": firing_cell({0.1: 1, 0.15: 3, 0.2: 6}, "labstim", hypamp_nA=-0.02)}
    targets = [target | {"protocol": "labstim"} for target in TARGETS]

    def script(module):
        module("ecode").eCodes["labstim"] = make(module)
        classic = module("extract")
        cells = classic.read_recordings(copy.deepcopy(files), synthetic_reader, efel_settings=EFEL)
        cells = classic.extract_efeatures_at_targets(cells, copy.deepcopy(targets), efel_settings=EFEL)
        classic.compute_rheobase(cells, ["labstim"])
        protocols = classic.group_efeatures(cells, copy.deepcopy(targets), efel_settings=EFEL)
        recordings = [
            (r.ton, r.toff, r.amp, r.hypamp, r.spikecount, r.amp_rel, r.get_params(), r.generate()[1].sum())
            for r in cells[0].recordings
        ]
        found = classic.create_feature_protocol_files(cells, protocols, write_files=False)
        return recordings, outputs(*found)

    recordings, _ = both(script)
    assert [found[2] for found in recordings] == pytest.approx([0.1 * factor, 0.15 * factor, 0.2 * factor])


def test_a_family_of_bluepyefes_form_that_lacks_a_timing_is_told(ecodes):
    efewidgets.compat.bluepyefe.ecode.eCodes["labstim"] = lab_step(
        lambda name: importlib.import_module(f"efewidgets.compat.bluepyefe.{name}")
    )
    cell = extract.Cell("c")
    cell.read_recordings([metadata_of([sweep_of([(40.0, 190.0, 0.1, 0.1)])])], "labstim", synthetic_reader)
    assert cell.recordings == []
    assert "needs 'ton' (ms)" in str(cell.problems[0])


def test_the_classic_example_of_a_file_listed_twice():
    files = {
        "c": {
            "IDthresh": [metadata_of([step(0.1, 1)], "x", **STEP), metadata_of([step(0.15, 3)], "y", **STEP)]
        }
    }

    def script(module):
        return outputs(
            *module("extract").extract_efeatures(
                "unused",
                copy.deepcopy(files),
                copy.deepcopy(TARGETS),
                protocols_rheobase=["IDthresh"],
                recording_reader=synthetic_reader,
            )
        )

    assert both(script)["features"]["IDthresh_150"]["soma"][0]["val"][0] == 3.0
