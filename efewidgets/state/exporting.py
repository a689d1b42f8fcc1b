"""Results in the form of a consumer, by the choices that the state holds."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from ..engine.export import Choices, Export, format_named, write_export
from ..engine.export.choices import choices_of
from ..engine.export.extracted import Seen, unseen
from ..engine.stages.inputs import Inputs
from ..engine.stages.values import thaw
from .results.extraction import as_extraction
from .results.results import Results


def export_choices(inputs: Inputs, **choices: Any) -> Choices:
    """Return the choices in force, some of them perhaps made here.

    Raises
    ------
    EfeError
        If one can't be.
    """
    return choices_of((thaw(inputs.export) or {}) | choices)


def export(results: Results, consumer: str, /, *, seen: Seen = unseen, **choices: Any) -> Export:
    """Return the files that a consumer gets, with what it would refuse or do otherwise; nothing is written.

    Parameters
    ----------
    results : Results
    consumer : str
        Name of the format, see `engine.export.FORMATS`.
    seen : callable, optional
        ``seen(done, of)`` is told how many figures are drawn; what it raises ends the work.
    **choices
        Fields of `engine.export.Choices` that are to be other than the state has them.

    Raises
    ------
    EfeError
        If there is no such format, or a choice can't be.
    """
    wanted = format_named(consumer)
    return wanted.build(as_extraction(results), export_choices(results.inputs, **choices), seen)


def save_export(
    results: Results, consumer: str, folder: str | os.PathLike[str], /, **choices: Any
) -> list[pathlib.Path]:
    """Write the files that a consumer gets into a folder; see `export`.

    Raises
    ------
    EfeError
        If the consumer can't take them.
    """
    return write_export(export(results, consumer, **choices), folder)
