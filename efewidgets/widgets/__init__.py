"""Widgets over one `ExtractionState`, each to be shown by itself or with others; none knows another."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "FeaturePlots": "features.plots",
    "FileSelector": "files.selector",
    "ProblemsPanel": "overview.problems",
    "Question": "teaching.question",
    "ResultsPanel": "results.panel",
    "RheobaseInspector": "rheobase.inspector",
    "RunBar": "overview.run_bar",
    "SettingsEditor": "settings.editor",
    "SummaryPanel": "overview.summary",
    "TargetEditor": "targets.editor",
    "TraceViewer": "traces.viewer",
    "VirtualCell": "teaching.cell",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
