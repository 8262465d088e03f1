"""Which resources are others under a new name: by an alias, or as it seems."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nexus.diff.bounded_json import json_inside
from nexus.diff.catalog_diff import ServiceRename
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import STACK_TYPE, Urn, parse_urn

_DEEPEST = 50
"""Parents above a resource; a plan may claim a circle of them."""


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A resource with another URN.

    Args:
        old, new: its URNs.
        alias: whether Pulumi knows that it is the same.
        data_name: where that is a guess, what the data of the service that it seems to belong
            to is called; None for what belongs to none.
    """

    old: str
    new: str
    alias: bool
    data_name: str | None = None


def ancestors(urn: str, resources: Mapping[str, Resource]) -> Iterator[str]:
    """The parents of one of `resources`, the nearest first, as far as they are among them too."""
    for _ in range(_DEEPEST):
        parent = resources[urn].parent
        if parent is None or parent not in resources:
            return
        yield parent
        urn = parent


def aliased(base: Mapping[str, Resource], head: Mapping[str, Resource]) -> dict[str, str]:
    """URNs of new resources that say which resource of the base they were, by new URN.

    A child of a renamed or moved parent was a child of the parent's old identity, its
    name's beginning renamed along, as the engine has it.
    """
    found: dict[str, str] = {}
    taken = set(base) & set(head)
    for urn in sorted(
        set(head) - set(base), key=lambda each: (len([*ancestors(each, head)]), each)
    ):
        for candidate in _former(head[urn], found):
            if candidate in base and candidate not in taken:
                found[urn] = candidate
                taken.add(candidate)
                break
    return found


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
        types = type_ if above is None else above.child(type_, "").types
        stack, project = fields.get("stack", own.stack), fields.get("project", own.project)
        yield str(Urn(stack, project, types, fields.get("name", own.name)))


def _inherited(own: Urn, new_parent: str, old_parent: str) -> Urn | None:
    new, old = parse_urn(new_parent), parse_urn(old_parent)
    if new is None or old is None:
        return None
    name = own.name
    if name.startswith(new.name):
        name = old.name + name[len(new.name) :]
    return Urn(old.stack, old.project, old.types + own.types[len(new.types) :], name)


ALIKE = 0.9
"""Share of equal properties from which two families count as one that was renamed."""

MOST_PAIRS = 400
"""Pairs of families at one place that are compared; beyond that nobody was 'renamed'."""

WORKLOAD = "nexus:services:Workload"
"""The component that every service has, under the service's own name."""

_MOST_WORDS = 24
"""Words of a name in which a service's is looked for; one of 40 characters has 20 at most."""

_AUTO_NAME = re.compile(r"-[0-9a-f]{8,16}\b|^[0-9a-f]{16}$")
"""Hashes that follow the content: auto-names, digests of inputs."""

Resources = Mapping[str, Resource]
"""Resources by URN."""


def look_renamed(
    base: Resources,
    head: Resources,
    *,
    removed: Collection[str],
    added: Collection[str],
    services: Iterable[ServiceRename],
) -> tuple[Renamed, ...]:
    """New resources that look like removed ones, sorted by new URN.

    What a service has goes where the service goes, all of it or nothing: databases of
    services are alike, so likeness would hand them out at random. Everything else is
    compared in families, and where several are alike nothing is said. `services` look renamed,
    as the catalogs tell.
    """
    was, now = (
        frozenset(each.name for each in side.values() if each.type == WORKLOAD)
        for side in (base, head)
    )
    old = _of_services({urn: base[urn] for urn in removed}, was, gone=was - now)
    new = _of_services({urn: head[urn] for urn in added}, now, gone=now - was)
    found: dict[str, Renamed] = {}
    for each in services:
        pairs = _matched(old[each.former].values(), each.former, new[each.name].values(), each.name)
        for urn, was_urn in pairs.items():
            found[urn] = Renamed(old=was_urn, new=urn, alias=False, data_name=each.data_name)
    for urn, was_urn in _alike(old[""], new[""]).items():
        found[urn] = Renamed(old=was_urn, new=urn, alias=False)
    return tuple(found[urn] for urn in sorted(found))


def _of_services(
    resources: Resources, services: frozenset[str], *, gone: frozenset[str]
) -> defaultdict[str, dict[str, Resource]]:
    """The resources by the service of `gone` that they are of; the others under ''."""
    found: defaultdict[str, dict[str, Resource]] = defaultdict(dict)
    for root, family in _families(resources):
        owner = next((name for name in _names_in(root.name) if name in services), "")
        found[owner if owner in gone else ""] |= {each.urn: each for each in family}
    return found


def _names_in(name: str) -> Iterator[str]:
    """Names that a resource's name may hold, whole words of it, the longest first."""
    words = name.split("-")[:_MOST_WORDS]
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            yield "-".join(words[start : start + length])


Leaves = tuple[tuple[str, str], ...]
"""Path and value of everything in a resource's inputs."""

Family = tuple[Resource, ...]
"""A resource whose parent is not among the changed ones, first, and everything below it."""


def _alike(removed: Resources, added: Resources) -> dict[str, str]:
    """Families at one place that are like each other, and like no other there."""
    old, new = _places(removed), _places(added)
    # Read once, not once per pair.
    leaves = {
        each.urn: tuple(_leaves(each.inputs)) for each in (*removed.values(), *added.values())
    }
    found: dict[str, str] = {}
    for place in sorted(old.keys() & new.keys()):
        if len(old[place]) * len(new[place]) > MOST_PAIRS:
            continue
        pairs = [
            (was, now)
            for was in old[place]
            for now in new[place]
            if _likeness(was, now, leaves) >= ALIKE
        ]
        olds = Counter(was[0].urn for was, _ in pairs)
        news = Counter(now[0].urn for _, now in pairs)
        for was, now in pairs:
            if olds[was[0].urn] == 1 and news[now[0].urn] == 1:
                former, name = _stems(was[0].name, now[0].name)
                found |= _matched(was, former, now, name)
                found[now[0].urn] = was[0].urn
    return found


def _families(resources: Resources) -> Iterator[tuple[Resource, Family]]:
    members: dict[str, list[Resource]] = defaultdict(list)
    for urn in sorted(resources):
        *_, root = (urn, *ancestors(urn, resources))
        members[root].append(resources[urn])
    for root, family in members.items():
        yield resources[root], (resources[root], *(each for each in family if each.urn != root))


def _places(resources: Resources) -> dict[tuple[str, str], list[Family]]:
    """All families by the types and the parent of the resource that each stands below."""
    places: dict[tuple[str, str], list[Family]] = defaultdict(list)
    for root, family in _families(resources):
        types = urn.types if (urn := parse_urn(root.urn)) else root.type
        if types != STACK_TYPE:
            places[types, root.parent or ""].append(family)
    return places


def _likeness(was: Family, now: Family, leaves: Mapping[str, Leaves]) -> float:
    """Share of properties that are equal once each family's own name is taken out, 0 to 1."""
    sizes = sorted(sum(len(leaves[each.urn]) + 1 for each in family) for family in (was, now))
    if sizes[0] < ALIKE * sizes[1]:
        return 0.0
    old_stem, new_stem = _stems(was[0].name, now[0].name)
    left, right = _properties(was, old_stem, leaves), _properties(now, new_stem, leaves)
    total = max(left.total(), right.total())
    return (left & right).total() / total if total else 0.0


def _matched(
    was: Iterable[Resource], former: str, now: Iterable[Resource], name: str
) -> dict[str, str]:
    """URNs of `now`, each with the one of `was` that stands at its place under the former name."""
    by_place = {_place(each, former): each.urn for each in was}
    places = {each.urn: _place(each, name) for each in now}
    return {urn: by_place[place] for urn, place in places.items() if place in by_place}


def _stems(old: str, new: str) -> tuple[str, str]:
    """What stands for the family in its names: both names without the words they end alike with."""
    left, right = old.split("-"), new.split("-")
    while len(left) > 1 and len(right) > 1 and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return "-".join(left), "-".join(right)


def _place(resource: Resource, stem: str) -> tuple[str, str]:
    types = urn.types if (urn := parse_urn(resource.urn)) else resource.type
    return types, resource.name.replace(stem, "\0")


def _properties(
    family: Family, stem: str, leaves: Mapping[str, Leaves]
) -> Counter[tuple[str, ...]]:
    counter: Counter[tuple[str, ...]] = Counter()
    for resource in family:
        place = _place(resource, stem)
        counter[place] += 1
        for path, value in leaves[resource.urn]:
            plain = _AUTO_NAME.sub("", value.replace(stem, "\0"))
            counter[(*place, path.replace(stem, "\0"), plain)] += 1
    return counter


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    # A configuration file: one different dependency is one difference, not a different text.
    inside = json_inside(value) if isinstance(value, str) and len(path) < 200 else None
    if inside is not None:
        yield from _leaves(inside, f"{path}>")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
