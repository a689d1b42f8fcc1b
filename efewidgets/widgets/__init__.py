"""Widgets over one `ExtractionState`, each to be shown by itself or with others; none knows another."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "FeaturePlots": "feature_plots",
    "FileSelector": "file_selector",
    "ProblemsPanel": "problems_panel",
    "Question": "question",
    "ResultsPanel": "results_panel",
    "RheobaseInspector": "rheobase_inspector",
    "RunBar": "run_bar",
    "SettingsEditor": "settings_editor",
    "SummaryPanel": "summary_panel",
    "TargetEditor": "target_editor",
    "TraceViewer": "trace_viewer",
    "VirtualCell": "virtual_cell",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
