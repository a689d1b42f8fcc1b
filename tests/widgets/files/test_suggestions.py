"""Stimuli that files look like are suggested, and taken by a click only."""

from __future__ import annotations

import json

import numpy as np
import pytest

from efewidgets import ExtractionState, cli
from efewidgets.engine.problems import EfeError
from efewidgets.engine.recordings.kinds import kind_of_file
from efewidgets.widgets import FileSelector


def write(path, start: float, end: float, pA: float, slope: bool = False):
    """A table of 600 ms at 10 kHz with a step, or a ramp, of so many pA."""
    t = np.arange(6000) / 10.0
    x = np.random.default_rng(0).normal(0, 1.0, 6000)
    inside = (t >= start) & (t < end)
    x[inside] += pA * ((t[inside] - start) / (end - start) if slope else 1.0)
    np.savetxt(
        path,
        np.stack([t, -70 + 0.05 * x, x], axis=1),
        header="time (ms),voltage (mV),current (pA)",
        comments="",
        delimiter=",",
        fmt="%.5g",
    )
    return {"filepath": str(path)}


@pytest.fixture
def files(tmp_path):
    with ExtractionState() as state:
        state.add_files_metadata(
            {
                "c": {
                    "X1PS_SubThresh": [write(tmp_path / "a.csv", 120, 430, 150)],
                    "protocol_003": [write(tmp_path / "b.csv", 80, 510, 200, slope=True)],
                    "IDrest": [write(tmp_path / "d.csv", 120, 430, 150)],
                }
            }
        )
        found = FileSelector(state, root=tmp_path)
        yield found
        found.close()


def column(files, name: str) -> dict[str, str]:
    return {row["protocol"]: row.get(name, "") for row in files.view_data()["rows"]}


def test_nothing_is_looked_at_or_suggested_unasked(files):
    assert set(column(files, "suggested").values()) == {""}
    assert files.take.layout.display == "none"
    assert column(files, "ecode") == {"X1PS_SubThresh": "?", "protocol_003": "?", "IDrest": "Step"}


def test_suggestion_is_shown_with_its_confidence_and_evidence_and_not_taken(files):
    files.look.click()
    shown = column(files, "suggested")
    assert shown["X1PS_SubThresh"].startswith("Step: step (")
    assert shown["protocol_003"].startswith("Ramp: ramp (")
    assert shown["IDrest"] == ""  # its name says it
    assert files.take.layout.display == ""
    row = next(r for r in files.view_data()["rows"] if r["protocol"] == "X1PS_SubThresh")
    assert "pA from 120 to 430 ms" in row["_hint"]["suggested"]
    assert column(files, "ecode")["X1PS_SubThresh"] == "?"


def test_suggestions_are_taken_by_a_click_in_one_step_that_can_be_undone(files):
    files.look.click()
    files.take.click()
    assert column(files, "ecode") == {"X1PS_SubThresh": "Step", "protocol_003": "Ramp", "IDrest": "Step"}
    files.state.undo()
    assert column(files, "ecode") == {"X1PS_SubThresh": "?", "protocol_003": "?", "IDrest": "Step"}


def test_suggestion_is_forgotten_when_the_file_is_described_otherwise(files):
    files.look.click()
    (row,) = [r for r in files.view_data()["rows"] if r["protocol"] == "protocol_003"]
    files.state.set_metadata([row["id"]], i_unit="nA")
    assert column(files, "suggested")["protocol_003"] == ""


def test_taking_without_a_suggestion_is_told(files):
    with pytest.raises(EfeError, match="no suggestion"):
        files.suggested.take()


def test_file_that_is_gone_is_told_and_the_others_are_looked_at(files, tmp_path):
    (tmp_path / "b.csv").unlink()
    with pytest.raises(EfeError, match=r"b\.csv"):
        files.suggested.look()
    assert column(files, "suggested")["X1PS_SubThresh"].startswith("Step")


def test_kind_of_a_file_in_python(tmp_path):
    found = kind_of_file(write(tmp_path / "a.csv", 120, 430, -90))
    assert found.best is not None
    assert (found.best.kind, found.best.ecode, found.sweeps) == ("step", "Step", 1)
    assert found.as_dict()["offered"] == "Step"


def test_inspect_says_what_the_current_looks_like_if_asked(tmp_path, capsys):
    path = write(tmp_path / "a.csv", 120, 430, 150)["filepath"]
    assert cli.main(["inspect", "--stimulus", path]) == 0
    assert "step, to be read as Step" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["inspect", "--stimulus", "--json", path]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    (told,) = file["stimuli"]
    assert told["offered"] == "Step"
    assert told["guesses"][0]["confidence"] > 0.5
    assert "current" in told["method"]
    assert cli.main(["inspect", "--json", path]) == 0
    assert "stimuli" not in json.loads(capsys.readouterr().out)["files"][0]
