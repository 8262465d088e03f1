"""Resources that change only because a ConfigMap or Secret they mount got new content.

Both are auto-named, so new content is a new object with a new name, and whatever
mounts it names the new one. That rolls the pods, which is what one wants, and is no news.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nexus.diff.changes import PropertyChange
from nexus.pulumi.resource import Resource

_TYPES = frozenset({"kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"})
_AUTO_NAME = re.compile(r"(.+)-[0-9a-f]{8}")
"""As plans make them up: the resource's name and a hash of its content."""

NEW_NAME = "(a new name)"
"""Stands for an auto-name that is not known: that of an object with a new secret in it."""


def config_types() -> frozenset[str]:
    """Types of objects that hold configuration and no data."""
    return _TYPES


def is_autonamed(resource: Resource) -> bool:
    """Whether the provider makes up the object's name, so that a new one can come first."""
    return resource.is_kubernetes and not resource.metadata.get("name")


def config_names(plan: Iterable[Resource]) -> frozenset[str]:
    """Names of the auto-named ConfigMaps and Secrets of a plan."""
    return frozenset(
        resource.name for resource in plan if resource.type in _TYPES and is_autonamed(resource)
    )


def rolled_by(properties: Iterable[PropertyChange], configs: frozenset[str]) -> tuple[str, ...]:
    """Which of `configs` are all that changed, sorted; empty if anything else did too."""
    names: set[str] = set()
    for change in properties:
        if not is_roll(change, configs):
            return ()
        names.add(change.old.rpartition("-")[0])
    return tuple(sorted(names))


def is_roll(change: PropertyChange, configs: frozenset[str]) -> bool:
    """Whether the property is nothing but the new auto-name of a known ConfigMap or Secret."""
    if not isinstance(change.old, str) or not isinstance(change.new, str):
        return False
    old = _AUTO_NAME.fullmatch(change.old)
    if old is None or old[1] not in configs:
        return False
    new = _AUTO_NAME.fullmatch(change.new)
    return change.new == NEW_NAME or (new is not None and new[1] == old[1])
