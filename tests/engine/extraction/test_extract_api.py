"""BluePyEfe's functions under the same names: scripts written for it run with their import line changed."""

from __future__ import annotations

import copy
import inspect
import json
import logging
import multiprocessing
import pathlib
import pickle
import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from efewidgets import extract
from efewidgets.engine.problems import EfeError
from tests.compare import differences, plain
from tests.engine.differential.cells import STEP, firing_cell, metadata_of, step, synthetic_reader

EFEL = {"strict_stiminterval": True, "Threshold": -20.0, "interp_step": 0.025}
FILES = {
    "B6": {
        **firing_cell({0.1: 0, 0.12: 1, 0.18: 4, 0.24: 6}),
        "IV": [metadata_of([step(a) for a in (-0.12, -0.06)], "B6_IV", **STEP)],
    },
    "B8": firing_cell({0.08: 0, 0.1: 2, 0.15: 5, 0.2: 7}, hypamp_nA=-0.02),
}
TARGETS = [
    {"efeature": efeature, "protocol": "IDthresh", "amplitude": amplitude, "tolerance": 20.0}
    for efeature in ("Spikecount", "AP1_amp", "mean_frequency")
    for amplitude in (100, 150, 200)
]
TARGETS += [{"efeature": "voltage_base", "protocol": "IV", "amplitude": -100, "tolerance": 20.0}]
ARGUMENTS = {
    "files_metadata": FILES,
    "targets": TARGETS,
    "protocols_rheobase": ["IDthresh"],
    "recording_reader": synthetic_reader,
    "efel_settings": EFEL,
}


def run(folder, **change):
    return extract.extract_efeatures(str(folder), **(ARGUMENTS | change))


def written(folder):
    """Return the bytes of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the same functions


def peer_functions():
    peer = pytest.importorskip("bluepyefe.extract")
    found = inspect.getmembers(peer, inspect.isfunction)
    return {name: f for name, f in found if f.__module__ == "bluepyefe.extract" and not name.startswith("_")}


def same_parameters(ours, theirs):
    """Whether all of their parameters come first, in their order and with their defaults; more are keywords."""
    own, wanted = (list(inspect.signature(f).parameters.values()) for f in (ours, theirs))
    for one, other in zip(own, wanted, strict=False):
        assert (one.name, one.kind, one.default) == (other.name, other.kind, other.default)
    assert len(own) >= len(wanted)
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in own[len(wanted) :])


def test_functions():
    functions = peer_functions()
    assert len(functions) == 11
    for name, theirs in functions.items():
        assert name in extract.__all__
        same_parameters(getattr(extract, name), theirs)


@pytest.mark.parametrize(
    ("module", "cls", "methods"),
    [
        ("cell", "Cell", "__init__ get_protocol_names get_recordings_by_protocol_name read_recordings"
         " get_recordings_id_by_protocol_name extract_efeatures compute_relative_amp"),
        ("protocol", "Protocol", "__init__ append as_dict"),
        ("target", "EFeatureTarget", "append clear as_dict"),
        ("auto_targets", "AutoTarget", "__init__ select_ecode_and_amplitude is_valid generate_targets"),
        ("recording", "Recording", "compute_efeatures compute_spikecount call_efel set_autothreshold in_target"
         " compute_relative_amp get_params generate get_plot_amplitude_title plot"),
    ],
)  # fmt: skip
def test_methods(module, cls, methods):
    theirs = getattr(pytest.importorskip(f"bluepyefe.{module}"), cls)
    ours = getattr(extract, cls)
    for name in methods.split():
        one, other = inspect.signature(getattr(ours, name)), inspect.signature(getattr(theirs, name))
        assert list(other.parameters) == list(one.parameters)[: len(other.parameters)], name
        for parameter in list(other.parameters)[1:]:
            assert one.parameters[parameter].default == other.parameters[parameter].default, name


def test_target_takes_a_location_besides():
    arguments = ("a", "Spikecount", "IDrest", 150.0, 10.0, {"Threshold": 0.0})
    assert extract.EFeatureTarget(*arguments).location == "soma"
    assert extract.EFeatureTarget(*arguments, "dend").location == "dend"


def test_attributes_that_scripts_use():
    """On a recording, a protocol and a target, as BluePyEfe has them."""
    cells, protocols = stages(extract)
    with quiet_peer() as peer:
        their_cells, their_protocols = stages(peer)
    pairs = [
        (cells[0], their_cells[0], "name recordings rheobase"),
        (cells[0].recordings[1], their_cells[0].recordings[1],
         "t time voltage current ton toff tend dt amp amp_rel hypamp hypamp_rel peak_time spikecount auto_threshold"
         " efeatures files name id repetition location protocol_name export_attr config_data reader_data"),
        (protocols[0], their_protocols[0],
         "name amplitude tolerance feature_targets recordings global_rheobase mode stimulus_name n_match ecode"),
        (protocols[0].feature_targets[0], their_protocols[0].feature_targets[0],
         "efeature_name efel_feature_name protocol_name amplitude tolerance efel_settings values mean std"
         " sample_size"),
    ]  # fmt: skip
    skipped = {
        "recordings",
        "feature_targets",
        "ecode",
        "reader_data",
        "export_attr",
        "config_data",
        "efeatures",
    }
    for ours, theirs, names in pairs:
        for name in names.split():
            one, other = getattr(ours, name), getattr(theirs, name)
            if name not in skipped:
                assert differences(plain(other), plain(one)) == [], name
    assert set(cells[0].recordings[1].efeatures) == set(their_cells[0].recordings[1].efeatures)
    assert list(cells[0].recordings[1].export_attr) == list(their_cells[0].recordings[1].export_attr)


def quiet_peer():
    import contextlib

    @contextlib.contextmanager
    def opened():
        from tests.engine.differential.peer import quiet

        with quiet():
            import bluepyefe.extract

            yield bluepyefe.extract

    pytest.importorskip("bluepyefe")
    return opened()


def stages(module):
    """Go through the stages one by one, as a script does."""
    cells = module.read_recordings(
        files_metadata=copy.deepcopy(FILES), recording_reader=synthetic_reader, efel_settings=EFEL
    )
    cells = module.extract_efeatures_at_targets(
        cells=cells, targets=copy.deepcopy(TARGETS), efel_settings=EFEL
    )
    module.compute_rheobase(cells, protocols_rheobase=["IDthresh"])
    protocols = module.group_efeatures(cells, copy.deepcopy(TARGETS), efel_settings=EFEL)
    return cells, protocols


# --- scripts, with only their import line changed

BY_HAND = """
from {module} import extract

cells = extract.read_recordings(files_metadata=files, recording_reader=reader, efel_settings=settings)
extract.extract_efeatures_at_targets(cells, targets, efel_settings=settings)
for cell in cells:
    cell.rheobase = 0.11
    cell.compute_relative_amp()
rows = [
    (cell.name, rec.protocol_name, rec.ton, rec.toff, rec.amp, rec.amp_rel, rec.spikecount, dict(rec.efeatures))
    for cell in cells
    for rec in cell.recordings
]
protocols = extract.group_efeatures(cells, targets, efel_settings=settings)
files_out = extract.create_feature_protocol_files(cells=cells, protocols=protocols, output_directory=folder)
"""

ONE_CELL = """
from {module}.{cell_module} import Cell

cell = Cell(name="neuron")
cell.read_recordings(protocol_data=files["B6"]["IDthresh"], protocol_name="IDrest", recording_reader=reader)
cell.extract_efeatures(protocol_name="IDrest", efeatures=["Spikecount", "AP1_amp", "AP_width"], efel_settings=settings)
first = [dict(recording.efeatures) for recording in cell.recordings]
later = dict(settings, stim_start=100.0, stim_end=190.0)
cell.extract_efeatures("IDrest", ["Spikecount"], ["late_spikes"], efel_settings=later)
recording = cell.recordings[2]
time, current = recording.generate()
parameters = recording.get_params()
rows = [first, recording.efeatures, max(current), len(time), parameters, cell.get_protocol_names()]
rows.append(cell.get_recordings_id_by_protocol_name("IDrest"))
rows.append(max(recording.voltage))
"""

WHOLE = """
from {module} import extract

old = {{"IDthresh": {{"amplitudes": [100, 150], "tolerances": [20], "efeatures": ["Spikecount", "AP_width"]}}}}
converted = extract.convert_legacy_targets(old)
one = extract.extract_efeatures(folder, files, old, protocols_rheobase=["IDthresh"], recording_reader=reader,
                                write_files=True, low_memory_mode=True)
two = extract.extract_efeatures(output_directory=folder, files_metadata=files, recording_reader=reader,
                                rheobase_strategy="flush", auto_targets=extract.default_auto_targets())
three = extract.extract_efeatures(folder, files, converted, 2, ["IDthresh"], False, reader, map, False,
                                  protocol_mode="median", efel_settings=settings, default_std_value=0.1)
rows = [extract.convert_legacy_targets(old), one, two, three]
"""


@pytest.mark.parametrize("script", [BY_HAND, ONE_CELL, WHOLE], ids=["by hand", "one cell", "whole"])
def test_script(script, tmp_path):
    found = {}
    with quiet_peer():
        for module, cell_module in (("bluepyefe", "cell"), ("efewidgets", "extract")):
            folder = tmp_path / module
            scope = {
                "files": copy.deepcopy(FILES),
                "targets": copy.deepcopy(TARGETS),
                "settings": dict(EFEL),
                "reader": synthetic_reader,
                "folder": str(folder),
            }
            exec(script.format(module=module, cell_module=cell_module), scope)
            found[module] = plain([scope["rows"], scope.get("files_out")])
            found[module].append(
                {
                    path.name: json.loads(path.read_text(encoding="utf-8"))
                    for path in sorted(folder.glob("*.json"))
                }
            )
    assert differences(found["bluepyefe"], found["efewidgets"]) == []


# --- the arguments


def test_returns_what_it_writes(tmp_path):
    features, protocols, currents = run(tmp_path, write_files=True)
    for name, data in (
        ("features", features),
        ("protocols", protocols),
        ("holding_threshold_currents", currents),
    ):
        assert json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) == plain(data)


def test_writes_nothing_unless_told(tmp_path):
    run(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_by_the_stages_the_same(tmp_path):
    cells, protocols = stages(extract)
    by_stages = extract.create_feature_protocol_files(cells, protocols, write_files=False)
    assert plain(by_stages) == plain(run(tmp_path))


def test_low_memory_mode_is_the_same(tmp_path):
    assert plain(run(tmp_path, low_memory_mode=True)) == plain(run(tmp_path))


def test_low_memory_mode_uses_no_other_process(tmp_path):
    class Never(Executor):
        def submit(self, function, /, *args, **kwargs):
            raise AssertionError("not to be used")

    run(tmp_path, low_memory_mode=True, executor=Never())
    run(tmp_path, low_memory_mode=True, map_function=None)


def test_per_cell(tmp_path):
    run(tmp_path, write_files=True, extract_per_cell=True)
    names = {"features.json", "protocols.json", "holding_threshold_currents.json"}
    assert {str(pathlib.Path(name)) for name in written(tmp_path)} == names | {
        f"{cell}/{name}" for cell in ("B6", "B8") for name in names
    }
    alone = run(tmp_path, files_metadata={"B8": FILES["B8"]})
    assert json.loads((tmp_path / "B8" / "features.json").read_text(encoding="utf-8")) == plain(alone[0])
    assert json.loads((tmp_path / "B8" / "protocols.json").read_text(encoding="utf-8")) == plain(alone[1])
    assert json.loads(
        (tmp_path / "B8" / "holding_threshold_currents.json").read_text(encoding="utf-8")
    ) == plain(alone[2])


def test_per_cell_by_the_function_of_that_name(tmp_path):
    run(tmp_path / "a", write_files=True, extract_per_cell=True)
    cells, _ = stages(extract)
    found = extract.extract_efeatures_per_cell(
        FILES, cells, tmp_path / "b", TARGETS, "mean", 1, True, efel_settings=EFEL
    )
    assert list(found) == ["B6", "B8"]
    for cell in found:
        assert written(tmp_path / "a" / cell) == written(tmp_path / "b" / cell)


def test_cells_whose_names_differ_in_case_only_have_files_of_their_own(tmp_path):
    # on Windows and macOS B8 and b8 are one folder
    files = {"B8": FILES["B8"], "b8": FILES["B6"], "other": FILES["B6"]}
    run(tmp_path / "all", files_metadata=files, write_files=True, extract_per_cell=True, plot=True)
    folders = sorted(path.name for path in (tmp_path / "all").iterdir() if path.is_dir())
    assert folders[0] == "B8"
    assert [name.partition("%")[0] for name in folders] == ["B8", "b8", "other"]
    assert len({name.casefold() for name in folders}) == 3
    alone = run(tmp_path / "one", files_metadata={"b8": FILES["B6"]})
    stored = json.loads((tmp_path / "all" / folders[1] / "features.json").read_text(encoding="utf-8"))
    assert stored == plain(alone[0])
    figures = [path.name for path in (tmp_path / "all" / folders[1]).glob("*.pdf")]
    assert figures
    assert all(name.startswith("b8_") for name in figures)


def test_cell_name_stays_in_the_output_folder(tmp_path):
    names = ["../escape", "/absolute", "a/b", "..", ".", "", "con", "x" * 300, "é ü", "a\nb"]
    files = dict.fromkeys(names, FILES["B8"])
    folder = tmp_path / "out"
    features, _, currents = run(folder, files_metadata=files, write_files=True, extract_per_cell=True)
    assert set(currents["all_threshold_current"]) == set(names)
    assert list(tmp_path.iterdir()) == [folder]
    folders = [path for path in folder.iterdir() if path.is_dir()]
    assert len(folders) == len(names)
    assert all(len(list(path.iterdir())) == 3 for path in folders)
    assert features["IDthresh_100"]["soma"][0]["n"] == len(names)


def test_pickles_are_whole_without_their_files(tmp_path):
    """They load in a fresh process, in which the reader and the files aren't there."""
    run(tmp_path, pickle_cells=True)
    assert extract.cells_pickle_output_path(tmp_path) == tmp_path / "cells.pkl"
    assert extract.protocols_pickle_output_path(tmp_path) == tmp_path / "protocols.pkl"
    code = f"""
import pickle
cells = pickle.load(open({str(tmp_path / "cells.pkl")!r}, "rb"))
protocols = pickle.load(open({str(tmp_path / "protocols.pkl")!r}, "rb"))
recording = cells[0].recordings[2]
print([cell.name for cell in cells], len(recording.voltage), len(recording.current), len(recording.t))
print(recording.spikecount, sorted(recording.efeatures), recording.amp_rel > 0, len(recording.generate()[0]))
print([protocol.stimulus_name for protocol in protocols][:2], protocols[0].feature_targets[0].values)
"""
    root = pathlib.Path(extract.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, encoding="utf-8"
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "['B6', 'B8'] 2400 2400 2400",
        "4 ['AP1_amp', 'Spikecount', 'mean_frequency'] True 2400",
        "['IDthresh_100', 'IDthresh_150'] [0.0, 1.0, 2.0]",  # 83, 100 and 100 %; 80 % is out
    ]


def test_pickled_values_are_those_of_the_stages(tmp_path):
    run(tmp_path, pickle_cells=True)
    cells = pickle.loads((tmp_path / "cells.pkl").read_bytes())
    for ours, again in zip(stages(extract)[0], cells, strict=True):
        for one, other in zip(ours.recordings, again.recordings, strict=True):
            np.testing.assert_array_equal(one.voltage, other.voltage)
            assert differences(plain(one.efeatures), plain(other.efeatures)) == []
            assert one.amp_rel == other.amp_rel


def test_figures(tmp_path):
    run(tmp_path, plot=True)
    names = set(written(tmp_path))
    assert any(name.startswith("B6/") and "recordings" in name for name in names)
    assert all(content.startswith(b"%PDF") for content in written(tmp_path).values())
    paths = extract.plot_recordings({"B8": FILES["B8"]}, tmp_path / "figures", synthetic_reader)
    assert [path.read_bytes()[:4] for path in paths] == [b"%PDF"]
    axes = stages(extract)[0][0].recordings[0].plot()
    assert len(axes) == 2


def test_files_used(tmp_path):
    features, _, _ = run(tmp_path, save_files_used=True)
    assert features["IV_-100"]["soma"][0]["files"] == ["B6_IV.made"]


@pytest.mark.parametrize("rheobases", [["IDthresh"], "IDthresh", ("IDthresh",), None])
def test_rheobase_protocols(tmp_path, rheobases):
    _, _, currents = run(tmp_path, protocols_rheobase=rheobases)
    assert currents["all_threshold_current"] == pytest.approx({"B6": 0.12, "B8": 0.1})


def test_without_a_rheobase_protocol_no_cell_has_a_rheobase(tmp_path):
    features, protocols, currents = run(tmp_path, protocols_rheobase=[])
    assert (features, protocols) == ({}, {})
    assert currents["all_holding_current"] == pytest.approx({"B6": 0.0, "B8": -0.02})


def test_amplitude_by_the_mean_of_the_currents():
    """Rheobases of 0.12 and 0.1 nA: 150 % are 0.18 and 0.15 nA; 150 % of the mean rheobase 0.165."""
    cells, _ = stages(extract)
    for whole, amp in ((True, 0.165), (False, 0.165)):
        protocols = extract.group_efeatures(cells, TARGETS, use_global_rheobase=whole, efel_settings=EFEL)
        assert protocols[1].ecode.amp == pytest.approx(amp)
    cells[1].recordings = cells[1].recordings[:2]  # the second cell has no 150 % any more
    for whole, amp in ((True, 0.165), (False, 0.18)):
        protocols = extract.group_efeatures(cells, TARGETS, use_global_rheobase=whole, efel_settings=EFEL)
        assert protocols[1].ecode.amp == pytest.approx(amp)


# --- maps and executors


class Noting(Executor):
    """Runs at once, and notes what it was given."""

    def __init__(self):
        self.functions = []

    def submit(self, function, /, *args, **kwargs):
        self.functions.append(function)
        future = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run(folder, write_files=True, extract_per_cell=True)
    return written(folder)


def same(folder, expected, **change):
    run(folder, write_files=True, extract_per_cell=True, **change)
    assert written(folder) == expected


def test_any_map(tmp_path, expected):
    def backwards(function, jobs):
        return reversed([function(job) for job in reversed(list(jobs))])

    same(tmp_path, expected, map_function=backwards)


def test_map_of_a_pool_of_processes(tmp_path, expected):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        same(tmp_path / "map", expected, map_function=pool.map)
        same(tmp_path / "imap", expected, map_function=pool.imap)


def test_processes(tmp_path, expected):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        same(tmp_path, expected, executor=executor)


def test_threads(tmp_path, expected):
    with ThreadPoolExecutor(3) as executor:
        same(tmp_path, expected, executor=executor)


def test_executor_beats_the_map(tmp_path, expected):
    executor = Noting()
    same(tmp_path, expected, executor=executor, map_function=None)
    assert len(executor.functions) > 3  # files, then recordings


def test_executor_in_the_stages():
    executor = Noting()
    cells = extract.read_recordings(FILES, synthetic_reader, efel_settings=EFEL, executor=executor)
    extract.extract_efeatures_at_targets(cells, TARGETS, efel_settings=EFEL, executor=executor)
    assert all(recording.pending() == [] for cell in cells for recording in cell.recordings)
    count = len(executor.functions)
    assert count > sum(len(files) for cell in FILES.values() for files in cell.values())  # the features, too
    plain_cells, _ = stages(extract)
    for one, other in zip(cells, plain_cells, strict=True):
        for ours, theirs in zip(one.recordings, other.recordings, strict=True):
            assert differences(plain(theirs.efeatures), plain(ours.efeatures)) == []


def test_the_same_bytes_whatever_the_order_of_the_input(tmp_path, expected):
    """Cells, protocols and files in another order."""
    turned = {
        name: {protocol: list(reversed(files)) for protocol, files in reversed(protocols.items())}
        for name, protocols in reversed(FILES.items())
    }
    same(tmp_path, expected, files_metadata=turned)


# --- arguments that can't be


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files_metadata": {}}, "files_metadata is empty"),
        ({"files_metadata": None}, "files_metadata is empty"),
        ({"files_metadata": {"a": {}}}, "names no file"),
        ({"files_metadata": {"a": {"IV": []}}}, "names no file"),
        ({"files_metadata": {"a": [{}]}}, "cell 'a' must hold a dictionary of protocols"),
        ({"files_metadata": {"a": {"IV": "x.nwb"}}}, "protocol 'IV' must hold a list"),
        ({"files_metadata": {"a": {"IV": {"filepath": "x.nwb"}}}}, "protocol 'IV' must hold a list"),
        ({"files_metadata": [1]}, "files_metadata"),
        ({"rheobase_strategy": "flash"}, "Did you mean 'flush'"),
        ({"rheobase_settings": {"spike_treshold": 1}}, "Did you mean 'spike_threshold'"),
        ({"protocol_mode": "Mean"}, "Did you mean 'mean'"),
        ({"efel_settings": {"interp_stepp": 0.1}}, "Did you mean 'interp_step'"),
        ({"efel_settings": {"strict_stiminterval": "False"}}, "without quotes"),
        ({"threshold_nvalue_save": 0}, "whole number from 1 on"),
        ({"threshold_nvalue_save": 1.5}, "whole number from 1 on"),
        ({"threshold_nvalue_save": True}, "whole number from 1 on"),
        ({"default_std_value": -1.0}, "must not be negative"),
        ({"default_std_value": "small"}, "must be a number"),
        ({"default_std_value": float("nan")}, "must be a number"),
        ({"targets": 3}, "targets must be a list"),
        ({"targets": "IDrest"}, "none of the targets can be used"),
        (
            {"targets": None, "auto_targets": [{"protocols": ["IV"]}]},
            "auto_targets must be a list of AutoTarget",
        ),
        (
            {"targets": None, "auto_targets": extract.default_auto_targets()[0]},
            "must be a list of AutoTarget",
        ),
        ({"protocols_rheobase": 3}, "protocols_rheobase must be a list of names"),
        ({"efel_settings": "Threshold"}, "efel_settings must be a dictionary"),
        ({"rheobase_settings": [1]}, "rheobase_settings must be a dictionary"),
        ({"absolute_amplitude": "False"}, "absolute_amplitude must be True or False, but is 'False'"),
        ({"write_files": "no"}, "write_files must be True or False"),
        ({"plot": None}, "plot must be True or False"),
        ({"low_memory_mode": "False"}, "low_memory_mode must be True or False"),
        ({"extract_per_cell": 2}, "extract_per_cell must be True or False"),
        ({"pickle_cells": "yes"}, "pickle_cells must be True or False"),
        ({"save_files_used": []}, "save_files_used must be True or False"),
        ({"targets": [{"efeature": "x"}]}, "none of the targets can be used"),
        ({"targets": TARGETS, "auto_targets": []}, "both targets and auto_targets"),
        ({"targets": None, "absolute_amplitude": True}, "absolute_amplitude needs targets"),
    ],
)
def test_what_can_not_be(tmp_path, change, words):
    with pytest.raises(EfeError, match=words):
        run(tmp_path / "new", **({"write_files": True} | change))
    assert list(tmp_path.iterdir()) == []


def test_files_need_a_folder_and_that_is_seen_before_the_work(tmp_path, monkeypatch):
    def never(metadata):
        raise AssertionError("nothing should be read")

    monkeypatch.chdir(tmp_path)
    for folder in (None, ""):
        for what in ("write_files", "plot", "pickle_cells"):
            with pytest.raises(EfeError, match="output_directory must name a folder"):
                extract.extract_efeatures(folder, **(ARGUMENTS | {"recording_reader": never, what: True}))
        extract.extract_efeatures(folder, **ARGUMENTS)
    assert list(tmp_path.iterdir()) == []


def test_no_targets_at_all_is_an_empty_output(tmp_path):
    features, protocols, currents = run(tmp_path, targets=[])
    assert (features, protocols) == ({}, {})
    assert len(currents["all_threshold_current"]) == 2


def test_a_cell_whose_name_is_a_number(tmp_path):
    files = {1: FILES["B8"]}
    _, _, currents = run(tmp_path, files_metadata=files, write_files=True, extract_per_cell=True)
    assert list(currents["all_threshold_current"]) == ["1"]
    assert (tmp_path / "1" / "features.json").exists()
    cells = extract.read_recordings(files, synthetic_reader, efel_settings=EFEL)
    assert list(extract.extract_efeatures_per_cell(files, cells, tmp_path, TARGETS, "mean", 1, False)) == [
        "1"
    ]


def test_misspelt_feature_of_a_goal_leaves_the_others(tmp_path, caplog):
    goal = extract.AutoTarget(["IDthresh"], [150], ["Spikecount", "AP_amplitud"], 1, 1, 20)
    features, _, _ = run(tmp_path, targets=None, auto_targets=[goal])
    assert [(e["feature"], e["n"]) for e in features["IDthresh_150"]["soma"]] == [("Spikecount", 2)]
    assert "AP_amplitud" in caplog.text


def test_duplicate_target_is_used_once_and_told(tmp_path, caplog):
    features, _, _ = run(tmp_path, targets=[TARGETS[0], dict(TARGETS[0])])
    assert len(features["IDthresh_100"]["soma"]) == 1
    assert "more than once" in caplog.text


def test_unknown_protocol_of_a_target_is_told(tmp_path, caplog):
    run(tmp_path, targets=[TARGETS[0], TARGETS[0] | {"protocol": "IDtresh"}])
    assert "Did you mean 'IDthresh'?" in caplog.text


def test_nothing_that_the_caller_passes_is_changed(tmp_path):
    before = copy.deepcopy({k: v for k, v in ARGUMENTS.items() if k != "recording_reader"})
    run(tmp_path, write_files=True, extract_per_cell=True, pickle_cells=True)
    stages(extract)
    assert {k: v for k, v in ARGUMENTS.items() if k != "recording_reader"} == before
    defaults = dict(extract.DEFAULT_EFEL_SETTINGS)
    run(tmp_path, efel_settings=None)
    assert defaults == extract.DEFAULT_EFEL_SETTINGS


def test_problems_are_logged_by_their_severity(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    files = {**FILES, "bad": {"IDthresh": [{"filepath": "absent.nwb"}]}}
    run(tmp_path, files_metadata=files, recording_reader=reader_of_made)
    text = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert any(level == "ERROR" and "absent.nwb" in message for level, message in text)
    assert any(level == "WARNING" and "no rheobase" in message for level, message in text)


def reader_of_made(metadata):
    if "made" not in metadata:
        raise FileNotFoundError(f"there is no {metadata['filepath']}")
    return synthetic_reader(metadata)


def test_figures_of_cells_and_protocols(tmp_path):
    """The peer's extract module has this function too."""
    cell = extract.Cell("c")
    assert extract.plot_all_recordings_efeatures([cell], [], tmp_path) is not None


def test_sweeps_in_the_metadata_of_a_lab_s_own_reader(tmp_path):
    """A list under "sweeps" is for the reader; a dictionary says which sweeps are left out."""
    seen = []

    def reader(metadata):
        seen.append(metadata.get("sweeps"))
        return []

    for sweeps in ([1, 2], {}):
        extract.read_recordings({"c": {"Step": [{"filepath": "x.made", "sweeps": sweeps}]}}, reader)
    assert seen == [[1, 2], None]
