"""All rules. Each is a function over the resources of a stack."""

from __future__ import annotations

from collections.abc import Iterable

from nexus.policy.rule import Rule, Violation
from nexus.policy.rules.availability import AVAILABILITY_RULES
from nexus.policy.rules.aws import AWS_RULES
from nexus.policy.rules.isolation import ISOLATION_RULES
from nexus.policy.rules.pods import POD_RULES
from nexus.policy.rules.secrets import SECRET_RULES
from nexus.pulumi.resource import Resource

RULES: tuple[Rule, ...] = (
    *POD_RULES,
    *SECRET_RULES,
    *ISOLATION_RULES,
    *AVAILABILITY_RULES,
    *AWS_RULES,
)
"""The rules that every stack keeps."""


def violations(resources: Iterable[Resource]) -> tuple[Violation, ...]:
    """Every broken rule, sorted by resource; empty when the stack keeps them all."""
    stack = list(resources)
    return tuple(sorted(found for rule in RULES for found in rule.violations(stack)))
