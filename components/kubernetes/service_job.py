"""A Job of a service: what runs once and ends, such as a migration of its database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import MAX_LABEL
from components.dependency import Dependency
from components.kubernetes.pod import (
    Size,
    container_security,
    environment,
    mount,
    pod_spec,
    scratch_volume,
)
from components.kubernetes.shape import files_volume
from components.kubernetes.traffic import Traffic, pod_selector, policy_spec
from components.kubernetes.workload import CREDENTIALS, WorkloadArgs
from components.kubernetes.workload_container import (
    CONFIG,
    workload_container,
    workload_environment,
)
from components.kubernetes.workload_files import configuration_volume, credentials_volume
from components.servers.bootstrap import LOCK_SCRIPT, script
from components.servers.servers import Grant

MIGRATION = "migration"
"""Role of the pods of migrations, as `Context.labels` gives it."""

RETRIES = 2
"""Further pods, when the first one ends with an error."""

LOCK_SIZE = Size(cpu="10m", cpu_limit="100m", memory="32Mi", scratch="16Mi", ephemeral="80Mi")
LOCK_FOLDER = "/run/lock/nexus"
_HELD = f"{LOCK_FOLDER}/held"
_TAG = 20


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock of a PostgreSQL database that a Job holds while it runs.

    Args:
        grant: the database, and who connects to it; among the Job's grants.
        image: with a `psql`.
    """

    grant: Grant
    image: str


@dataclass(frozen=True, kw_only=True)
class ServiceJobArgs:
    """What a Job of a service is made from.

    Args:
        of: what the service itself is made from: its size, settings, folders and files.
        service: its name.
        image: that runs.
        command, arguments: what runs; none for the image's own.
        dependencies: what it is told of.
        grants: whose credentials it finds, instead of those of the service.
        egress: whom it may call; nobody calls it.
        after: handles that it waits for.
        timeout_seconds: longest time of it, all its pods and waiting for the lock included.
        lock: what no other Job may hold at the same time.
    """

    of: WorkloadArgs
    service: str
    image: str
    command: Sequence[str]
    arguments: Sequence[str]
    dependencies: tuple[Dependency, ...]
    grants: tuple[Grant, ...]
    egress: tuple[Traffic, ...]
    after: tuple[pulumi.Resource, ...]
    timeout_seconds: int
    lock: Lock


class ServiceJob(Component[ServiceJobArgs]):
    """A migration: it ends before the pods of the service's release start, or stops them.

    The service's old pods run on while it does, and when it fails.

    Makes:
        `{name}-config`: ConfigMap with where its database is.
        `{name}-credentials`: Secret with its credentials and the service's secret variables.
        `{name}-files`: ConfigMap with the service's own files, if it has any.
        `{name}-network`: NetworkPolicy, made before the pods, that allows its calls and no more.
        `{name}`: Job, awaited until it is complete, called after the image's version and a hash
            of image and command: another release is another Job. Its first container holds the
            lock, so that the second starts when nobody else has it.

    Outputs:
        handle: the Job.
    """

    TOKEN = "nexus:services:ServiceJob"

    handle: Job

    def _make(self, name: str, args: ServiceJobArgs) -> None:
        of, child = args.of, self.child
        shape = replace(
            of.shape,
            command=tuple(args.command),
            arguments=tuple(args.arguments),
            ports=(),
            probes={},
            drain_seconds=0,
        )
        labels = of.context.labels(
            args.service, MIGRATION, {"nexus-cos/domain": of.domain, "nexus-cos/tier": of.tier}
        )
        common: ObjectMetaArgsDict = {"namespace": of.namespace, "labels": labels}
        volumes, mounts = shape.volumes()
        volumes.append(
            configuration_volume(name, common, args.dependencies, child, service=args.service)
        )
        mounts.append(mount("config", CONFIG))
        credentials = credentials_volume(name, common, args.grants, of.secrets, child)
        if credentials is not None:
            volumes.append(credentials)
            mounts.append(mount("credentials", CREDENTIALS))
        files, at = files_volume(name, common, shape, child)
        network = NetworkPolicy(
            f"{name}-network",
            metadata=common,
            spec=policy_spec(pod_selector(MIGRATION, (args.service,)), egress=args.egress),
            opts=child,
        )
        env = workload_environment(
            args.service,
            (),
            {**of.plain, **of.variables},
            {variable: f"{CREDENTIALS}/{variable}" for variable in of.secrets},
        )
        container = workload_container(
            MIGRATION,
            args.image,
            shape,
            size=replace(of.size, gpus=0),
            env=env,
            mounts=[*mounts, *at],
        )
        # The end of its log is then part of the pod's status, and of what the engine says.
        container["termination_message_policy"] = "FallbackToLogsOnError"
        its: ObjectMetaArgsDict = {
            **common,
            "name": job_name(args),
            "annotations": {"pulumi.com/replaceUnready": "true", **shape.linted()},
        }
        own: ObjectMetaArgsDict = {"labels": labels}
        if shape.pod_annotations():
            own["annotations"] = shape.pod_annotations()
        self.handle = Job(
            name,
            metadata=its,
            spec={
                "backoff_limit": RETRIES,
                "active_deadline_seconds": args.timeout_seconds,
                # Else the next pod would start while the one before still ends.
                "pod_replacement_policy": "Failed",
                "template": {
                    "metadata": own,
                    "spec": {
                        **pod_spec(
                            [container],
                            [*volumes, *files, _lock_volume()],
                            init_containers=[_lock_container(args.lock, args.timeout_seconds)],
                            pull_secret=of.pull_secret,
                        ),
                        "security_context": shape.security(),
                        "priority_class_name": of.priority,
                        "termination_grace_period_seconds": shape.grace_seconds,
                        "restart_policy": "Never",
                    },
                },
            },
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[network, *args.after],
                    custom_timeouts=pulumi.CustomTimeouts(create=f"{args.timeout_seconds + 60}s"),
                ),
            ),
        )


def job_name(args: ServiceJobArgs) -> str:
    """Name of the Job in the cluster: of the service, the image's version, and all that runs."""
    version = re.split("[:@]", args.image.rpartition("/")[2])[-1]
    runs = "\0".join((args.image, *args.command, "", *args.arguments))
    digest = hashlib.sha256(runs.encode()).hexdigest()[:6]
    room = min(_TAG, MAX_LABEL - len(f"{args.service}-migrate--{digest}"))
    tag = re.sub("[^a-z0-9]+", "-", version.lower())[:room].strip("-")
    return "-".join(part for part in (args.service, "migrate", tag, digest) if part)


def _lock_volume() -> VolumeArgsDict:
    return scratch_volume("lock", "1Mi")


def _lock_container(lock: Lock, timeout_seconds: int) -> ContainerArgsDict:
    """Runs beside the other container, which starts when this one holds the lock.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    endpoint = lock.grant.endpoint
    return {
        "name": "lock",
        "image": lock.image,
        "image_pull_policy": "IfNotPresent",
        "restart_policy": "Always",
        "command": ["/bin/sh", "-c", script(LOCK_SCRIPT)],
        "env": environment(
            {
                "PGHOST": endpoint["host"],
                "PGPORT": endpoint["port"],
                "PGDATABASE": endpoint["database"],
                "PGSSLMODE": endpoint.get("sslmode", "prefer"),
                "CREDENTIALS": f"{CREDENTIALS}/{lock.grant.resource}",
                "HELD": _HELD,
            }
        ),
        "resources": LOCK_SIZE.requirements(),
        "security_context": container_security(),
        "startup_probe": {
            "exec_": {"command": ["test", "-e", _HELD]},
            "period_seconds": 1,
            "failure_threshold": timeout_seconds,
        },
        "volume_mounts": [
            mount("credentials", CREDENTIALS),
            mount("lock", LOCK_FOLDER, writable=True),
        ],
    }
