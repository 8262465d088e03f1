"""One service of the platform, running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    PodSpecArgsDict,
    Service,
    ServiceAccount,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import Context, selector
from components.dependency import Dependency
from components.kubernetes.pod import (
    Size,
    mount,
    physical_name,
    pod_spec,
    port_name,
    scratch_volume,
)
from components.kubernetes.rollout import (
    GRACE_SECONDS,
    Scaling,
    autoscaler,
    budget,
    spread,
    strategy,
)
from components.kubernetes.startup_check import (
    WAIT_SECONDS,
    has_checks,
    startup_container,
    startup_volume,
)
from components.kubernetes.traffic import Traffic, pod_selector, policy_spec
from components.kubernetes.workload_container import (
    CONFIG,
    workload_container,
    workload_environment,
)
from components.kubernetes.workload_files import configuration_volume, credentials_volume
from components.servers.servers import Grant

CREDENTIALS = "/var/run/secrets/nexus"

PULL_SECONDS = 300
"""Allowance for scheduling and the first pull of an image, in seconds."""


@dataclass(frozen=True, kw_only=True)
class WorkloadArgs:
    """What a workload is made from. Its name is the service's.

    Args:
        context: source of names and labels.
        namespace: namespace of its domain, from the resource that makes it.
        domain, tier: where the service belongs, for labels.
        image: image reference.
        arguments: arguments of the image's own command.
        port: TCP port it listens on.
        start_seconds: longest time from container start to ready, in seconds.
        scaling: number of pods, and what it follows.
        priority: name of its priority class, from the resource that makes it.
        size: requests and limits.
        dependencies: everything the service needs, sorted by name.
        grants: its own parts of platform resources, one per resource.
        variables: values of the environment variables that it needs, by name.
        secrets: values of those that are secret; it finds each in a file.
        startup_script: ConfigMap in its namespace with the script that runs before it.
        ingress, egress: who may call it and whom it may call; nobody and nothing else.
        after: handles that its rollout waits for.
        pull_secret: Secret that the image is pulled with, if the registry asks for a login.
    """

    context: Context
    namespace: pulumi.Input[str]
    domain: str
    tier: str
    image: str
    arguments: tuple[str, ...]
    port: int
    start_seconds: int
    scaling: Scaling
    priority: pulumi.Input[str]
    size: Size
    dependencies: tuple[Dependency, ...]
    grants: tuple[Grant, ...]
    variables: Mapping[str, str]
    secrets: Mapping[str, pulumi.Input[str]]
    startup_script: pulumi.Input[str]
    ingress: tuple[Traffic, ...]
    egress: tuple[Traffic, ...]
    after: tuple[pulumi.Resource, ...]
    pull_secret: pulumi.Input[str] | None = None


class Workload(Component[WorkloadArgs]):
    """A Deployment with everything its pods need. Only the Deployment waits for dependencies.

    Makes:
        `{name}-account`: ServiceAccount without a mounted token.
        `{name}-config`: ConfigMap with what the service needs and where that is.
        `{name}-credentials`: Secret with the credentials of its grants and its secret
            variables, if it has any; mounted as files, since environment variables leak into
            logs and dumps.
        `{name}-service`: Service, not awaited, made before the pods.
        `{name}-network`: NetworkPolicy, made before the pods, that allows its traffic and
            no other.
        `{name}`: Deployment, awaited until its pods are ready.
        `{name}-autoscaler`: HorizontalPodAutoscaler; without metrics in the cluster it
            keeps the least number of pods.
        `{name}-budget`: PodDisruptionBudget: one pod at a time is taken away.

    Outputs:
        handle: the Deployment.
        url: base URL inside the cluster.
    """

    TOKEN = "nexus:services:Workload"

    handle: Deployment
    url: str

    def _make(self, name: str, args: WorkloadArgs) -> None:
        child = self.child
        labels = args.context.labels(
            name, "workload", {"nexus-cos/domain": args.domain, "nexus-cos/tier": args.tier}
        )
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            automount_service_account_token=False,
            opts=child,
        )
        common: ObjectMetaArgsDict = {"namespace": args.namespace, "labels": labels}
        volumes = [
            scratch_volume("tmp", args.size.scratch),
            configuration_volume(name, common, args.dependencies, child),
        ]
        mounts = [mount("tmp", "/tmp", writable=True), mount("config", CONFIG)]
        credentials = credentials_volume(name, common, args.grants, args.secrets, child)
        if credentials is not None:
            volumes.append(credentials)
            mounts.append(mount("credentials", CREDENTIALS))
        port = port_name("http", args.port)
        service = Service(
            f"{name}-service",
            metadata={
                "name": name,
                "namespace": args.namespace,
                "labels": labels,
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "selector": selector(name, "workload"),
                "ports": [
                    {"name": port, "port": args.port, "target_port": port, "protocol": "TCP"}
                ],
            },
            opts=child,
        )
        network = NetworkPolicy(
            f"{name}-network",
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            spec=policy_spec(
                pod_selector("workload", (name,)), ingress=args.ingress, egress=args.egress
            ),
            opts=child,
        )
        pod, wait_seconds = _pod(name, args, volumes, mounts)
        pod["service_account_name"] = physical_name(account)
        deadline = args.start_seconds + PULL_SECONDS + wait_seconds
        self.handle = Deployment(
            name,
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            spec={
                # No replicas: the autoscaler sets them.
                "progress_deadline_seconds": deadline,
                "revision_history_limit": 3,
                "selector": {"match_labels": selector(name, "workload")},
                "strategy": strategy(gpu=args.size.gpus > 0),
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod,
                },
            },
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[service, network, *args.after],
                    # The provider does not stop at the rollout's own deadline.
                    custom_timeouts=pulumi.CustomTimeouts(
                        create=f"{deadline + 30}s", update=f"{deadline + 30}s"
                    ),
                ),
            ),
        )
        autoscaler(name, {**common, "name": name}, args.scaling, child)
        budget(name, {**common, "name": name}, child)
        self.url = workload_url(args.context, name, args.domain, args.port)


def workload_url(context: Context, service: str, domain: str, port: int) -> str:
    """Base URL of a service inside the cluster. Plain, so that callers need not wait for it."""
    return f"http://{context.host(service, domain)}:{port}"


def _pod(
    name: str,
    args: WorkloadArgs,
    volumes: list[VolumeArgsDict],
    mounts: list[VolumeMountArgsDict],
) -> tuple[PodSpecArgsDict, int]:
    """The pod, and how long it may wait before its service starts, in seconds."""
    files = {variable: f"{CREDENTIALS}/{variable}" for variable in args.secrets}
    env = workload_environment(name, args.port, args.variables, files)
    pod: PodSpecArgsDict = {
        **pod_spec(
            [_container(name, args, env, mounts)],
            volumes,
            pull_secret=args.pull_secret,
            gpu=args.size.gpus > 0,
        ),
        "priority_class_name": args.priority,
        "topology_spread_constraints": spread(name),
        "termination_grace_period_seconds": GRACE_SECONDS,
    }
    if not has_checks(args.dependencies, args.variables):
        return pod, 0
    config, required = mount("config", CONFIG), sorted(args.variables)
    check = startup_container(replace(args.size, gpus=0), env, config, required)
    pod["init_containers"] = [check]
    volumes.append(startup_volume(args.startup_script))
    pod["volumes"] = volumes
    return pod, WAIT_SECONDS


def _container(
    name: str,
    args: WorkloadArgs,
    env: list[EnvVarArgsDict],
    mounts: list[VolumeMountArgsDict],
) -> ContainerArgsDict:
    return workload_container(
        name,
        image=args.image,
        arguments=args.arguments,
        port=args.port,
        start_seconds=args.start_seconds,
        size=args.size,
        env=env,
        mounts=mounts,
    )
