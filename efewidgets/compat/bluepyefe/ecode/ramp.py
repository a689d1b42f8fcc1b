"""The stimulus family Ramp."""

from ....engine.recordings.ecodes import Ramp

__all__ = ["Ramp"]
