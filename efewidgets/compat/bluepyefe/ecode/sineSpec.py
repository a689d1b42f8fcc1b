"""The stimulus family SineSpec."""

from ....engine.ecodes import SineSpec

__all__ = ["SineSpec"]
