"""The stimulus family HyperDePol."""

from ....engine.ecodes import HyperDePol

__all__ = ["HyperDePol"]
