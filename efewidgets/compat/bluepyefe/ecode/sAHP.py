"""The stimulus family SAHP."""

from ....engine.ecodes import SAHP

__all__ = ["SAHP"]
