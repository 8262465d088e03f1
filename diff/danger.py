"""What in a change can cost data, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from diff.phrase import phrase
from diff.plan_document import PlannedResource
from diff.property_change import PropertyChange
from diff.resource_change import Changed, Danger, Renamed, Warned
from diff.secrecy import HIDDEN
from diff.stateful import loss
from diff.urn import last_part

_DATA_NAMES = {
    "database": "database",
    "prefix": "key prefix",
    "vhost": "vhost",
    "bucket": "bucket",
}
"""Endpoints of a service that say which data is its own, by key in its configuration."""

_DATA_VARIABLES = {"DATABASE": "database", "VHOST": "vhost", "BUCKET": "bucket"}
"""The same in the environment of the Jobs that make them."""

_TAG = re.compile(r":v?(\d+)[^/]*$")


def warnings(
    removed: Sequence[PlannedResource],
    changed: Sequence[Changed],
    renamed: Sequence[Renamed],
) -> tuple[Warned, ...]:
    """Everything dangerous, sorted by kind and URN; one entry per resource and kind.

    Args:
        removed: resources that go, renamed ones included.
        changed: resources that are changed or replaced.
        renamed: resources with another URN.
    """
    found = [
        *_removed(removed, {each.old: each.new for each in renamed if not each.alias}),
        *_renamed(renamed),
        *(warned for change in changed for warned in _changed(change)),
    ]
    order = list(Danger)
    unique = {(warned.urn, warned.danger): warned for warned in reversed(found)}
    return tuple(
        sorted(unique.values(), key=lambda warned: (order.index(warned.danger), warned.urn))
    )


def _removed(removed: Sequence[PlannedResource], renamed: dict[str, str]) -> Iterator[Warned]:
    for resource in removed:
        reason = loss(resource.type)
        if reason is None:
            continue
        if resource.urn in renamed:
            new = [last_part(renamed[resource.urn])]
            told = phrase(reason, "; it looks renamed to ", new, ", but without an alias")
        else:
            told = phrase(reason)
        yield Warned(urn=resource.urn, danger=Danger.REMOVED, reason=told)


def _renamed(renamed: Sequence[Renamed]) -> Iterator[Warned]:
    """The renamed resource that stands for all below it: a renamed child of one is no news."""
    without = {each.old for each in renamed if not each.alias}
    types = {old.split("::")[2] for old in without if old.count("::") >= 3}
    for each in renamed:
        own = each.old.split("::")[2] if each.old.count("::") >= 3 else ""
        if not each.alias and not any(own.startswith(f"{type_}$") for type_ in types):
            reason = phrase(
                "it looks renamed to ",
                [last_part(each.new)],
                ", but without an alias Pulumi deletes it and makes a new one; "
                "add `aliases=[pulumi.Alias(name=…)]` with the old name",
            )
            yield Warned(urn=each.old, danger=Danger.RENAMED, reason=reason)


def _changed(change: Changed) -> Iterator[Warned]:
    urn, type_ = change.after.urn, change.after.type
    reason = loss(type_)
    if change.replacing and reason is not None:
        yield Warned(urn=urn, danger=Danger.REPLACED, reason=phrase(reason))
    for option in change.options:
        if option.path == "protect" and option.old is True:
            yield Warned(
                urn=urn,
                danger=Danger.UNPROTECTED,
                reason=phrase("nothing stops its deletion any more"),
            )
    for noun in _repointed(change):
        yield Warned(
            urn=urn,
            danger=Danger.REPOINTED,
            reason=phrase(f"it names another {noun}: what is in the old one stays behind"),
        )
    if type_ == "kubernetes:apps/v1:StatefulSet" and _is_new_major(change.properties):
        yield Warned(
            urn=urn,
            danger=Danger.UPGRADED,
            reason=phrase("another major version may not start on the data the old one wrote"),
        )


def _repointed(change: Changed) -> Iterable[str]:
    """What kinds of data the resource's change leads away from."""
    found: set[str] = set()
    for each in change.properties:
        if each.kind != "changed" or each.old == HIDDEN:
            continue
        if each.leaf[-1] in _DATA_NAMES and "endpoint" in each.leaf:
            found.add(_DATA_NAMES[each.leaf[-1]])
        if change.after.type == "kubernetes:batch/v1:Job" and each.leaf[-1] == "value":
            found |= {
                noun
                for variable, noun in _DATA_VARIABLES.items()
                if each.path.endswith(f"env[name={variable}].value")
            }
    return sorted(found)


def _is_new_major(properties: Iterable[PropertyChange]) -> bool:
    for each in properties:
        if each.leaf[-1] == "image" and isinstance(each.old, str) and isinstance(each.new, str):
            old, new = _TAG.search(each.old), _TAG.search(each.new)
            if old is None or new is None or old[1] != new[1]:
                return True
    return False
