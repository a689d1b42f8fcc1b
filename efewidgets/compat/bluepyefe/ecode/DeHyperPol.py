"""The stimulus family DeHyperPol."""

from ....engine.ecodes import DeHyperPol

__all__ = ["DeHyperPol"]
