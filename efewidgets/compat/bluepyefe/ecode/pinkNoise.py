"""The stimulus family PinkNoise."""

from ....engine.ecodes import PinkNoise

__all__ = ["PinkNoise"]
