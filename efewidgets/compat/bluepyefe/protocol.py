"""A protocol at one amplitude."""

from ...engine.targets.matching import Protocol

__all__ = ["Protocol"]
