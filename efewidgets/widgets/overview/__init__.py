"""The whole at a glance: what is missing, what went wrong, what is running."""
