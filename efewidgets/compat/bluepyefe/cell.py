"""A cell."""

from ...engine.recordings.cell import Cell
from .ecode import eCodes
from .reader import axon_reader, csv_lccr_reader, igor_reader, nwb_reader, read_matlab

__all__ = ["Cell", "axon_reader", "csv_lccr_reader", "eCodes", "igor_reader", "nwb_reader", "read_matlab"]
