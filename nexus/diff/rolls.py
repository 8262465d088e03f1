"""Changes that follow from another one, of content or of a generated secret.

ConfigMaps and Secrets are auto-named, so new content is a new object with a new name, and
whatever mounts it names the new one. That rolls the pods, which is what one wants, and is no
news. No plan shows it where the content is secret: of a password that is made anew, whatever
takes it has another value too. All that follows from the dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from nexus.diff.compare import Place, PropertyChange, identity_field
from nexus.diff.secrecy import HIDDEN
from nexus.pulumi.replacement import ALWAYS
from nexus.pulumi.resource import Resource, path_steps
from nexus.pulumi.urn import parse_urn

_TYPES = frozenset({"kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"})
_AUTO_NAME = re.compile(r"(.+)-[0-9a-f]{8}")
"""As plans make them up: the resource's name and a hash of its content."""

NEW_NAME = "(a new name)"
"""Stands for an auto-name that is not known: that of an object with a new secret in it."""


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
    changes = [*properties]
    if not all(_is_roll(change, configs) for change in changes):
        return ()
    return tuple(sorted({change.old.rpartition("-")[0] for change in changes}))


def _is_roll(change: PropertyChange, configs: frozenset[str]) -> bool:
    """Whether the property is nothing but the new auto-name of a known ConfigMap or Secret."""
    if not isinstance(change.old, str) or not isinstance(change.new, str):
        return False
    old = _AUTO_NAME.fullmatch(change.old)
    if old is None or old[1] not in configs:
        return False
    new = _AUTO_NAME.fullmatch(change.new)
    return change.new == NEW_NAME or (new is not None and new[1] == old[1])


def hidden_changes(
    before: Resource,
    after: Resource,
    *,
    pairs: Mapping[str, str],
    remade: Collection[str],
) -> tuple[PropertyChange, ...]:
    """Secret inputs of a resource that change because a generated value does.

    `pairs` has the URNs of resources of both sides, the base's by the head's; `remade` those of
    generated values that are made anew.
    """
    now = {urn for urn in after.dependencies if _is_generated(urn)}
    then = {urn for urn in before.dependencies if _is_generated(urn)}
    if not after.secrets or ({pairs.get(urn, urn) for urn in now} == then and not now & {*remade}):
        return ()
    return tuple(
        PropertyChange(
            path=path,
            steps=path_steps(path),
            leaf=tuple(map(str, path_steps(path))),
            old=HIDDEN,
            new=HIDDEN,
        )
        for path in after.secrets
    )


def new_names(after: Resource, renewed: Mapping[str, Resource]) -> tuple[PropertyChange, ...]:
    """Inputs that name one of the ConfigMaps and Secrets `renewed`, which get a new name."""
    names = [
        renewed[urn].name
        for urn in after.dependencies
        if urn in renewed and renewed[urn].type in _TYPES and is_autonamed(renewed[urn])
    ]
    if not names:
        return ()
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(names)))})-[0-9a-f]{{8}}")
    return tuple(_found(after.inputs, Place(), pattern))


def _found(value: Any, place: Place, pattern: re.Pattern[str]) -> Iterator[PropertyChange]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _found(item, place.entry(str(key)), pattern)
    elif isinstance(value, list):
        field = identity_field(value)
        for index, item in enumerate(value):
            below = place.item(index, None if field is None else f"{field}={item[field]}")
            yield from _found(item, below, pattern)
    elif isinstance(value, str) and pattern.fullmatch(value):
        yield place.change(value, NEW_NAME)


def _is_generated(text: str) -> bool:
    urn = parse_urn(text)
    return urn is not None and urn.type.startswith(ALWAYS)
