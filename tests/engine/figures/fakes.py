"""Small made-up cells with the attributes that figures read, and what is written on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

DT = 0.1  # ms


@dataclass
class FakeRecording:
    """A step of `amp` nA from 50 to 150 ms, with spikes one sample wide at the given times (ms)."""

    amp: float | None = 0.2
    peak_time: Any = ()
    protocol_name: str = "IDrest"
    name: str = "sweep"
    amp_rel: float | None = 100.0
    hypamp: float | None = -0.01
    hypamp_rel: float | None = -5.0
    repetition: int | None = None
    auto_threshold: float | None = -40.0
    efeatures: dict[str, float] = field(default_factory=dict)
    tend: float = 200.0
    ton: float = 50.0
    toff: float = 150.0
    dt: float = DT

    def __post_init__(self) -> None:
        n = round(self.tend / DT)
        self.t = np.arange(n) * DT
        rng = np.random.default_rng(n)
        self.current = self.generate()[1] + rng.normal(0, 1e-3, n)
        self.voltage = -70 + rng.normal(0, 0.1, n)
        for i, peak in enumerate([] if self.peak_time is None else self.peak_time):
            self.voltage[round(peak / DT)] = 30 + i

    @property
    def spikecount(self) -> int | None:
        return None if self.peak_time is None else len(self.peak_time)

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        inside = (self.t >= self.ton) & (self.t < self.toff)
        return self.t, (self.hypamp or 0.0) + inside * (self.amp or 0.0)


@dataclass
class FakeCell:
    name: str
    recordings: list[FakeRecording] = field(default_factory=list)
    rheobase: float | None = None


@dataclass
class FakeTarget:
    efeature_name: str
    efel_feature_name: str
    values: list[float] = field(default_factory=list)

    @property
    def sample_size(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def std(self) -> float:
        return float(np.std(self.values))


@dataclass
class FakeProtocol:
    name: str
    amplitude: float
    tolerance: float
    feature_targets: list[FakeTarget] = field(default_factory=list)
    recordings: list[FakeRecording] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """A text on a page and the box that it fills, in inches: left, bottom, right, top."""

    string: str
    box: tuple[float, float, float, float]

    def overlaps(self, other: Written) -> bool:
        left, bottom, right, top = self.box
        return left < other.box[2] and other.box[0] < right and bottom < other.box[3] and other.box[1] < top


def written_on(page: Any) -> list[Written]:
    """Every text on a page, with the box that matplotlib's own measure gives it."""
    from matplotlib.textpath import TextPath

    found = []
    for artist in page.artists:
        if not hasattr(artist, "string") or not artist.string:
            continue
        outline = TextPath((0, 0), artist.string, size=artist.size, prop={"family": list(artist.fonts)})
        x0, y0, x1, y1 = np.array(outline.get_extents().extents) / 72
        x, y = np.array(artist.get_transform().transform(artist.place)) / page.dpi
        back = {"left": 0.0, "center": 0.5, "right": 1.0}[artist.along] * (x1 - x0)
        down = {"baseline": 0.0, "center": 0.365, "top": 0.73}[artist.across] * artist.size / 72
        box = (
            (x - back + x0, y - down + y0, x - back + x1, y - down + y1)
            if not artist.rotation
            else (x + down - y1, y - back + x0, x + down - y0, y - back + x1)
        )
        found.append(Written(artist.string, box))
    return found


def assert_readable(page: Any) -> None:
    """No text lies over another one or beyond the edge of the page."""
    width, height = page.get_size_inches()
    texts = written_on(page)
    assert texts
    for i, one in enumerate(texts):
        left, bottom, right, top = one.box
        assert 0 <= left <= right <= width, f"{one.string!r} leaves the page"
        assert 0 <= bottom <= top <= height, f"{one.string!r} leaves the page"
        for other in texts[i + 1 :]:
            assert not one.overlaps(other), f"{one.string!r} lies over {other.string!r}"
