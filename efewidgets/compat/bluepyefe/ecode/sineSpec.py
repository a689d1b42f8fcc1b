"""The stimulus family SineSpec."""

from ....engine.recordings.ecodes import SineSpec

__all__ = ["SineSpec"]
