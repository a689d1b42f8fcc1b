"""Timings that sweeps lend each other, and what of a sweep contradicts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from efewidgets.engine.detection import Box, Doubt, Window, detect, reconcile
from efewidgets.engine.detection.lent import contradiction
from efewidgets.engine.detection.strangers import foreign
from efewidgets.engine.recordings.agreeing import agree_among
from efewidgets.extract import read_recordings

DT = 0.05


def flat(ms: float, seed: int = 0, noise: float = 0.001) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, noise, round(ms / DT))


def put(x: np.ndarray, start: float, end: float, nA: float) -> np.ndarray:
    x[round(start / DT) : round(end / DT)] += nA
    return x


def step(nA: float, seed: int = 0, late: float = 0.0, ms: float = 1000) -> np.ndarray:
    return put(flat(ms, seed), 300 + late, 700 + late, nA)


def at(*times: float) -> dict[str, int]:
    names = {2: ("ton", "toff"), 3: ("ton", "tmid", "toff"), 4: ("ton", "tmid", "tmid2", "toff")}[len(times)]
    return {name: round(ms / DT) for name, ms in zip(names, times, strict=True)}


def read(*sweeps: np.ndarray, protocol: str = "IDrest"):
    rows = [
        {"voltage": np.full(len(x), -70.0), "current": x, "dt": DT, "v_unit": "mV", "i_unit": "nA"}
        | {"t_unit": "ms", "id": f"sweep {k}", "repetition": 1}
        for k, x in enumerate(sweeps)
    ]
    (cell,) = read_recordings({"c": {protocol: [{"filepath": "f"}]}}, recording_reader=lambda _: rows)
    return {r.id: r for r in cell.recordings}


def doubted(recording) -> bool:
    return any(p.kind == "stimulus" and p.severity != "note" for p in recording.problems)


@pytest.mark.parametrize("late", [0.0, 0.8, -0.8])
def test_a_sweep_that_changes_where_the_others_do_contradicts_nothing(late):
    assert contradiction("Step", step(0.1, late=late), DT, at(300, 700)) == ""


@pytest.mark.parametrize("late", [1.6, 3.0, -6.0, 12.0])
@pytest.mark.parametrize("nA", [0.05, -0.4])
def test_a_sweep_that_changes_a_little_later_or_earlier_contradicts(late, nA):
    assert f"changes at {300 + late:g} ms, and not at 300 ms" in contradiction(
        "Step", step(nA, late=late), DT, at(300, 700)
    )


@pytest.mark.parametrize("until", [400.0, 560.0, 950.0])
def test_a_sweep_that_changes_at_the_onset_and_not_at_the_end_contradicts(until):
    x = put(flat(1000), 300, until, 0.1)
    assert contradiction("Step", x, DT, at(300, 700)) == "the current does not change at 700 ms"


def test_what_shows_nothing_contradicts_nothing():
    for x in (flat(1000), step(0.002), np.zeros(20000), flat(1000) + np.linspace(0, 0.1, 20000)):
        assert contradiction("Step", x, DT, at(300, 700)) == ""


def test_action_potentials_at_the_edges_and_a_sweep_that_was_cut_contradict_nothing():
    x = step(0.2)
    for ms in (302, 310, 330, 690, 698):
        put(x, ms, ms + 1, 0.4)
    assert contradiction("Step", x, DT, at(300, 700)) == ""
    assert contradiction("Step", x[: round(500 / DT)], DT, at(300, 500)) == ""


def test_timings_that_a_person_gave_are_contradicted_by_nothing():
    assert contradiction("Step", step(0.1, late=5), DT, at(300, 700), given=("ton", "toff")) == ""


def test_each_timing_of_a_family_is_looked_for():
    x = put(put(put(flat(1400), 200, 500, 0.05), 500, 700, 0.25), 700, 1200, 0.05)
    assert contradiction("SAHP", x, DT, at(200, 500, 700, 1200)) == ""
    assert "changes at 500 ms, and not at 494 ms" in contradiction("SAHP", x, DT, at(200, 494, 700, 1200))
    assert "does not change at 800 ms" in contradiction("SAHP", x, DT, at(200, 500, 800, 1200))


def test_a_ramp_is_asked_for_its_end_alone():
    x = flat(1000)
    x[6000:14000] += np.linspace(0, 0.3, 8000)
    assert contradiction("Ramp", x, DT, at(300, 700)) == ""
    assert "changes at 700 ms" in contradiction("Ramp", x, DT, at(300, 696))


@pytest.mark.parametrize(("late", "said"), [(0.0, False), (0.6, False), (-4.0, True), (6.4, True)])
@pytest.mark.parametrize("long", [0.8, 3.0, 6.7, 12.0, 24.0])
def test_a_short_pulse_that_is_elsewhere_contradicts(late, said, long):
    x = put(flat(1000), 300 + late, 300 + late + long, -1.5)
    assert (f"the pulse is at {300 + late:g} ms" in contradiction("Step", x, DT, at(300, 300 + long))) == said


def test_a_sweep_without_a_pulse_and_one_with_an_action_potential_s_artefact_contradict_no_pulse():
    assert contradiction("Step", flat(1000), DT, at(300, 302)) == ""
    assert contradiction("Step", put(put(flat(1000), 300, 302, 1.0), 303, 304, 0.4), DT, at(300, 302)) == ""


@pytest.mark.parametrize(("family", "ms"), [("SineSpec", 250.0), ("PinkNoise", 8.0)])
def test_what_is_never_constant_contradicts_an_onset_before_which_it_moves(family, ms):
    t = np.arange(round(1500 / DT)) * DT
    wave = 0.1 * np.sin(2 * np.pi * t / ms)
    assert contradiction(family, flat(1500) + wave * (t > 300) * (t < 1300), DT, at(300, 1300)) == ""
    assert "before 300 ms" in contradiction(family, flat(1500) + wave * (t < 1300), DT, at(300, 1300))
    assert "after 1000 ms" in contradiction(
        family, flat(1500) + wave * (t > 300) * (t < 1300), DT, at(300, 1000)
    )


@pytest.mark.parametrize("pedestal", [0.06, -0.06])
def test_a_step_that_stands_on_another_one_is_doubted(pedestal):
    """The lower one lasts for most of the sweep, and looks like the baseline."""
    assert not detect("Step", put(put(flat(2000), 50, 1700, pedestal), 400, 650, 0.2), DT).sure


@pytest.mark.parametrize("family", ["CapCheck", "PosCheops", "SpikeRec"])
def test_families_that_do_not_jump_are_not_asked(family):
    assert contradiction(family, step(0.1, late=20), DT, at(300, 700)) == ""


def test_twin_steps_among_steps_take_none_of_their_timings():
    twins = put(put(flat(2000, 9), 300, 900, 0.15), 1200, 1800, 0.15)
    found = read(*(step(0.1 + 0.05 * k, k) for k in range(5)), twins)
    assert [doubted(found[f"sweep {k}"]) for k in range(6)] == [False] * 5 + [True]


def test_a_chirp_among_steps_takes_none_of_their_timings():
    t = np.arange(round(3000 / DT)) * DT
    chirp = flat(3000, 9) + 0.1 * np.sin(2 * np.pi * (0.5 + 2e-3 * (t - 300)) * 1e-3 * (t - 300)) * (t > 300)
    found = read(*(step(0.1 + 0.05 * k, k) for k in range(5)), chirp)
    assert [doubted(found[f"sweep {k}"]) for k in range(6)] == [False] * 5 + [True]


@pytest.mark.parametrize("lost", [2.0, 4.0])
def test_a_sweep_that_lost_samples_and_is_not_sure_keeps_no_wrong_onset(lost):
    """Its first 150 ms hold the end of the stimulus before, as high as its own: alone nobody can tell them apart."""
    sweeps = [step(0.1 + 0.05 * k, k) for k in range(4)]
    tail = put(step(-0.3, 9), 0, 150, -0.3)
    found = read(*sweeps, np.delete(tail, np.arange(round(lost / DT)) + round(200 / DT)))["sweep 4"]
    assert doubted(found) or found.ton == pytest.approx(300 - lost, abs=1.0)


def test_a_sweep_that_lost_nothing_takes_the_timings_of_the_others_and_is_not_doubted():
    tail = put(step(-0.3, 9), 0, 150, -0.3)
    found = read(*(step(0.1 + 0.05 * k, k) for k in range(4)), tail)["sweep 4"]
    assert (found.ton, found.toff) == pytest.approx((300, 700), abs=0.1)
    assert not doubted(found)


def test_a_sweep_as_restless_as_no_other_is_foreign():
    quiet = [detect("Step", step(0.1, k), DT) for k in range(3)]
    loud = detect("Step", flat(1000, 7, 0.03), DT)
    assert foreign(loud, at(300, 700), quiet)
    assert not foreign(detect("Step", flat(1000, 7, 0.002), DT), at(300, 700), quiet)


@pytest.mark.parametrize("nA", [0.08, -0.08])
@pytest.mark.parametrize("long", [25, 60])
def test_a_step_that_carries_another_one_is_no_step(long, nA):
    """A tenth of the charge, and yet the step has no one level."""
    window = detect("Step", put(step(0.1), 500, 500 + long, nA), DT)
    assert not window.sure
    assert window.doubt is Doubt.SHAPE


def test_artefacts_of_action_potentials_are_no_levels_of_a_step():
    x = step(0.1)
    for ms in range(310, 690, 12):
        put(x, ms, ms + 2, 0.2)
    assert detect("Step", x, DT).sure


def test_what_is_said_of_a_level_stays_said_when_others_confirm_the_timing():
    """Each has 100 pA the other way right before its step; alone, one isn't sure of its timing, which is right."""
    recordings = list(read(*(put(step(0.2 + 0.05 * k, k), 120, 300, -0.1) for k in range(4))).values())
    unsure = recordings[0]
    unsure.window, unsure.timing_from = replace(unsure.window, confidence=0.3, doubt=Doubt.NOISE), "usual"
    agree_among(recordings)
    for recording in recordings:
        assert any("another stimulus comes first" in p.message for p in recording.problems)


def test_a_millisecond_of_something_small_beside_a_pulse_moves_none_of_its_limits():
    """In half of the sweeps the coarse search sees 2 pA for 0.5 ms right before the pulse of 1 ms."""
    box, small = Box(1000, 1050, 1.0), Box(974, 1000, 0.002)
    windows = [
        Window({"ton": 1000, "toff": 1050}, 0.4, "", (), 7000, 0.02, 0.001, boxes, doubt=Doubt.BRIEF)
        for boxes in [(small, box)] * 4 + [(box,)] * 4
    ]
    for window in reconcile("Step", windows):
        assert window.sure
        assert window.edges == {"ton": 1000, "toff": 1050}


def test_pulses_shorter_than_a_millisecond_beside_each_other_are_not_at_one_place():
    """Samples were lost in half of the sweeps: their medians would begin with the one and end with the other."""
    places = [(1000, 1046)] * 3 + [(1048, 1094)] * 3
    windows = [
        Window(
            dict(zip(("ton", "toff"), ends, strict=True)),
            *(0.4, "", (), 7000, 0.02, 0.001, (Box(*ends, 1.6),)),
            doubt=Doubt.BRIEF,
        )
        for ends in places
    ]
    for window, (ton, toff) in zip(reconcile("Step", windows), places, strict=True):
        assert window.edges == {"ton": ton, "toff": toff}


# --- what of a sweep contradicts timings although it is blurred, or shares some of them


@pytest.mark.parametrize("late", [2.4, -2.6])
def test_an_edge_that_an_artefact_hides_is_still_later_or_earlier_than_a_timing(late):
    """The amplifier is blanked for 0.3 ms shortly before the end: where exactly that is nobody can tell."""
    end = 700 + late
    x = put(flat(1000), 300, end, 0.1)
    put(x, end - 0.8, end - 0.5, -0.3)
    assert f"and not at {700:g} ms" in contradiction("Step", x, DT, at(300, 700))
    assert contradiction("Step", x, DT, at(300, end)) == ""


@pytest.mark.parametrize("late", [0.0, 4.0, -5.0])
@pytest.mark.parametrize("seed", range(4))
def test_an_edge_that_no_sample_tells_but_all_together_do_contradicts(late, seed):
    """Up by 10 pA and down again in a noise of 2.5 pA: far from clear in a sample, but nobody can take 4 ms for it."""
    x = put(flat(1000, seed, 0.0025), 300, 700 + late, 0.01)
    said = contradiction("Step", x, DT, at(300, 700))
    assert said == "" if late == 0.0 else "and not at 700 ms" in said
    assert contradiction("Step", flat(1000, seed, 0.0025), DT, at(300, 700)) == ""


def test_stairs_that_share_onset_and_end_with_the_steps_of_others_contradict():
    """Three stairs of 150 ms up to 210 pA: at the onset and the end they change as a step does."""
    x = flat(1000)
    for k in range(3):
        put(x, 300 + 150 * k, 750, 0.07)
    assert "another level" in contradiction("Step", x, DT, at(300, 750))


def test_a_step_with_action_potentials_and_a_leak_has_one_level():
    x = step(0.2)
    for ms in range(310, 690, 40):
        put(x, ms, ms + 1, -0.15)
    t = np.arange(round(400 / DT)) * DT
    x[round(300 / DT) : round(700 / DT)] -= 0.02 * (1 - np.exp(-t / 20))
    assert contradiction("Step", x, DT, at(300, 700)) == ""


@pytest.mark.parametrize("late", [-2.6, 1.5, 4.0])
def test_a_pulse_that_overlaps_the_place_where_others_have_theirs_contradicts(late):
    """5.3 ms of 1 nA, 2.6 ms early: half of it is where it is due."""
    x = put(flat(600), 300 + late, 305.3 + late, 1.0)
    assert f"the pulse is at {300 + late:g} ms" in contradiction("Step", x, DT, at(300, 305.3))
    assert contradiction("Step", x, DT, at(300.3 + late, 305.6 + late)) == ""


@pytest.mark.parametrize(
    ("start", "end", "said"), [(301.4, 306, "begins at 300 ms"), (300, 304.6, "ends at 306 ms")]
)
def test_a_pulse_of_which_timings_hold_but_a_part_contradicts(start, end, said):
    """6 ms of -1 nA, of which 1.4 ms lie outside; 0.6 ms outside are within what counts as right."""
    x = put(flat(600), 300, 306, -1.0)
    assert said in contradiction("Step", x, DT, at(start, end))
    assert contradiction("Step", x, DT, at(300.6, 305.4)) == ""


def test_timings_are_lent_whole():
    """BluePyEfe's onset within 1 ms of that of the others is no better where the rest of its timings is wrong."""
    sweeps = [put(put(flat(1000, k), 200, 800, 0.05), 400, 500, 0.1 + 0.05 * k) for k in range(4)]
    sweeps[0] = flat(1000, 9)
    sweeps[0][round(199.3 / DT) : round(200 / DT)] += 0.02  # what BluePyEfe takes for the onset
    found = read(*sweeps, protocol="sAHP")
    mine, others = found["sweep 0"], found["sweep 1"]
    assert mine.timing_from == "others"
    assert (mine.ton, mine.tmid, mine.toff) == (others.ton, others.tmid, others.toff)


def test_what_two_methods_see_where_the_others_do_not_is_said():
    """Noise from 300 ms on, which ends at 900 ms, or at 880 ms where samples were lost; alone, none is sure of it."""
    wave = np.cumsum(np.random.default_rng(3).normal(0, 0.004, round(600 / DT)))
    sweeps = []
    for k in range(4):
        x = flat(1500, k)
        x[round(300 / DT) : round(900 / DT)] += wave - wave.mean()
        sweeps.append(x)
    lost = sweeps[0]
    sweeps[0] = np.concatenate((np.delete(lost, np.arange(round(20 / DT)) + round(500 / DT)), lost[-400:]))
    recordings = list(read(*sweeps, protocol="PinkNoise").values())
    assert recordings[0].toff == pytest.approx(880, abs=2.0)
    blurred, agreeing = recordings[0], recordings[1:]
    blurred.window = replace(blurred.window, confidence=0.1, doubt=Doubt.NOISE)
    blurred.usual, blurred.timing_from = dict(blurred.window.edges), "usual"
    agree_among(recordings)
    assert doubted(blurred)
    assert blurred.toff == pytest.approx(880, abs=2.0)
    assert not any(doubted(recording) for recording in agreeing)


# --- sweeps of which none is sure


def zap(size: float, seed: int, ms: float = 2500) -> np.ndarray:
    """A sine whose frequency grows from 0.5 to 6 Hz, between rests of 100 and 400 ms."""
    x, t = flat(ms, seed, 0.0002), 1e-3 * np.arange(round((ms - 500) / DT)) * DT
    x[round(100 / DT) : round(100 / DT) + len(t)] += size * np.sin(2 * np.pi * (0.5 + 2.5 * t) * t)
    return x


def test_sweeps_that_are_never_constant_do_not_agree_on_the_limits_of_a_step():
    windows = [detect("Step", zap(0.1 + 0.02 * k, k), DT) for k in range(6)]
    assert not any(w.sure for w in reconcile("Step", windows))


def test_what_hardly_ever_rests_is_no_step_that_noise_blurs():
    window = detect("Step", zap(0.2, 1), DT)
    assert not window.sure
    assert window.doubt is not Doubt.NOISE


# --- sweeps of other lengths


def sure(start: float, end: float, ms: float) -> Window:
    return detect("Step", put(flat(ms, round(ms)), start, end, 0.2), DT)


def test_a_lone_sweep_of_another_length_that_begins_elsewhere_is_doubted():
    found = reconcile("Step", [sure(300, 700, 1000), sure(300, 700, 1000), sure(140, 380, 1500)])
    assert [w.sure for w in found] == [True, True, False]
    assert "begins elsewhere" in found[2].reason


def test_a_sweep_of_another_length_that_begins_or_lasts_as_the_others_is_believed():
    both = [sure(300, 700, 1000), sure(300, 700, 1000)]
    assert all(w.sure for w in reconcile("Step", [*both, sure(300, 900, 1500)]))
    assert all(w.sure for w in reconcile("Step", [*both, sure(297, 697, 997)]))  # samples were lost before it


def test_a_sweep_shorter_than_all_others_of_which_none_confirms_it_is_doubted():
    """Cut inside its stimulus, what lies between a test pulse and that stimulus looks like a step."""
    quiet = [detect("Step", flat(1200, k), DT) for k in range(2)]
    found = reconcile("Step", [sure(60, 110, 600), *quiet])
    assert not found[0].sure
    assert "shorter than the other sweeps" in found[0].reason


def test_what_lies_between_two_steps_is_doubted_where_the_other_sweeps_begin_inside_theirs():
    """Two steps of 200 ms; three sweeps begin inside the second one, and one in the rest before it."""
    inside = [detect("Step", put(flat(600 + 50 * k, k), 0, 100 + 50 * k, 0.3), DT) for k in range(3)]
    found = reconcile("Step", [*inside, sure(80, 280, 680)])
    assert not any(w.sure for w in found)
    assert "begin inside their stimulus" in found[3].reason
    quiet = [detect("Step", flat(600 + 50 * k, k), DT) for k in range(3)]
    assert reconcile("Step", [*quiet, sure(80, 280, 680)])[3].sure


def test_a_baseline_that_flickers_makes_no_test_pulse_the_stimulus():
    """1 ms of 0.6 nA and 23 ms of -60 pA in each sweep; a channel in the seal opens and closes by 12 pA."""
    windows = []
    for k in range(8):
        x = put(put(flat(350, k, 0.003), 5, 28, -0.06), 145, 146, 0.6)
        r = np.random.default_rng(100 + k)
        x += 0.012 * (np.cumsum(r.random(len(x)) < DT / 40.0) % 2)
        windows.append(detect("Step", x, DT))
    for window in reconcile("Step", windows):
        assert not (window.sure and window.edges["ton"] * DT < 30)
