"""What the tests of widgets share."""

from __future__ import annotations

import pytest

from efewidgets.widgets.actions import reasons


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """Where a person's own reasons are remembered: not those of whoever runs the tests."""
    folder = tmp_path / "data"
    monkeypatch.setattr(reasons, "data_folder", lambda: folder)
    return folder
