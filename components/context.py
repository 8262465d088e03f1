"""Names and labels of everything this program makes, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROJECT = "nexus-cos"
"""What everything is part of, by its labels and tags, and the namespace of the settings, however
the Pulumi project is called."""

MAX_LABEL = 63
"""Longest DNS label and longest Kubernetes label value, in characters."""

DATA = "data"
"""Namespace (without prefix) of the servers that hold state and of their bootstrap Jobs."""

SYSTEM = "system"
"""Namespace (without prefix) of what belongs to the platform as a whole, such as the gates."""

LOGGING = "logging"
"""Namespace (without prefix) of what reads the nodes' logs."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every name and label is derived from.

    Args:
        prefix: start of every namespace; two stacks in one cluster need two prefixes.
        stack: name of the Pulumi stack, for labels only.
        environment: row of the environment table, for labels only.
        first_tier: tier that the platform's own servers are in, by whose priority they run.
    """

    prefix: str
    stack: str
    environment: str
    first_tier: str

    def namespace(self, name: str) -> str:
        """Namespace of a domain, or of `DATA` or `SYSTEM`.

        Raises:
            ValueError: if the name is longer than a DNS label.
        """
        return fitting(f"{self.prefix}-{name}")

    def shared(self, name: str) -> str:
        """Name of what belongs to the whole cluster: a tier's priority class, a pool of nodes.

        Raises:
            ValueError: if the name is longer than a DNS label.
        """
        return fitting(f"{self.prefix}-{name}")

    def host(self, name: str, namespace: str) -> str:
        """DNS name of Kubernetes Service `name` in `namespace` (without prefix)."""
        return f"{name}.{self.namespace(namespace)}.svc"

    def labels(
        self, name: str, component: str, more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Labels of an object: the recommended Kubernetes ones, and `more`.

        Args:
            name: the thing the object belongs to, such as a service.
            component: its role, such as `workload`, `database` or `gate`.
        """
        labels = {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/part-of": PROJECT,
            "app.kubernetes.io/managed-by": "pulumi",
            "nexus-cos/environment": self.environment,
            **(more or {}),
        }
        return {key: fitting(value) for key, value in labels.items()}


def selector(name: str, component: str) -> dict[str, str]:
    """The part of `Context.labels` that selects the pods of `name`; it never changes."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/component": component}


def fitting(name: str) -> str:
    """`name`, if it fits into a DNS label.

    Raises:
        ValueError: if it does not.
    """
    if len(name) > MAX_LABEL:
        raise ValueError(
            f"The name '{name}' has {len(name)} characters, at most {MAX_LABEL} are allowed; "
            "shorten the service, domain or prefix it is made from."
        )
    return name
