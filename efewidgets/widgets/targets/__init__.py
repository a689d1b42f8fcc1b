"""Editing targets."""
