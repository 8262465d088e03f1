"""Rules of what is made in AWS: a service takes it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nexus.policy.aws.calls import CALLS
from nexus.policy.aws.documented import misnamed
from nexus.policy.aws.model import faults
from nexus.policy.violation import Finding, Rule
from nexus.pulumi.resource import Resource


def _taken(resources: Sequence[Resource]) -> Iterator[Finding]:
    """What a service would refuse in the middle of a deployment.

    Sources: botocore's service models, and what they say of names in words.
    """
    for resource in resources:
        call = CALLS.get(resource.type)
        if call is None:
            continue
        arguments = call.arguments(resource.inputs)
        found = [
            *faults(arguments, call.shape, ""),
            *misnamed(call.service, call.operation, arguments),
        ]
        for fault in found:
            yield resource, f"{call.service} {call.operation} refuses it: {fault}; correct that."


AWS_RULES = (
    Rule(
        name="aws-takes-it",
        description="Names, values and members in AWS are what its services take",
        check=_taken,
    ),
)
