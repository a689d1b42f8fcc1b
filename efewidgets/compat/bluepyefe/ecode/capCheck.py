"""The stimulus family CapCheck."""

from ....engine.ecodes import CapCheck

__all__ = ["CapCheck"]
