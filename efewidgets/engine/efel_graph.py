"""What the installed eFEL offers, and which of its features needs which."""

from __future__ import annotations

import functools
import sys
import types


@functools.cache
def efel() -> types.ModuleType:
    """Import eFEL, at the first need."""
    import efel

    return efel


@functools.cache
def feature_names() -> tuple[str, ...]:
    """Every feature of the installed eFEL that takes one trace, sorted, without repetitions."""
    cpp: list[str] = []
    # not efel.get_feature_names(), which parses the dependency file again and opens a log
    efel().cppcore.getFeatureNames(cpp)
    return tuple(sorted({*cpp, *sys.modules["efel.pyfeatures"].all_pyfeatures}))
