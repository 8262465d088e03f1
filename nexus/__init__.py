"""The command `nexus` and what stands behind it."""
