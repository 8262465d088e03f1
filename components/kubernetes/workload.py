"""One service of the platform, running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgsDict
from pulumi_kubernetes.batch.v1 import CronJob
from pulumi_kubernetes.core.v1 import (
    PodSpecArgsDict,
    PodTemplateSpecArgsDict,
    Service,
    ServiceAccount,
    ServicePortArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import Context, selector
from components.dependency import Dependency
from components.kubernetes.pod import mount, physical_name, pod_spec
from components.kubernetes.rollout import Scaling, autoscaler, budget, spread, strategy
from components.kubernetes.shape import Shape, files_volume
from components.kubernetes.size import Size
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
        domain, tier: where the service belongs, for labels.
        start_seconds: longest time from container start to ready, in seconds.
        priority: name of its priority class, from the resource that makes it.
        dependencies: everything the service needs, sorted by name.
        grants: its own parts of platform resources, one per resource.
        variables: values of the environment variables that it needs, by name.
        plain: values of those that it has in every environment.
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
    shape: Shape
    start_seconds: int
    scaling: Scaling
    priority: pulumi.Input[str]
    size: Size
    dependencies: tuple[Dependency, ...]
    grants: tuple[Grant, ...]
    variables: Mapping[str, str]
    plain: Mapping[str, str]
    secrets: Mapping[str, pulumi.Input[str]]
    startup_script: pulumi.Input[str]
    ingress: tuple[Traffic, ...]
    egress: tuple[Traffic, ...]
    after: tuple[pulumi.Resource, ...]
    pull_secret: pulumi.Input[str] | None = None
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])


class Workload(Component[WorkloadArgs]):
    """A Deployment or CronJob with everything its pods need. It alone waits for dependencies.

    Makes:
        `{name}-account`: ServiceAccount without a mounted token.
        `{name}-config`: ConfigMap with what the service needs and where that is.
        `{name}-credentials`: Secret with the credentials of its grants and its secret
            variables, if it has any; mounted as files, since environment variables leak into
            logs and dumps.
        `{name}-files`: ConfigMap with its own files, if it has any.
        `{name}-service`: Service, not awaited, made before the pods, if anybody calls it.
        `{name}-network`: NetworkPolicy, made before the pods, that allows its traffic and
            no other.
        `{name}`: Deployment, awaited until its pods are ready; CronJob for what has a schedule,
            which nobody waits for.
        `{name}-autoscaler`: HorizontalPodAutoscaler of the Deployment; without metrics in the
            cluster it keeps the least number of pods.
        `{name}-budget`: PodDisruptionBudget of the Deployment: one pod at a time is taken away.

    Outputs:
        url: where it is inside the cluster, None if nobody calls it.
    """

    TOKEN = "nexus:services:Workload"

    handle: Deployment | CronJob
    url: str | None

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
        shape = args.shape
        volumes, mounts = shape.volumes()
        volumes.append(configuration_volume(name, common, args.dependencies, child))
        mounts.append(mount("config", CONFIG))
        credentials = credentials_volume(name, common, args.grants, args.secrets, child)
        if credentials is not None:
            volumes.append(credentials)
            mounts.append(mount("credentials", CREDENTIALS))
        files, at = files_volume(name, common, shape, child)
        before = [_service(name, labels, args, child)] if shape.called else []
        network = NetworkPolicy(
            f"{name}-network",
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            spec=policy_spec(
                pod_selector("workload", (name,)), ingress=args.ingress, egress=args.egress
            ),
            opts=child,
        )
        pod, wait_seconds = _pod(name, args, [*volumes, *files], [*mounts, *at])
        pod["service_account_name"] = physical_name(account)
        after = pulumi.ResourceOptions(depends_on=[*before, network, *args.after])
        opts = pulumi.ResourceOptions.merge(child, after)
        its: ObjectMetaArgsDict = {**common, "name": name}
        own = _annotated({"labels": labels}, shape.pod_annotations())
        # Not of the pods: who answers for a service may change without a rollout.
        told = {**shape.linted(), **args.annotations}
        if shape.schedule is not None:
            pod["restart_policy"] = "Never"
            spec = shape.schedule.spec(labels, {"metadata": own, "spec": pod})
            self.handle = CronJob(name, metadata=_annotated(its, told), spec=spec, opts=opts)
        else:
            self.handle = Deployment(
                name,
                metadata=_annotated(its, told),
                spec=_deployment(name, args, {"metadata": own, "spec": pod}, wait_seconds),
                opts=pulumi.ResourceOptions.merge(opts, _timeouts(args, wait_seconds)),
            )
            autoscaler(name, its, args.scaling, child)
            budget(name, its, child)
        self.url = (
            workload_url(args.context, name, args.domain, shape.ports[0].number)
            if shape.called
            else None
        )


def _service(
    name: str, labels: Mapping[str, str], args: WorkloadArgs, opts: pulumi.ResourceOptions
) -> Service:
    ports: list[ServicePortArgsDict] = []
    for port in args.shape.ports:
        entry: ServicePortArgsDict = {
            "name": port.name,
            "port": port.number,
            "target_port": port.name,
            "protocol": "TCP",
        }
        if port.application is not None:
            entry["app_protocol"] = port.application
        ports.append(entry)
    return Service(
        f"{name}-service",
        metadata={
            "name": name,
            "namespace": args.namespace,
            "labels": labels,
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        spec={"selector": selector(name, "workload"), "ports": ports},
        opts=opts,
    )


def _annotated(metadata: ObjectMetaArgsDict, annotations: Mapping[str, str]) -> ObjectMetaArgsDict:
    return {**metadata, "annotations": annotations} if annotations else metadata


def _deployment(
    name: str, args: WorkloadArgs, template: PodTemplateSpecArgsDict, wait_seconds: int
) -> DeploymentSpecArgsDict:
    return {
        # No replicas: the autoscaler sets them.
        "progress_deadline_seconds": _deadline(args, wait_seconds),
        "revision_history_limit": 3,
        "selector": {"match_labels": selector(name, "workload")},
        "strategy": strategy(gpu=args.size.gpus > 0),
        "template": template,
    }


def _deadline(args: WorkloadArgs, wait_seconds: int) -> int:
    return args.start_seconds + PULL_SECONDS + wait_seconds


def _timeouts(args: WorkloadArgs, wait_seconds: int) -> pulumi.ResourceOptions:
    """The provider does not stop at the rollout's own deadline."""
    seconds = f"{_deadline(args, wait_seconds) + 30}s"
    return pulumi.ResourceOptions(
        custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds)
    )


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
    shape, variables = args.shape, {**args.plain, **args.variables}
    env = workload_environment(name, shape.ports, variables, files)
    container = workload_container(name, args.image, shape, size=args.size, env=env, mounts=mounts)
    pod: PodSpecArgsDict = {
        **pod_spec(
            [container],
            volumes,
            pull_secret=args.pull_secret,
            gpu=args.size.gpus > 0,
        ),
        "security_context": shape.security(),
        "priority_class_name": args.priority,
        "topology_spread_constraints": spread(name),
        "termination_grace_period_seconds": shape.grace_seconds,
    }
    if shape.schedule is not None:
        # Its pods are not replaced by others of another version, by which these would tell them.
        del pod["topology_spread_constraints"]
    if not has_checks(args.dependencies, args.variables):
        return pod, 0
    config, required = mount("config", CONFIG), sorted(args.variables)
    check = startup_container(replace(args.size, gpus=0), env, config, required)
    pod["init_containers"] = [check]
    volumes.append(startup_volume(args.startup_script))
    pod["volumes"] = volumes
    return pod, WAIT_SECONDS
