"""eFEL's settings, averaging, and what is written."""
