"""The three output files are BluePyEfe's, on random experiments outside its listed defects."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.compare import differences
from tests.engine.differential.experiments import experiments, majority_rheobase
from tests.engine.differential.peer import DEFAULT_STD, our_outputs, peer_outputs, quiet, tidied

pytestmark = pytest.mark.usefixtures("impossible_values_stay")

COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def compare(arguments, tmp_path, monkeypatch):
    """Run both, BluePyEfe with a correct rule in place of its rheobase by majority; return how many features agree."""
    default_std = arguments.get("default_std_value", DEFAULT_STD)
    with quiet():
        import bluepyefe.extract
    with monkeypatch.context() as patch:
        patch.setattr(bluepyefe.extract, "compute_rheobase_majority_bin", majority_rheobase)
        expected = tidied(peer_outputs(tmp_path / "peer", arguments), default_std)
    actual = tidied(our_outputs(tmp_path / "ours", arguments), default_std)
    assert differences(expected, actual) == []
    return sum(len(targets["soma"]) for targets in expected["features"].values())


# Every rheobase rule, every kind of targets and every stimulus family has its turn.
ROUNDS = [
    (0, "relative", ("IDrest", "sAHP")),
    (1, "relative", ("APThresh", "HyperDePol")),
    (2, "absolute", ("DeHyperPol", "SpikeRec")),
    (3, "relative", ("PosCheops", "NegCheops")),
    (4, "relative", ("SineSpec", "PinkNoise")),
    (5, "absolute", ("CapCheck", "APWaveform")),
    (6, "auto", ("IDrest", "IV_-100")),
    (7, "relative", ("FirePattern_2", "IV_-100")),
    (8, "auto", ("IDRest", "IDrest")),
    (9, "relative", ("SpikeRec", "sAHP")),
]


@pytest.mark.parametrize(
    ("rule", "kind", "protocols"),
    [*ROUNDS[:3], *(pytest.param(*found, marks=pytest.mark.slow) for found in ROUNDS[3:])],
)
def test_same_outputs(rule, kind, protocols, tmp_path, monkeypatch):
    compared = []

    @settings(max_examples=4, derandomize=True, phases=(Phase.generate,), **COMMON)
    @given(arguments=experiments(rule, kind, protocols))
    def run(arguments):
        compared.append(compare(arguments, tmp_path, monkeypatch))

    run()
    assert sum(compared) > 5


@pytest.mark.slow
@settings(max_examples=200, **COMMON)
@given(arguments=experiments())
def test_same_outputs_many(arguments, tmp_path, monkeypatch):
    compare(arguments, tmp_path, monkeypatch)
