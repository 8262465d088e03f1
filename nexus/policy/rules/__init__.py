"""All rules. Each is a function over the resources of a stack."""

from __future__ import annotations

from collections.abc import Iterable

from nexus.policy.rule import Rule, Violation
from nexus.policy.rules import availability, aws, isolation, pods, secrets
from nexus.pulumi.resource import Resource

RULES = tuple(
    each
    for module in (pods, secrets, isolation, availability, aws)
    for each in vars(module).values()
    if isinstance(each, Rule)
)
"""The rules that every stack keeps."""


def violations(resources: Iterable[Resource]) -> tuple[Violation, ...]:
    """Every broken rule, sorted by resource; empty when the stack keeps them all."""
    stack = list(resources)
    return tuple(sorted(found for rule in RULES for found in rule.violations(stack)))
