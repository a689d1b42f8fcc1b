"""SineSpec: a sine sweep (chirp), from which the impedance is had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...detection.edges import dot
from ...kinds import NUMBER
from ...traces.trace import Trace, number
from ..finding import Finding
from .family import Current, Family
from .medians import Smoothed

CHIRP_DEFAULTS = {
    "chirp_frequency_base": 1.0,
    "chirp_frequency_scale": 1.0,
    "chirp_frequency_denominator": 5.15,
    "chirp_time_offset": 0.1,
}

# of its height, that a sine spends a quarter, half and three quarters of its time below
QUARTERS = np.sin(np.pi * np.array([1, 2, 3]) / 8)
ALIKE = 0.15  # of the height
LIKE = 0.5  # correlation with the formula


class SineSpec(Family):
    """A sine of rising frequency from `ton` to `toff` (ms), `amp` (nA) high.

    With ``u = t - chirp_time_offset`` (s) the current is
    ``amp sin(2 pi (chirp_frequency_base + chirp_frequency_scale / (chirp_frequency_denominator - u)) u)``.
    """

    nominal: ClassVar = {"ton": 150.0, "toff": 5100.0}
    agree_ms = 20.0
    extra_params = tuple(CHIRP_DEFAULTS)
    metadata_keys: ClassVar = {
        name: NUMBER.about(
            name.replace("_", " ").capitalize(), "Of the formula of the chirp, with u in s.", unit
        )
        for name, unit in zip(CHIRP_DEFAULTS, ("Hz", "", "s", "s"), strict=True)
    }

    def measure(
        self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int], finding: Finding
    ) -> dict[str, Any]:
        amp = finding.level("amp")
        hypamp = self.holding_before(trace, edges, finding, onset_is_known=finding.usual_failed)
        chirp = _chirp(finding)
        if amp is None:
            amp = self._height(trace, edges, hypamp, chirp, finding)
        return {"hypamp": hypamp, "amp": amp} | chirp

    def _height(
        self,
        trace: Trace,
        edges: Mapping[str, int],
        hypamp: Any,
        chirp: Mapping[str, float],
        finding: Finding,
    ) -> Any:
        """Signed height (nA) of the sine: BluePyEfe's maximum, where the sine as a whole confirms it."""
        smoothed, wave = Smoothed(trace.current), trace.current[edges["ton"] : edges["toff"]] - hypamp
        if not len(wave):
            return smoothed.largest() - hypamp
        formula = chirp_wave((edges["ton"] + np.arange(len(wave))) * trace.dt, chirp)
        size = (dot(formula, formula) * dot(wave, wave)) ** 0.5
        alike = dot(formula, wave) / size if size > 0 else 1.0
        falls = alike < -LIKE
        if abs(alike) < LIKE and all(finding.said.value(name) is None for name in CHIRP_DEFAULTS):
            finding.tell(
                "the current is not the sine sweep that the usual `chirp_frequency_base`, `_scale`, `_denominator` and "
                "`chirp_time_offset` describe: a protocol made from it holds another stimulus. Give them in the "
                "metadata.",
                "warning",
            )
        summit = (smoothed.smallest() if falls else smoothed.largest()) - hypamp
        heights = np.quantile(np.abs(wave), (0.25, 0.5, 0.75)) / QUARTERS
        height = -heights[1] if falls else heights[1]
        is_sine = np.ptp(heights) <= ALIKE * heights[1]
        return height if is_sine and abs(summit - height) > ALIKE * heights[1] else summit

    def in_words_of_bluepyopt(self, s: Any) -> dict[str, Any]:
        return super().in_words_of_bluepyopt(s) | {name: getattr(s, name) for name in CHIRP_DEFAULTS}

    def generate(self, s: Any) -> Current:
        time, current = s.holding()
        sweep = slice(s.index(s.ton), s.index(s.toff))
        current[sweep] += s.amp * chirp_wave(time[sweep], {name: getattr(s, name) for name in CHIRP_DEFAULTS})
        return time, current


def _chirp(finding: Finding) -> dict[str, float]:
    chirp = {}
    for name, default in CHIRP_DEFAULTS.items():
        value = finding.said.value(name)
        chirp[name] = default if value is None else float(number(name, value))
    return chirp


def chirp_wave(time: np.ndarray, chirp: Mapping[str, float]) -> np.ndarray:
    """Draw a sine of rising frequency and of height 1 at some times (ms); array (n,)."""
    u = time * 1e-3 - chirp["chirp_time_offset"]
    pole = chirp["chirp_frequency_denominator"] - u
    # the frequency is without bound where the formula has its pole; no rig plays what comes there
    frequency = chirp["chirp_frequency_base"] + np.divide(
        chirp["chirp_frequency_scale"], pole, out=np.zeros_like(pole), where=pole > 0
    )
    return np.sin(2.0 * np.pi * frequency * u)
