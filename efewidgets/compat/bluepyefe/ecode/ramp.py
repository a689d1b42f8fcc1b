"""The stimulus family Ramp."""

from ....engine.ecodes import Ramp

__all__ = ["Ramp"]
