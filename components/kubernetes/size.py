"""How large a container is. Free of the SDKs, for whoever only compares sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ResourceRequirementsArgsDict

GPU = "nvidia.com/gpu"
"""Name of a GPU as a resource, and of the taint of the nodes that have one."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a container asks for and may use, as Kubernetes quantities.

    Args:
        cpu: CPU asked for, such as `10m`.
        memory_limit: memory it may use at most; what it asks for, if not given.
        scratch: size of its writable /tmp, and the ephemeral storage it asks for.
        ephemeral: most ephemeral storage; logs count too, and a pod that uses more
            is evicted, so it leaves room for the 50 MiB of logs a kubelet keeps.
    """

    cpu: str
    cpu_limit: str
    memory: str
    scratch: str = "64Mi"
    ephemeral: str = "256Mi"
    gpus: int = 0
    memory_limit: str | None = None

    @property
    def most_memory(self) -> str:
        """Memory it may use at most."""
        return self.memory_limit or self.memory

    def requirements(self) -> ResourceRequirementsArgsDict:
        """Requests and limits of a container of this size."""
        gpus = {GPU: str(self.gpus)} if self.gpus else {}
        return {
            "requests": {
                "cpu": self.cpu,
                "memory": self.memory,
                "ephemeral-storage": self.scratch,
                **gpus,
            },
            "limits": {
                "cpu": self.cpu_limit,
                "memory": self.most_memory,
                "ephemeral-storage": self.ephemeral,
                **gpus,
            },
        }
