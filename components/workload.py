"""One service of the platform, running."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgsDict,
    ProbeArgsDict,
    Secret,
    Service,
    ServiceAccount,
    VolumeMountArgsDict,
)

from components.context import Context, selector
from components.dependency import Dependency
from components.grant import Grant
from components.physical_name import physical_name
from components.pod import (
    Size,
    config_volume,
    container_security,
    mount,
    pod_spec,
    scratch_volume,
    secret_volume,
)

CONFIG = "/etc/nexus"
CONFIG_FILE = "dependencies.json"
CONFIG_VERSION = 1
CREDENTIALS = "/var/run/secrets/nexus"

PULL_SECONDS = 300
"""Allowance for scheduling and the first pull of an image, in seconds."""

PROBE_PATHS = {
    "startup": "/health/startup",
    "readiness": "/health/ready",
    "liveness": "/health/live",
}
"""Where a service answers. Readiness covers its own state; liveness never a dependency."""


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
        replicas: number of pods.
        size: requests and limits.
        dependencies: everything the service needs, sorted by name.
        grants: its own parts of platform resources, one per resource.
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
    replicas: int
    size: Size
    dependencies: tuple[Dependency, ...]
    grants: tuple[Grant, ...]
    after: tuple[pulumi.Resource, ...]
    pull_secret: pulumi.Input[str] | None = None


class Workload(pulumi.ComponentResource):
    """A Deployment with everything its pods need. Only the Deployment waits for dependencies.

    Makes:
        `{name}-account`: ServiceAccount without a mounted token.
        `{name}-config`: ConfigMap with what the service needs and where that is.
        `{name}-credentials`: Secret with the credentials of its grants, if it has any;
            mounted as files, since environment variables leak into logs and dumps.
        `{name}-service`: Service, not awaited, made before the pods.
        `{name}`: Deployment, awaited until its pods are ready.

    Outputs:
        handle: the Deployment.
        url: base URL inside the cluster.
    """

    TOKEN = "nexus:services:Workload"

    handle: Deployment
    url: str

    def __init__(
        self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = args.context.labels(
            name, "workload", {"nexus-cos/domain": args.domain, "nexus-cos/tier": args.tier}
        )
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            automount_service_account_token=False,
            opts=child,
        )
        config = ConfigMap(
            f"{name}-config",
            metadata={"namespace": args.namespace, "labels": labels},
            data={CONFIG_FILE: _configuration(name, args.dependencies)},
            opts=child,
        )
        volumes = [scratch_volume("tmp", args.size.scratch)]
        volumes.append(config_volume("config", physical_name(config)))
        mounts = [mount("tmp", "/tmp", writable=True), mount("config", CONFIG)]
        if any(grant.credentials for grant in args.grants):
            secret = Secret(
                f"{name}-credentials",
                metadata={"namespace": args.namespace, "labels": labels},
                string_data={
                    f"{grant.resource}.{key}": value
                    for grant in args.grants
                    for key, value in grant.credentials.items()
                },
                opts=child,
            )
            paths = {
                f"{grant.resource}.{key}": f"{grant.resource}/{key}"
                for grant in args.grants
                for key in grant.credentials
            }
            volumes.append(secret_volume("credentials", physical_name(secret), paths))
            mounts.append(mount("credentials", CREDENTIALS))
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
                    {"name": "http", "port": args.port, "target_port": "http", "protocol": "TCP"}
                ],
            },
            opts=child,
        )
        deadline = args.start_seconds + PULL_SECONDS
        self.handle = Deployment(
            name,
            metadata={"name": name, "namespace": args.namespace, "labels": labels},
            spec={
                "replicas": args.replicas,
                "progress_deadline_seconds": deadline,
                "revision_history_limit": 3,
                "selector": {"match_labels": selector(name, "workload")},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": 1},
                },
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod_spec(
                        [_container(name, args, mounts)],
                        volumes,
                        service_account=physical_name(account),
                        pull_secret=args.pull_secret,
                        gpu=args.size.gpus > 0,
                    ),
                },
            },
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[service, *args.after],
                    # The provider does not stop at the rollout's own deadline.
                    custom_timeouts=pulumi.CustomTimeouts(
                        create=f"{deadline + 30}s", update=f"{deadline + 30}s"
                    ),
                ),
            ),
        )
        self.url = workload_url(args.context, name, args.domain, args.port)
        self.register_outputs({"handle": self.handle.urn, "url": self.url})


def workload_url(context: Context, service: str, domain: str, port: int) -> str:
    """Base URL of a service inside the cluster. Plain, so that callers need not wait for it."""
    return f"http://{context.host(service, domain)}:{port}"


def _configuration(service: str, dependencies: tuple[Dependency, ...]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(
        {
            "version": CONFIG_VERSION,
            "service": service,
            "dependencies": {entry.name: entry.document() for entry in dependencies},
        },
        indent=1,
    )


def _container(
    name: str, args: WorkloadArgs, mounts: list[VolumeMountArgsDict]
) -> ContainerArgsDict:
    return {
        "name": name,
        "image": args.image,
        "image_pull_policy": "IfNotPresent",
        "args": list(args.arguments),
        "env": [
            {"name": "NEXUS_SERVICE", "value": name},
            {"name": "NEXUS_CONFIG", "value": f"{CONFIG}/{CONFIG_FILE}"},
            {"name": "PORT", "value": str(args.port)},
        ],
        "ports": [{"name": "http", "container_port": args.port, "protocol": "TCP"}],
        "startup_probe": _probe("startup", period=2, failures=-(-args.start_seconds // 2)),
        "readiness_probe": _probe("readiness", period=5, failures=3),
        "liveness_probe": _probe("liveness", period=10, failures=3),
        "resources": args.size.requirements(),
        "security_context": container_security(),
        "volume_mounts": mounts,
    }


def _probe(kind: str, *, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": PROBE_PATHS[kind], "port": "http"},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": 2,
    }
