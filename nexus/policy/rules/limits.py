"""Rules of namespaces: what a pod asks for is what its namespace admits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.kubernetes.quantity import thousandths
from nexus.policy.rules.pods import containers, pods
from nexus.policy.violation import Finding, Rule
from nexus.pulumi.resource import Resource, mapping, sequence


def _admitted(resources: Sequence[Resource]) -> Iterator[Finding]:
    """The API server's own check of pods, init containers too.

    It refuses pods and not what makes them: a Deployment or Job whose pods do not fit is
    accepted, and then waits for pods that never come.
    Source: https://kubernetes.io/docs/concepts/policy/limit-range/
    """
    most = {
        each.namespace: mapping(item.get("max"))
        for each in resources
        if each.is_kubernetes and each.kind == "LimitRange"
        for item in map(mapping, sequence(each.spec.get("limits")))
        if item.get("type") == "Container"
    }
    for resource, pod in pods(resources):
        for container in containers(pod):
            for name, limit, admitted in _beyond(container, most.get(resource.namespace, {})):
                yield (
                    resource,
                    f"container '{container.get('name')}' may use {limit} of {name}, but a "
                    f"LimitRange of its namespace admits {admitted}; raise that, or ask for less.",
                )


def _beyond(
    container: Mapping[str, Any], most: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    limits = mapping(mapping(container.get("resources")).get("limits"))
    for name in sorted(limits.keys() & most.keys()):
        if thousandths(str(limits[name])) > thousandths(str(most[name])):
            yield name, str(limits[name]), str(most[name])


LIMIT_RULES = (
    Rule(
        name="pods-fit-their-namespace",
        description="No container may use more than a LimitRange of its namespace admits",
        check=_admitted,
    ),
)
