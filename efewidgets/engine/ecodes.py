"""Stimulus families (eCodes), under the name by which scripts import them."""

from __future__ import annotations

from .recordings.ecodes import *  # noqa: F403 - all that it hands out
from .recordings.ecodes import __all__ as __all__
