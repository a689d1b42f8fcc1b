"""Results in the form of each consumer, for scripts: which formats there are, and how one is written.

>>> from efewidgets.export import Choices, format_named, write_export
>>> found = format_named("bluepyemodel").build(extraction, Choices("L5PC"))  # doctest: +SKIP
>>> write_export(found, "my-model")  # doctest: +SKIP
"""

from ..engine.export import FORMATS, Choices, Export, Format, format_named, write_export

__all__ = ["FORMATS", "Choices", "Export", "Format", "format_named", "write_export"]
