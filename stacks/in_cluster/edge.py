"""Edge layer: the way in."""

from __future__ import annotations

from catalog import Catalog
from components.gateway_ingress import GatewayIngress, GatewayIngressArgs
from stacks.foundation import Foundation
from stacks.services import Services
from stacks.settings import Settings


def build_edge(
    settings: Settings, catalog: Catalog, foundation: Foundation, services: Services
) -> str | None:
    """Makes the route to the gateway: the service that the load balancer routes to.

    Returns its URL, or None if the catalog has no gateway.
    """
    gateways = [edge.source for edge in catalog.edges if edge.target == "load-balancer"]
    if not gateways:
        return None
    gateway = gateways[0]
    return GatewayIngress(
        "gateway",
        GatewayIngressArgs(
            context=foundation.context,
            namespace=foundation.namespaces[catalog.services[gateway].domain],
            host=settings.host,
            service=gateway,
            after=services.workloads[gateway].handle,
        ),
        foundation.options(),
    ).url
