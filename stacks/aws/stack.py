"""A stack in AWS, from the foundation to the edge."""

from __future__ import annotations

from stacks.aws.data import build_data
from stacks.aws.edge import build_edge, build_entry
from stacks.aws.foundation import build_foundation
from stacks.aws.network import places, subnets
from stacks.data import Data, plan_data, with_parts
from stacks.environment import Managed
from stacks.external_grants import external_grants, with_grants
from stacks.external_places import external_places
from stacks.inputs import Built, Inputs
from stacks.limits import build_limits
from stacks.network import build_network
from stacks.requirements import aws_settings
from stacks.services import build_services


def build_stack(inputs: Inputs, platform: Managed) -> Built:
    """Makes every layer."""
    settings, environment, catalog = inputs.settings, inputs.environment, inputs.catalog
    managed = aws_settings(settings)
    registry = managed.registry or managed.repositories(inputs.context.stack)
    images = inputs.release.images(
        catalog,
        registry=registry,
        stand_ins=environment.stand_ins,
        digests=platform.digests,
    )
    foundation = build_foundation(settings, managed, platform, inputs.context, catalog)
    data = build_data(plan_data(settings, environment, catalog, foundation), foundation, platform)
    entry = build_entry(settings, managed, catalog, foundation, data)
    everything = Data(servers=data.servers, grants=data.grants)
    if entry is not None:
        everything = with_parts(everything, *entry.parts)
    build_limits(environment, catalog, foundation)
    network = build_network(
        catalog,
        foundation,
        {**places(settings, catalog), **external_places(settings, catalog)},
        (subnets(settings, "public"),),
        settings.monitoring_namespace,
    )
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=with_grants(everything, external_grants(settings, catalog)),
        network=network,
        opened=inputs.opened,
    )
    url = build_edge(settings, managed, catalog, foundation, services=services, entry=entry)
    return Built(url=url, services=services)
