"""Who signs the certificates of a namespace, and how it is shown that a name is ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import Context
from components.kubernetes.pod import physical_name
from components.kubernetes.size import Size
from components.kubernetes.traffic import Addresses, Pods, Traffic, policy_spec

DIRECTORIES = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Let's Encrypt's servers by name: browsers trust the first; the second is for trying, with
wider limits. Source: https://letsencrypt.org/docs/staging-environment/"""

SOLVER_LABEL = "acme.cert-manager.io/http01-solver"
SOLVER_PORT = 8089
"""Label and TCP port of the pods that answer a challenge. Source: pkg/apis/acme/v1/types.go and
pkg/issuer/acme/http/http.go of cert-manager."""

SOLVER_SIZE = Size(cpu="10m", cpu_limit="100m", memory="64Mi", scratch="32Mi")
"""Size of such a pod: what cert-manager gives it, and the disk that it leaves to the namespace.
Source: --acme-http01-solver-resource-… of https://cert-manager.io/docs/cli/controller/"""

READY_TIMEOUT = "5m"
"""Longest wait until the account is registered at the signer."""

TOKEN_KEY = "token"


@dataclass(frozen=True, kw_only=True)
class AcmeIssuerArgs:
    """What an issuer is made from.

    Args:
        directory: a name of `DIRECTORIES`.
        email: who is told by the signer.
        ingress_class: class of the ingress that challenges come through; None for the
            cluster's default one.
        entrance: where the ingress controller's packets come from, which bring the challenges.
        dns_token: token of Cloudflare to prove names in DNS with; None to prove them over HTTP.
        manager: what handles issuers, where it is made here.
    """

    context: Context
    namespace: pulumi.Input[str]
    directory: str
    email: str
    ingress_class: str | None
    entrance: tuple[Pods | Addresses, ...]
    dns_token: pulumi.Input[str] | None
    manager: pulumi.Resource | None


class AcmeIssuer(Component[AcmeIssuerArgs]):
    """An Issuer of Let's Encrypt for one namespace: two stacks in a cluster do not meet.

    Makes:
        `{name}-solver`: over HTTP: NetworkPolicy of the pods that answer a challenge: the
            ingress controller comes in, nothing goes out.
        `{name}-token`: over DNS: Secret with the token.
        `{name}`: Issuer, called after its directory: certificates of another one are
            asked for anew.

    Outputs:
        handle: the Issuer; done when the signer knows its account.
    """

    TOKEN = "nexus:edge:AcmeIssuer"

    handle: pulumi.Resource
    issuer: str

    def _make(self, name: str, args: AcmeIssuerArgs) -> None:
        labels = args.context.labels(name, "edge")
        before: list[pulumi.Resource] = [] if args.manager is None else [args.manager]
        if args.dns_token is None:
            policy = NetworkPolicy(
                f"{name}-solver",
                metadata={
                    "name": f"{name}-solver",
                    "namespace": args.namespace,
                    "labels": labels,
                },
                spec=policy_spec(
                    {"match_labels": {SOLVER_LABEL: "true"}},
                    ingress=(Traffic(peers=args.entrance, port=SOLVER_PORT),),
                ),
                opts=self.child,
            )
            before.append(policy)
            solver = _over_http(args.ingress_class)
        else:
            token = Secret(
                f"{name}-token",
                metadata={"namespace": args.namespace, "labels": labels},
                string_data={TOKEN_KEY: args.dns_token},
                opts=self.child,
            )
            solver = _over_dns(physical_name(token))
        self.issuer = f"letsencrypt-{args.directory}"
        self.handle = CustomResource(
            name,
            api_version="cert-manager.io/v1",
            kind="Issuer",
            metadata={
                "name": self.issuer,
                "namespace": args.namespace,
                "labels": labels,
                # Else a refused address or an unreachable signer would show up nowhere.
                "annotations": {"pulumi.com/waitFor": "condition=Ready"},
            },
            spec={
                "acme": {
                    "server": DIRECTORIES[args.directory],
                    "email": args.email,
                    "privateKeySecretRef": {"name": f"{self.issuer}-account"},
                    "solvers": [solver],
                }
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=before,
                custom_timeouts=pulumi.CustomTimeouts(create=READY_TIMEOUT, update=READY_TIMEOUT),
            ),
        )


def _over_http(ingress_class: str | None) -> dict[str, Any]:
    """Proof by a file that a pod of cert-manager serves under the name itself."""
    # The quota of the namespace allows no node ports, which are the default.
    ingress = {"serviceType": "ClusterIP"}
    if ingress_class is not None:
        ingress["ingressClassName"] = ingress_class
    return {"http01": {"ingress": ingress}}


def _over_dns(secret: pulumi.Input[str]) -> dict[str, Any]:
    """Proof by a record in the Cloudflare zone of the name, so that nobody need reach it."""
    return {"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": secret, "key": TOKEN_KEY}}}}
