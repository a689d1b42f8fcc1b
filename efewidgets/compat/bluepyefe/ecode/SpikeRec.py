"""The stimulus family SpikeRec."""

from ....engine.ecodes import SpikeRec

__all__ = ["SpikeRec"]
