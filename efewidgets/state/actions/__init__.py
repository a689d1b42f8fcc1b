"""All that a person can do, each one edit that can be undone: with files, targets, settings and models."""
