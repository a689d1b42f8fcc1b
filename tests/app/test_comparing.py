"""The session panel compares the session with a recent one, or with a file; nothing is changed."""

from __future__ import annotations

import csv
import io

import pytest

from efewidgets import Dashboard, ExtractionState, datasets
from efewidgets.app.begin import new_name
from efewidgets.app.recent import Recents
from efewidgets.engine.problems import EfeError


def small(**more):
    config = datasets.sample_config(["RS1"])
    config["files_metadata"] = {"RS1": {"IV": config["files_metadata"]["RS1"]["IV"]}}
    config["targets"] = [{"efeature": "voltage_base", "protocol": "IV", "amplitude": -50, "tolerance": 10}]
    return config | {"rheobase_values": {"RS1": 0.2}} | more


@pytest.fixture
def page(tmp_path):
    """A page of a small session, with another one that was kept, "yesterday", in which a sweep is left out."""
    with ExtractionState.from_arguments(small(rheobase_values={"RS1": 0.25})) as other:
        path = tmp_path / new_name() / "session.json"
        kept = Dashboard(other, autosave=path)
        other.view.title = "yesterday"
        other.exclude(next(iter(other.results.members)), "=noisy")
        kept.close()
        other.save(tmp_path / "saved.json")
    with ExtractionState.from_arguments(small()) as state:
        dashboard = Dashboard(state, recents=Recents(tmp_path, True, ""))
        dashboard.toggles["Session"].value = True
        yield dashboard
        dashboard.close()


def test_a_recent_session_is_compared_and_downloaded(page):
    panel = page.parts["SessionPanel"].comparing
    ((title, _),) = panel.other.options
    assert title.startswith("yesterday, ")
    assert panel.table.layout.display == "none"
    before = page.state.inputs
    panel.compares.click()
    assert panel.message.text == ""
    rows = {(row["about"], row["what"]): (row["first"], row["second"]) for row in panel.table.rows}
    assert rows["exclusions", "reason"] == ("–", "=noisy")
    assert rows["rheobases", "rheobase"] == ("0.2 nA, by hand", "0.25 nA, by hand")
    assert panel.told.text == f"{len(panel.found)} differences."
    told = list(csv.DictReader(io.StringIO(panel.text())))
    assert next(row["second"] for row in told if row["about"] == "exclusions") == "'=noisy"
    assert page.state.inputs is before
    page.state.set_rheobase("RS1", 0.25)
    panel.compares.click()
    assert ("rheobases", "rheobase") not in {(row["about"], row["what"]) for row in panel.table.rows}


def test_a_file_is_compared(page, tmp_path):
    panel = page.parts["SessionPanel"]
    panel.path.value = str(tmp_path / "saved.json")
    assert panel.comparing.other.options[0][0].startswith("the file ")
    panel.comparing.other.index = 0
    panel.comparing.compares.click()
    assert any(one.about == "exclusions" for one in panel.comparing.found)
    panel.path.value = str(tmp_path / "nothing.json")
    panel.comparing.other.index = 0
    panel.comparing.compares.click()
    assert "nothing.json" in panel.comparing.message.text


def test_only_what_is_listed_can_be_asked_for(page):
    panel = page.parts["SessionPanel"]
    with pytest.raises(EfeError, match="isn't there"):
        panel._other(new_name())
    with pytest.raises(EfeError, match="no session"):
        Recents(page.parts["SessionPanel"]._recents.scratch, True, "").path_of("../other")
