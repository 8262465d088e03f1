"""A stack inside of a cluster, from the foundation to the edge."""

from __future__ import annotations

from catalog import Catalog
from stacks.data import plan_data
from stacks.environment import InCluster
from stacks.external_grants import external_grants, with_grants
from stacks.external_places import external_places
from stacks.in_cluster.data import build_data
from stacks.in_cluster.edge import build_edge, letsencrypt
from stacks.in_cluster.foundation import build_foundation
from stacks.in_cluster.network import entrance, places
from stacks.inputs import Built, Inputs
from stacks.limits import build_limits
from stacks.network import build_network
from stacks.services import build_services
from stacks.settings import Settings


def build_stack(inputs: Inputs, platform: InCluster) -> Built:
    """Makes every layer."""
    settings, environment, catalog = inputs.settings, inputs.environment, inputs.catalog
    images = inputs.release.images(
        catalog, registry=settings.registry, stand_ins=environment.stand_ins
    )
    foundation = build_foundation(settings, inputs.context, catalog)
    data = build_data(plan_data(settings, environment, catalog, foundation), platform)
    build_limits(environment, catalog, foundation, solvers=_solvers(settings, catalog))
    network = build_network(
        catalog,
        foundation,
        {**places(catalog, inputs.context), **external_places(settings, catalog)},
        entrance(settings),
        settings.monitoring_namespace,
    )
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=with_grants(data, external_grants(settings, catalog)),
        network=network,
        opened=inputs.opened,
    )
    url = build_edge(settings, environment, catalog, foundation, services)
    return Built(url=url, services=services)


def _solvers(settings: Settings, catalog: Catalog) -> frozenset[str]:
    """Domains in whose namespaces cert-manager's pods answer challenges."""
    wanted = letsencrypt(settings)
    if wanted is None or wanted.challenge != "http01":
        return frozenset()
    gateway = catalog.gateway
    return frozenset() if gateway is None else frozenset({catalog.services[gateway].domain})
