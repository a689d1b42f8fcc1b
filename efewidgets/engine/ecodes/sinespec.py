"""SineSpec: a sine sweep (chirp), from which the impedance is had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ..kinds import NUMBER
from ..recording import Recording
from ..trace import Trace, number, setting
from .signal import BASE_SAMPLES, base_current, smooth

CHIRP_DEFAULTS = {
    "chirp_frequency_base": 1.0,
    "chirp_frequency_scale": 1.0,
    "chirp_frequency_denominator": 5.15,
    "chirp_time_offset": 0.1,
}


class SineSpec(Recording):
    """A sine of rising frequency from `ton` to `toff` (ms), `amp` (nA) high.

    With ``u = t - chirp_time_offset`` (s) the current is
    ``amp sin(2 pi (chirp_frequency_base + chirp_frequency_scale / (chirp_frequency_denominator - u)) u)``.
    """

    chirp_frequency_base: Any
    chirp_frequency_scale: Any
    chirp_frequency_denominator: Any
    chirp_time_offset: Any

    nominal: ClassVar = {"ton": 150.0, "toff": 5100.0}
    agree_ms = 20.0
    extra_params = tuple(CHIRP_DEFAULTS)
    metadata_keys: ClassVar = dict.fromkeys(CHIRP_DEFAULTS, NUMBER)

    def measure(self, trace: Trace, edges: Mapping[str, int], given: Mapping[str, int]) -> dict[str, Any]:
        hypamp, amp = self.given_level("hypamp"), self.given_level("amp")
        if hypamp is None:
            hypamp = base_current(trace.current, edges["ton"] if self.usual_failed else BASE_SAMPLES)
        if amp is None:
            amp = np.max(smooth(trace.current)) - hypamp
        return {"hypamp": hypamp, "amp": amp} | self._chirp()

    def _chirp(self) -> dict[str, float]:
        chirp = {}
        for name, default in CHIRP_DEFAULTS.items():
            value = setting(name, self.config_data, self.reader_data)
            chirp[name] = default if value is None else float(number(name, value))
        return chirp

    def get_stimulus_parameters(self) -> dict[str, Any]:
        return super().get_stimulus_parameters() | {name: getattr(self, name) for name in CHIRP_DEFAULTS}

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        time, current = self.holding()
        sweep = slice(self.index(self.ton), self.index(self.toff))
        u = time[sweep] * 1e-3 - self.chirp_time_offset
        pole = self.chirp_frequency_denominator - u
        # the frequency is without bound where the formula has its pole; no rig plays what comes there
        frequency = self.chirp_frequency_base + np.divide(
            self.chirp_frequency_scale, pole, out=np.zeros_like(pole), where=pole > 0
        )
        current[sweep] += self.amp * np.sin(2.0 * np.pi * frequency * u)
        return time, current
