"""Where and when results are computed, and who is told."""
