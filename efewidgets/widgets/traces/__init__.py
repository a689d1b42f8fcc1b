"""Looking at sweeps."""
