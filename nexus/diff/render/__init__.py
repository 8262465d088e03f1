"""A report as text: for a terminal, for a comment, for scripts."""
