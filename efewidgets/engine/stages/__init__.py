"""What a person decides, and what is computed from which of it: the same stages for scripts and for a state."""
