"""Dev on a real API server, with the real engine and the real Kubernetes provider."""
