"""What the engine and the providers agree on: how a resource is written, and what clouds answer."""
