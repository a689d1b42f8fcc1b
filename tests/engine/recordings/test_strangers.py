"""Every family is fed every other family's current: it answers, or says in a person's words why it can't."""

from __future__ import annotations

import re

import numpy as np
import pytest

from efewidgets.engine.recordings.ecodes import FAMILIES
from efewidgets.extract import read_recordings
from efewidgets.state import ExtractionState

from .test_levels import UNITS, drawn, noise, times

#: How an exception that nobody has turned into a sentence looks
RAW = re.compile(r"\w*(Error|Exception|Warning)\b|Traceback|unsupported operand|NoneType|not subscriptable")

QUIET = "nothing at all"
GIVEN = ((), ("ton",), ("toff",))
DT = 0.1


def current_of(family):
    t = times(2000.0, DT)
    drawn_current = 0.0 * t if family == QUIET else drawn(family, t)[0]
    return drawn_current + noise(len(t), 0.001)


def sweeps(*families):
    voltage = -70.0 + noise(20000, 0.05, seed=5)
    return [
        {"voltage": voltage + k, "current": current_of(family), "dt": DT, "id": f"{family} {k}", **UNITS}
        for k, family in enumerate(families)
    ]


def told_of(cell):
    return [str(problem) for problem in cell.all_problems()]


def metadata(given=()):
    return {"filepath": "made"} | {name: {"ton": 200.0, "toff": 600.0}[name] for name in given}


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_another_family_s_current_is_answered_in_words(family, given):
    for other in (*sorted(FAMILIES), QUIET):
        if given and "toff" not in FAMILIES[family].timings:
            continue
        files = {"c": {family: [metadata(given)]}}
        (cell,) = read_recordings(files, recording_reader=lambda metadata, other=other: sweeps(other))
        for message in told_of(cell):
            assert not RAW.search(message), (family, other, given, message)
        assert cell.recordings or told_of(cell), (family, other)
        for recording in cell.recordings:
            assert np.isfinite([recording.ton, recording.amp, recording.hypamp]).all()


def test_a_sweep_without_a_stimulus_of_its_own_gets_that_of_the_others_in_a_script_too():
    """Four sAHP sweeps, and one that shows nothing: its timing is theirs, by hand 200, 400, 500 and 800 ms."""
    given = sweeps("SAHP", "SAHP", "SAHP", "SAHP", QUIET)
    (cell,) = read_recordings({"c": {"sAHP": [metadata()]}}, recording_reader=lambda metadata: given)
    silent = cell.recordings[-1]
    assert len(cell.recordings) == 5
    found = [silent.ton, silent.tmid, silent.tmid2, silent.toff]
    assert found == pytest.approx([200.0, 400.0, 500.0, 800.0], abs=0.5)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_scripts_and_the_page_keep_the_same_sweeps(family):
    given = sweeps(*sorted(FAMILIES), QUIET)
    files = {"c": {family: [metadata()]}}
    (cell,) = read_recordings(files, recording_reader=lambda metadata: given)
    state = ExtractionState.from_arguments(
        {
            "files_metadata": files,
            "targets": [{"efeature": "voltage_base", "protocol": family, "amplitude": 100, "tolerance": 10}],
            "protocols_rheobase": [family],
            "recording_reader": lambda metadata: given,
        }
    )
    shown = [
        member.recording.id
        for member in state.results.members.values()
        if member.recording.timing_from != "lost"
    ]
    assert [recording.id for recording in cell.recordings] == shown
    state.close()
