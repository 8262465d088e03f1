"""Changes that no plan shows, because they are of secret values: a password that is made anew.

Whatever takes a secret from it has another value too. A Secret with another content is a
new object, and what mounts it names the new one. All this follows from the dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from nexus.diff.changes import Place, PropertyChange
from nexus.diff.compare import identity_field
from nexus.diff.config_roll import NEW_NAME, config_types, is_autonamed
from nexus.diff.secrecy import HIDDEN
from nexus.pulumi.replacement import ALWAYS
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import parse_urn

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


def hidden_changes(
    before: Resource,
    after: Resource,
    *,
    pairs: Mapping[str, str],
    remade: Collection[str],
) -> tuple[PropertyChange, ...]:
    """Secret inputs of a resource that change because a generated value does.

    Args:
        before: the resource as it was.
        after: the resource as it is wanted.
        pairs: URNs of resources of both sides: the base's by the head's.
        remade: URNs of generated values that are made anew.
    """
    now = {urn for urn in after.dependencies if _is_generated(urn)}
    then = {urn for urn in before.dependencies if _is_generated(urn)}
    if not after.secrets or ({pairs.get(urn, urn) for urn in now} == then and not now & {*remade}):
        return ()
    return tuple(
        PropertyChange(
            path=path,
            steps=tuple(_steps(path)),
            leaf=tuple(str(step) for step in _steps(path)),
            old=HIDDEN,
            new=HIDDEN,
        )
        for path in after.secrets
    )


def new_names(after: Resource, renewed: Mapping[str, Resource]) -> tuple[PropertyChange, ...]:
    """Inputs that name a ConfigMap or Secret which gets new content, so a new name.

    Args:
        after: the resource as it is wanted.
        renewed: objects with new content, by URN.
    """
    names = [
        renewed[urn].name
        for urn in after.dependencies
        if urn in renewed and renewed[urn].type in config_types() and is_autonamed(renewed[urn])
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
        yield PropertyChange(
            path=place.path, steps=place.steps, leaf=place.leaf, old=value, new=NEW_NAME
        )


def _is_generated(text: str) -> bool:
    urn = parse_urn(text)
    return urn is not None and urn.type.startswith(ALWAYS)


def _steps(path: str) -> Iterator[str | int]:
    for quoted, index, plain in _STEP.findall(path):
        yield int(index) if index else quoted or plain
