"""efewidgets: from patch-clamp recordings to the feature files that neuron models are fitted to.

The names below are imported when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

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
