"""One JSON file for one extraction, and configs of others."""
