"""The versions that this program asks AWS for, and until when AWS supports them.

A date is written down with its source and the day on which that was read. Nothing asks AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

NOTICE = timedelta(days=90)
"""How long before the end of support one is warned: time to try the next version in staging."""

STALE = timedelta(days=240)
"""How old a source may be that tells no end."""


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A version that is asked for.

    Args:
        product: what AWS calls it.
        until: last day of standard support; None where AWS has not told one.
        seen: day on which the source was read.
        then: what AWS does when support has ended.
    """

    product: str
    version: str
    until: date | None
    seen: date
    source: str
    then: str


KUBERNETES = Pinned(
    product="EKS",
    version="1.35",
    until=date(2027, 3, 27),
    seen=date(2026, 11, 27),
    source="https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html",
    then="AWS charges extended support by the hour",
)
"""The control plane goes one minor version at a time, so 1.36 (until 2027-08-02) comes after it."""

POSTGRES = Pinned(
    product="Aurora PostgreSQL",
    version="17.7",
    until=None,
    seen=date(2026, 11, 27),
    source="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/"
    "aurorapostgresql-release-calendar.html",
    then="AWS raises the minor version in the maintenance window",
)

VALKEY = Pinned(
    product="ElastiCache for Valkey",
    version="8.0",
    until=None,
    seen=date(2026, 11, 27),
    source="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html",
    then="AWS raises the version in the maintenance window",
)

RABBITMQ = Pinned(
    product="Amazon MQ for RabbitMQ",
    version="4.2",
    until=None,
    seen=date(2026, 11, 27),
    source="https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/"
    "rabbitmq-version-management.html",
    then="AWS raises the version in the maintenance window",
)

PINNED = (KUBERNETES, POSTGRES, VALKEY, RABBITMQ)
"""Everything that has an end of support. EKS' add-ons follow the cluster's version."""


def warnings(today: date, pinned: tuple[Pinned, ...] = PINNED) -> Iterator[str]:
    """A sentence for each version that leaves support soon, or of which nobody knows."""
    for each in pinned:
        name = f"{each.product} {each.version}"
        if each.until is None:
            if today - each.seen > STALE:
                yield (
                    f"{name}: no end of support was known on {each.seen}, and nobody has looked "
                    f"since; read {each.source} and correct components/aws/versions.py."
                )
        elif today > each.until:
            yield (
                f"{name} has been out of standard support since {each.until}: {each.then}; raise "
                f"it in components/aws/versions.py ({each.source})."
            )
        elif each.until - today <= NOTICE:
            yield (
                f"{name} leaves standard support on {each.until}, in {(each.until - today).days} "
                f"days; then {each.then}. Raise it in components/aws/versions.py ({each.source})."
            )
