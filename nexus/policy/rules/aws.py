"""Rules of what is made in AWS: a service takes it as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nexus.policy.aws.calls import CALLS
from nexus.policy.aws.model import HIDDEN, faults
from nexus.policy.rule import Finding, rule
from nexus.pulumi.resource import Resource


@dataclass(frozen=True)
class Named:
    """A name of which a service says in words what its model has no pattern or length for.

    Args:
        member: service, operation and member, as botocore has them.
        pattern: the service's words as an expression, and that it keeps no capitals.
        words: the words themselves, from the member's documentation in botocore's model; a test
            holds them against it.
    """

    member: str
    pattern: str
    words: tuple[str, ...]


def _words(longest: int) -> str:
    """Letters, digits and single hyphens between them, a letter first."""
    return rf"(?=.{{1,{longest}}}$)[a-z][a-z0-9]*(-[a-z0-9]+)*"


_NO_TWO = "cannot end with a hyphen or contain two consecutive hyphens"
_RDS = (
    "Must contain from 1 to 63",
    "First character must be a letter",
    "Can't end with a hyphen or contain two consecutive hyphens",
    "stored as a lowercase string",
)
_ELB = ("can have a maximum of 32 characters", "must not begin or end with a hyphen")

NAMED: tuple[Named, ...] = (
    Named("acm RequestCertificate DomainName", r".{1,64}", ("cannot exceed 64 octets",)),
    Named(
        "elasticache CreateReplicationGroup ReplicationGroupId",
        _words(40),
        ("from 1 to 40 alphanumeric characters or hyphens", _NO_TWO),
    ),
    Named("elasticache CreateUser UserId", _words(40), ("stored as a lowercase string",)),
    Named("elasticache CreateUserGroup UserGroupId", _words(40), ("stored as a lowercase string",)),
    Named(
        "elasticache CreateCacheSubnetGroup CacheSubnetGroupName",
        r"[a-z0-9-]{1,255}",
        ("no more than 255 alphanumeric characters or hyphens",),
    ),
    Named(
        "elbv2 CreateLoadBalancer Name",
        r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)",
        (*_ELB, 'must not begin with "internal-"'),
    ),
    Named("elbv2 CreateTargetGroup Name", r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)", _ELB),
    Named(
        "mq CreateBroker BrokerName",
        r"[A-Za-z0-9_-]{1,50}",
        ("1-50 characters long", "only letters, numbers, dashes, and underscores"),
    ),
    Named("rds CreateDBCluster DBClusterIdentifier", _words(63), _RDS),
    Named("rds CreateDBInstance DBInstanceIdentifier", _words(63), _RDS),
    Named(
        "rds CreateDBSubnetGroup DBSubnetGroupName",
        r"[a-z][a-z0-9._ -]{0,254}",
        ("no more than 255 letters, numbers, periods, underscores, spaces, or hyphens",),
    ),
    Named(
        "s3 CreateBucket Bucket",
        r"(?=.{3,63}$)[a-z0-9]+([.-]+[a-z0-9]+)*",
        ("see Bucket naming rules in the Amazon S3 User Guide",),
    ),
)


@rule
def aws_takes_it(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Names, values and members in AWS are what its services take.

    What a service refuses is refused in the middle of a deployment. Sources: botocore's service
    models, and what they say of names in words.
    """
    for resource in resources:
        call = CALLS.get(resource.type)
        if call is None:
            continue
        arguments, operation = call.arguments(resource.inputs), f"{call.service} {call.operation}"
        for fault in (*faults(arguments, call.shape, ""), *_misnamed(operation, arguments)):
            yield resource, f"{operation} refuses it: {fault}; correct that."


def _misnamed(call: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Names that the service refuses by its own words, a phrase each."""
    for each in NAMED:
        of, _, member = each.member.rpartition(" ")
        value = arguments.get(member)
        if of != call or not isinstance(value, str):
            continue
        if not any(hidden in value for hidden in HIDDEN) and not re.fullmatch(each.pattern, value):
            said = "; ".join(each.words)
            yield f"{member} is '{value}', of which the service says: {said}"
