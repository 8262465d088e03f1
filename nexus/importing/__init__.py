"""Other tools' descriptions of a platform, made into a catalog."""
