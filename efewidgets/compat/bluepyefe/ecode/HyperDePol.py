"""The stimulus family HyperDePol."""

from ....engine.recordings.ecodes import HyperDePol

__all__ = ["HyperDePol"]
