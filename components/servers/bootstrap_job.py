"""A Job that gives a service its part of a server, once, and again when anything changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    Secret,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.component import Component
from components.context import Context
from components.kubernetes.pod import (
    config_volume,
    container_security,
    environment,
    mount,
    physical_name,
    pod_spec,
    scratch_volume,
    secret_volume,
)
from components.kubernetes.size import Size
from components.servers.bootstrap import AWS_CLI_IMAGE, PYTHON_IMAGE, READS, Script, script

SECRETS = "/var/run/secrets/nexus"
"""Folder of the mounted secrets: `master` and `service`, each with username and password."""

SCRIPTS = "/opt/nexus"
"""Folder of the mounted script."""

WAIT_SECONDS = 120
"""Longest time a script waits for its server, in seconds."""

DEADLINE_SECONDS = 540
"""Longest time of the whole Job, retries and image pull included, in seconds. The
provider waits a little longer, so that the Job's own reason is what it reports."""

RETRIES = 4

SIZE = Size(cpu="10m", cpu_limit="500m", memory="128Mi")


FETCH_SIZE = Size(cpu="10m", cpu_limit="500m", memory="192Mi")
"""Of the containers that fetch a master's credentials."""

MASTER = "master"
MASTER_FOLDER = f"{SECRETS}/{MASTER}"
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
        service_account: account whose Pod Identity role may read it.
    """

    secret: pulumi.Input[str]
    region: str
    service_account: pulumi.Input[str]

    def volume(self) -> VolumeArgsDict:
        """An empty volume in memory."""
        return {"name": MASTER, "empty_dir": {"medium": "Memory", "size_limit": "1Mi"}}

    def init_containers(self) -> tuple[ContainerArgsDict, ...]:
        """Fetch the secret, then write one file for each of its two fields."""
        fetch = (
            'set -eu; umask 077; aws secretsmanager get-secret-value --secret-id "$MASTER_ARN" '
            f"--query SecretString --output text > {MASTER_FOLDER}/{DOCUMENT}"
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
                ["python3", "-c", _SPLIT.read_text(encoding="utf-8"), MASTER_FOLDER, DOCUMENT],
            ),
        )


MasterSource = pulumi.Input[str] | SecretsManagerMaster
"""Name of a Kubernetes Secret in the Job's namespace with `username` and `password`, or
a secret elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """What the bootstrap Jobs of a stack share.

    Args:
        script_map: ConfigMap that holds the scripts.
    """

    context: Context
    namespace: pulumi.Input[str]
    script_map: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class BootstrapJobArgs:
    """What a bootstrap Job is made from.

    Args:
        username, password: credentials to give to the service; None if it gets none here.
        rotation: counter that changes when the password does.
    """

    bootstrap: Bootstrap
    image: str
    script: Script
    env: Mapping[str, pulumi.Input[str]]
    master: MasterSource
    username: str = ""
    password: pulumi.Input[str] | None = None
    rotation: int = 0
    server: pulumi.Resource


class BootstrapJob(Component[BootstrapJobArgs]):
    """An idempotent Job next to a server.

    Makes:
        `{name}-credentials`: Secret with the service's credentials, if it gets any.
        `{name}`: Job, auto-named. A hash of script, image, user name and
            rotation counter (never of a password) stands in its pods beside the
            settings, so that any change replaces it.

    Outputs:
        handle: the Job; done means that the service can use its part.
    """

    TOKEN = "nexus:data:BootstrapJob"

    handle: Job

    def _make(self, name: str, args: BootstrapJobArgs) -> None:
        shared = args.bootstrap
        labels = shared.context.labels(name, "bootstrap")
        fetched = args.master if isinstance(args.master, SecretsManagerMaster) else None
        volumes: list[VolumeArgsDict] = [
            scratch_volume("tmp", SIZE.scratch),
            config_volume("script", shared.script_map, executable=True),
            args.master.volume()
            if isinstance(args.master, SecretsManagerMaster)
            else secret_volume(MASTER, args.master),
        ]
        mounts: list[VolumeMountArgsDict] = [
            mount("tmp", "/tmp", writable=True),
            mount("script", SCRIPTS),
            mount(MASTER, MASTER_FOLDER),
        ]
        if args.password is not None:
            credentials = Secret(
                f"{name}-credentials",
                metadata={"namespace": shared.namespace, "labels": labels},
                string_data={"username": args.username, "password": args.password},
                opts=self.child,
            )
            secret = physical_name(credentials)
            volumes.append(secret_volume("service", secret))
            mounts.append(mount("service", f"{SECRETS}/service"))
        interpreter = "python3" if args.script.endswith(".py") else "/bin/sh"
        env: dict[str, pulumi.Input[str]] = {
            "HOME": "/tmp",
            "SECRETS_DIR": SECRETS,
            "WAIT_SECONDS": str(WAIT_SECONDS),
            **args.env,
        }
        self.handle = Job(
            name,
            metadata={
                "namespace": shared.namespace,
                "labels": labels,
                "annotations": {"pulumi.com/replaceUnready": "true"},
            },
            spec={
                "backoff_limit": RETRIES,
                "active_deadline_seconds": DEADLINE_SECONDS,
                "template": {
                    "metadata": {
                        "labels": labels,
                        "annotations": {"nexus-cos/inputs": _digest(args)},
                    },
                    "spec": {
                        **pod_spec(
                            [
                                {
                                    "name": "bootstrap",
                                    "image": args.image,
                                    "image_pull_policy": "IfNotPresent",
                                    "command": [
                                        interpreter,
                                        f"{SCRIPTS}/{args.script}",
                                    ],
                                    "env": environment(env),
                                    "resources": SIZE.requirements(),
                                    "security_context": container_security(),
                                    "volume_mounts": mounts,
                                }
                            ],
                            volumes,
                            init_containers=() if fetched is None else fetched.init_containers(),
                            service_account=None if fetched is None else fetched.service_account,
                        ),
                        "restart_policy": "Never",
                    },
                },
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[args.server],
                custom_timeouts=pulumi.CustomTimeouts(create=f"{DEADLINE_SECONDS + 60}s"),
            ),
        )


def _digest(args: BootstrapJobArgs) -> str:
    """Hash of what the pod's own fields do not show: the script's text and the rotation."""
    parts = [args.image, args.script, script(args.script), args.username, str(args.rotation)]
    if args.script in READS:
        parts.append(script(READS[args.script]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _container(name: str, image: str, command: list[str]) -> ContainerArgsDict:
    return {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "command": command,
        "resources": FETCH_SIZE.requirements(),
        "security_context": container_security(),
        "volume_mounts": [
            mount("tmp", "/tmp", writable=True),
            mount(MASTER, MASTER_FOLDER, writable=True),
        ],
    }
