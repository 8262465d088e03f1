"""Pods hardened to the `restricted` Pod Security level, and the names of what they are made of.

Source of the rules: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    KeyToPathArgsDict,
    PodSecurityContextArgsDict,
    PodSpecArgsDict,
    SecurityContextArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.kubernetes.size import GPU

UID = 10001
"""User and group of every container: above 10000, so that it is no user of the node."""

LONGEST_PORT = 15
"""Characters of a port's name in a container (RFC 6335)."""


def pod_security() -> PodSecurityContextArgsDict:
    """Security context of a pod: no root, the runtime's seccomp profile, volumes of its group.

    `OnRootMismatch` keeps the kubelet from loosening file modes on every
    mount, which PostgreSQL and Erlang refuse to start with.
    """
    return {
        "run_as_non_root": True,
        "run_as_user": UID,
        "run_as_group": UID,
        "fs_group": UID,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security() -> SecurityContextArgsDict:
    """Security context of a container: no capabilities, read-only root, no escalation."""
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "run_as_non_root": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pod_spec(
    containers: Sequence[ContainerArgsDict],
    volumes: Sequence[VolumeArgsDict],
    *,
    init_containers: Sequence[ContainerArgsDict] = (),
    service_account: pulumi.Input[str] | None = None,
    pull_secret: pulumi.Input[str] | None = None,
    gpu: bool = False,
) -> PodSpecArgsDict:
    """A hardened pod: no service account token, no environment of other Services.

    Args:
        pull_secret: Secret that the images are pulled with.
        gpu: whether it may run on the nodes that are kept free for GPUs.
    """
    spec: PodSpecArgsDict = {
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(),
        "containers": list(containers),
        "volumes": list(volumes),
    }
    if service_account is not None:
        spec["service_account_name"] = service_account
    if init_containers:
        spec["init_containers"] = list(init_containers)
    if pull_secret is not None:
        spec["image_pull_secrets"] = [{"name": pull_secret}]
    if gpu:
        spec["tolerations"] = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    return spec


def scratch_volume(name: str, size: str) -> VolumeArgsDict:
    """An empty directory that lives as long as the pod; `size` is its limit."""
    return {"name": name, "empty_dir": {"size_limit": size}}


def secret_volume(
    name: str, secret: pulumi.Input[str], items: Mapping[str, str] | None = None
) -> VolumeArgsDict:
    """A Secret as files readable by the pod's group only; `items` maps keys to paths."""
    volume: VolumeArgsDict = {
        "name": name,
        "secret": {"secret_name": secret, "default_mode": 0o440},
    }
    if items is not None:
        paths: list[KeyToPathArgsDict] = [{"key": k, "path": p} for k, p in items.items()]
        volume["secret"] = {"secret_name": secret, "default_mode": 0o440, "items": paths}
    return volume


def config_volume(
    name: str, config_map: pulumi.Input[str], *, executable: bool = False
) -> VolumeArgsDict:
    """A ConfigMap as files."""
    mode = 0o555 if executable else 0o444
    return {"name": name, "config_map": {"name": config_map, "default_mode": mode}}


TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where programs look for the token of their service account."""


def token_volume(name: str) -> VolumeArgsDict:
    """A token for the Kubernetes API that ends within the hour, as files; for one container.

    The token that Kubernetes mounts by itself would be in every container of the pod.
    """
    authority: KeyToPathArgsDict = {"key": "ca.crt", "path": "ca.crt"}
    return {
        "name": name,
        "projected": {
            "default_mode": 0o440,
            "sources": [
                {"service_account_token": {"path": "token", "expiration_seconds": 3600}},
                {"config_map": {"name": "kube-root-ca.crt", "items": [authority]}},
            ],
        },
    }


def environment(values: Mapping[str, pulumi.Input[str]]) -> list[EnvVarArgsDict]:
    """Environment variables that arrive as they are written.

    The kubelet puts another variable's value in for `$(NAME)` and one dollar for two. Source:
    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """
    return [
        {
            "name": name,
            "value": _escaped(value)
            if isinstance(value, str)
            else pulumi.Output.from_input(value).apply(_escaped),
        }
        for name, value in values.items()
    ]


def _escaped(text: str) -> str:
    return text.replace("$", "$$")


def mount(name: str, path: str, *, writable: bool = False) -> VolumeMountArgsDict:
    """Mount of volume `name` at `path`."""
    return {"name": name, "mount_path": path, "read_only": not writable}


class _Named(Protocol):
    @property
    def metadata(self) -> pulumi.Output[Any]: ...


def physical_name(resource: _Named) -> pulumi.Output[str]:
    """Name of a Kubernetes object in its namespace; using it waits for the object."""
    return resource.metadata.apply(lambda metadata: str(metadata.name))


def port_name(use: str, number: int) -> str:
    """The name of port `number` in lists of Services and containers, such as `http-8080`.

    Such a list goes by number, and its names have to be unique. A preview leaves the old number in
    it beside the new one, since the provider's dry run is not yet the owner of what it has made;
    under one name for both, the API server refuses every preview of a changed number. A `use` that
    is too long is cut.
    """
    return f"{use[: LONGEST_PORT - len(f'-{number}')].rstrip('-')}-{number}"
