"""The stimulus family Step."""

from ....engine.ecodes import Step

__all__ = ["Step"]
