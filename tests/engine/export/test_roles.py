"""Roles of targets: what goes together, told before a model is fitted."""

from __future__ import annotations

import json

import pytest

from efewidgets.engine.export import Choices, Export, format_named, write_export
from efewidgets.engine.export.stimuli import name_for, plays
from efewidgets.engine.problems import EfeError
from efewidgets.engine.roles import role_faults, with_roles

RIN = "ohmic_input_resistance_vb_ssse"


def target(efeature="voltage_base", amplitude=0, protocol="IV", **more):
    return {"efeature": efeature, "protocol": protocol, "amplitude": amplitude, "tolerance": 10} | more


GOOD = [target(role="RMP"), target(amplitude=-40, role="holding"), target(RIN, -40, role="Rin")]


def test_three_roles_go_together():
    assert role_faults(GOOD, complete=True) == []


def test_nothing_is_said_where_no_role_is_given():
    assert role_faults([target(), target(RIN, -40)]) == []


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (
            [target(RIN, 0, role="Rin"), *GOOD[:2]],
            "are of the same protocol (IV_0): BluePyEModel would lose both",
        ),
        (GOOD[1:], "has the role RMP"),
        (GOOD[:2], "has the role Rin"),
        ([*GOOD, target(amplitude=20, role="RMP")], "several targets have the role RMP (IV_0, IV_20)"),
        ([*GOOD[:2], target("sag_amplitude", -40, role="Rin")], "sag_amplitude of IV_-40 has the role Rin"),
        (
            [*GOOD, target("AP1_amp", 150, "IDrest", role="validation"), target("AP2_amp", 150, "IDrest")],
            "some targets of IDrest_150 are for validation and some are not",
        ),
    ],
)
def test_what_does_not_go_together_is_told(targets, words):
    assert any(words in fault for fault in role_faults(targets)), role_faults(targets)


def test_roles_are_proposed_by_amplitude():
    listed = [target(), target(amplitude=-100), target(RIN, -100), target(amplitude=-50), target(RIN, -50)]
    assert [t.get("role") for t in with_roles(listed)] == ["RMP", None, None, "holding", "Rin"]
    assert all("role" not in t for t in listed)


def test_rin_and_holding_are_proposed_where_the_other_one_is():
    """Nearer to -40 % than -50 is, -30 isn't taken when a person has chosen -50 for one of the two."""
    places = [target(), target(amplitude=-30), target(RIN, -30), target(amplitude=-50), target(RIN, -50)]
    held, measured = [dict(t) for t in places], [dict(t) for t in places]
    held[3]["role"], measured[4]["role"] = "holding", "Rin"
    for given in (held, measured):
        assert [t.get("role") for t in with_roles(given)] == ["RMP", None, None, "holding", "Rin"]
    assert any("e.g. that of IV_-50" in fault for fault in role_faults(held))


@pytest.mark.parametrize(
    ("family", "name", "new"),
    [
        ("Step", "IDrest_150", "IDrest_150"),
        ("Step", "Delta_100", "Step_Delta_100"),
        ("SpikeRec", "SpikeRec_600", "SpikeRecMultiSpikes_600"),
        ("Ramp", "Passive_Ramp_100", "Ramp_100"),
        ("PinkNoise", "PinkNoise_100", None),
    ],
)
def test_a_name_leads_to_the_stimulus_that_was_given(family, name, new):
    assert name_for(family, name, ()) == new
    assert new is None or plays(family, new)


def test_nothing_is_written_that_is_refused(tmp_path):
    with pytest.raises(EfeError, match="no mean"):
        write_export(Export({"a/b.json": b"{}"}, ("no mean.",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in write_export(Export({"a/b.json": b"{}"}), tmp_path / "out")] == ["b.json"]


def test_the_resting_potential_by_ohms_law_and_the_cap():
    """By hand: median baseline less Rin times holding current."""
    import statistics

    from efewidgets import datasets
    from efewidgets.engine.config.document import parse_config
    from efewidgets.engine.extraction.run import run_extraction
    from efewidgets.engine.parallel import run

    result = run_extraction(parse_config(datasets.sample_config(["RS1"]))[0], run)
    export = format_named("bluepyemodel").build(result, Choices("c", interpolate_rmp=True, std_cap=True))
    assert export.refusals == ()
    found = json.loads(export.files["config/features/c.json"])
    mean = {(f["protocol_name"], f["efel_feature_name"]): f["mean"] for f in found["efeatures"]}
    base = [v for (p, n), v in mean.items() if n == "voltage_base" and p.startswith(("IV", "IDrest"))]
    ohm = mean["RinProtocol", RIN] * mean["SearchHoldingCurrent", "bpo_holding_current"]
    expected = statistics.median(base) - ohm
    assert mean["RMPProtocol", "steady_state_voltage_stimend"] == pytest.approx(expected, rel=1e-12)
    assert all(f["original_std"] <= max(abs(f["mean"]), 1e-3) for f in found["efeatures"])


def test_export_import_export_is_the_same_bytes():
    """What lies in the features file and in extract_config is enough, with the recipe's settings."""
    from efewidgets import datasets
    from efewidgets.engine.config.document import parse_config
    from efewidgets.engine.export.importing import config_of_extraction, targets_of_features
    from efewidgets.engine.extraction.run import run_extraction
    from efewidgets.engine.parallel import run

    asked = datasets.sample_config(["RS1"])
    result = run_extraction(parse_config(asked)[0], run)
    first = format_named("bluepyemodel").build(result, Choices("c"))
    features, extraction = (
        json.loads(first.files[f"config/{name}.json"]) for name in ("features/c", "extract_config/c_config")
    )
    config, lost = config_of_extraction(extraction)
    settings = json.loads(first.files["config/recipes.json"])["c"]["pipeline_settings"]
    config |= {
        "targets": targets_of_features(features),
        "efel_settings": settings["efel_settings"],
        "rheobase_settings": settings["rheobase_settings_extraction"],
    }
    again = format_named("bluepyemodel").build(run_extraction(parse_config(config)[0], run), Choices("c"))
    assert dict(again.files) == dict(first.files)
    assert any("roles" in sentence for sentence in lost)
    del features["efewidgets"]  # as BluePyEModel leaves it
    assert targets_of_features(features) is None
