"""The container of a workload: its probes, its limits and its environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    VolumeMountArgsDict,
)

from components.kubernetes.pod import container_security, environment
from components.kubernetes.rollout import drain
from components.kubernetes.shape import ContainerPort, Shape
from components.kubernetes.size import Size

CONFIG = "/etc/nexus"
CONFIG_FILE = "dependencies.json"


def workload_environment(
    service: str,
    ports: Sequence[ContainerPort],
    variables: Mapping[str, str],
    files: Mapping[str, str],
) -> list[EnvVarArgsDict]:
    """What every service finds in its environment, and the variables of this one.

    `files` are the paths of those with a secret value, which the service is told as
    `<NAME>_FILE`, as the official images of databases are.
    """
    env = {
        "NEXUS_SERVICE": service,
        "NEXUS_CONFIG": f"{CONFIG}/{CONFIG_FILE}",
        **({"PORT": str(ports[0].number)} if ports else {}),
        **dict(sorted(variables.items())),
        **{f"{name}_FILE": path for name, path in sorted(files.items())},
    }
    return environment(env)


def workload_container(
    name: str,
    image: str,
    shape: Shape,
    *,
    size: Size,
    env: list[EnvVarArgsDict],
    mounts: list[VolumeMountArgsDict],
) -> ContainerArgsDict:
    """The container of service `name`."""
    container: ContainerArgsDict = {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "args": list(shape.arguments),
        "env": env,
        "resources": size.requirements(),
        "security_context": container_security(),
        "volume_mounts": mounts,
    }
    if shape.command:
        container["command"] = list(shape.command)
    if shape.ports:
        container["ports"] = [
            {"name": port.name, "container_port": port.number, "protocol": "TCP"}
            for port in shape.ports
        ]
    if shape.drain_seconds:
        container["lifecycle"] = drain(shape.drain_seconds)
    for kind in ("startup_probe", "readiness_probe", "liveness_probe"):
        probe = shape.probes.get(kind.removesuffix("_probe"))
        if probe is not None:
            container[kind] = probe
    return container
