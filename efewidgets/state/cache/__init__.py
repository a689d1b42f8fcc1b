"""Recordings and features on disk, so that they need not be extracted again."""
