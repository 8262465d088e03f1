"""A reference client for the file that tells a service what it needs and how that may fail."""
