"""Widgets over one `ExtractionState`, each to be shown by itself or with others; none knows another."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same once more, for type checkers
    from .features.plots import FeaturePlots as FeaturePlots
    from .files.selector import FileSelector as FileSelector
    from .overview.problems import ProblemsPanel as ProblemsPanel
    from .overview.run_bar import RunBar as RunBar
    from .overview.summary import SummaryPanel as SummaryPanel
    from .results.panel import ResultsPanel as ResultsPanel
    from .rheobase.inspector import RheobaseInspector as RheobaseInspector
    from .settings.editor import SettingsEditor as SettingsEditor
    from .targets.editor import TargetEditor as TargetEditor
    from .teaching.cell import VirtualCell as VirtualCell
    from .teaching.question import Question as Question
    from .traces.viewer import TraceViewer as TraceViewer

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
