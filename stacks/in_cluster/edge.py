"""Edge layer: the way in."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.kubernetes.acme_issuer import AcmeIssuer, AcmeIssuerArgs
from components.kubernetes.gateway_ingress import GatewayIngress, GatewayIngressArgs
from components.kubernetes.workload import Workload
from stacks.foundation import Foundation
from stacks.in_cluster.network import entrance
from stacks.inputs import ClusterProgram
from stacks.setting_types import LetsEncrypt


def build_edge(
    program: ClusterProgram, foundation: Foundation, services: Mapping[str, Workload]
) -> str | None:
    """Makes the route to the gateway: the service that the load balancer routes to.

    Returns its URL, or None if the catalog has no gateway.
    """
    catalog, settings = program.catalog, program.settings
    gateway = catalog.gateway
    if gateway is None:
        return None
    namespace = foundation.namespaces[catalog.services[gateway].domain]
    after: list[pulumi.Resource] = [services[gateway].handle]
    issuer: AcmeIssuer | None = None
    if settings.signer is not None:
        issuer = _issuer(program, settings.signer, foundation, namespace)
        after.append(issuer.handle)
    return GatewayIngress(
        "gateway",
        GatewayIngressArgs(
            context=program.context,
            namespace=namespace,
            host=settings.host,
            service=gateway,
            port=catalog.services[gateway].port,
            after=tuple(after),
            ingress_class=settings.ingress_class,
            issuer=None if issuer is None else issuer.issuer,
        ),
        foundation.options(),
    ).url


def _issuer(
    program: ClusterProgram,
    signer: LetsEncrypt,
    foundation: Foundation,
    namespace: pulumi.Output[str],
) -> AcmeIssuer:
    """Makes who signs, and cert-manager where the cluster has none."""
    settings = program.settings
    manager: pulumi.Resource | None = None
    if signer.cert_manager == "install":
        # Only here, because the SDK's part for Helm takes a while to load.
        from components.kubernetes.charts import CertManager, CertManagerArgs

        manager = CertManager(
            "cert-manager",
            CertManagerArgs(replicas=program.sizes.usual.least),
            foundation.options(),
        ).handle
    token = None
    if signer.challenge == "dns01" and settings.cloudflare_token is not None:
        token = pulumi.Output.secret(settings.cloudflare_token.get_secret_value())
    return AcmeIssuer(
        "gateway-issuer",
        AcmeIssuerArgs(
            context=program.context,
            namespace=namespace,
            directory=signer.directory,
            email=signer.email,
            ingress_class=settings.ingress_class,
            entrance=entrance(settings),
            dns_token=token,
            manager=manager,
        ),
        foundation.options(),
    )
