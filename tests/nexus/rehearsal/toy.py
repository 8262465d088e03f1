"""A platform of six services in three tiers, small enough to run in a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from nexus.rehearsal.tiers import Tiers

PROJECT = "toy"
NEEDS: Mapping[str, tuple[str, ...]] = {
    "sessions": (),
    "auth": ("sessions",),
    "catalogue": (),
    "orders": ("catalogue",),
    "billing": (),
    "web": ("orders",),
}
TIERS = Tiers(
    windows={"infrastructure": (0, 30), "core": (30, 60), "domain": (90, 120), "front": (120, 150)},
    members={
        "postgres": "infrastructure",
        "sessions": "core",
        "auth": "core",
        "catalogue": "domain",
        "orders": "domain",
        "billing": "domain",
        "web": "front",
    },
)


@dataclass(frozen=True, kw_only=True)
class Toy:
    """The program, with what a test changes between two runs.

    Args:
        image: of every service.
        settings: content of the services' auto-named ConfigMap.
        fixed: content of a ConfigMap with a fixed name.
        labels: of the service account.
        service_name: of the StatefulSet; it cannot be changed in place.
        keepers: of the password.
        twice: whether a second object of the same kind and name is declared.
    """

    image: str = "app:1"
    settings: Mapping[str, str] = field(default_factory=lambda: {"mode": "a"})
    fixed: Mapping[str, str] = field(default_factory=lambda: {"mode": "a"})
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    service_name: str = "postgres"
    keepers: Mapping[str, str] = field(default_factory=lambda: {"turn": "1"})
    twice: bool = False

    def __call__(self) -> None:
        """Declare everything."""
        cluster = pulumi.ResourceOptions(
            provider=k8s.Provider("cluster", kubeconfig="{}", cluster_identifier="toy")
        )
        drawn = pulumi.ResourceOptions(provider=random.Provider("drawn"))
        namespace = k8s.core.v1.Namespace("apps", metadata={"name": "apps"}, opts=cluster)
        inside = namespace.metadata.name
        password = random.RandomPassword(
            "postgres", length=24, special=False, keepers=self.keepers, opts=drawn
        )
        secret = k8s.core.v1.Secret(
            "postgres",
            metadata={"namespace": inside},
            string_data={"password": password.result},
            opts=cluster,
        )
        config = k8s.core.v1.ConfigMap(
            "settings", metadata={"namespace": inside}, data=self.settings, opts=cluster
        )
        k8s.core.v1.ConfigMap(
            "fixed", metadata={"namespace": inside, "name": "fixed"}, data=self.fixed, opts=cluster
        )
        k8s.core.v1.ServiceAccount(
            "account",
            metadata={"namespace": inside, "name": "account", "labels": self.labels},
            opts=cluster,
        )
        database = k8s.apps.v1.StatefulSet(
            "postgres",
            metadata={"namespace": inside, "name": "postgres"},
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                service_name=self.service_name,
                **_pods("postgres", "postgres:17", secret.metadata.name),
            ),
            opts=cluster,
        )
        schema = k8s.batch.v1.Job(
            "schema",
            metadata={"namespace": inside},
            spec={"template": {"spec": {"containers": [{"name": "sql", "image": self.image}]}}},
            opts=pulumi.ResourceOptions.merge(
                cluster, pulumi.ResourceOptions(depends_on=[database])
            ),
        )
        self._services(cluster, inside, config, {"infrastructure": schema})
        if self.twice:
            k8s.core.v1.ServiceAccount(
                "double", metadata={"namespace": inside, "name": "account"}, opts=cluster
            )
        pulumi.export("password", password.result)
        pulumi.export("config", config.metadata.name)
        pulumi.export("setting", pulumi.Config().get("setting"))

    def _services(
        self,
        cluster: pulumi.ResourceOptions,
        inside: pulumi.Input[str],
        config: k8s.core.v1.ConfigMap,
        gates: dict[str, pulumi.Resource],
    ) -> None:
        made: dict[str, pulumi.Resource] = {}
        before = gates["infrastructure"]
        for tier in ("core", "domain", "front"):
            names = [name for name in NEEDS if TIERS.members[name] == tier]
            for name in names:
                service = k8s.core.v1.Service(
                    name,
                    metadata={
                        "namespace": inside,
                        "name": name,
                        "annotations": {"pulumi.com/skipAwait": "true"},
                    },
                    spec={"selector": {"app": name}, "ports": [{"port": 80}]},
                    opts=cluster,
                )
                waits = [service, before, *(made[need] for need in NEEDS[name])]
                made[name] = k8s.apps.v1.Deployment(
                    name,
                    metadata={"namespace": inside, "name": name},
                    spec=k8s.apps.v1.DeploymentSpecArgs(
                        **_pods(name, self.image, config.metadata.name)
                    ),
                    opts=pulumi.ResourceOptions.merge(
                        cluster, pulumi.ResourceOptions(depends_on=waits)
                    ),
                )
            before = k8s.core.v1.ConfigMap(
                f"gate-{tier}",
                metadata={"namespace": inside, "name": f"gate-{tier}"},
                data={"members": " ".join(names)},
                opts=pulumi.ResourceOptions.merge(
                    cluster,
                    pulumi.ResourceOptions(depends_on=[before, *(made[name] for name in names)]),
                ),
            )


def _pods(name: str, image: str, mounted: pulumi.Input[str]) -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": name, "image": image, "args": [mounted]}]
    return {
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }


def failing(error: Exception) -> Callable[[], None]:
    """Return a program that raises before it declares anything."""

    def program() -> None:
        raise error

    return program
