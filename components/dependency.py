"""What a workload is told about one thing it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One edge of the dependency graph, as its source sees it.

    Args:
        name: name of the target.
        kind: `service`, `resource` or `external`.
        order: `startup` or `runtime`.
        criticality: `hard` or `degradable`.
        fallback: what to do while the target is down; None if there is nothing.
        endpoint: where the target is; None where this environment does not provide it.
        credentials: folder with the mounted credentials; None if there are none.
    """

    name: str
    kind: str
    order: str
    criticality: str
    fallback: str | None
    endpoint: Mapping[str, pulumi.Input[str]] | None
    credentials: str | None = None

    def document(self) -> dict[str, object]:
        """The dependency as plain data, for the workload's configuration file."""
        return {
            "kind": self.kind,
            "order": self.order,
            "criticality": self.criticality,
            "fallback": self.fallback,
            "endpoint": None if self.endpoint is None else dict(self.endpoint),
            "credentials": self.credentials,
        }
