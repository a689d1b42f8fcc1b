"""What the tests of widgets share."""

from __future__ import annotations

import pytest

from efewidgets import ExtractionState
from efewidgets.widgets.actions import reasons
from efewidgets.widgets.files import lab_names
from efewidgets.widgets.notes import choices
from tests.state import lab


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """Where a person's own reasons are remembered: not those of whoever runs the tests."""
    folder = tmp_path / "data"
    for module in (reasons, lab_names, choices):
        monkeypatch.setattr(module, "data_folder", lambda: folder)
    return folder


@pytest.fixture
def two_cells(tmp_path):
    """Two cells that fire from 0.1 and 0.2 nA on: IDthresh, IDrest in two files, IV; computed."""
    found = ExtractionState.from_arguments(lab.arguments(lab.write_cells(tmp_path, {"A": 0.1, "B": 0.2})))
    found.run()
    yield found
    found.close()
