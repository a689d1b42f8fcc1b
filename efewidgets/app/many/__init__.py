"""Many visitors at once: what each may take, who comes in, who waits, and whose page sleeps."""
