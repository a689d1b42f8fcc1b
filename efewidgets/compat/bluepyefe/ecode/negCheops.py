"""The stimulus family NegCheops."""

from ....engine.ecodes import NegCheops

__all__ = ["NegCheops"]
