"""Targets chosen by what the data offer."""

from ...engine.targets.automatic import AutoTarget, default_auto_targets

__all__ = ["AutoTarget", "default_auto_targets"]
