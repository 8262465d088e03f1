"""Every simulated type, and how a resource of it comes into being."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nexus.pulumi.clouds.answer import Answer, Made, Place, Values, automatic_name
from nexus.pulumi.clouds.aws_cluster import AWS_CLUSTER
from nexus.pulumi.clouds.aws_data import AWS_DATA
from nexus.pulumi.clouds.aws_edge import AWS_EDGE
from nexus.pulumi.clouds.cloudflare import CLOUDFLARE

AWS: Mapping[str, Answer] = {**AWS_CLUSTER, **AWS_DATA, **AWS_EDGE}
"""Simulated types of AWS."""

CLOUDS: Mapping[str, Mapping[str, Answer]] = {"aws": AWS, "cloudflare": CLOUDFLARE}
"""Simulated types by provider package."""

TYPES: Mapping[str, Answer] = {**AWS, **CLOUDFLARE}


def named(answer: Answer, name: str, suffix: str, inputs: Values) -> dict[str, object]:
    """The inputs with an automatic name, where the type has one and none was given.

    Args:
        answer: the type.
        name: logical name, start of the automatic one.
        suffix: hexadecimal digits for its end.
        inputs: what was asked for.
    """
    if answer.named is None or inputs.get(answer.named) is not None:
        return dict(inputs)
    start = name.lower() if answer.named == "bucket" else name
    return {**inputs, answer.named: automatic_name(start, suffix)}


def made_outputs(answer: Answer, place: Place, key: str, inputs: Values) -> Values:
    """The computed outputs of a resource, `id` among them."""
    return answer.outputs(Made(place=place, key=key, inputs=inputs))


def id_from_inputs(answer: Answer, inputs: Values) -> str | None:
    """The id of a resource where it follows from the inputs; None where the cloud draws one."""
    ids = {str(made_outputs(answer, Place(), key, inputs)["id"]) for key in ("one", "another")}
    return ids.pop() if len(ids) == 1 else None


def place_of(provider: Values) -> Place:
    """Where an AWS provider with these settings makes things."""
    accounts = provider.get("allowedAccountIds") or []
    if isinstance(accounts, str):
        # Provider settings travel as JSON text.
        accounts = json.loads(accounts)
    default = Place()
    region = provider.get("region")
    return Place(
        account=str(accounts[0]) if accounts else default.account,
        region=region if isinstance(region, str) else default.region,
    )
