"""What AWS demands of the names that everything in it is made from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog import Catalog
from stacks.settings import PROJECT, Settings, written

LONGEST_STACK = 40
"""Longest name of a stack, in characters: a longer one hides what comes after it in a name."""

LONGEST_DOMAINS = {"domain": 64, "failoverDomain": 212}
"""Longest domains, in characters. The first is the first name of a certificate, of which ACM takes
64 (https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html); below the
second is `_<32 digits>.origin`, the proof of its certificate, and a host's name has at most 253."""

_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def name_problems(settings: Settings, catalog: Catalog, stack: str) -> Iterator[str]:
    """Names that a service of AWS would refuse half-way through the first run, a sentence each.

    RDS, ElastiCache, ECR, ELB and Amazon MQ take different characters; lower-case letters, digits
    and single hyphens are what all of them take.
    """
    if not _WORDS.fullmatch(stack) or len(stack) > LONGEST_STACK:
        yield (
            f"the stack's name '{stack}' goes into names in AWS, which take lower-case letters, "
            f"digits and single hyphens, and of a stack at most {LONGEST_STACK} characters; call "
            f"it '{_possible(stack)}', for example, and this file Pulumi.{_possible(stack)}.yaml."
        )
    services = catalog.services.values()
    for service in sorted({name for each in services for name in (each.name, each.data_name)}):
        if not _WORDS.fullmatch(service):
            yield (
                f"service '{service}' of the catalog goes into names in AWS, which take single "
                f"hyphens between letters or digits; call it '{_possible(service)}', for example."
            )
    domains = {"domain": settings.domain, "failoverDomain": settings.failover_domain}
    for key, longest in LONGEST_DOMAINS.items():
        domain = domains[key]
        if domain is not None and len(domain) > longest:
            yield (
                f"setting '{PROJECT}:{key}' has {len(domain)} characters, but a certificate takes "
                f"at most {longest}; choose a shorter one. For example, {written(key)}"
            )


def _possible(name: str) -> str:
    """A name like `name` that AWS takes."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words)[:LONGEST_STACK].strip("-") or "prod"
