"""A recording."""

from ...engine.recording import Recording

__all__ = ["Recording"]
