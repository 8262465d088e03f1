"""Components that are objects of Kubernetes: workloads, namespaces, gates, add-ons."""
