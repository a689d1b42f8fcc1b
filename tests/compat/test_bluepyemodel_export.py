"""BluePyEModel takes what is exported for it, and mistreats what isn't (`pip install efewidgets[consumers]`)."""

from __future__ import annotations

import json

import pytest

from efewidgets.engine.export.stimuli import _PIECES
from tests.compat.programs import needs, program
from tests.conftest import SHARED_DATA

pytestmark = needs("bluepyemodel")
LONG = [f"/protocols/sAHP_{level}/stimuli/0/long_amp_rel" for level in (200, 300)]
REAL = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="needs the folder of real recordings")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    more = [str(SHARED_DATA)] if SHARED_DATA.is_dir() else []
    program("-W", "ignore", "-m", "tests.compat.bluepyemodel_export", str(folder), *more)
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


CASES = [
    ("sample", LONG, ["ThresholdBasedProtocol"], 11 + 4),
    ("in nA", [], ["Protocol"], 1),
    pytest.param("real", [], ["ThresholdBasedProtocol"], 10 + 4, marks=REAL),
    pytest.param("real in nA", [], ["Protocol"], 3, marks=REAL),
]


@pytest.mark.parametrize(("case", "added", "types", "number"), CASES)
def test_it_loads_equal_and_is_what_it_makes_of_the_three_files(report, case, added, types, number):
    found = report[case]
    assert found["refusals"] == []
    assert found["equal"]
    assert found["valid"]
    assert found["types"] == types
    assert found["differences"] == added  # what only our files say
    assert len(found["evaluator"]["protocols"]) == number


@pytest.mark.parametrize(("case", "added"), [(case[0], case[1]) for case in CASES[:2]] + [("decided", LONG)])
def test_its_own_extraction_gives_the_same_by_bluepyefe_and_by_efewidgets(report, case, added):
    assert report[case]["again"] == {"bluepyefe": added, "efewidgets": added}


@REAL
@pytest.mark.parametrize("case", ["real", "real in nA"])
def test_its_own_extraction_of_real_recordings_gives_the_same(report, case):
    assert report[case]["again"] == {"bluepyefe": [], "efewidgets": []}


@pytest.mark.parametrize(
    ("protocol", "stimulus", "start", "end"),
    [
        ("IDrest_150", "IDrest", 200.0, 1200.0),
        ("APWaveform_300", "APWaveform", 50.0, 100.0),
        ("IV_-50", "IV", 150.0, 750.0),
        ("sAHP_300", "sAHP", 100.0, 1300.0),
        ("APThreshold_200", "Ramp", 200.0, 1700.0),
        ("SineSpec_50", "SineSpec", 150.0, 5100.0),
        ("RinProtocol", "IDrest", 500.0, 1000.0),
    ],
)
def test_each_protocol_is_the_stimulus_that_was_given(report, protocol, stimulus, start, end):
    name, first, last = report["sample"]["evaluator"]["protocols"][protocol]
    assert name == stimulus
    assert [first, last] == pytest.approx([start, end], abs=0.11)  # one sample


@REAL
def test_a_train_is_renamed_and_noise_is_left_out(report):
    found = report["vu"]
    assert found["evaluator"]["protocols"]["SpikeRecMultiSpikes_20"][0] == "SpikeRecMultiSpikes"
    assert found["evaluator"]["protocols"]["Ramp_400"][0] == "Ramp"
    assert not any("PinkNoise" in name or "CapCheck" in name for name in found["evaluator"]["protocols"])
    assert found["protocols"]["IV_-100"]["thresh_perc"] is None


def test_what_is_refused_it_would_mistreat(report):
    told = report["mistreated"]
    assert told["no mean"]["scores"] == {"IDrest_150.soma.v.Spikecount": 0.0}  # perfect
    assert told["std of 0"]["scores"] == {"IDrest_150.soma.v.Spikecount": 250.0}  # the worst there is
    assert told["negative weight"]["scores"]["IDrest_150.soma.v.Spikecount"] < 0
    assert len(told["twice"]["scores"]) == 1
    assert told["no such place"]["scores"] == {"IDrest_150.dend.v.Spikecount": 250.0}
    assert told["nothing"] == {"stimuli": [], "scores": {}}  # a fit to nothing, without a word
    assert told["no protocol"] == told["a bracket in its name"] == "ValueError"
    assert told["no stimulus"] == "KeyError"
    assert told["wrong stimulus"]["stimuli"][0][0] == "IV"
    assert told["no duration"]["stimuli"] == [["IDrest", 1.0 + 1350.0]]
    assert told["cheops below holding"] == "ValueError"


def test_roles_that_are_refused_it_would_fail_on_or_lose(report):
    told = report["mistreated"]
    assert "RMPProtocol" not in told["rmp and rin of one protocol"]
    assert told["no RMP"] == told["no Rin"] == told["no holding"] == "ValueError"
    assert told["no currents"] == "TypeError"
    assert told["no percent"] == 200.0  # of its own
    assert told["bounds of the holding current"] == [-0.2, 0.2, True]
    assert told["some for validation"] == ["IDrest_300"]  # whole


def test_the_pieces_of_names_are_its_own(report):
    assert list(report["stimuli"].items()) == list(_PIECES)  # the first that is found decides
