"""eFEL, and what stands around it."""
