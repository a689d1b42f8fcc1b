"""Notes and tags of cells and sweeps."""
