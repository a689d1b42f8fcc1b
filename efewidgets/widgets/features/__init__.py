"""Features against amplitude."""
