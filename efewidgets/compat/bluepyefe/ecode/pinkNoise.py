"""The stimulus family PinkNoise."""

from ....engine.recordings.ecodes import PinkNoise

__all__ = ["PinkNoise"]
