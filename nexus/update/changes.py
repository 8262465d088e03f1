"""What an update of a stack would change, as the engine's preview says, and whose that is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nexus.diff.plan_diff import diff_plans
from nexus.diff.renames import WORKLOAD
from nexus.pulumi.command import Pulumi, PulumiError
from nexus.pulumi.resource import Resource, mapping
from nexus.pulumi.urn import STACK_TYPE, urn_of
from nexus.pulumi.wire import NOT_KNOWN, SECRET_SIGNATURE, SIGNATURE, UNKNOWN_TEXT

_UNCHANGED = frozenset({"same", "read", "refresh"})

CREATE = "create"
DELETE = "delete"


class Users:
    """Which services stand on each of some resources.

    A service stands on what its workload's component holds, and on all that this depends on,
    directly or through what is of no service: another service's workload ends the way.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = {each.urn: each for each in resources}
        self._above: dict[str, set[str]] = defaultdict(set)
        for each in self._resources.values():
            for urn in stands_on(each):
                self._above[urn].add(each.urn)

    @cached_property
    def services(self) -> frozenset[str]:
        """Every service that has a workload."""
        return frozenset(each.name for each in self._resources.values() if each.type == WORKLOAD)

    def service(self, urn: str | None) -> str | None:
        """The service whose workload holds a resource; None if none does."""
        while urn is not None and urn in self._resources:
            resource = self._resources[urn]
            if resource.type == WORKLOAD:
                return resource.name
            urn = resource.parent
        return None

    def of(self, urn: str) -> frozenset[str]:
        """The services that stand on a resource."""
        own = self.service(urn)
        if own is not None:
            return frozenset({own})
        found: set[str] = set()
        seen, ahead = {urn}, [urn]
        while ahead:
            for above in self._above[ahead.pop()] - seen:
                seen.add(above)
                service = self.service(above)
                if service is None:
                    ahead.append(above)
                else:
                    found.add(service)
        return frozenset(found)


def stands_on(resource: Resource) -> tuple[str, ...]:
    """URNs of what has to be there before a resource: dependencies, parent and provider."""
    return tuple(urn for urn in (*resource.dependencies, resource.parent, resource.provider) if urn)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a whole update would do to a stack.

    Args:
        before: what the stack has, by URN.
        after: what it would have.
        operations: by URN, the engine's word for what happens to each resource that does not
    stay as it is: `create`, `update`, `replace`, `delete`, …
        renamed: by URN, the one that a resource has in the stack, where that is another.
    """

    before: Mapping[str, Resource]
    after: Mapping[str, Resource]
    operations: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def users(self) -> Users:
        """Who stands on what, as it is or as it would be."""
        gone = (each for urn, each in self.before.items() if urn not in self.after)
        return Users([*self.after.values(), *gone])

    def with_only(self, urns: Iterable[str]) -> tuple[Resource, ...]:
        """The stack after an update of these resources alone."""
        moved = set(urns)
        kept = (each for urn, each in self.before.items() if urn not in moved)
        return (*kept, *(self.after[urn] for urn in moved if urn in self.after))


def preview(pulumi: Pulumi) -> Changes:
    """Ask the engine what an update of the whole stack would change. Nothing is changed.

    Raises:
        PulumiError: the program or the engine ended with an error; the text is what they said.
    """
    try:
        told = pulumi.on_stack("preview", "--json", "--show-sames", "--parallel", "64")
    except PulumiError as error:
        raise PulumiError(_said(str(error))) from error
    before: dict[str, Resource] = {}
    after: dict[str, Resource] = {}
    operations: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for step in json.loads(told)["steps"]:
        urn, operation = str(step["urn"]), str(step["op"])
        if mapping(step.get("newState")).get("external"):
            # Nobody here made what is only looked at; its inputs are not told either.
            continue
        if step.get("oldState"):
            old = _resource(step["oldState"])
            before[old.urn] = old
            if old.urn != urn:
                renamed[urn] = old.urn
        if step.get("newState") and operation != DELETE:
            after[urn] = _resource(step["newState"])
        elif operation in _UNCHANGED:
            after[urn] = before[renamed.get(urn, urn)]
        # The stack's own step is about outputs.
        if operation not in _UNCHANGED and urn_of(urn).type != STACK_TYPE:
            operations[urn] = operation
    return Changes(before=before, after=after, operations=operations, renamed=renamed)


def _said(text: str) -> str:
    """The errors among what a preview told before it failed; the text itself if it has none."""
    try:
        told: Any = json.loads(text)
    except ValueError:
        return text
    errors = [
        str(each.get("message", "")).strip()
        for each in map(mapping, told.get("diagnostics") or ())
        if each.get("severity") == "error"
    ]
    return "\n".join(errors) or text


def _resource(state: Mapping[str, Any]) -> Resource:
    """A resource as the engine's state has it; its provider without the id of this very one."""
    return Resource(
        urn=state["urn"],
        type=state["type"],
        name=str(state["urn"]).rpartition("::")[2],
        parent=state.get("parent") or None,
        provider=str(state.get("provider") or "").rpartition("::")[0] or None,
        inputs=_known(mapping(state.get("inputs"))),
        dependencies=tuple(sorted(_dependencies(state))),
    )


def _known(value: Any) -> Any:
    """A value with a word for people in place of all that only the run will know."""
    if isinstance(value, Mapping):
        return {key: _known(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_known(each) for each in value]
    return NOT_KNOWN if value == UNKNOWN_TEXT else value


def in_order(
    state: Mapping[str, Any], changes: Changes, moved: Collection[str]
) -> dict[str, Any] | None:
    """A stack's state in which nothing but `moved` stands on what it will not wait for any more.

    With targets the engine takes each other resource for the same, and everything it stood on
    with it; what the program registers only afterwards then counts as registered twice, and ends
    the run (Pulumi 3.259). A whole update would change these lists, too, and nothing else of what
    stays the same. None if the state is so already.
    """
    lists = 0
    entries: list[dict[str, Any]] = []
    for entry in state["deployment"].get("resources") or ():
        gone = frozenset[str]()
        if entry["urn"] not in moved and entry["urn"] in changes.after and not entry.get("delete"):
            kept = stands_on(changes.after[entry["urn"]])
            gone = frozenset(changes.after.keys() & _dependencies(entry)) - {*kept}
        lists += bool(gone)
        entries.append(_without(entry, gone) if gone else entry)
    if not lists:
        return None
    return {**state, "deployment": {**state["deployment"], "resources": entries}}


def _dependencies(entry: Mapping[str, Any]) -> frozenset[str]:
    values = mapping(entry.get("propertyDependencies")).values()
    urns = (urn for each in values for urn in each or ())
    return frozenset({*(entry.get("dependencies") or ()), *urns})


def _without(entry: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    def kept(urns: Iterable[str] | None) -> list[str]:
        return [urn for urn in urns or () if urn not in gone]

    by_property = mapping(entry.get("propertyDependencies")).items()
    return {
        **entry,
        "dependencies": kept(entry.get("dependencies")),
        "propertyDependencies": {key: kept(each) for key, each in by_property},
    }


def services_of(state: Mapping[str, Any]) -> frozenset[str]:
    """The services that a stack has, by its state."""
    return Users(map(_resource, state["deployment"].get("resources") or ())).services


def affected(base: Sequence[Resource], head: Sequence[Resource]) -> frozenset[str]:
    """The services that stand alone on what differs between two plans of a stack."""
    diff = diff_plans(base, head)
    users = Users([*head, *diff.removed])
    changed = (
        *(each.urn for each in (*diff.added, *diff.removed)),
        *(each.after.urn for each in (*diff.changed, *diff.replaced)),
        *(each.new for each in diff.renamed),
    )
    found = map(users.of, changed)
    return frozenset(name for each in found if len(each) == 1 for name in each)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """URNs of the resources that two states of a stack do not have alike, secrets left out.

    Those are encrypted anew at every write; when a resource was changed last is compared, too.
    """
    sides = [
        {
            (each["urn"], bool(each.get("delete"))): _without_secrets(
                {key: value for key, value in each.items() if key not in _OF_THE_PROGRAM}
            )
            for each in state["deployment"].get("resources") or ()
            # Outputs of the stack are the program's, which names what is not made yet; what is only
            # looked at was looked at anew.
            if each["type"] != STACK_TYPE and not each.get("external")
        }
        for state in (before, after)
    ]
    return frozenset(
        key[0]
        for key in sides[0].keys() | sides[1].keys()
        if sides[0].get(key) != sides[1].get(key)
    )


_OF_THE_PROGRAM = frozenset(
    {"dependencies", "propertyDependencies", "sourcePosition", "stackTrace"}
)
"""What a state has of the program that ran last, of nothing that exists."""


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return SECRET_SIGNATURE
        return {key: _without_secrets(each) for key, each in value.items()}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value
