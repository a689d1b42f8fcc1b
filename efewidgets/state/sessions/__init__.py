"""A person's work in files: saved, opened, looked at as it was left."""
