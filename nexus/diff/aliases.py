"""Which resource of the base a renamed one says it was, by its aliases or its parent's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import STACK_TYPE, Urn, parse_urn

_DEEPEST = 50
"""Parents above a resource; a plan may claim a circle of them."""


def aliased(base: Mapping[str, Resource], head: Mapping[str, Resource]) -> dict[str, str]:
    """URNs of new resources that say which resource of the base they were, by new URN.

    A child of a renamed or moved parent was a child of the parent's old identity, its
    name's beginning renamed along, as the engine has it.

    Args:
        base: resources by URN.
        head: the same.
    """
    found: dict[str, str] = {}
    taken = set(base) & set(head)
    for urn in sorted(set(head) - set(base), key=lambda each: (_depth(each, head), each)):
        for candidate in _former(head[urn], found):
            if candidate in base and candidate not in taken:
                found[urn] = candidate
                taken.add(candidate)
                break
    return found


def _depth(urn: str, head: Mapping[str, Resource]) -> int:
    depth = 0
    parent = head[urn].parent
    while parent is not None and parent in head and depth < _DEEPEST:
        depth += 1
        parent = head[parent].parent
    return depth


def _former(resource: Resource, found: Mapping[str, str]) -> Iterator[str]:
    own = parse_urn(resource.urn)
    if own is None:
        return
    for alias in resource.aliases:
        if isinstance(alias, str):
            yield alias
        else:
            yield from _of_spec(alias, own, resource, found)
    parent = resource.parent or ""
    if parent in found and (inherited := _inherited(own, parent, found[parent])):
        yield str(inherited)


def _of_spec(
    alias: Mapping[str, Any], own: Urn, resource: Resource, found: Mapping[str, str]
) -> Iterator[str]:
    """A spec names only what was different."""
    fields = {key: value for key, value in alias.items() if isinstance(value, str)}
    type_ = fields.get("type", resource.type)
    parents = {resource.parent, found.get(resource.parent or "")}
    if "parentUrn" in fields:
        parents = {fields["parentUrn"]}
    elif alias.get("noParent") is True:
        parents = {None}
    for parent in sorted(parents, key=str):
        above = parse_urn(parent) if parent else None
        inside = above is not None and above.types != STACK_TYPE
        types = f"{above.types}${type_}" if above is not None and inside else type_
        yield str(
            Urn(
                fields.get("stack", own.stack),
                fields.get("project", own.project),
                types,
                fields.get("name", own.name),
            )
        )


def _inherited(own: Urn, new_parent: str, old_parent: str) -> Urn | None:
    new, old = parse_urn(new_parent), parse_urn(old_parent)
    if new is None or old is None:
        return None
    name = own.name
    if name.startswith(new.name):
        name = old.name + name[len(new.name) :]
    return Urn(old.stack, old.project, old.types + own.types[len(new.types) :], name)
