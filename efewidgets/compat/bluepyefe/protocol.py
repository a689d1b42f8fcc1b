"""A protocol at one amplitude."""

from ...engine.matching import Protocol

__all__ = ["Protocol"]
