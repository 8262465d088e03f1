"""Simulated resource providers, served to the engine over gRPC from this process."""
