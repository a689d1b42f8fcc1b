"""The code in the documentation runs, and does what the text around it says."""

from __future__ import annotations

import pathlib
import re
import types

import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.readers import registry
from efewidgets.engine.recordings.ecodes import FAMILIES, eCodes
from efewidgets.extract import extract_efeatures, read_recordings

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"


def run(page: str) -> dict:
    """Run all Python on a page, in its order; return the names that it made."""
    text = (DOCS / page).read_text(encoding="utf-8")
    names: dict = {}
    for code in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(code, page, "exec"), names)
    return names


@pytest.fixture
def extended():
    """What the page on extending makes, taken back afterwards."""
    import efel.pyfeatures

    tables = [eCodes, FAMILIES, registry._registered]
    before = [dict(table) for table in tables]
    features = list(efel.pyfeatures.all_pyfeatures)
    yield run("extending.md")
    for table, old in zip(tables, before, strict=True):
        table.clear()
        table.update(old)
    efel.pyfeatures.all_pyfeatures[:] = features
    del efel.pyfeatures.spread_of_voltage


def test_a_reader_an_ecode_and_a_feature_of_ones_own(extended, tmp_path):
    current = np.zeros(5000)  # pA, at 10 kHz
    current[1000:4000] = 200.0
    voltage = -70.0 + current / 20  # up by 10 mV
    np.savetxt(tmp_path / "a.rig", np.column_stack([current, voltage]))
    files = {"c": {"Labpulse": [{"filepath": str(tmp_path / "a.rig"), "ton": 100.0, "toff": 400.0}]}}
    (cell,) = read_recordings(files)
    (recording,) = cell.recordings
    assert recording.amp == pytest.approx(0.2)
    assert type(recording).__name__ == "Step"
    target = {"efeature": "spread_of_voltage", "protocol": "Labpulse", "amplitude": 0.2, "tolerance": 0.05}
    features, _, _ = extract_efeatures("", files, [target], absolute_amplitude=True)
    (found,) = features["Labpulse_0.2"]["soma"]
    assert found["val"][0] == pytest.approx(10.0)


def test_a_family_of_ones_own(extended):
    made = extended["TwoLevels"]({}, {})
    made.dt, made.tend, made.ton, made.toff, made.hypamp, made.amp = 0.1, 100.0, 20.0, 60.0, -0.05, 0.4
    time, current = made.generate()
    assert time[-1] == pytest.approx(99.9)
    assert current[[0, 300, 500, 700]] == pytest.approx([-0.05, 0.35, 0.15, -0.05])


def test_a_widget_of_ones_own(extended):
    state = ExtractionState.from_arguments(datasets.sample_config(["RS1"]))
    widget = extended["HowMany"](state)
    number = len(state.results.members)
    assert number > 0
    assert widget.words.value == f"{number} recordings"
    state.remove_files(state.files(protocol="IV"))
    assert widget.words.value == f"{len(state.results.members)} recordings" != f"{number} recordings"
    widget.back.click()
    assert widget.words.value == f"{number} recordings"
    widget.close()


def test_a_first_extraction(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("guide/first.md")
    assert names["features"]["IDrest_150"]["soma"]
    assert (tmp_path / "out" / "features.json").exists()
    assert (tmp_path / "session.json").exists()
    inputs = ExtractionState.load(tmp_path / "session.json").inputs
    assert not any(file.excluded for _, file in inputs.files())  # it was taken back


def test_from_results_to_a_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("fitting.md")
    assert names["found"].refusals == names["hhnb"].refusals == ()
    assert (tmp_path / "L5PC" / "config" / "features" / "L5PC.json").exists()
    assert len(names["targets"]) == len(names["state"].inputs.targets)
    assert names["config"]["export"]["name"] == "L5PC"
    assert "rin" in names
    time, current = names["time"], names["current"]
    assert len(time) == len(current) > 10
    assert set(names["scores"].model) == {"mine"}
    assert names["scores"].z.notna().sum() > 40


@pytest.mark.slow
def test_the_readmes_first_scripts_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("../README.md")
    assert names["features"]["IDrest_150"]["soma"]
    assert {"features.json", "protocols.json"} <= {path.name for path in (tmp_path / "out").iterdir()}
    assert names["state"].results.members


def test_every_widget_has_its_place_and_picture():
    from efewidgets import widgets

    text = (DOCS / "guide" / "widgets.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (\w+)$", text, re.MULTILINE)) == {*widgets.__all__, "Tables"}
    for picture in re.findall(r"\]\(\.\./(images/.*?)\)", text):
        assert (DOCS / picture).exists(), picture


def test_the_page_on_keys_names_all_of_them_and_its_script_runs():
    from efewidgets.app import commands
    from efewidgets.widgets.actions.culling import culling
    from efewidgets.widgets.actions.edits import EDITS
    from efewidgets.widgets.actions.keyboard import KEYS, PALETTE
    from efewidgets.widgets.actions.looking import looking
    from efewidgets.widgets.actions.reasons import MOST, Reasons
    from efewidgets.widgets.actions.record import in_words

    class Page:
        drawers = types.MappingProxyType({})

    text = (DOCS / "guide" / "keys.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    told = {key: does for keys, does in rows for key in keys.split(" or ")}
    assert told.pop("1 to 9")
    assert told.pop("Key")
    actions = [*culling(Reasons()), *looking(), *EDITS, *commands.commands(Page()), KEYS, PALETTE]
    known = {in_words(key): action for action in actions for key in action.keys}
    assert [known.pop(str(n)).id for n in range(1, MOST + 1)] == [f"exclude-{n}" for n in range(1, MOST + 1)]
    assert set(told) == set(known)
    assert all(told[key].startswith(action.title) for key, action in known.items())
    names = run("guide/keys.md")
    assert names["state"].inputs.accepted == (names["second"],)
    assert names["state"].results.members[names["third"]].excluded == "by eye"
