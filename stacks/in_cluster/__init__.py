"""Infrastructure inside of any Kubernetes cluster, layer by layer."""
