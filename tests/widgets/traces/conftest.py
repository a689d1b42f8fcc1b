"""What the tests of traces share."""

from __future__ import annotations

import pytest

from efewidgets.widgets.traces.viewer import TraceViewer


@pytest.fixture
def state(two_cells):
    """Two cells that fire from 0.1 and 0.2 nA on: IDthresh, IDrest in two files, IV."""
    return two_cells


@pytest.fixture
def viewer(state):
    found = TraceViewer(state)
    yield found
    found.close()
