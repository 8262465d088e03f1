"""The check that runs in a pod before its service does."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgsDict,
    EnvVarArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.context import Context
from components.dependency import Dependency
from components.kubernetes.pod import (
    config_volume,
    container_security,
    mount,
    physical_name,
)
from components.kubernetes.size import Size
from components.servers.bootstrap import PYTHON_IMAGE, STARTUP_SCRIPT, script

FOLDER = "/opt/nexus"
ROUTERS = ("load-balancer",)
"""Resources that wait for the service: the script leaves them out."""

VOLUME = "startup"
WAIT_SECONDS = 60
"""Longest wait for what the service cannot work without, in seconds; then the kubelet starts the
check again, later each time."""


def startup_script(
    domain: str, context: Context, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Makes the ConfigMap with the script in a domain's namespace and returns its name."""
    return physical_name(
        ConfigMap(
            f"{domain}-startup",
            metadata={"namespace": namespace, "labels": context.labels(domain, "startup")},
            data={STARTUP_SCRIPT: script(STARTUP_SCRIPT)},
            opts=opts,
        )
    )


def has_checks(dependencies: Iterable[Dependency], environment: Iterable[str]) -> bool:
    """Whether the script has anything to check: an address that is no service's, or a variable."""
    addressed = (
        each.kind != "service"
        and each.name not in ROUTERS
        and not {"url", "host"}.isdisjoint(each.endpoint or ())
        for each in dependencies
    )
    return any(addressed) or any(True for _ in environment)


def startup_volume(script_map: pulumi.Input[str]) -> VolumeArgsDict:
    """The volume with the script."""
    return config_volume(VOLUME, script_map)


def startup_container(
    size: Size, env: list[EnvVarArgsDict], config: VolumeMountArgsDict, required: Iterable[str]
) -> ContainerArgsDict:
    """The init container that runs the script.

    Args:
        size: size of the service's own container: the larger of both counts for the pod.
        env: the service's own environment, which is checked.
        config: mount of the file that lists what the service needs.
        required: names of variables that must be set.
    """
    return {
        "name": "startup-check",
        "image": PYTHON_IMAGE,
        "image_pull_policy": "IfNotPresent",
        "command": ["python3", "-I", f"{FOLDER}/{STARTUP_SCRIPT}"],
        "env": [
            *env,
            {"name": "NEXUS_REQUIRED", "value": " ".join(required)},
            {"name": "WAIT_SECONDS", "value": str(WAIT_SECONDS)},
        ],
        "resources": size.requirements(),
        "security_context": container_security(),
        "volume_mounts": [mount(VOLUME, FOLDER), config],
        # What failed is then part of the pod's status.
        "termination_message_policy": "FallbackToLogsOnError",
    }
