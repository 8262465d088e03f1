"""Edge layer: the way in."""

from __future__ import annotations

import pulumi

from catalog import Catalog
from components.kubernetes.acme_issuer import AcmeIssuer, AcmeIssuerArgs
from components.kubernetes.gateway_ingress import GatewayIngress, GatewayIngressArgs
from stacks.environment import Environment
from stacks.foundation import Foundation
from stacks.in_cluster.network import entrance
from stacks.services import Services
from stacks.setting_types import LetsEncrypt
from stacks.settings import Settings


def build_edge(
    settings: Settings,
    environment: Environment,
    catalog: Catalog,
    foundation: Foundation,
    services: Services,
) -> str | None:
    """Makes the route to the gateway: the service that the load balancer routes to.

    Returns its URL, or None if the catalog has no gateway.
    """
    gateway = catalog.gateway
    if gateway is None:
        return None
    namespace = foundation.namespaces[catalog.services[gateway].domain]
    after: list[pulumi.Resource] = [services.workloads[gateway].handle]
    issuer: AcmeIssuer | None = None
    wanted = letsencrypt(settings)
    if wanted is not None:
        issuer = _issuer(settings, wanted, environment, foundation, namespace)
        after.append(issuer.handle)
    return GatewayIngress(
        "gateway",
        GatewayIngressArgs(
            context=foundation.context,
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


def letsencrypt(settings: Settings) -> LetsEncrypt | None:
    """How the ingress gets its certificate; None for an ingress without TLS."""
    return settings.lets_encrypt if settings.certificates == "letsEncrypt" else None


def _issuer(
    settings: Settings,
    wanted: LetsEncrypt,
    environment: Environment,
    foundation: Foundation,
    namespace: pulumi.Output[str],
) -> AcmeIssuer:
    """Makes who signs, and cert-manager where the cluster has none."""
    manager: pulumi.Resource | None = None
    if wanted.cert_manager == "install":
        # Only here, because the SDK's part for Helm takes a while to load.
        from components.kubernetes.cert_manager import CertManager, CertManagerArgs

        manager = CertManager(
            "cert-manager", CertManagerArgs(replicas=environment.replicas), foundation.options()
        ).handle
    token = None
    if wanted.challenge == "dns01" and settings.cloudflare_token is not None:
        token = pulumi.Output.secret(settings.cloudflare_token.get_secret_value())
    return AcmeIssuer(
        "gateway-issuer",
        AcmeIssuerArgs(
            context=foundation.context,
            namespace=namespace,
            directory=wanted.directory,
            email=wanted.email,
            ingress_class=settings.ingress_class,
            edge=entrance(settings),
            dns_token=token,
            manager=manager,
        ),
        foundation.options(),
    )
