"""Under which names the sweeps of an NWB file are found: all of BluePyEfe's, the tables', and never a silent "Step"."""

from __future__ import annotations

import logging

import h5py
import numpy as np
import pytest

from efewidgets.engine.problems import ReadError
from efewidgets.engine.readers import has_protocol, inspect, read

from .nwb_files import (
    add_aibs,
    add_bbp,
    add_current,
    add_mies,
    add_scala,
    add_series,
    add_trt,
    groups,
    step,
    volts,
)
from .test_nwb_plain import Writer

NOT_NAMES = ["NA", "N/A", "not described", "Not Described ", "unknown", "", "none"]


def ids(path, name=None, **metadata):
    """Return the ids of the sweeps found under a name, and what is told."""
    asked = {} if name is None else {"protocol_name": name}
    sweeps, problems = read({"filepath": str(path)} | asked | metadata)
    return [sweep["id"] for sweep in sweeps if sweep is not None], problems


# --- a table over BluePyEfe's dialects: what it finds under a name is found here


def bbp_file(file):
    for k, (protocol, cell) in enumerate([("IDrest", "A"), ("iv", "A"), ("IV", "B"), ("Step_long", "B")]):
        add_bbp(file, protocol, k, cell=cell)


def aibs_file(file):
    for k, protocol in enumerate(["Long Square", "Ramp", "NA", "Noise 1"]):
        add_aibs(file, f"Sweep_{k}", protocol, k)


def scala_file(file):
    for k, words in enumerate(
        ["NA", "GenericStep", "hyperpolarising Steps", None, "Ramp", "N/A", "not described"]
    ):
        add_scala(file, f"{k:02d}", k, words)


def scala_with_tables(file):
    for k, words in enumerate(["NA", "NA", "NA"]):
        add_scala(file, f"{k}", k, words)
    tables(file, ["IDrest", "IDrest", "Ramp"], "CurrentClampSeries_{}", "CurrentClampStimulusSeries_{}")


def same_names(file):
    for k, words in enumerate(["NA", "Chirp", None, "N/A"]):
        attrs = {} if words is None else {"stimulus_description": words}
        acquisition, presentation = groups(file)
        add_series(acquisition, f"Zelle {k} µ", volts(k), **attrs)
        add_current(presentation, f"Zelle {k} µ", step(k))


def trt_file(file):
    for k in range(4):
        add_trt(file, f"index_{k:02d}", f"index_{2 * k + 1:02d}", k)


def trt_three_parts(file):
    for k in range(3):
        add_trt(file, f"Index_{k}_0_0", f"Index_{k}_0_1", k)


def vu_file(file):
    for k, words in enumerate(["X1PS_SubThresh_DA_0", "X7Ramp_DA_0", "CCSteps_DA_0", "another_DA_0"]):
        add_mies(file, k, k, words)


def vu_nwb1(file):
    for k, words in enumerate(["X2LP_Search_DA_0", "X8_CHIRP_DA_0"]):
        add_mies(file, k, k, words, nwb1=True)


def tables(file, types, response, stimulus):
    """Write the icephys tables of NWB 2, one recording a row, each of a stimulus type."""
    place = file.require_group("general/intracellular_ephys")
    reference = np.dtype([("idx_start", "i4"), ("count", "i4"), ("timeseries", h5py.ref_dtype)])
    for channel, root, name in (
        ("responses/response", "acquisition", response),
        ("stimuli/stimulus", "stimulus/presentation", stimulus),
    ):
        rows = np.zeros(len(types), reference)
        for k in range(len(types)):
            series = file[f"{root}/{name.format(k)}"]
            rows[k] = (0, len(series["data"]), series.ref)
        place.create_dataset(f"intracellular_recordings/{channel}", data=rows)
    everyone = np.arange(len(types))
    place["simultaneous_recordings/recordings"] = everyone
    place["simultaneous_recordings/recordings_index"] = everyone + 1
    place["sequential_recordings/simultaneous_recordings"] = everyone
    place["sequential_recordings/simultaneous_recordings_index"] = everyone + 1
    place["sequential_recordings/stimulus_type"] = np.array(types, object)


# What BluePyEfe finds, worked out from its rules: name asked for → sweeps.
TABLE = {
    bbp_file: {"IDrest": ["ic__IDrest__0"], "idrest": ["ic__IDrest__0"], "Step_long": ["ic__Step_long__3"]},
    aibs_file: {"long square": ["Sweep_0"], "NA": ["Sweep_2"], "Noise 1": ["Sweep_3"]},
    scala_file: {
        "Step": ["CurrentClampSeries_00", "CurrentClampSeries_02", "CurrentClampSeries_03"],
        "genericstep": ["CurrentClampSeries_01"],
        "Ramp": ["CurrentClampSeries_04"],
        "N/A": ["CurrentClampSeries_05"],
        "not described": ["CurrentClampSeries_06"],
    },
    scala_with_tables: {"Step": [f"CurrentClampSeries_{k}" for k in range(3)]},
    same_names: {"step": ["Zelle 0 µ", "Zelle 2 µ"], "chirp": ["Zelle 1 µ"], "n/a": ["Zelle 3 µ"]},
    trt_file: {name: [f"index_{k:02d}" for k in range(4)] for name in ("Step", "GenericStep")},
    trt_three_parts: {"Step": [f"Index_{k}_0_0" for k in range(3)]},
    vu_file: {"IV": ["data_00000_DA0"], "ramp": ["data_00001_DA0"], "Step": ["data_00002_DA0"]},
    vu_nwb1: {"IDThresh": ["data_00000_DA0"], "SineSpec": ["data_00001_DA0"]},
}
CASES = [(make, name, found) for make, names in TABLE.items() for name, found in names.items()]
each_name = pytest.mark.parametrize(
    ("make", "name", "found"), CASES, ids=[f"{make.__name__}-{name}" for make, name, _ in CASES]
)


@each_name
def test_every_name_of_bluepyefe_finds_its_sweeps(tmp_path, make, name, found):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        make(file)
    assert set(found) <= set(ids(tmp_path / "a.nwb", name)[0])


@each_name
def test_the_table_is_what_bluepyefe_finds(tmp_path, make, name, found, caplog):
    reader = pytest.importorskip("bluepyefe.reader", reason="needs BluePyEfe to compare with")
    caplog.set_level(logging.CRITICAL)
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        make(file)
    sweeps = reader.nwb_reader({"filepath": str(tmp_path / "a.nwb"), "protocol_name": name})
    assert [sweep["id"] for sweep in sweeps] == found


# --- names that the file has, and names that are only lent


def test_a_name_that_only_bluepyefe_gives_is_told(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        scala_with_tables(file)
    assert inspect(path).protocols == ["IDrest", "Ramp"]
    assert ids(path, "IDrest") == (["CurrentClampSeries_0", "CurrentClampSeries_1"], [])
    found, (problem,) = ids(path, "Step")
    assert len(found) == 3
    assert problem.severity == "warning"
    assert "no stimulus in the file is called 'Step'" in problem.message
    assert "'IDrest', 'Ramp'" in problem.message


def test_a_lent_name_takes_nothing_from_sweeps_that_are_called_so(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        for k in range(3):
            add_scala(file, f"{k}", k, "NA")
        tables(file, ["Step", "Ramp", "Step"], "CurrentClampSeries_{}", "CurrentClampStimulusSeries_{}")
    # A ramp is no step only because its description is empty.
    assert ids(path, "Step") == (["CurrentClampSeries_0", "CurrentClampSeries_2"], [])


LAYOUTS = [
    "Vm_{}|Im_{}",
    "CurrentClampSeries_{}|CurrentClampStimulusSeries_{}",
    "index_{}|index_{}",
    "data_0000{}_AD0|data_0000{}_DA0",
    "Sweep {} é|Sweep {} é",
]


@pytest.mark.parametrize("words", NOT_NAMES)
@pytest.mark.parametrize("names", LAYOUTS)
def test_tables_alone_carry_the_protocol(tmp_path, words, names):
    response, stimulus = names.split("|")
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k in range(4):
            kinds = {"kind": "CurrentClampSeries", "stimulus_description": words}
            add_series(acquisition, response.format(k), volts(k), **kinds)
            add_current(
                presentation, stimulus.format(k), step(k), **(kinds | {"kind": "CurrentClampStimulusSeries"})
            )
        tables(file, ["IDrest", "IDrest", "Ramp", words], response, stimulus)
    assert inspect(path).protocols == ["IDrest", "Ramp", "Step"]
    expected = [response.format(k) for k in range(2)]
    found, _ = ids(path, "IDrest")
    assert [name.replace("DA", "AD") for name in found] == expected
    (ramp,), _ = ids(path, "ramp")
    assert "2" in ramp
    _, problems = ids(path)
    is_scala_step = words == "NA" and "Series" in names  # their word for a step
    told = any("1 of its 4 sweeps don't say of which stimulus" in p.message for p in problems)
    assert told is not is_scala_step


@pytest.mark.parametrize("column", ["stimulus_type", "protocol"])
def test_a_column_of_the_recordings_names_the_stimulus(tmp_path, column):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        for k in range(2):
            add_scala(file, f"{k}", k, "not described")
        tables(file, ["", ""], "CurrentClampSeries_{}", "CurrentClampStimulusSeries_{}")
        del file["general/intracellular_ephys/sequential_recordings"]
        place = file["general/intracellular_ephys/intracellular_recordings"]
        place[column] = np.array(["Chirp", "IV"], object)
    assert inspect(path).protocols == ["Chirp", "IV"]


def test_pynwb_writes_what_is_read(tmp_path):
    writer = Writer()
    simultaneous = []
    for k in range(3):
        voltage, current = (
            writer.voltage(f"CurrentClampSeries_{k}", k),
            writer.current(f"CurrentClampStimulusSeries_{k}", k),
        )
        row = writer.file.add_intracellular_recording(
            electrode=writer.electrodes[0], stimulus=current, response=voltage
        )
        simultaneous.append(writer.file.add_icephys_simultaneous_recording(recordings=[row]))
    writer.file.add_icephys_sequential_recording(
        simultaneous_recordings=simultaneous[:2], stimulus_type="Noise Ä 1"
    )
    writer.file.add_icephys_sequential_recording(
        simultaneous_recordings=simultaneous[2:], stimulus_type="not described"
    )
    path = writer.write(tmp_path / "a.nwb")
    assert inspect(path).protocols == ["Noise Ä 1", "Step"]
    assert ids(path, "noise ä 1")[0] == ["CurrentClampSeries_0", "CurrentClampSeries_1"]


def test_step_is_never_assumed_in_silence(tmp_path):
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        for k in range(2):
            add_scala(file, f"{k}", k, None)
    (note,) = inspect(path).problems
    assert note.severity == "note"
    assert "2 of its 2 sweeps don't say of which stimulus they are: 'Step' is assumed" in note.message
    assert ids(path, "Step") == (["CurrentClampSeries_0", "CurrentClampSeries_1"], [])  # a person has said it
    with pytest.raises(ReadError, match="its sweeps don't say of which stimulus they are, and go by 'Step'"):
        ids(path, "IV")


def test_has_protocol(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        scala_file(file)
    metadata = {"filepath": str(tmp_path / "a.nwb")}
    assert has_protocol(metadata, "hyperpolarising steps")
    assert not has_protocol(metadata, "IV")
    assert not has_protocol({"filepath": str(tmp_path / "none.nwb")}, "IV")
    (tmp_path / "a.csv").write_text("t (s),V (mV),I (pA)\n0,1,1\n0.1,1,1\n", encoding="utf-8", newline="\n")
    assert not has_protocol({"filepath": str(tmp_path / "a.csv")}, "IV")


# --- which dialect


def index_file(path, v_name, i_name, n=5, **attrs):
    """Write sweeps whose series are called index_N, by a rule that isn't Toronto's."""
    with h5py.File(path, "w") as file:
        acquisition, presentation = groups(file)
        for k in range(n):
            own = {"stimulus_description": "IDrest"} | {key: value(k) for key, value in attrs.items()}
            add_series(acquisition, v_name(k), volts(k), kind="CurrentClampSeries", **own)
            add_current(presentation, i_name(k), step(k), kind="CurrentClampStimulusSeries", **own)
    return path


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize(
    ("v_name", "i_name", "numbered"),
    [
        (lambda k: f"index_{k}", lambda k: f"index_{k}", False),
        (lambda k: f"index_{2 * k + 1}", lambda k: f"index_{2 * k + 1}", False),
        (lambda k: f"index_{2 * k}", lambda k: f"index_{2 * k + 1}", True),
        (lambda k: f"index_{k}", lambda k: f"index_{k + 10}", True),
        (lambda k: f"index_{k}", lambda k: f"stimulus {k}", True),
        (lambda k: f"Index_a_{k}", lambda k: f"Index_a_{k}", False),
        (lambda k: f"Index_0_{k // 2}_{k % 2}", lambda k: f"Index_0_{k // 2}_{k % 2}", False),
        (lambda k: f"index_{k}_response", lambda k: f"index_{k}_stimulus", False),
    ],
)  # fmt: skip
def test_index_n_without_the_toronto_rule_is_read_as_any_file(tmp_path, n, v_name, i_name, numbered):
    path = index_file(
        tmp_path / "a.nwb", v_name, i_name, n, **({"sweep_number": lambda k: k} if numbered else {})
    )
    sweeps, problems = read({"filepath": str(path), "protocol_name": "IDrest"})
    assert problems == []
    assert [s["id"] for s in sweeps] == sorted(v_name(k) for k in range(n))
    for sweep in sweeps:
        k = [v_name(k) for k in range(n)].index(sweep["id"])
        assert np.array_equal(sweep["voltage"], (volts(k).astype(np.float64) * 1e-3).astype(np.float32))
        assert np.array_equal(sweep["current"], (step(k).astype(np.float64) * 1e-12).astype(np.float32))


def test_other_prefixes_that_only_look_like_a_dialect(tmp_path):
    with h5py.File(tmp_path / "organised.nwb", "w") as file:
        # A group of this name that isn't BBP's.
        file["data_organization/readme"] = "see the paper"
        same_names(file)
    with h5py.File(tmp_path / "timeseries.nwb", "w") as file:
        # The arrangement of NWB 1, in names that aren't Allen's.
        for k in range(2):
            kinds = {"kind": "CurrentClampSeries", "sweep_number": k, "stimulus_description": "Ramp"}
            add_series(file.require_group("acquisition/timeseries"), f"v{k}", volts(k), **kinds)
            kinds["kind"] = "CurrentClampStimulusSeries"
            add_current(file.require_group("stimulus/presentation"), f"i{k}", step(k), **kinds)
    with h5py.File(tmp_path / "mies.nwb", "w") as file:
        for k in range(2):
            add_mies(file, k, k, None, kind="")
    found = {name: inspect(tmp_path / f"{name}.nwb") for name in ("organised", "timeseries", "mies")}
    assert {name: summary.dialect for name, summary in found.items()} == dict.fromkeys(found, "plain")
    assert [len(summary.sweeps) for summary in found.values()] == [4, 2, 2]
    assert found["timeseries"].protocols == ["Ramp"]


@pytest.mark.parametrize("by", ["table", "number"])
def test_names_that_the_file_contradicts_are_told(tmp_path, by):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        for k in range(3):
            add_scala(file, f"{k}", k, "NA")
        if by == "table":
            tables(file, ["IV"] * 3, "CurrentClampSeries_{}", "CurrentClampStimulusSeries_{}")
            rows = file["general/intracellular_ephys/intracellular_recordings/stimuli/stimulus"]
            rows[...] = rows[()][[1, 2, 0]]
        else:
            for k in range(3):
                file[f"acquisition/CurrentClampSeries_{k}"].attrs["sweep_number"] = k
                number = (k + 1) % 3
                file[f"stimulus/presentation/CurrentClampStimulusSeries_{k}"].attrs["sweep_number"] = number
    sweeps, problems = read({"filepath": str(tmp_path / "a.nwb"), "protocol_name": "Step"})
    for k, sweep in enumerate(sweeps):
        own = (k + 1) % 3 if by == "table" else k
        assert np.array_equal(sweep["current"], (step(own).astype(np.float64) * 1e-12).astype(np.float32))
    words = "by the table of recordings" if by == "table" else "their sweep numbers are"
    assert any(words in p.message and p.severity == "warning" for p in problems)
