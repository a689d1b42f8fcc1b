"""The stimulus family PosCheops."""

from ....engine.recordings.ecodes import PosCheops

__all__ = ["PosCheops"]
