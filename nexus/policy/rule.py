"""What a rule is, what breaks it, and how rules read Kubernetes objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nexus.pulumi.resource import Resource, mapping, sequence

Pod = Mapping[str, Any]
"""The spec of a pod."""

OWN_USER = "nexus-cos/user"
"""Annotation of pods whose image runs as one user alone, with that user's ID. The rules find it in
the pod's spec too, which has no such key of its own."""


@dataclass(frozen=True, order=True, kw_only=True)
class Violation:
    """One resource that breaks one rule; the message is a sentence with the fix."""

    urn: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.urn}: {self.message} [{self.rule}]"


Finding = tuple[Resource, str]
"""A resource that breaks a rule, and the sentence that says how."""

Check = Callable[[Sequence[Resource]], Iterator[Finding]]
"""Finds whatever breaks a rule among all resources of a stack."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Args:
        name: short name, lower case with hyphens.
        description: what holds when nothing breaks it.
        check: finds what breaks it.
        reads_secrecy: whether it asks which values are secret, which a plan knows and the
            engine does not tell a policy pack.
    """

    name: str
    description: str
    check: Check
    reads_secrecy: bool = False

    def violations(self, resources: Sequence[Resource]) -> Iterator[Violation]:
        """Whatever breaks this rule."""
        for resource, message in self.check(resources):
            yield Violation(urn=resource.urn, rule=self.name, message=message)


def rule(check: Check) -> Rule:
    """The rule that a check holds: its name, and the first line of its docstring."""
    name, text = check.__name__, str(check.__doc__)
    return Rule(
        name=name.replace("_", "-"), description=text.partition("\n")[0].rstrip("."), check=check
    )


def rule_of_plans(check: Check) -> Rule:
    """The same of a check that asks which values are secret."""
    return replace(rule(check), reads_secrecy=True)


def of_kind(resources: Sequence[Resource], *kinds: str) -> list[Resource]:
    """The Kubernetes objects of some kinds."""
    return [each for each in resources if each.is_kubernetes and each.kind in kinds]


def pods(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Pod]]:
    """Every resource that makes pods, with their spec, and the user that they say they need."""
    for resource in resources:
        if resource.pod is not None:
            annotations = mapping(mapping(resource.pod.get("metadata")).get("annotations"))
            meant = str(annotations.get(OWN_USER, ""))
            spec = mapping(resource.pod.get("spec"))
            yield resource, {**spec, OWN_USER: int(meant)} if meant.isdigit() else spec


def containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    """Containers of a pod, init containers too."""
    for key in ("initContainers", "containers"):
        yield from map(mapping, sequence(pod.get(key)))


def pod_labels(resource: Resource) -> Mapping[str, str]:
    """Labels of the pods that a resource makes."""
    return mapping(mapping(mapping(resource.pod).get("metadata")).get("labels"))


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects `labels`: matchLabels and matchExpressions, all of them.

    An empty selector selects everything. `NotIn` and `DoesNotExist` also hold where the key
    is missing, as in the Kubernetes API.

    Raises:
        ValueError: for an operator that the API does not know.
    """
    wanted = mapping(selector.get("matchLabels"))
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(mapping(each), labels) for each in sequence(selector.get("matchExpressions")))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    values = sequence(expression.get("values"))
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise ValueError(f"'{operator}' is no operator of a label selector")
