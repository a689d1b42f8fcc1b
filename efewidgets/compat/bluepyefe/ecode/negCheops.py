"""The stimulus family NegCheops."""

from ....engine.recordings.ecodes import NegCheops

__all__ = ["NegCheops"]
