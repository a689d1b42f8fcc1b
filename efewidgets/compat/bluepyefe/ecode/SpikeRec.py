"""The stimulus family SpikeRec."""

from ....engine.recordings.ecodes import SpikeRec

__all__ = ["SpikeRec"]
