"""A Job of a service: what runs once and ends, its migration or a task."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, Job, JobSpecArgsDict
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import MAX_LABEL
from components.dependency import Dependency
from components.kubernetes.pod import (
    container_security,
    environment,
    mount,
    pod_spec,
    scratch_volume,
)
from components.kubernetes.shape import RETRIES, Schedule, files_volume
from components.kubernetes.size import Size
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

MIGRATION, TASK = "migration", "task"
"""Roles of the pods of Jobs, as `Context.labels` gives them."""

NEVER = Schedule(cron="0 0 1 1 *", time_zone="Etc/UTC", concurrency="Forbid", deadline_seconds=0)
"""Of what is run by hand: a CronJob has to have a time, though it is suspended."""

STACK = "nexus-cos/stack"
"""Annotation of what is run by hand: the stack that made it."""

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
class Runs:
    """What a Job runs.

    Args:
        command, arguments: none for the image's own.
    """

    image: str
    command: tuple[str, ...]
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceJobArgs:
    """What a Job of a service is made from.

    Args:
        of: what the service itself is made from: its size, settings, folders and files.
        service: its name.
        role: of its pods, `MIGRATION` or `TASK`.
        called: start of its name in the cluster; all of it where it is run by hand.
        dependencies: what it is told of.
        grants: whose credentials it finds, instead of those of the service.
        egress: whom it may call; nobody calls it.
        after: handles that it waits for.
        timeout_seconds: longest time of it, all its pods and waiting for the lock included.
        lock: what no other Job may hold at the same time, if anything.
        account: ServiceAccount of its pods; None for that of the namespace.
        by_hand: whether it only runs when somebody makes a Job of it.
    """

    of: WorkloadArgs
    service: str
    role: str
    called: str
    runs: Runs
    dependencies: tuple[Dependency, ...]
    grants: tuple[Grant, ...]
    egress: tuple[Traffic, ...]
    after: tuple[pulumi.Resource, ...]
    timeout_seconds: int
    lock: Lock | None = None
    account: str | None = None
    by_hand: bool = False


class ServiceJob(Component[ServiceJobArgs]):
    """A migration or task: it ends before the pods of the service's release start, or stops them.

    The service's old pods run on while it does, and when it fails.

    Makes:
        `{name}-config`: ConfigMap with where what it needs is.
        `{name}-credentials`: Secret with its credentials and the service's secret variables.
        `{name}-files`: ConfigMap with the service's own files, if it has any.
        `{name}-network`: NetworkPolicy, made before the pods, that allows its calls and no more.
        `{name}`: Job, awaited until it is complete, called after the image's version and a hash
            of image and command: another release is another Job. With a lock its first container
            holds that, so that the second starts when nobody else has it. A suspended CronJob in
            its place where it is run by hand.

    Outputs:
        handle: the Job or CronJob.
    """

    TOKEN = "nexus:services:ServiceJob"

    handle: Job | CronJob

    def _make(self, name: str, args: ServiceJobArgs) -> None:
        of, child = args.of, self.child
        shape = replace(
            of.shape,
            command=args.runs.command,
            arguments=args.runs.arguments,
            ports=(),
            probes={},
            drain_seconds=0,
        )
        labels = of.context.labels(
            args.service, args.role, {"nexus-cos/domain": of.domain, "nexus-cos/tier": of.tier}
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
            spec=policy_spec(pod_selector(args.role, (args.service,)), egress=args.egress),
            opts=child,
        )
        env = workload_environment(
            args.service,
            (),
            {**of.plain, **of.variables},
            {variable: f"{CREDENTIALS}/{variable}" for variable in of.secrets},
        )
        container = workload_container(
            args.role,
            args.runs.image,
            shape,
            size=replace(of.size, gpus=0),
            env=env,
            mounts=[*mounts, *at],
        )
        # The end of its log is then part of the pod's status, and of what the engine says.
        container["termination_message_policy"] = "FallbackToLogsOnError"
        own: ObjectMetaArgsDict = {"labels": labels}
        if shape.pod_annotations():
            own["annotations"] = shape.pod_annotations()
        lock = args.lock
        pod = pod_spec(
            [container],
            [*volumes, *files, *([] if lock is None else [_lock_volume()])],
            init_containers=[] if lock is None else [_lock_container(lock, args.timeout_seconds)],
            service_account=args.account,
            pull_secret=of.pull_secret,
        )
        pod["security_context"] = shape.security()
        pod["priority_class_name"] = of.priority
        pod["termination_grace_period_seconds"] = shape.grace_seconds
        pod["restart_policy"] = "Never"
        after = pulumi.ResourceOptions(depends_on=[network, *args.after])
        if args.by_hand:
            told = {STACK: of.context.stack, **shape.linted()}
            self.handle = CronJob(
                name,
                metadata={**common, "name": args.called, "annotations": told},
                spec={
                    **replace(NEVER, deadline_seconds=args.timeout_seconds).spec(
                        labels, {"metadata": own, "spec": pod}
                    ),
                    "suspend": True,
                },
                opts=pulumi.ResourceOptions.merge(child, after),
            )
            return
        spec: JobSpecArgsDict = {
            "backoff_limit": RETRIES,
            "active_deadline_seconds": args.timeout_seconds,
            # Else the next pod would start while the one before still ends.
            "pod_replacement_policy": "Failed",
            "template": {"metadata": own, "spec": pod},
        }
        after.custom_timeouts = pulumi.CustomTimeouts(create=f"{args.timeout_seconds + 60}s")
        self.handle = Job(
            name,
            metadata={
                **common,
                "name": job_name(args.called, args.runs),
                "annotations": {"pulumi.com/replaceUnready": "true", **shape.linted()},
            },
            spec=spec,
            opts=pulumi.ResourceOptions.merge(child, after),
        )


def job_name(called: str, runs: Runs) -> str:
    """Name of a Job in the cluster: what it is called, the image's version, and all that runs."""
    version = re.split("[:@]", runs.image.rpartition("/")[2])[-1]
    whole = "\0".join((runs.image, *runs.command, "", *runs.arguments))
    digest = hashlib.sha256(whole.encode()).hexdigest()[:6]
    room = min(_TAG, MAX_LABEL - len(f"{called}--{digest}"))
    tag = re.sub("[^a-z0-9]+", "-", version.lower())[:room].strip("-")
    return "-".join(part for part in (called, tag, digest) if part)


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
