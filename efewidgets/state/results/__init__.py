"""Results by name, as tables, and in words."""
