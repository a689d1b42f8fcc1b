"""The stimulus family DeHyperPol."""

from ....engine.recordings.ecodes import DeHyperPol

__all__ = ["DeHyperPol"]
