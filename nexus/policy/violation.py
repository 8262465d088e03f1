"""A broken rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nexus.pulumi.resource import Resource


@dataclass(frozen=True, order=True, kw_only=True)
class Violation:
    """One resource that breaks one rule.

    Args:
        urn: the resource.
        rule: name of the rule.
        message: a sentence with the fix.
    """

    urn: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.urn}: {self.message} [{self.rule}]"


Finding = tuple[Resource, str]
"""A resource that breaks a rule, and the sentence that says how."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Args:
        name: short name, lower case with hyphens.
        description: what holds when nothing breaks it.
        check: finds whatever breaks it among all resources of a stack.
        reads_secrecy: whether it asks which values are secret, which a plan knows and the
            engine does not tell a policy pack.
    """

    name: str
    description: str
    check: Callable[[Sequence[Resource]], Iterator[Finding]]
    reads_secrecy: bool = False

    def violations(self, resources: Sequence[Resource]) -> Iterator[Violation]:
        """Whatever breaks this rule."""
        for resource, message in self.check(resources):
            yield Violation(urn=resource.urn, rule=self.name, message=message)
