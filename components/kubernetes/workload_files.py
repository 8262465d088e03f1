"""The files that a workload finds: what it needs, and its credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, VolumeArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.dependency import Dependency
from components.kubernetes.pod import config_volume, physical_name, secret_volume
from components.kubernetes.workload_container import CONFIG_FILE
from components.servers.servers import Grant

CONFIG_VERSION = 1
"""Version of the file's format, which docs/dependencies.schema.json describes."""


def configuration_volume(
    name: str,
    metadata: ObjectMetaArgsDict,
    dependencies: Iterable[Dependency],
    opts: pulumi.ResourceOptions,
    *,
    service: str | None = None,
) -> VolumeArgsDict:
    """Makes the ConfigMap `{name}-config` and returns the volume `config` with its file.

    `service` is who reads it, if that is not called `name`.
    """
    text = pulumi.Output.json_dumps(
        {
            "version": CONFIG_VERSION,
            "service": service or name,
            "dependencies": {entry.name: entry.document() for entry in dependencies},
        },
        indent=1,
    )
    config = ConfigMap(f"{name}-config", metadata=metadata, data={CONFIG_FILE: text}, opts=opts)
    return config_volume("config", physical_name(config))


def credentials_volume(
    name: str,
    metadata: ObjectMetaArgsDict,
    grants: Iterable[Grant],
    secrets: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> VolumeArgsDict | None:
    """Makes the Secret `{name}-credentials` and returns the volume `credentials`.

    It has a folder per login with one file per credential, and one file per secret variable,
    called after it. None if there are none.
    """
    values: dict[tuple[str, ...], pulumi.Input[str]] = {
        (part.folder, key): value
        for grant in grants
        for part in (grant, *grant.others)
        for key, value in part.credentials.items()
    }
    # Variables have capitals, which no name of a resource has.
    values |= {(variable,): secrets[variable] for variable in sorted(secrets)}
    if not values:
        return None
    secret = Secret(
        f"{name}-credentials",
        metadata=metadata,
        string_data={".".join(at): value for at, value in values.items()},
        opts=opts,
    )
    paths = {".".join(at): "/".join(at) for at in values}
    return secret_volume("credentials", physical_name(secret), paths)
