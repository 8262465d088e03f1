"""The rules a catalog must satisfy; `graph.check` applies them all."""
