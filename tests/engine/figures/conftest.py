"""Two made-up cells and their targets."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.figures.fakes import FakeCell, FakeProtocol, FakeRecording, FakeTarget


@pytest.fixture
def cells() -> list[FakeCell]:
    """Two cells with rheobases of 0.2 and 0.4 nA, six sweeps each, and the feature AP1_amp on the firing ones."""
    made = []
    for name, rheobase in (("A", 0.2), ("B", 0.4)):
        sweeps = []
        for percent, n_spikes in ((-50, 0), (0, 0), (50, 0), (100, 1), (150, 3), (200, 5)):
            peaks = 60 + 15.0 * np.arange(n_spikes)
            values = {"AP1_amp": 80.0 + percent / 100} if n_spikes else {"AP1_amp": np.nan}
            sweeps.append(
                FakeRecording(
                    amp=rheobase * percent / 100,
                    amp_rel=float(percent),
                    peak_time=peaks,
                    name=f"{name}{percent}",
                    efeatures=values,
                )
            )
        made.append(FakeCell(name, sweeps, rheobase))
    return made


@pytest.fixture
def protocols(cells: list[FakeCell]) -> list[FakeProtocol]:
    """Targets for AP1_amp at 100 and 150 % of the rheobase, each matched by one sweep of both cells."""
    made = []
    for percent in (100.0, 150.0):
        used = [r for cell in cells for r in cell.recordings if r.amp_rel == percent]
        target = FakeTarget("AP1_amp", "AP1_amp", [r.efeatures["AP1_amp"] + i for i, r in enumerate(used)])
        made.append(FakeProtocol("IDrest", percent, 10.0, [target], used))
    return made
