"""What all comparisons with BluePyEfe share."""

from __future__ import annotations

import pytest

from efewidgets.engine.recordings import features


@pytest.fixture
def impossible_values_stay(monkeypatch):
    """Let values that no cell has stand, as BluePyEfe does: a listed difference, which random sweeps run into."""
    monkeypatch.setattr(features, "possible", lambda feature, values, sweep=None: (values, []))
