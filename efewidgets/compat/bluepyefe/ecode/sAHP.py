"""The stimulus family SAHP."""

from ....engine.recordings.ecodes import SAHP

__all__ = ["SAHP"]
