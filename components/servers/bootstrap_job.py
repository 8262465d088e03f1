"""A Job that gives a service its part of a server, once, and again when anything changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import (
    Secret,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.component import Component
from components.context import Context
from components.kubernetes.pod import (
    Size,
    config_volume,
    container_security,
    environment,
    mount,
    physical_name,
    pod_spec,
    scratch_volume,
    secret_volume,
)
from components.servers.master_source import MasterSource, SecretsManagerMaster, master_volume

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


@dataclass(frozen=True, kw_only=True)
class BootstrapJobArgs:
    """What a bootstrap Job is made from.

    Args:
        context: source of names and labels.
        namespace: namespace of the server, from the resource that makes it.
        image: image reference with a pinned version.
        interpreter: command in front of the script, such as `/bin/sh`.
        script: file name and text of the script.
        script_map: ConfigMap that holds the script.
        env: plain settings of the script.
        master: where the master's username and password come from.
        username, password: credentials to give to the service; None if it gets none here.
        rotation: counter that changes when the password does.
        server: handle of the server.
    """

    context: Context
    namespace: pulumi.Input[str]
    image: str
    interpreter: str
    script: tuple[str, str]
    script_map: pulumi.Input[str]
    env: Mapping[str, pulumi.Input[str]]
    master: MasterSource
    username: str
    password: pulumi.Input[str] | None
    rotation: int
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
        labels = args.context.labels(name, "bootstrap")
        volumes: list[VolumeArgsDict] = [
            scratch_volume("tmp", SIZE.scratch),
            config_volume("script", args.script_map, executable=True),
            master_volume(args.master),
        ]
        mounts: list[VolumeMountArgsDict] = [
            mount("tmp", "/tmp", writable=True),
            mount("script", SCRIPTS),
            mount("master", f"{SECRETS}/master"),
        ]
        if args.password is not None:
            credentials = Secret(
                f"{name}-credentials",
                metadata={"namespace": args.namespace, "labels": labels},
                string_data={"username": args.username, "password": args.password},
                opts=self.child,
            )
            secret = physical_name(credentials)
            volumes.append(secret_volume("service", secret))
            mounts.append(mount("service", f"{SECRETS}/service"))
        env: dict[str, pulumi.Input[str]] = {
            "HOME": "/tmp",
            "SECRETS_DIR": SECRETS,
            "WAIT_SECONDS": str(WAIT_SECONDS),
            **args.env,
        }
        fetched = args.master if isinstance(args.master, SecretsManagerMaster) else None
        self.handle = Job(
            name,
            metadata={
                "namespace": args.namespace,
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
                                    "command": [args.interpreter, f"{SCRIPTS}/{args.script[0]}"],
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
    parts = [args.image, *args.script, args.username, str(args.rotation)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
