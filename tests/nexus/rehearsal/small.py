"""Programs of a few objects, run on the simulated cluster and on a real one alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from nexus.rehearsal.outcome import Outcome

NOWHERE = "{}"
"""A kubeconfig for the simulated cluster, which looks at none."""


def mounting(content: str, kubeconfig: str = NOWHERE) -> None:
    """A Deployment that mounts a Secret with a fixed name."""
    cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=kubeconfig))
    secret = k8s.core.v1.Secret(
        "login", metadata={"name": "login"}, string_data={"password": content}, opts=cluster
    )
    k8s.apps.v1.Deployment(
        "app",
        metadata={"name": "app"},
        spec={
            "selector": {"match_labels": {"app": "app"}},
            "template": {
                "metadata": {"labels": {"app": "app"}},
                "spec": {
                    "containers": [{"name": "app", "image": "app:1"}],
                    "volumes": [{"name": "login", "secret": {"secret_name": secret.metadata.name}}],
                },
            },
        },
        opts=cluster,
    )


def lonely(kubeconfig: str = NOWHERE) -> None:
    """Services that are awaited, and select no pods."""
    cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=kubeconfig))
    specs: Mapping[str, dict[str, Any]] = {
        "lonely": {"selector": {"app": "nobody"}},
        "headless": {"selector": {"app": "nobody"}, "cluster_ip": "None"},
        "manual": {},
    }
    for name, spec in specs.items():
        k8s.core.v1.Service(
            name,
            metadata={"name": name},
            spec=k8s.core.v1.ServiceSpecArgs(ports=[k8s.core.v1.ServicePortArgs(port=80)], **spec),
            opts=cluster,
        )


def changes(outcome: Outcome) -> dict[str, set[str]]:
    """Names of the provider resources that each operation but `same` was done to."""
    assert outcome.succeeded, outcome.error
    found: dict[str, set[str]] = {}
    for each in outcome.operations:
        if each.op != "same":
            found.setdefault(each.op, set()).add(each.name)
    return found
