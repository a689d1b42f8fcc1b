"""Choosing recordings."""
