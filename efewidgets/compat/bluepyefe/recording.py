"""A recording."""

from ...engine.recordings.recording import Recording

__all__ = ["Recording"]
