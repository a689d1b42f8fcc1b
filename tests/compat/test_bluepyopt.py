"""BluePyOpt and NEURON take what we write for them (`pip install efewidgets[consumers]`)."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.compat.programs import PATH, needs, program

pytestmark = needs("bluepyopt", "neuron")
compiler = pytest.mark.skipif(
    any(shutil.which(name, path=PATH) is None for name in ("nrnivmodl", "make", "c++")),
    reason="needs nrnivmodl (efewidgets[consumers]), make and a C++ compiler, for NEURON's mechanisms",
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loader")
    program("-m", "tests.compat.bluepyopt_loader", str(folder), seconds=300)
    return json.loads((folder / "seen.json").read_text(encoding="utf-8"))


def test_its_stimuli_are_the_currents_that_were_exported(seen):
    assert set(seen["envelopes"]) >= {"IDrest_150", "sAHP_200", "APThreshold_200", "SineSpec_50"}
    assert max(off for name, off in seen["envelopes"].items() if not name.startswith("SineSpec")) < 1e-9
    # samples are held here and joined by lines there: at 230 Hz, 0.04 nA high, up to half a step of 0.2 ms
    assert seen["envelopes"]["SineSpec_50"] < 0.04 * 2 * 3.1416 * 0.23 * 0.2 + 1e-3


def test_an_sahp_s_features_have_the_window_they_were_computed_on(seen):
    assert seen["windows"]["sAHP_200.soma.spike_count"] == [100.0, 1300.0]


def test_its_own_features_have_the_values_of_ours(seen):
    """But a resistance: an eFELFeature isn't told the current that a model with a rheobase of its own was played."""
    for name, (ours, theirs) in seen["values"].items():
        if "ohmic_input_resistance" not in name:
            assert theirs == pytest.approx(ours, rel=1e-9), name


def test_scores_are_the_z_scores_of_the_table(seen):
    for name, score in seen["scores"].items():
        assert score == pytest.approx(min(seen["z"][name], 250.0)), name
    assert set(seen["worst"].values()) == {250.0}


def test_what_is_refused_it_would_mistreat(tmp_path):
    """The refusals are `engine.export.fit`'s; HHNB, which takes the same form, is a service and no package."""
    program("-m", "tests.compat.bluepyopt_mistreats", str(tmp_path / "told.json"), seconds=300)
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    name = "IDrest_150.soma.voltage_base"
    assert told["good"] == {name: 0.0}
    assert told["nothing"] == {}  # a fit to nothing, without a word
    assert told["twice"] == {name: 0.0}  # the first, 30 mV off, is forgotten
    assert told["std of 0"] == {name: 250.0}  # the worst there is, for a model that is right
    assert told["std of 0, and off"] == {name: float("inf")}
    assert told["negative weight"] == {name: -30.0}  # the farther off the better
    assert told["no such place"] == {name: 250.0}  # whatever the model does
    assert told["no rheobase"] == told["no percent"] == "TypeError"


@compiler
@pytest.mark.parametrize("form", ["threshold", "l5pc"])
def test_a_model_that_lacks_three_conductances_is_fitted_to_its_own_recordings(form, tmp_path):
    program("-m", "tests.compat.bluepyopt_fit", form, str(tmp_path), seconds=2400)
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert {name: score for name, score in result["scores"].items() if not score < 2.0} == {}
    assert len(result["scores"]) > 15
