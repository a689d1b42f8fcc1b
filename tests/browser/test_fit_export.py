"""From the sample cells to a folder that BluePyEModel loads: roles and export by clicks, as a person makes them."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import re
import zipfile
from typing import Any

import numpy as np
import pytest

from efewidgets import ExtractionState, datasets
from efewidgets.engine.export import Choices
from efewidgets.engine.export.fit import fit_data
from efewidgets.engine.export.responses import play
from efewidgets.state.results.extraction import as_extraction
from tests.browser.served import button, until
from tests.compat.programs import program
from tests.state.test_models import spiking

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: What BluePyEModel itself makes of the folder, written beside it
LOAD = """
import contextlib, json, pathlib, sys
from bluepyemodel.access_point.local import LocalAccessPoint
from bluepyemodel.evaluation.evaluator import define_threshold_based_optimisation_protocol
folder = pathlib.Path(sys.argv[1])
with contextlib.chdir(folder):
    access = LocalAccessPoint("L5PC", emodel_dir=folder, recipes_path="config/recipes.json")
    form = access.get_fitness_calculator_configuration()
    runner, features = define_threshold_based_optimisation_protocol(
        form, include_validation_protocols=True, efel_settings=access.pipeline_settings.efel_settings
    )
    valid = access.get_targets_configuration().is_configuration_valid
pathlib.Path(sys.argv[2]).write_text(json.dumps({
    "form": form.as_dict(), "protocols": sorted(runner.protocols), "features": len(features), "valid": valid,
    "rmp": access.pipeline_settings.name_rmp_protocol, "rin": access.pipeline_settings.name_Rin_protocol,
}), encoding="utf-8")
"""


def named(page: Any, name: str) -> Any:
    """Return the button that is seen of this name; an icon may stand before it."""
    return page.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}$")).locator("visible=true")


def give_role(page: Any, row: int, role: str) -> None:
    """Type a role into a row of the targets, as into a spreadsheet; or take it away."""
    targets = page.get_by_role("grid", name="targets", exact=True).locator("visible=true")
    cell = targets.locator(f'[role="row"][aria-rowindex="{row + 1}"] [aria-colindex="8"]')
    cell.dblclick()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(role) if role else page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    until(lambda: cell.inner_text().strip() == role)


def choose_targets(page: Any) -> None:
    """Choose BluePyEModel's own targets, make them one's own, and bring those of the IV to the top."""
    page.locator("select[title^='whose goals']:visible").select_option("BluePyEModel")
    named(page, "Choose automatically").click()
    page.get_by_text("Chosen automatically: press").wait_for()
    page.locator(".efe-run-status .efe-is-ready").wait_for()
    named(page, "Keep as my own").click()
    page.get_by_text("52 targets; amplitudes in % of rheobase").wait_for()
    targets = page.get_by_role("grid", name="targets", exact=True).locator("visible=true")
    targets.get_by_role("columnheader", name="amplitude").click()
    first = targets.locator('[role="row"][aria-rowindex="2"]')
    first.get_by_text("IV", exact=True).wait_for()
    first.get_by_text("−100", exact=True).wait_for()


def test_from_roles_to_a_folder_that_bluepyemodel_loads(serve, opened, tmp_path):
    page = opened(serve().url)
    page.set_default_timeout(30_000)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    button(page, "Targets").click()
    choose_targets(page)

    give_role(
        page, 1, ""
    )  # the kept targets have their roles; without all of them it isn't known what is searched for
    button(page, "Export").click()
    named(page, "Check").click()
    page.get_by_text("BluePyEModel can't take this:").wait_for()
    page.get_by_role("listitem").filter(has_text="has the role RMP (the resting potential)").wait_for()

    button(page, "Targets").click()
    give_role(page, 3, "RMP")  # IV_-40, where Rin is
    page.get_by_text("the RMP and Rin targets are of the same protocol (IV_-40)").first.wait_for()
    give_role(page, 3, "holding")
    give_role(page, 1, "RMP")  # IV_-100
    page.get_by_text("of the same protocol").locator("visible=true").wait_for(state="detached")
    page.locator(".efe-run-status .efe-is-ready").wait_for()

    button(page, "Export").click()
    page.get_by_label("Model's name").fill("L5PC")
    page.get_by_label("Model's name").press("Tab")
    page.get_by_label("resting potential by Ohm's law").check()
    named(page, "Check").click()
    page.get_by_text("BluePyEModel can take this: 4 files.").wait_for()
    page.get_by_text("The resting potential is interpolated").wait_for()
    with page.expect_download() as saved:
        named(page, "Download for BluePyEModel (zip)").click()
    assert saved.value.suggested_filename == "L5PC-bluepyemodel.zip"
    folder = tmp_path / "L5PC"
    with zipfile.ZipFile(saved.value.path()) as archive:
        archive.extractall(folder)
    written = json.loads((folder / "config/features/L5PC.json").read_text(encoding="utf-8"))
    assert "RMPProtocol" in {feature["protocol_name"] for feature in written["efeatures"]}
    loads(folder, written, tmp_path / "found.json")


def loads(folder: pathlib.Path, written: dict[str, Any], report: pathlib.Path) -> None:
    """BluePyEModel must find what was written, and make its evaluator of it."""
    if importlib.util.find_spec("bluepyemodel") is None:
        pytest.skip(
            "all was clicked and written, but to load it BluePyEModel is needed (efewidgets[consumers])"
        )
    program("-W", "ignore", "-c", LOAD, str(folder), str(report))
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["form"] == {key: written[key] for key in ("efeatures", "protocols")}
    assert found["valid"]
    assert (found["rmp"], found["rin"]) == ("IV_-100", "IV_-40")
    assert {"RMPProtocol", "RinProtocol", "SearchHoldingCurrent", "SearchThresholdCurrent"} <= set(
        found["protocols"]
    )
    assert {"IDrest_150", "IDrest_200", "APWaveform_300"} <= set(found["protocols"])
    assert found["features"] == len(written["efeatures"])


def test_a_model_s_responses_are_uploaded_scored_and_removed(serve, opened, tmp_path):
    """A passive membrane that BluePyEModel might have written; in the table, the plots and gone again."""
    page = opened(serve().url)
    page.set_default_timeout(30_000)
    page.locator(".efe-step-done", has_text="Export").wait_for()
    button(page, "Export").click()
    folder = tmp_path / "recordings"
    write_responses(folder)
    panel = page.locator(".efe-models-panel:visible")
    panel.get_by_label("Name", exact=True).fill("fitted")
    panel.get_by_label("Name", exact=True).press("Tab")
    page.get_by_label("Responses to upload").set_input_files(sorted(folder.iterdir()))
    panel.get_by_text("fitted: ").first.wait_for()
    panel.get_by_role("grid", name="what the models reach of each target").get_by_role("row").nth(
        5
    ).wait_for()
    page.locator(".efe-run-status .efe-is-ready").wait_for()

    button(page, "Features").click()
    page.locator(".efe-legend:visible, .efe-feature-plots:visible").get_by_text("fitted").first.wait_for()
    button(page, "Export").click()
    named(page, "Remove").click()
    page.locator(".efe-run-status .efe-is-ready").wait_for()
    panel.get_by_text("fitted: ").wait_for(state="detached")


def write_responses(folder: pathlib.Path) -> None:
    """Write the responses of a model to the targets of the sample cells, as BluePyEModel does."""
    with ExtractionState.from_arguments(datasets.sample_config()) as state:
        fit, _, _ = fit_data(as_extraction(state.results), Choices())
    folder.mkdir()
    for name, found in play(spiking, fit).items():
        columns = [found] if isinstance(found, float) else np.transpose([found["time"], found["voltage"]])
        np.savetxt(folder / f"{name}.dat", columns, fmt="%.8g")
