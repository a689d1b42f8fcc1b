"""A room for a teacher: questions on the page, the answers, and who is where."""
