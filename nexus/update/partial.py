"""The part of an update that some services need, and what speaks against moving it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import counted, listed
from nexus.policy.reachability import intersection, world_of
from nexus.policy.rule import Violation
from nexus.policy.rules import RULES
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import last_part, urn_of
from nexus.update.changes import CREATE, Changes, stands_on


@dataclass(frozen=True, kw_only=True)
class PartialUpdate:
    """What an update of some services alone would do.

    Args:
        services: those that move, sorted.
        moved: URNs of what changes with them.
        shared: URNs of what they need, that would change too and that others stand on as well.
        renamed: URNs of what moves and is called otherwise in the stack.
        broken: rules that the stack would break if nothing else moved.
        left: of each other service, and of "" for what is of none or of several, how many
            resources would change in a whole update and stay as they are.
    """

    services: tuple[str, ...]
    moved: frozenset[str]
    shared: frozenset[str]
    renamed: frozenset[str]
    broken: tuple[Violation, ...]
    left: Counter[str]


def partial_update(
    changes: Changes, services: Collection[str], *, with_needed: bool
) -> PartialUpdate:
    """The part that `services` need of an update.

    With `with_needed` what they stand on moves with them, though others stand on it too.
    """
    selected = frozenset(services)
    moved = _own(changes, selected)
    shared = _needed(changes, selected, moved)
    while with_needed and shared:
        moved |= shared
        selected |= {owner for urn in shared if (owner := changes.users.service(urn))}
        moved |= _own(changes, selected)
        shared = _needed(changes, selected, moved)
    return PartialUpdate(
        services=tuple(sorted(selected)),
        moved=moved,
        shared=shared,
        renamed=moved & changes.renamed.keys(),
        broken=() if shared else _broken(changes, moved),
        left=Counter(
            changes.users.service(urn) or "" for urn in changes.operations if urn not in moved
        ),
    )


def _own(changes: Changes, services: frozenset[str]) -> frozenset[str]:
    """What changes and no other service stands on, with the new components that hold it."""
    own = {
        urn for urn in changes.operations if (users := changes.users.of(urn)) and users <= services
    }
    for urn in tuple(own):
        above = changes.after[urn].parent if urn in changes.after else None
        while above is not None and above in changes.operations:
            own.add(above)
            above = changes.after[above].parent
    return frozenset(own)


def _needed(changes: Changes, services: frozenset[str], moved: frozenset[str]) -> frozenset[str]:
    """What would change too, and without which the part is not what a whole update makes of it.

    That is what others stand on as well, what does not exist yet, what has to let go of what is
    deleted, and the network policies that let the services' pods reach what they call. Another
    service's workload that only changes is none: the pods that run answer as they did.
    """
    if not moved:
        return frozenset()
    rest = changes.operations.keys() - moved
    found = {
        urn
        for urn in rest
        if changes.users.service(urn) is None and changes.users.of(urn) & services
    }
    for urn in moved & changes.after.keys():
        found |= {
            below
            for below in stands_on(changes.after[urn])
            if below in rest
            and (changes.operations[below] == CREATE or changes.users.service(below) is None)
        }
    deleted = moved - changes.after.keys()
    found |= {
        urn for urn in rest & changes.before.keys() if deleted & {*stands_on(changes.before[urn])}
    }
    return frozenset(found) | _doors(changes, services, moved)


def _doors(changes: Changes, services: frozenset[str], moved: frozenset[str]) -> frozenset[str]:
    """Network policies that would change too, without which a pod of the part is kept out."""
    whole, pods = world_of(changes.after.values())
    now, _ = world_of(changes.with_only(moved))
    names = {
        f"{each.namespace}/{each.metadata.get('name')}": each.urn
        for each in changes.after.values()
        if each.kind == "NetworkPolicy" and each.is_kubernetes
    }
    own = {
        f"{each.kind}/{each.name}"
        for each in changes.after.values()
        if changes.users.service(each.urn) in services
    }
    found: set[str] = set()
    for source in (pod for pod in pods if pod.name in own):
        for target in pods:
            wanted = whole.allowed(source, target)
            if intersection(wanted, now.allowed(source, target)) != wanted:
                for side in whole.allowing(source, target, wanted):
                    found |= {names[name] for name in side if name in names}
    return frozenset(found & changes.operations.keys()) - moved


def _broken(changes: Changes, moved: frozenset[str]) -> tuple[Violation, ...]:
    """Rules that are kept before and after the whole update, but not after this part of it."""
    known = {
        (each.urn, each.rule)
        for stack in (changes.before.values(), changes.after.values())
        for each in _violations(stack)
    }
    found = _violations(changes.with_only(moved))
    return tuple(each for each in found if (each.urn, each.rule) not in known)


def _violations(stack: Iterable[Resource]) -> Iterator[Violation]:
    resources = list(stack)
    for rule in RULES:
        # The engine does not tell which values are secret.
        if not rule.reads_secrecy:
            yield from rule.violations(resources)


MOST = 12
"""Resources that are told one by one."""


def part_in_words(changes: Changes, part: PartialUpdate) -> Iterator[str]:
    """What moves and what stays, line by line."""
    who = listed(part.services, most=MOST)
    if not part.moved:
        yield f"Nothing of {who} changes."
    else:
        yield f"{counted(len(part.moved), 'resource')} of {who} would change:"
        yield from _each(changes, part.moved)
    others = sorted(name for name in part.left if name)
    if others:
        told = [f"{name} ({part.left[name]})" for name in others]
        yield f"A whole update would change these too, which stay: {listed(told, most=MOST)}."
    if part.left[""]:
        yield f"And {counted(part.left[''], 'resource')} of no service, or of several."


def refusal_in_words(changes: Changes, part: PartialUpdate) -> Iterator[str]:
    """Why the part cannot move alone, and what can be done, line by line; nothing if it can."""
    who = listed(part.services, most=MOST)
    if part.renamed:
        names = sorted({urn_of(changes.renamed[urn]).name for urn in part.renamed})
        yield (
            f"{who} cannot be updated alone: this is called otherwise in the stack, and what calls "
            f"it by its old name has to change with it: {listed(names, most=MOST)}. Update the "
            "whole stack: pulumi up."
        )
        return
    if part.shared:
        yield (
            f"{who} cannot be updated alone: this changes too, they need it, and it is not theirs "
            "alone:"
        )
        for urn in sorted(part.shared, key=last_part)[:MOST]:
            others = sorted(changes.users.of(urn) - {*part.services})
            stand = "stands" if len(others) == 1 else "stand"
            whose = f", on which {listed(others, most=3)} {stand}, too" if others else ""
            yield f"- {changes.operations[urn]} {last_part(urn)}{whose}"
        if len(part.shared) > MOST:
            yield f"- and {len(part.shared) - MOST} more"
        yield "Add --with-dependencies to move that with it, or update the whole stack: pulumi up."
    if part.broken:
        yield f"{who} cannot be updated alone: until the rest moves, rules would be broken:"
        yield from (f"- {last_part(each.urn)}: {each.message}" for each in part.broken[:MOST])
        yield "Update the whole stack: pulumi up."


def _each(changes: Changes, urns: Iterable[str]) -> Iterator[str]:
    ordered = sorted(urns, key=lambda urn: (changes.operations[urn], last_part(urn)))
    for urn in ordered[:MOST]:
        yield f"- {changes.operations[urn]} {last_part(urn)}"
    if len(ordered) > MOST:
        yield f"- and {len(ordered) - MOST} more"
