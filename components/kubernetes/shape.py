"""What a workload's container is: what it runs, where it listens, how it is asked and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
from pulumi_kubernetes.batch.v1 import CronJobSpecArgsDict
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    PodSecurityContextArgsDict,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.kubernetes.pod import (
    UID,
    config_volume,
    mount,
    physical_name,
    pod_security,
    port_name,
    scratch_volume,
)

DRAIN_SECONDS = 5
"""How long a pod that ends still answers, in seconds: until then no proxy has heard of it."""

GRACE_SECONDS = DRAIN_SECONDS + 25
"""How long a pod has to end: after it was drained, to finish what it is doing."""

PRIVILEGED = 1024
"""Ports below it are for processes with rights, unless a pod says otherwise."""

LATEST_SECONDS = 300
"""How late a run may begin; later, its time is over."""

RETRIES = 2
"""Further pods of one run, when its first ends with an error."""

LEAST_UID = 10_000
"""User IDs below it may be those of users of the node."""

OWN_USER = "nexus-cos/user"
"""Annotation of pods that run as a user below those that no node has, with its ID."""


@dataclass(frozen=True, kw_only=True)
class ContainerPort:
    """A TCP port that a container listens on.

    Args:
        use: what it is for, such as `http`.
        application: protocol as Kubernetes calls it, where HTTP/1.1 is not meant.
    """

    use: str
    number: int
    application: str | None = None

    @property
    def name(self) -> str:
        """What it is called in lists of Services and containers."""
        return port_name(self.use, self.number)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """An empty folder that the container may write to.

    Args:
        size: how much fits, as a Kubernetes quantity.
        memory: whether it is kept in memory; on the node's disk otherwise.
    """

    path: str
    size: str
    memory: bool = False


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a workload runs that does not run all the time.

    Args:
        concurrency: what happens while the run before is not over.
    """

    cron: str
    time_zone: str
    concurrency: Literal["Forbid", "Allow", "Replace"]
    deadline_seconds: int

    def spec(self, labels: Mapping[str, str], pod: PodTemplateSpecArgsDict) -> CronJobSpecArgsDict:
        """A CronJob that runs `pod` in Jobs with `labels`."""
        return {
            "schedule": self.cron,
            "time_zone": self.time_zone,
            "concurrency_policy": self.concurrency,
            "starting_deadline_seconds": LATEST_SECONDS,
            "successful_jobs_history_limit": 3,
            "failed_jobs_history_limit": 3,
            "job_template": {
                "metadata": {"labels": labels},
                "spec": {
                    "active_deadline_seconds": self.deadline_seconds,
                    "backoff_limit": RETRIES,
                    "template": pod,
                },
            },
        }


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a workload's container is.

    Args:
        command, arguments: instead of those of the image; none for the image's own command.
        ports: where it listens; the first is what callers get.
        probes: how it is asked, by `startup`, `readiness` and `liveness`.
        files: text of further files, by path.
        grace_seconds: how long it has to end before it is killed.
    """

    ports: tuple[ContainerPort, ...]
    probes: Mapping[str, ProbeArgsDict]
    folders: tuple[Folder, ...]
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    user: int = UID
    called: bool = True
    schedule: Schedule | None = None
    grace_seconds: int = GRACE_SECONDS
    drain_seconds: int = DRAIN_SECONDS

    def security(self) -> PodSecurityContextArgsDict:
        """Security context of its pods: as of all others, but for what the image needs.

        A pod may lower the first port that needs no rights, for itself alone. Source:
        https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
        """
        security = pod_security()
        if self.user != UID:
            for who in ("run_as_user", "run_as_group", "fs_group"):
                security[who] = self.user
        lowest = min((port.number for port in self.ports), default=PRIVILEGED)
        if lowest < PRIVILEGED:
            name = "net.ipv4.ip_unprivileged_port_start"
            security["sysctls"] = [{"name": name, "value": str(lowest)}]
        return security

    def pod_annotations(self) -> dict[str, str]:
        """What says that a user of the node's range is meant; none for other users."""
        return {} if self.user >= LEAST_UID else {OWN_USER: str(self.user)}

    def linted(self) -> dict[str, str]:
        """Annotations of the workload that tell linters what is meant, as the catalog says it."""
        found: dict[str, str] = {}
        ignored: list[str] = []
        if self.user < LEAST_UID:
            found["checkov.io/skip1"] = "CKV_K8S_40=The image runs as this user alone"
            ignored.append("container-security-context-user-group-id")
        asked = [_question(self.probes.get(kind)) for kind in ("readiness", "liveness")]
        if asked[0] is not None and asked[0] == asked[1]:
            ignored.append("pod-probes-identical")
        if ignored:
            found["kube-score/ignore"] = ",".join(ignored)
        return found

    def volumes(self) -> tuple[list[VolumeArgsDict], list[VolumeMountArgsDict]]:
        """Volumes of its folders, and where they are mounted."""
        volumes: list[VolumeArgsDict] = []
        mounts: list[VolumeMountArgsDict] = []
        for number, folder in enumerate(self.folders):
            name = "tmp" if folder.path == "/tmp" else f"folder-{number}"
            volume = scratch_volume(name, folder.size)
            if folder.memory:
                volume["empty_dir"] = {"medium": "Memory", "size_limit": folder.size}
            volumes.append(volume)
            mounts.append(mount(name, folder.path, writable=True))
        return volumes, mounts


def _question(probe: ProbeArgsDict | None) -> dict[str, Any] | None:
    """What a probe asks, however often and patiently."""
    asks = ("http_get", "grpc", "tcp_socket", "exec_")
    return None if probe is None else {key: probe.get(key) for key in asks}


def files_volume(
    name: str, metadata: ObjectMetaArgsDict, shape: Shape, opts: pulumi.ResourceOptions
) -> tuple[list[VolumeArgsDict], list[VolumeMountArgsDict]]:
    """Makes the ConfigMap `{name}-files` and returns the volume `files`, and where it is mounted.

    File by file, so that what the image has beside them stays.
    """
    if not shape.files:
        return [], []
    keys = {path: f"{n}.{path.rpartition('/')[2]}" for n, path in enumerate(sorted(shape.files))}
    config = ConfigMap(
        f"{name}-files",
        metadata=metadata,
        data={keys[path]: text for path, text in sorted(shape.files.items())},
        opts=opts,
    )
    mounts: list[VolumeMountArgsDict] = [
        {**mount("files", path), "sub_path": key} for path, key in keys.items()
    ]
    return [config_volume("files", physical_name(config))], mounts
