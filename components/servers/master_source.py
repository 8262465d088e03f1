"""Where a bootstrap Job gets its server's master credentials from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, VolumeArgsDict

from components.kubernetes.pod import Size, container_security, mount, secret_volume
from components.servers.bootstrap import AWS_CLI_IMAGE, PYTHON_IMAGE

SIZE = Size(cpu="10m", cpu_limit="500m", memory="192Mi")

VOLUME = "master"
FOLDER = "/var/run/secrets/nexus/master"
"""Folder of the files `username` and `password`."""

DOCUMENT = "secret.json"
"""The secret as it comes, for as long as it takes to split it."""

_SPLIT = Path(__file__).parent / "bootstrap" / "split_secret.py"


@dataclass(frozen=True, kw_only=True)
class SecretsManagerMaster:
    """A secret of AWS Secrets Manager, fetched by every run of a Job anew.

    It never enters the Pulumi state or Kubernetes: an init container writes it
    into a volume in memory, which ends with the pod.

    Args:
        secret: ARN of the secret, a JSON object with `username` and `password`.
        region: region it is in.
        service_account: account whose Pod Identity role may read it.
    """

    secret: pulumi.Input[str]
    region: str
    service_account: pulumi.Input[str]

    def volume(self) -> VolumeArgsDict:
        """An empty volume in memory."""
        return {"name": VOLUME, "empty_dir": {"medium": "Memory", "size_limit": "1Mi"}}

    def init_containers(self) -> tuple[ContainerArgsDict, ...]:
        """Fetch the secret, then write one file for each of its two fields."""
        fetch = (
            'set -eu; umask 077; aws secretsmanager get-secret-value --secret-id "$MASTER_ARN" '
            f"--query SecretString --output text > {FOLDER}/{DOCUMENT}"
        )
        return (
            {
                **_container("fetch-master", AWS_CLI_IMAGE, ["/bin/sh", "-c", fetch]),
                "env": [
                    {"name": "HOME", "value": "/tmp"},
                    {"name": "AWS_REGION", "value": self.region},
                    {"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"},
                    {"name": "MASTER_ARN", "value": self.secret},
                ],
            },
            _container(
                "split-master",
                PYTHON_IMAGE,
                ["python3", "-c", _SPLIT.read_text(encoding="utf-8"), FOLDER, DOCUMENT],
            ),
        )


MasterSource = pulumi.Input[str] | SecretsManagerMaster
"""Name of a Kubernetes Secret in the Job's namespace with `username` and `password`, or
a secret elsewhere."""


def master_volume(source: MasterSource) -> VolumeArgsDict:
    """The volume that holds the credentials."""
    if isinstance(source, SecretsManagerMaster):
        return source.volume()
    return secret_volume(VOLUME, source)


def _container(name: str, image: str, command: list[str]) -> ContainerArgsDict:
    return {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "command": command,
        "resources": SIZE.requirements(),
        "security_context": container_security(),
        "volume_mounts": [
            mount("tmp", "/tmp", writable=True),
            mount(VOLUME, FOLDER, writable=True),
        ],
    }
