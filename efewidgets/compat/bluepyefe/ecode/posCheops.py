"""The stimulus family PosCheops."""

from ....engine.ecodes import PosCheops

__all__ = ["PosCheops"]
