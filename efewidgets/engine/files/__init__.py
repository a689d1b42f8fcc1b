"""Which files there are, what their names say, and how they are received."""
