"""The name an object has in the cluster, which auto-naming decides."""

from __future__ import annotations

from typing import Any, Protocol

import pulumi


class _Named(Protocol):
    @property
    def metadata(self) -> pulumi.Output[Any]: ...


def physical_name(resource: _Named) -> pulumi.Output[str]:
    """Name of a Kubernetes object in its namespace; using it waits for the object."""
    return resource.metadata.apply(lambda metadata: str(metadata.name))
