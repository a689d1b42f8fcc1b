"""One way through all rooms, from files to outputs."""
