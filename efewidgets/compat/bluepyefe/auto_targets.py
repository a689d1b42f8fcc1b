"""Targets chosen by what the data offer."""

from ...engine.auto_targets import AutoTarget, default_auto_targets

__all__ = ["AutoTarget", "default_auto_targets"]
