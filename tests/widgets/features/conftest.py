"""Plots of two small cells."""

from __future__ import annotations

import pytest

from efewidgets.widgets import FeaturePlots
from efewidgets.widgets.actions.reasons import Reasons


@pytest.fixture
def state(two_cells):
    return two_cells


@pytest.fixture
def plots(state):
    found = FeaturePlots(state, reasons=Reasons())
    yield found
    found.close()
