"""Finds resources that look renamed: gone under one name, there again under another.

Pulumi knows no such thing: without an alias it deletes the one and makes the other.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from diff.plan_document import PlannedResource
from diff.urn import STACK_TYPE, parse_urn

ALIKE = 0.9
"""Share of equal properties from which two families count as one that was renamed."""

MOST_PAIRS = 400
"""Pairs of families at one place that are compared; beyond that nobody was 'renamed'."""

_AUTO_NAME = re.compile(r"-[0-9a-f]{8,16}\b|^[0-9a-f]{16}$")
"""Hashes that follow the content: auto-names, digests of inputs."""


def look_renamed(
    removed: Mapping[str, PlannedResource], added: Mapping[str, PlannedResource]
) -> dict[str, str]:
    """URNs of new resources that look like removed ones, by new URN.

    Families are compared, not resources: every service account looks like every
    other, but a workload with its configuration does not.

    Args:
        removed: resources by URN that only the base has.
        added: those that only the head has.
    """
    old, new = _families(removed), _families(added)
    found: dict[str, str] = {}
    for place in sorted(old.keys() & new.keys()):
        pairs = [(was, now) for was in old[place] for now in new[place]]
        if len(pairs) > MOST_PAIRS:
            continue
        scored = sorted(
            ((_likeness(was, now), was[0].urn, now[0].urn, was, now) for was, now in pairs),
            key=lambda pair: (-pair[0], pair[1], pair[2]),
        )
        used: set[str] = set()
        for likeness, was_urn, now_urn, was, now in scored:
            if likeness >= ALIKE and not used & {was_urn, now_urn}:
                used |= {was_urn, now_urn}
                found |= _matched(was, now)
    return found


Family = tuple[PlannedResource, ...]
"""A resource whose parent is not among the changed ones, and everything below it."""


def _families(
    resources: Mapping[str, PlannedResource],
) -> dict[tuple[str, str], list[Family]]:
    """All families by the types and the parent of the resource that each stands below."""
    members: dict[str, list[PlannedResource]] = defaultdict(list)
    for urn in sorted(resources):
        root = urn
        for _ in range(50):
            parent = resources[root].parent
            if parent is None or parent not in resources:
                break
            root = parent
        members[root].append(resources[urn])
    families: dict[tuple[str, str], list[Family]] = defaultdict(list)
    for root, family in members.items():
        types = urn.types if (urn := parse_urn(root)) else resources[root].type
        if types != STACK_TYPE:
            rest = [each for each in family if each.urn != root]
            place = types, resources[root].parent or ""
            families[place].append((resources[root], *rest))
    return families


def _likeness(was: Family, now: Family) -> float:
    """Share of properties that are equal once each family's own name is taken out, 0 to 1."""
    old_stem, new_stem = _stems(was[0].name, now[0].name)
    left, right = _properties(was, old_stem), _properties(now, new_stem)
    total = max(sum(left.values()), sum(right.values()))
    return sum((left & right).values()) / total if total else 0.0


def _matched(was: Family, now: Family) -> dict[str, str]:
    old_stem, new_stem = _stems(was[0].name, now[0].name)
    by_place = {_place(each, old_stem): each.urn for each in was}
    places = {each.urn: _place(each, new_stem) for each in now}
    found = {urn: by_place[place] for urn, place in places.items() if place in by_place}
    return {**found, now[0].urn: was[0].urn}


def _stems(old: str, new: str) -> tuple[str, str]:
    """What stands for the family in its names: both names without the words they end alike with."""
    left, right = old.split("-"), new.split("-")
    while len(left) > 1 and len(right) > 1 and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return "-".join(left), "-".join(right)


def _place(resource: PlannedResource, stem: str) -> tuple[str, str]:
    types = urn.types if (urn := parse_urn(resource.urn)) else resource.type
    return types, resource.name.replace(stem, "\0")


def _properties(family: Iterable[PlannedResource], stem: str) -> Counter[tuple[str, ...]]:
    counter: Counter[tuple[str, ...]] = Counter()
    for resource in family:
        place = _place(resource, stem)
        counter[place] += 1
        for path, value in _leaves(resource.inputs):
            plain = _AUTO_NAME.sub("", value.replace(stem, "\0"))
            counter[(*place, path.replace(stem, "\0"), plain)] += 1
    return counter


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        # A configuration file: one different dependency is one difference, not a different text.
        try:
            inside = json.loads(value)
        except (ValueError, RecursionError):
            inside = value
        if isinstance(inside, (dict, list)) and len(path) < 200:
            yield from _leaves(inside, f"{path}>")
            return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
