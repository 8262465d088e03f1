"""What differs between two plans of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from diff.aliases import aliased
from diff.compare import compare
from diff.config_roll import config_names, rolled_by
from diff.danger import warnings
from diff.likeness import look_renamed
from diff.plan_document import PlanDocument, PlannedResource
from diff.property_change import PropertyChange
from diff.replacement import is_autonamed, replacing
from diff.resource_change import Changed, Renamed, Reordered, Warned


@dataclass(frozen=True, kw_only=True)
class PlanDiff:
    """What a change does to the resources of one stack, everything sorted by URN.

    Args:
        added, removed: resources of one side only; those renamed without alias among them.
        changed: resources changed in place.
        replaced: resources that may be replaced.
        renamed: resources with another URN.
        reordered: dependencies that appear or go.
        warned: what is dangerous in all this.
        total: number of resources in the head.
    """

    added: tuple[PlannedResource, ...] = ()
    removed: tuple[PlannedResource, ...] = ()
    changed: tuple[Changed, ...] = ()
    replaced: tuple[Changed, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    reordered: tuple[Reordered, ...] = ()
    warned: tuple[Warned, ...] = ()
    total: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether both plans say the same."""
        parts = (self.added, self.removed, self.changed, self.replaced, self.renamed)
        return not any(parts) and not self.reordered


def diff_plans(base: PlanDocument, head: PlanDocument) -> PlanDiff:
    """What differs between two plans. Takes well under a second for 43 services."""
    before = {resource.urn: resource for resource in base.resources}
    after = {resource.urn: resource for resource in head.resources}
    known = aliased(before, after)
    pairs = {urn: urn for urn in after if urn in before} | known
    gone, new = set(before) - set(pairs.values()), set(after) - set(pairs)
    alike = look_renamed({u: before[u] for u in gone}, {u: after[u] for u in new})
    configs = config_names(base) & config_names(head)
    found = [
        change
        for urn, was in sorted(pairs.items())
        if (change := _changed(before[was], after[urn], after, configs)) is not None
    ]
    parts = PlanDiff(
        added=tuple(after[urn] for urn in sorted(new)),
        removed=tuple(before[urn] for urn in sorted(gone)),
        changed=tuple(change for change in found if not change.replacing),
        replaced=tuple(change for change in found if change.replacing),
        renamed=tuple(
            Renamed(old=was, new=urn, alias=urn in known)
            for urn, was in sorted((known | alike).items())
        ),
        reordered=_reordered(before, after, pairs),
        total=len(after),
    )
    warned = warnings(parts.removed, (*parts.changed, *parts.replaced), parts.renamed)
    return replace(parts, warned=warned)


def _changed(
    before: PlannedResource,
    after: PlannedResource,
    head: Mapping[str, PlannedResource],
    configs: frozenset[str],
) -> Changed | None:
    secrets = frozenset(before.secrets) | frozenset(after.secrets)
    properties = compare(before.inputs, after.inputs, secrets)
    ignored = after.options.get("ignoreChanges")
    properties = tuple(each for each in properties if not _is_ignored(each, ignored))
    options = compare(before.options, after.options)
    if not properties and not options:
        return None
    provider = head.get(after.provider or "")
    replaces = replacing(after, properties, provider.inputs if provider else {})
    return Changed(
        before=before,
        after=after,
        properties=properties,
        options=options,
        replacing=tuple(each.path for each in replaces),
        harmless=is_autonamed(after) and is_autonamed(before),
        because=rolled_by(properties, configs),
    )


def _is_ignored(change: PropertyChange, ignored: object) -> bool:
    """Whether the engine is told to leave this property alone (`ignore_changes`)."""
    if not isinstance(ignored, list):
        return False
    dotted = ".".join(str(step) for step in change.steps)
    return any(
        isinstance(path, str) and (path == "*" or f"{dotted}.".startswith(f"{path}."))
        for path in ignored
    )


def _reordered(
    before: Mapping[str, PlannedResource],
    after: Mapping[str, PlannedResource],
    pairs: Mapping[str, str],
) -> tuple[Reordered, ...]:
    old_names = set(pairs.values())
    found: list[Reordered] = []
    for urn, was in sorted(pairs.items()):
        # In the base's words: a dependency that was only renamed is the same one.
        now = {pairs[each]: each for each in after[urn].dependencies if each in pairs}
        then = {each for each in before[was].dependencies if each in old_names}
        gained = tuple(sorted(new for old, new in now.items() if old not in then))
        lost = tuple(sorted(then - now.keys()))
        if gained or lost:
            found.append(Reordered(urn=urn, gained=gained, lost=lost))
    return tuple(found)
