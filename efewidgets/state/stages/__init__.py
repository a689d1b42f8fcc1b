"""What is computed, piece by piece, from which decisions; and what of it is kept on disk."""
