"""The `nexus` command. Importing it imports neither Pulumi nor the graph."""
