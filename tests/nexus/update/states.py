"""States of a stack with what releases are read from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

STATE = "urn:pulumi:dev::nexus-cos::nexus:services:Workload$kubernetes:apps/v1:Deployment::"


def deployment(name: str, image: str, **further: Any) -> dict[str, Any]:
    pod = {"containers": [{"image": image}]}
    annotations = further.pop("annotations", {})
    return {
        "urn": STATE + name,
        "type": "kubernetes:apps/v1:Deployment",
        "inputs": {
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"template": {"spec": pod}},
        },
        **further,
    }


def state_of(*resources: dict[str, Any], pending: Iterable[str] = ()) -> dict[str, Any]:
    operations = [{"resource": {"urn": STATE + name}, "type": "updating"} for name in pending]
    return {"deployment": {"resources": [*resources], "pending_operations": operations}}
