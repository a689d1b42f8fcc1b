"""One reactive state: every decision in one place, every result a cached consequence of them."""

from __future__ import annotations

from ..engine.stages.inputs import Inputs
from .results.results import Results
from .running.runner import BackgroundRunner, InlineRunner
from .state import ExtractionState

__all__ = ["BackgroundRunner", "ExtractionState", "InlineRunner", "Inputs", "Results"]
