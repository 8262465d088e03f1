"""One server with a volume: what the in-cluster databases, caches, queues and stores share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgsDict,
    PersistentVolumeClaimSpecArgsDict,
    ProbeArgsDict,
    Secret,
    Service,
    ServiceAccount,
    ServiceSpecArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.component import Component
from components.context import Context, selector
from components.kubernetes.pod import (
    container_security,
    environment,
    mount,
    physical_name,
    pod_spec,
    port_name,
    scratch_volume,
)
from components.kubernetes.size import Size
from components.servers.servers import password

READY_SECONDS = 600
"""Longest time until the server is ready, the first image pull included, in seconds."""


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """What any server in the cluster is made from.

    Args:
        namespace: the data namespace, from the resource that makes it.
        storage: size of the volume, a Kubernetes quantity.
        storage_class: class of the volume; None for the cluster's default one.
    """

    context: Context
    namespace: pulumi.Input[str]
    storage: str
    size: Size
    storage_class: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class StatefulServerArgs:
    """What a StatefulSet is made from.

    Args:
        ports: TCP ports by what they are for; each is a port of the Service too.
        data_path: where the volume is mounted.
        startup, readiness: what each probe does.
        alive: TCP port that a server listens on for as long as it need not be restarted.
        env: plain environment, never secret.
        volumes: further volumes, secrets and configuration.
        beside: further containers of the pod.
    """

    server: ServerArgs
    image: str
    command: tuple[str, ...]
    ports: Mapping[str, int]
    data_path: str
    startup: ProbeArgsDict
    readiness: ProbeArgsDict
    alive: int
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    volumes: tuple[VolumeArgsDict, ...]
    mounts: tuple[VolumeMountArgsDict, ...]
    beside: tuple[ContainerArgsDict, ...] = ()


class StatefulServer(Component[StatefulServerArgs]):
    """A StatefulSet of one pod with a volume, behind a Service.

    Stateful: renaming it or its volume deletes the data. The volume goes with
    the StatefulSet, or a redeployment would meet old data with new passwords.

    Makes:
        `{name}-account`: ServiceAccount without a mounted token.
        `{name}-service`: Service, not awaited, made before the pods.
        `{name}-pods`: headless Service, which Kubernetes asks of every StatefulSet
            (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#limitations).
        `{name}`: StatefulSet, awaited until its pod is ready.
    """

    TOKEN = "nexus:data:StatefulServer"

    handle: StatefulSet

    def _make(self, name: str, args: StatefulServerArgs) -> None:
        server = args.server
        labels = server.context.labels(name, "server")
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": name, "namespace": server.namespace, "labels": labels},
            automount_service_account_token=False,
            opts=self.child,
        )

        def service(role: str, physical: str, *, headless: bool) -> Service:
            spec: ServiceSpecArgsDict = {
                "selector": selector(name, "server"),
                "ports": [
                    {"name": port, "port": number, "target_port": port, "protocol": "TCP"}
                    for port, number in _named(args.ports).items()
                ],
            }
            if headless:
                spec["cluster_ip"] = "None"
            return Service(
                f"{name}-{role}",
                metadata={
                    "name": physical,
                    "namespace": server.namespace,
                    "labels": labels,
                    "annotations": {"pulumi.com/skipAwait": "true"},
                },
                spec=spec,
                opts=self.child,
            )

        # Clients keep one address while the pod is replaced; the pod has a name of its own.
        services = [
            service("service", name, headless=False),
            service("pods", f"{name}-pods", headless=True),
        ]
        self.handle = StatefulSet(
            name,
            metadata={"name": name, "namespace": server.namespace, "labels": labels},
            spec={
                "service_name": f"{name}-pods",
                "replicas": 1,
                "selector": {"match_labels": selector(name, "server")},
                "persistent_volume_claim_retention_policy": {
                    "when_deleted": "Delete",
                    "when_scaled": "Retain",
                },
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        **pod_spec(
                            [_container(name, args), *args.beside],
                            [scratch_volume("tmp", server.size.scratch), *args.volumes],
                            service_account=physical_name(account),
                        ),
                        # By its plain name: the class waits for nothing, so it is there first.
                        "priority_class_name": server.context.shared(server.context.first_tier),
                        "termination_grace_period_seconds": 60,
                    },
                },
                "volume_claim_templates": [
                    {
                        "metadata": {"name": "data", "labels": selector(name, "server")},
                        "spec": {
                            "access_modes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": server.storage}},
                            **_class(server.storage_class),
                        },
                    }
                ],
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=services,
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{READY_SECONDS}s", update=f"{READY_SECONDS}s"
                ),
            ),
        )


def _class(name: pulumi.Input[str] | None) -> PersistentVolumeClaimSpecArgsDict:
    return {} if name is None else {"storage_class_name": name}


def _named(ports: Mapping[str, int]) -> dict[str, int]:
    return {port_name(use, number): number for use, number in ports.items()}


def _container(name: str, args: StatefulServerArgs) -> ContainerArgsDict:
    return {
        "name": name,
        "image": args.image,
        "image_pull_policy": "IfNotPresent",
        "command": list(args.command),
        "env": environment(args.env),
        "ports": [
            {"name": port, "container_port": number, "protocol": "TCP"}
            for port, number in _named(args.ports).items()
        ],
        "startup_probe": args.startup,
        "readiness_probe": args.readiness,
        "liveness_probe": probe(tcp(args.alive), period=10, failures=6),
        "resources": args.server.size.requirements(),
        "security_context": container_security(),
        "volume_mounts": [
            mount("data", args.data_path, writable=True),
            mount("tmp", "/tmp", writable=True),
            *args.mounts,
        ],
    }


def tcp(port: int) -> ProbeArgsDict:
    """Whether somebody listens on `port`."""
    return {"tcp_socket": {"port": port}}


def probe(
    check: ProbeArgsDict, *, period: int, failures: int, timeout: int | None = 5
) -> ProbeArgsDict:
    """A probe that asks `check`.

    Args:
        check: what is asked.
        period: seconds from one time to the next.
        failures: after how many in a row the pod is said to have failed.
        timeout: seconds that one may take; None for Kubernetes' own, which is one.
    """
    made: ProbeArgsDict = {**check, "period_seconds": period, "failure_threshold": failures}
    return made if timeout is None else {**made, "timeout_seconds": timeout}


ServerArgsT = TypeVar("ServerArgsT", bound=ServerArgs)


class InClusterServer(Component[ServerArgsT]):
    """What a component of one server has besides its StatefulServer."""

    handle: pulumi.Resource

    def _metadata(self, name: str, args: ServerArgsT) -> ObjectMetaArgsDict:
        return {"namespace": args.namespace, "labels": args.context.labels(name, "server")}

    def _secret(
        self, name: str, args: ServerArgsT, role: str, content: Mapping[str, pulumi.Input[str]]
    ) -> pulumi.Output[str]:
        """Makes a Secret of the server and returns its name in the cluster."""
        return physical_name(
            Secret(
                f"{name}-{role}",
                metadata=self._metadata(name, args),
                string_data=content,
                opts=self.child,
            )
        )

    def _config(
        self, name: str, args: ServerArgsT, role: str, content: Mapping[str, str]
    ) -> pulumi.Output[str]:
        """Makes a ConfigMap of the server and returns its name in the cluster."""
        return physical_name(
            ConfigMap(
                f"{name}-{role}",
                metadata=self._metadata(name, args),
                data=content,
                opts=self.child,
            )
        )

    def _login(
        self, name: str, args: ServerArgsT, role: str, username: str
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Makes a password and a Secret with the user's name and it; returns both, that first."""
        secret = password(f"{name}-{role}-password", opts=self.child).result
        content = {"username": username, "password": secret}
        return secret, self._secret(name, args, role, content)
