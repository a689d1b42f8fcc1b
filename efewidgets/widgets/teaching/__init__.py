"""Widgets to teach with: a virtual cell, and questions."""
