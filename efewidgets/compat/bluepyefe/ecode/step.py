"""The stimulus family Step."""

from ....engine.recordings.ecodes import Step

__all__ = ["Step"]
