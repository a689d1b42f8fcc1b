"""Each recording is BluePyEfe's: timings, levels, samples, spikes and features, for every stimulus family."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.compare import differences, recording_record
from tests.engine.differential.cells import metadata_of, step, sweep_of, synthetic_reader
from tests.engine.differential.experiments import GIVEN, family_sweep
from tests.engine.differential.peer import quiet

FEATURES = [
    "peak_time",
    "AP_amplitude",
    "voltage_base",
    "ISI_CV",
    "steady_state_voltage_stimend",
    "AHP_depth",
]
COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def records(cell, files, protocol, efel_settings):
    """Read and compute with one of the two packages, and return the recordings as plain data."""
    found = cell("cell")
    found.read_recordings(copy.deepcopy(files), protocol, synthetic_reader, efel_settings)
    found.extract_efeatures(protocol, list(FEATURES), None, efel_settings)
    found.rheobase = 0.2
    found.compute_relative_amp()
    return [recording_record(found, recording) for recording in found.recordings]


def compare(files, protocol, efel_settings):
    """Check that both read the same recordings, and return them."""
    from efewidgets.extract import Cell

    with quiet():
        from bluepyefe.cell import Cell as PeerCell

        expected = records(PeerCell, files, protocol, efel_settings)
    actual = records(Cell, files, protocol, efel_settings)
    for record in (*expected, *actual):
        record["files"] = [str(file) for file in record["files"]]
        if protocol == "SpikeRec":  # BluePyEfe's is NaN, since there is no baseline before the train
            del record["auto_threshold"]
    assert differences(expected, actual) == []
    return actual


UNITS = st.fixed_dictionaries(
    {
        "i_unit": st.sampled_from(("nA", "pA", "A")),
        "v_unit": st.sampled_from(("mV", "V")),
        "t_unit": st.sampled_from(("ms", "s")),
        "dtype": st.sampled_from(("float32", "float64")),
    },
    optional={"ljp": st.just(14.0), "v_corr": st.just(-70.5)},
)
EFEL = st.sampled_from(
    (
        {"Threshold": -20.0, "strict_stiminterval": True, "interp_step": 0.025},
        {"Threshold": -30.0, "interp_step": 0.1},
        {"Threshold": -25.0, "strict_stiminterval": False},
        {"interp_step": 0.05},
    )
)


@pytest.mark.parametrize("protocol", ["Step", *GIVEN])
def test_with_timings_given(protocol):
    efel_settings = EFEL if protocol != "SpikeRec" else EFEL.filter(lambda s: "Threshold" in s)
    timings = GIVEN.get(protocol, {"ton": 40.0, "toff": 190.0})

    @settings(max_examples=4, derandomize=True, phases=(Phase.generate,), **COMMON)
    @given(UNITS, efel_settings, st.integers(20, 400), st.integers(0, 6), st.sampled_from((0.05, 0.1, 0.2)))
    def run(units, chosen, picoamperes, spikes, dt):
        sweep = family_sweep(
            protocol,
            picoamperes / 1000.0,
            spikes,
            dt_ms=dt,
            hypamp_nA=-0.03,
            v_noise=0.05,
            i_noise=0.001,
            seed=spikes,
        )
        found = compare([metadata_of([sweep], **units, **timings)], protocol, chosen)
        assert len(found) == 1

    run()


@st.composite
def detectable(draw, family):
    """Draw a sweep whose stimulus the current shows plainly, and BluePyEfe finds."""
    edges = [draw(st.integers(40, 70))]
    for _ in range({"Step": 1, "sAHP": 3}[family]):
        edges.append(edges[-1] + draw(st.integers(30, 90)))
    amplitude = draw(st.integers(30, 300)) / 1000.0
    # in noise, of whatever size, BluePyEfe's edges of a short step are up to a good ms late
    noises = (0.0, 0.0005) if family == "Step" else (0.0,)
    more = {"hypamp_nA": draw(st.sampled_from((0.0, -0.04))), "i_noise": draw(st.sampled_from(noises))}
    more |= {"duration": edges[-1] + 60.0, "v_noise": 0.02, "seed": draw(st.integers(0, 99))}
    spikes = draw(st.integers(0, 4))
    if family == "Step":
        sign = draw(st.sampled_from((1, 1, -1)))
        pieces = [(edges[0], edges[1], sign * amplitude, sign * amplitude)]
        return sweep_of(pieces, (edges[0] + 2.0, edges[1] - 2.0), spikes if sign > 0 else 0, **more)
    levels = (0.05, 0.05 + amplitude, 0.05)
    pieces = [(a, b, level, level) for a, b, level in zip(edges, edges[1:], levels, strict=False)]
    return sweep_of(pieces, (edges[1] + 2.0, edges[2] - 2.0), min(spikes, 2), **more)


@pytest.mark.parametrize("family", ["Step", "sAHP"])
def test_with_timings_found(family):
    @settings(max_examples=8, derandomize=True, phases=(Phase.generate,), **COMMON)
    @given(detectable(family), UNITS, EFEL)
    def run(sweep, units, chosen):
        (found,) = compare([metadata_of([sweep], **units)], family, chosen)
        assert found["ton"] == pytest.approx(sweep["pieces"][0][0], abs=1.0)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("family", ["Step", "sAHP"])
def test_with_timings_found_many(family):
    @settings(max_examples=150, **COMMON)
    @given(detectable(family), UNITS, EFEL)
    def run(sweep, units, chosen):
        compare([metadata_of([sweep], **units)], family, chosen)

    run()


def test_amplitudes_that_a_person_gives():
    given_levels = {"amp": 210.0, "hypamp": -30.0}  # pA
    files = [metadata_of([step(0.2, 3)], ton=40.0, toff=190.0, **given_levels) | {"i_unit": "pA"}]
    (found,) = compare(files, "IDrest", {"Threshold": -20.0})
    assert (found["amp"], found["hypamp"]) == pytest.approx((0.21, -0.03))


def test_amplitudes_and_repetition_that_the_reader_gives():
    sweep = step(0.2, 3, repetition=4, id="ccs_3", amp=0.19, hypamp=-0.01)
    (found,) = compare([metadata_of([sweep], ton=40.0, toff=190.0)], "IDrest", {"Threshold": -20.0})
    assert (found["amp"], found["hypamp"], found["repetition"]) == (0.19, -0.01, 4)


def test_sampling_step_and_units_of_the_metadata_beat_the_reader_s():
    slow = metadata_of([step(0.2, 3)], ton=80.0, toff=380.0) | {"dt": 0.2}
    (found,) = compare([slow], "Step", {"Threshold": -20.0})
    assert (found["dt"], found["tend"]) == pytest.approx((0.2, 480.0))
