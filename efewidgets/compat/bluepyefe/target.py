"""A feature at one amplitude of one protocol."""

from ...engine.targets.targets import EFeatureTarget

__all__ = ["EFeatureTarget"]
