"""Notes and tags, and two sessions compared, as a person does it by mouse and keyboard."""

from __future__ import annotations

import csv
import pathlib

import pytest

from tests.browser.served import button

pytestmark = pytest.mark.browser

SMALL = """
from efewidgets import Dashboard, ExtractionState, datasets
def small(**more):
    config = datasets.sample_config(["RS1"])
    config["files_metadata"] = {"RS1": {"IV": config["files_metadata"]["RS1"]["IV"]}}
    config["targets"] = [{"efeature": "voltage_base", "protocol": "IV", "amplitude": -50, "tolerance": 10}]
    return config | {"rheobase_values": {"RS1": 0.2}} | more
"""

NOTED = f"""{SMALL}
state = ExtractionState.from_arguments(small())
state.run()
dashboard = Dashboard(state)
dashboard.step = "stimuli"
def cell(): return {{key: dict(told) for key, told in state.inputs.cell_notes.items()}}
def sweeps(): return [dict(told) for told in state.inputs.recording_notes.values()]
display(dashboard)
"""

#: A page beside a session that was kept yesterday, in which a sweep is left out
COMPARED = f"""{SMALL}
import pathlib, tempfile
from efewidgets.app.begin import new_name
from efewidgets.app.recent import Recents
folder = pathlib.Path(tempfile.mkdtemp(dir="."))
other = ExtractionState.from_arguments(small(rheobase_values={{"RS1": 0.25}}))
kept = Dashboard(other, autosave=folder / new_name() / "session.json")
other.view.title = "yesterday"
other.exclude(next(iter(other.results.members)), "noisy")
kept.close()
state = ExtractionState.from_arguments(small())
state.run()
before = state.inputs
dashboard = Dashboard(state, recents=Recents(folder, True, ""))
display(dashboard)
"""


def typed(page, label: str, text: str) -> None:
    """Type into the field of this label that is seen, and press Enter."""
    field = page.get_by_label(label, exact=True).locator("visible=true")
    field.fill(text)
    field.press("Enter")


def test_a_cell_and_a_sweep_are_tagged_and_noted(visit, voila):
    found = visit(voila, NOTED, width=1440)
    page = found.page
    page.get_by_role("grid", name="sweeps").wait_for()
    typed(page, "tag the cell", "genotype: WT")
    typed(page, "note on the cell", "access was poor")
    found.until("cell()", {"RS1": {"genotype": "WT", "note": "access was poor"}})
    page.get_by_role("button", name="next ▶").click()
    typed(page, "tag the sweep", "drug: TTX")
    found.until("sweeps()", [{"drug": "TTX"}])
    sweeps = page.get_by_role("grid", name="sweeps")
    sweeps.get_by_text("genotype: WT, drug: TTX").wait_for()
    found.screenshot("tagged")

    button(page, "Recordings").click()  # a tag of the cell stands beside its files
    files = page.get_by_role("grid", name="Chosen files")
    files.get_by_role("columnheader", name="Tags").wait_for()
    files.get_by_text("genotype: WT", exact=True).wait_for()
    page.get_by_role("button", name="Summary").click()
    page.get_by_role("columnheader", name="genotype").wait_for()

    button(page, "Stimuli & spikes").click()  # a click on it takes a tag away
    page.get_by_role("button", name="take genotype: WT away").click()
    found.until("cell()", {"RS1": {"note": "access was poor"}})
    assert found.ask("sweeps()") == [{"drug": "TTX"}]


@pytest.mark.slow
def test_two_sessions_are_compared(visit, voila):
    found = visit(voila, COMPARED, width=1440)
    page = found.page
    page.get_by_role("button", name="Session", exact=True).click()
    assert page.get_by_label("Compare with").locator("option").inner_text().startswith("yesterday")
    page.get_by_role("button", name="Compare", exact=True).click()
    grid = page.get_by_role("grid", name="what differs between the two sessions")
    grid.get_by_text("noisy", exact=True).wait_for()
    grid.get_by_text("0.25 nA, by hand").wait_for()
    page.get_by_role("status").get_by_text("2 differences.").wait_for()
    found.screenshot("compared")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Differences (CSV)").click()
    with pathlib.Path(coming.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["second"] for row in rows if row["about"] == "exclusions"] == ["noisy"]
    assert found.ask("state.inputs is before")
