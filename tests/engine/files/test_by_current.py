"""Which stimulus the currents in files are: pairs of waves, many files, and what contradicts a name."""

from __future__ import annotations

import numpy as np
import pytest

from efewidgets.engine.detection.kinds import Kind
from efewidgets.engine.files.by_current import Offer, evenly, family_by_name, kinds_of_file, offer
from efewidgets.engine.problems import EfeError
from tests.engine.readers.binary_files import write_abf2, write_ibw

N, DT = 15_000, 1e-4  # samples; s


def ramp(top: float) -> np.ndarray:
    """A ramp from 200 to 1200 ms, in noise."""
    x = np.random.default_rng(round(1e3 * top)).normal(0, 0.01 * top, N)
    x[2000:12000] += np.linspace(0, top, 10_000)
    return x


def pair(folder, number: int, top: float) -> dict[str, str]:
    """A wave of the voltage (V) and one of the current (A)."""
    names = {key: folder / f"x_{number}_{key[0]}.ibw" for key in ("v_file", "i_file")}
    write_ibw(names["v_file"], np.full(N, -0.07, "f4"), DT, "V")
    write_ibw(names["i_file"], ramp(top).astype("f4"), DT, "A")
    return {key: str(path) for key, path in names.items()}


def test_a_protocol_of_many_pairs_of_waves_answers_as_one(tmp_path):
    pairs = [pair(tmp_path, k, top) for k, top in enumerate((1e-10, 2e-10, 3e-10, 4e-10))]
    found = offer(pairs, "protocol_003")
    assert (found.by_name, found.suggested, found.kind.sweeps, found.kind.agreeing) == ("", "Ramp", 4, 4)
    assert "+400 pA" in found.words or "+3" in found.words  # whichever is clearest
    few = offer(pairs, "protocol_003", most=2)
    assert (few.suggested, few.kind.sweeps) == ("Ramp", 2)


def test_each_sweep_of_a_file_is_looked_at(tmp_path):
    """Three sweeps with a step of 300 to 900 ms."""
    samples = np.zeros((N, 2), "<i2")
    samples[:, 0], samples[3000:9000, 1] = -70, 500
    samples[:, 1] += np.random.default_rng(0).integers(-5, 6, N).astype("<i2")
    path = write_abf2(tmp_path / "one.abf", [("V", "mV"), ("I", "pA")], [samples] * 3)
    found = kinds_of_file({"filepath": str(path)})
    assert [kind.name for kind in found] == ["step"] * 3


def test_files_without_a_current_are_told(tmp_path):
    path = tmp_path / "x.ibw"
    write_ibw(path, np.zeros(100, "f4"), DT, "V")
    with pytest.raises(EfeError):
        kinds_of_file({"v_file": str(path), "i_file": str(path)})
    found = offer([], "IV")
    assert (found.problem, found.suggested) == ("there are no files", "")


def sure(name: str, confidence: float = 0.95) -> Kind:
    return Kind(name, confidence, "as seen", ((name, confidence),))


@pytest.mark.parametrize(
    ("by_name", "kind", "contradicts"),
    [
        ("Step", sure("ramp"), True),
        ("HyperDePol", sure("sAHP"), True),
        ("Step", sure("step"), False),
        ("Step", sure("ramp", 0.6), False),  # sure enough to be offered, not to contradict a name
        ("Step", sure("nothing"), False),
        ("Step", sure("something else"), False),
        ("SpikeRec", sure("short pulse"), False),  # a train of one
        ("", sure("ramp"), False),
        ("MyLabsOwnFamily", sure("ramp"), False),
    ],
)
def test_only_what_is_clear_contradicts_a_name(by_name, kind, contradicts):
    assert bool(Offer("x", by_name, kind).contradiction) is contradicts


@pytest.mark.parametrize(
    ("kind", "suggested"),
    [
        (sure("ramp", 0.51), "Ramp"),
        (sure("ramp", 0.49), ""),
        (sure("nothing"), ""),
        (sure("noise"), "PinkNoise"),
    ],
)
def test_only_what_is_sure_is_suggested(kind, suggested):
    assert Offer("protocol_003", "", kind).suggested == suggested
    assert Offer("protocol_003", "Step", kind).suggested == ""


def test_a_family_by_name_is_what_the_name_or_a_person_says():
    assert [family_by_name("my IV"), family_by_name("protocol_003"), family_by_name("x", "Ramp")] == [
        "Step",
        "",
        "Ramp",
    ]


def test_files_are_taken_evenly():
    assert evenly(list(range(9)), 3) == [0, 4, 8]
    assert evenly([1, 2], 3) == [1, 2]
    assert evenly(list(range(9)), 1) == [0]
