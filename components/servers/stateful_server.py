"""One server with a volume: what the in-cluster databases, caches, queues and stores share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    ProbeArgsDict,
    Service,
    ServiceAccount,
    ServiceSpecArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.component import Component
from components.context import Context, selector
from components.kubernetes.pod import (
    Size,
    container_security,
    environment,
    mount,
    physical_name,
    pod_spec,
    port_name,
    scratch_volume,
)

READY_SECONDS = 600
"""Longest time until the server is ready, the first image pull included, in seconds."""


@dataclass(frozen=True, kw_only=True)
class StatefulServerArgs:
    """What a server is made from.

    Args:
        context: source of names and labels.
        namespace: namespace of the server, from the resource that makes it.
        image: image reference with a pinned version.
        command: full command line.
        ports: TCP ports by what they are for; each is a port of the Service too.
        data_path: where the volume is mounted.
        storage: size of the volume, a Kubernetes quantity.
        size: requests and limits.
        env: plain environment, never secret.
        volumes: further volumes, secrets and configuration.
        mounts: where those are mounted.
        startup, readiness, liveness: what each probe does.
    """

    context: Context
    namespace: pulumi.Input[str]
    image: str
    command: tuple[str, ...]
    ports: Mapping[str, int]
    data_path: str
    storage: str
    size: Size
    startup: ProbeArgsDict
    readiness: ProbeArgsDict
    liveness: ProbeArgsDict
    env: Mapping[str, str]
    volumes: tuple[VolumeArgsDict, ...]
    mounts: tuple[VolumeMountArgsDict, ...]


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

    Outputs:
        handle: the StatefulSet.
    """

    TOKEN = "nexus:data:StatefulServer"

    handle: StatefulSet

    def _make(self, name: str, args: StatefulServerArgs) -> None:
        labels = args.context.labels(name, "server")
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
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
                    "namespace": args.namespace,
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
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
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
                            [_container(name, args)],
                            [scratch_volume("tmp", args.size.scratch), *args.volumes],
                            service_account=physical_name(account),
                        ),
                        # By its plain name: the class waits for nothing, so it is there first.
                        "priority_class_name": args.context.priority(args.context.first_tier),
                        "termination_grace_period_seconds": 60,
                    },
                },
                "volume_claim_templates": [
                    {
                        "metadata": {"name": "data", "labels": selector(name, "server")},
                        "spec": {
                            "access_modes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": args.storage}},
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
        "liveness_probe": args.liveness,
        "resources": args.size.requirements(),
        "security_context": container_security(),
        "volume_mounts": [
            mount("data", args.data_path, writable=True),
            mount("tmp", "/tmp", writable=True),
            *args.mounts,
        ],
    }
