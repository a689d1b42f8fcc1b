"""The three standard files."""
