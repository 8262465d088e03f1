"""A stack inside of a cluster, from the foundation to the edge."""

from __future__ import annotations

from components.traffic import Pods
from stacks.data import plan_data
from stacks.environment import InCluster
from stacks.external_grants import external_grants, with_grants
from stacks.in_cluster.data import build_data
from stacks.in_cluster.edge import build_edge
from stacks.in_cluster.foundation import build_foundation
from stacks.in_cluster.network import places
from stacks.inputs import Built, Inputs
from stacks.limits import build_limits
from stacks.network import build_network
from stacks.services import build_services


def build_stack(inputs: Inputs, platform: InCluster) -> Built:
    """Makes every layer."""
    settings, environment, catalog = inputs.settings, inputs.environment, inputs.catalog
    images = inputs.release.images(
        catalog, registry=settings.registry, stand_ins=environment.stand_ins
    )
    foundation = build_foundation(settings, inputs.context, catalog)
    data = build_data(plan_data(settings, environment, catalog, foundation), platform)
    build_limits(environment, catalog, foundation)
    network = build_network(
        catalog,
        foundation,
        places(catalog, inputs.context),
        Pods(namespace=settings.edge_namespace),
    )
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=with_grants(data, external_grants(settings, catalog)),
        network=network,
    )
    return Built(url=build_edge(settings, catalog, foundation, services), services=services)
