"""Seeing and setting rheobases."""
