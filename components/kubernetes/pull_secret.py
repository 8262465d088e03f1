"""Login to an image registry, in a namespace."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.component import Component
from components.context import Context
from components.kubernetes.pod import physical_name


@dataclass(frozen=True, kw_only=True)
class PullSecretArgs:
    """What a login is made from.

    Args:
        registry: registry host, such as `docker.io`, or registry and path.
    """

    context: Context
    namespace: pulumi.Input[str]
    registry: str
    username: str
    password: pulumi.Input[str]


class PullSecret(Component[PullSecretArgs]):
    """A Secret that the kubelet pulls images with.

    Makes:
        `{name}`: Secret of type `kubernetes.io/dockerconfigjson`.
    """

    TOKEN = "nexus:foundation:PullSecret"

    secret: pulumi.Output[str]

    def _make(self, name: str, args: PullSecretArgs) -> None:
        host = args.registry.partition("/")[0]
        # The name under which the container runtimes look up Docker Hub.
        host = "https://index.docker.io/v1/" if host == "docker.io" else host
        login = {"username": args.username, "password": args.password}
        made = Secret(
            name,
            metadata={
                "namespace": args.namespace,
                "labels": args.context.labels(name, "registry"),
            },
            type="kubernetes.io/dockerconfigjson",
            string_data={
                ".dockerconfigjson": pulumi.Output.secret(
                    pulumi.Output.json_dumps({"auths": {host: login}})
                )
            },
            opts=self.child,
        )
        self.secret = physical_name(made)
