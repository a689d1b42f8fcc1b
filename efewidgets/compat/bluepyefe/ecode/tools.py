"""Running medians of a current."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....engine.recordings.families.medians import running_median

__all__ = ["base_current", "scipy_signal2d"]


def scipy_signal2d(data: Sequence[float] | np.ndarray, width: int) -> list[float]:
    """Running median over `width` samples, mirrored at the ends."""
    return running_median(np.asarray(data), width).tolist()


def base_current(current: Sequence[float] | np.ndarray, idx_ton: int = 300) -> float:
    """Holding current: the median of the smoothed samples before `idx_ton`."""
    return float(np.median(scipy_signal2d(np.asarray(current)[:idx_ton], 85)))
