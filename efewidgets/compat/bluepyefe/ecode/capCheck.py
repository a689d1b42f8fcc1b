"""The stimulus family CapCheck."""

from ....engine.recordings.ecodes import CapCheck

__all__ = ["CapCheck"]
