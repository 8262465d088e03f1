"""What a service says of a name in words alone: its model has no pattern or length for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nexus.policy.aws.model import HIDDEN


@dataclass(frozen=True, kw_only=True)
class Named:
    """A member of an operation that is a name.

    Args:
        service, operation, member: of botocore.
        pattern: the service's words as an expression, and that it keeps no capitals.
        words: the words themselves, from the member's documentation in botocore's model; a test
            holds them against it.
    """

    service: str
    operation: str
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
    Named(
        service="acm",
        operation="RequestCertificate",
        member="DomainName",
        pattern=r".{1,64}",
        words=("cannot exceed 64 octets",),
    ),
    Named(
        service="elasticache",
        operation="CreateReplicationGroup",
        member="ReplicationGroupId",
        pattern=_words(40),
        words=("from 1 to 40 alphanumeric characters or hyphens", _NO_TWO),
    ),
    Named(
        service="elasticache",
        operation="CreateUser",
        member="UserId",
        pattern=_words(40),
        words=("stored as a lowercase string",),
    ),
    Named(
        service="elasticache",
        operation="CreateUserGroup",
        member="UserGroupId",
        pattern=_words(40),
        words=("stored as a lowercase string",),
    ),
    Named(
        service="elasticache",
        operation="CreateCacheSubnetGroup",
        member="CacheSubnetGroupName",
        pattern=r"[a-z0-9-]{1,255}",
        words=("no more than 255 alphanumeric characters or hyphens",),
    ),
    Named(
        service="elbv2",
        operation="CreateLoadBalancer",
        member="Name",
        pattern=r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)",
        words=(*_ELB, 'must not begin with "internal-"'),
    ),
    Named(
        service="elbv2",
        operation="CreateTargetGroup",
        member="Name",
        pattern=r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)",
        words=_ELB,
    ),
    Named(
        service="mq",
        operation="CreateBroker",
        member="BrokerName",
        pattern=r"[A-Za-z0-9_-]{1,50}",
        words=("1-50 characters long", "only letters, numbers, dashes, and underscores"),
    ),
    Named(
        service="rds",
        operation="CreateDBCluster",
        member="DBClusterIdentifier",
        pattern=_words(63),
        words=_RDS,
    ),
    Named(
        service="rds",
        operation="CreateDBInstance",
        member="DBInstanceIdentifier",
        pattern=_words(63),
        words=_RDS,
    ),
    Named(
        service="rds",
        operation="CreateDBSubnetGroup",
        member="DBSubnetGroupName",
        pattern=r"[a-z][a-z0-9._ -]{0,254}",
        words=("no more than 255 letters, numbers, periods, underscores, spaces, or hyphens",),
    ),
    Named(
        service="s3",
        operation="CreateBucket",
        member="Bucket",
        pattern=r"(?=.{3,63}$)[a-z0-9]+([.-]+[a-z0-9]+)*",
        words=("see Bucket naming rules in the Amazon S3 User Guide",),
    ),
)


def misnamed(service: str, operation: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Names that the service refuses by its own words, a phrase each."""
    for each in NAMED:
        value = arguments.get(each.member)
        if (each.service, each.operation) != (service, operation) or not isinstance(value, str):
            continue
        if not any(hidden in value for hidden in HIDDEN) and not re.fullmatch(each.pattern, value):
            said = "; ".join(each.words)
            yield f"{each.member} is '{value}', of which the service says: {said}"
