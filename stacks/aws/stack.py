"""A stack in AWS, from the foundation to the edge."""

from __future__ import annotations

from stacks.aws.data import build_data
from stacks.aws.foundation import build_foundation
from stacks.data import plan_data
from stacks.environment import Managed
from stacks.external_grants import external_grants, with_grants
from stacks.inputs import Built, Inputs
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
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=with_grants(data, external_grants(settings, catalog)),
    )
    return Built(url=f"https://{managed.domain}/", services=services)
