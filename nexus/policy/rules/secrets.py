"""Rules of secrets: where they may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nexus.policy.rule import Finding, containers, pods, rule, rule_of_plans
from nexus.pulumi.resource import Resource, mapping, sequence

_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$")
_IN_A_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


@rule_of_plans
def secrets_only_in_secrets(resources: Sequence[Resource]) -> Iterator[Finding]:
    """A secret value stands in a Secret and in no other Kubernetes object."""
    for resource in resources:
        if resource.is_kubernetes and resource.kind != "Secret" and resource.secrets:
            where = ", ".join(resource.secrets)
            yield resource, f"a secret stands in {where}; put it into a Secret and mount that."


@rule
def no_secret_in_the_environment(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Environment variables, which leak into logs and dumps, hold no secret."""
    for resource, pod in pods(resources):
        for container in containers(pod):
            place = f"container '{container.get('name')}'"
            for source in map(mapping, sequence(container.get("envFrom"))):
                if source.get("secretRef"):
                    yield resource, f"{place} has a Secret in its environment; mount it as files."
            for variable in map(mapping, sequence(container.get("env"))):
                name, value = str(variable.get("name")), str(variable.get("value") or "")
                if mapping(variable.get("valueFrom")).get("secretKeyRef"):
                    yield (
                        resource,
                        f"{place} has a Secret in variable {name}; mount it as a file.",
                    )
                elif (value and _SECRET_NAME.search(name)) or _IN_A_URL.search(value):
                    yield (
                        resource,
                        f"{place} seems to have a secret in variable {name}; mount it as a file.",
                    )
