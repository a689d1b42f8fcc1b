"""On the lab's recordings whose stimulus is known: how many are found, and that no wrong answer is sure."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from efewidgets.engine.detection import detect, reconcile
from tests.engine.detection.truth import protocols, verdict

#: hits with the sweeps of a protocol together, of so many (`python -m tests.benchmarks.detection --real`). The
#: others: ramps with 2 ms of baseline before them, sAHP recordings filed as (De)HyperDePol, whose shape they
#: don't have, and pulses in the ringing current of C060109A1-SR-C1.
HITS = {
    "Step": (545, 546),
    "SAHP": (35, 35),
    "Ramp": (2, 15),
    "HyperDePol": (11, 17),
    "DeHyperPol": (3, 15),
    "SpikeRec": (16, 22),
    "PosCheops": (2, 2),
    "NegCheops": (1, 1),
    "SineSpec": (2, 2),
    "PinkNoise": (2, 2),
    "CapCheck": (2, 2),
}


@pytest.fixture(scope="module")
def outcomes(shared_data):
    alone, together, cells = defaultdict(Counter), defaultdict(Counter), defaultdict(Counter)
    for protocol in protocols(shared_data):
        windows = [detect(protocol.family, s.current, s.dt) for s in protocol.sweeps]
        for given, counts in ((windows, alone), (reconcile(protocol.family, windows), together)):
            seen = [
                verdict(protocol.family, w, s.times, s.pulses)
                for w, s in zip(given, protocol.sweeps, strict=True)
            ]
            counts[protocol.family].update(seen)
        cells[protocol.cell, protocol.name].update(seen)
    return alone, together, cells


def test_no_wrong_answer_is_sure(outcomes):
    for counts in outcomes[:2]:
        assert {family: seen["silent"] for family, seen in counts.items() if seen["silent"]} == {}


@pytest.mark.parametrize("family", HITS)
def test_hits(outcomes, family):
    seen = outcomes[1][family]
    hits, of = HITS[family]
    assert seen.total() == of
    assert seen["hit"] >= hits


@pytest.mark.parametrize(("name", "of"), [("IDthresh", 18), ("IDrest", 32), ("IV", 15), ("sAHP", 6)])
def test_cell_with_the_ringing_current(outcomes, name, of):
    """Where BluePyEfe gets 2 to 2998 ms for 36 of the 50 steps of 700 to 2700 ms."""
    assert outcomes[2]["C060109A1-SR-C1", name] == Counter(hit=of)


def test_second_pulse_of_lantyer_does_not_count(outcomes):
    assert outcomes[2]["180817_ME_9", "Step"] == Counter(hit=20)
