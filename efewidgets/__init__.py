"""efewidgets: from patch-clamp recordings to the feature files that neuron models are fitted to.

The names below are imported when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same once more, for type checkers
    from .app import Dashboard as Dashboard
    from .engine.ecodes import register_ecode as register_ecode
    from .engine.export.nwb import convert as convert
    from .engine.problems import EfeError as EfeError
    from .engine.problems import Problem as Problem
    from .engine.readers import inspect as inspect
    from .engine.readers import register_reader as register_reader
    from .extract import AutoTarget as AutoTarget
    from .extract import Cell as Cell
    from .extract import EFeatureTarget as EFeatureTarget
    from .extract import Protocol as Protocol
    from .extract import Recording as Recording
    from .extract import default_auto_targets as default_auto_targets
    from .extract import extract_efeatures as extract_efeatures
    from .extract import read_recordings as read_recordings
    from .state import ExtractionState as ExtractionState
    from .widgets import FeaturePlots as FeaturePlots
    from .widgets import FileSelector as FileSelector
    from .widgets import ProblemsPanel as ProblemsPanel
    from .widgets import ResultsPanel as ResultsPanel
    from .widgets import RheobaseInspector as RheobaseInspector
    from .widgets import RunBar as RunBar
    from .widgets import SettingsEditor as SettingsEditor
    from .widgets import SummaryPanel as SummaryPanel
    from .widgets import TargetEditor as TargetEditor
    from .widgets import TraceViewer as TraceViewer

__version__ = "0.1.0"

_HOME = {
    "extract_efeatures": "extract",
    "read_recordings": "extract",
    "AutoTarget": "extract",
    "Cell": "extract",
    "EFeatureTarget": "extract",
    "Protocol": "extract",
    "Recording": "extract",
    "default_auto_targets": "extract",
    "ExtractionState": "state",
    "EfeError": "engine.problems",
    "Problem": "engine.problems",
    "convert": "engine.export.nwb",
    "inspect": "engine.readers",
    "register_reader": "engine.readers",
    "register_ecode": "engine.ecodes",
    "Dashboard": "app",
    "FeaturePlots": "widgets",
    "FileSelector": "widgets",
    "ProblemsPanel": "widgets",
    "ResultsPanel": "widgets",
    "RheobaseInspector": "widgets",
    "RunBar": "widgets",
    "SettingsEditor": "widgets",
    "SummaryPanel": "widgets",
    "TargetEditor": "widgets",
    "TraceViewer": "widgets",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
