"""What differs between two plans of one stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nexus.diff.catalog_diff import ServiceRename
from nexus.diff.compare import Changed, PropertyChange, compare
from nexus.diff.renames import Renamed, aliased, look_renamed
from nexus.diff.risks import Warned, warnings
from nexus.diff.rolls import config_names, hidden_changes, is_autonamed, new_names, rolled_by
from nexus.pulumi.replacement import ALWAYS, Immutable, immutable
from nexus.pulumi.resource import Resource

_KUBERNETES_SECRET = "kubernetes:core/v1:Secret"


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """Dependencies that a resource of both sides gets or loses, by URN.

    Those on resources that come or go themselves are left out: they are no news.
    """

    urn: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlanDiff:
    """What a change does to the resources of one stack, everything sorted by URN.

    Those renamed without an alias are among the added and removed ones, too. `changed` are
    changed in place, `replaced` may be replaced.
    """

    added: tuple[Resource, ...] = ()
    removed: tuple[Resource, ...] = ()
    changed: tuple[Changed, ...] = ()
    replaced: tuple[Changed, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    reordered: tuple[Reordered, ...] = ()
    warned: tuple[Warned, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both plans say the same."""
        parts = (self.added, self.removed, self.changed, self.replaced, self.renamed)
        return not any(parts) and not self.reordered


def diff_plans(
    base: Sequence[Resource],
    head: Sequence[Resource],
    renames: Sequence[ServiceRename] = (),
) -> PlanDiff:
    """What differs between two plans. Takes well under a second for 43 services.

    `renames` are services that look renamed, as the catalogs tell.
    """
    before = {resource.urn: resource for resource in base}
    after = {resource.urn: resource for resource in head}
    known = aliased(before, after)
    pairs = {urn: urn for urn in after if urn in before} | known
    gone, new = set(before) - set(pairs.values()), set(after) - set(pairs)
    alike = look_renamed(before, after, removed=gone, added=new, services=renames)
    found = _all_changes(before, after, pairs, config_names(base) & config_names(head))
    parts = PlanDiff(
        added=tuple(after[urn] for urn in sorted(new)),
        removed=tuple(before[urn] for urn in sorted(gone)),
        changed=tuple(change for change in found if not change.replacing),
        replaced=tuple(change for change in found if change.replacing),
        renamed=tuple(
            sorted(
                (*(Renamed(old=was, new=urn, alias=True) for urn, was in known.items()), *alike),
                key=lambda each: each.new,
            )
        ),
        reordered=_reordered(before, after, pairs),
    )
    warned = warnings(parts.removed, (*parts.changed, *parts.replaced), parts.renamed)
    return replace(parts, warned=warned)


def _all_changes(
    before: Mapping[str, Resource],
    after: Mapping[str, Resource],
    pairs: Mapping[str, str],
    configs: frozenset[str],
) -> list[Changed]:
    """What the plans show, then what follows from it for secret values."""
    shown = {urn: _shown(before[was], after[urn]) for urn, was in sorted(pairs.items())}
    settings = {urn: resource.inputs for urn, resource in after.items()}

    def change(urn: str) -> Changed | None:
        resource = after[urn]
        options = compare(before[pairs[urn]].options, resource.options)
        if not shown[urn] and not options:
            return None
        fixed = _immutable(before[pairs[urn]], resource, settings.get(resource.provider or "", {}))
        return Changed(
            before=before[pairs[urn]],
            after=resource,
            properties=shown[urn],
            options=options,
            replacing=tuple(each.path for each in shown[urn] if each.replaces(fixed)),
            harmless=is_autonamed(resource) and is_autonamed(before[pairs[urn]]),
            because=rolled_by(shown[urn], configs),
        )

    remade = {urn for urn, made in shown.items() if made and after[urn].type.startswith(ALWAYS)}
    for urn, was in pairs.items():
        hidden = hidden_changes(before[was], after[urn], pairs=pairs, remade=remade)
        shown[urn] = _joined(shown[urn], hidden)
    renewed = {urn: after[urn] for urn, made in shown.items() if made}
    for urn in pairs:
        shown[urn] = _joined(shown[urn], new_names(after[urn], renewed))
    return [made for urn in shown if (made := change(urn)) is not None]


def _immutable(before: Resource, after: Resource, settings: Mapping[str, Any]) -> Immutable:
    """What replaces the resource: what its provider says, and what the program asks for."""
    fixed = immutable(after.type, before.inputs, after.inputs, settings)
    asked = after.options.get("replaceOnChanges", [])
    extra = tuple(path for path in asked if isinstance(path, str)) if type(asked) is list else ()
    return replace(fixed, paths=(*fixed.paths, *extra))


def _joined(
    shown: tuple[PropertyChange, ...], hidden: tuple[PropertyChange, ...]
) -> tuple[PropertyChange, ...]:
    """Both; where the plans themselves show a change at or above a place, that one."""
    known = [each.steps for each in shown]
    return (
        *shown,
        *(each for each in hidden if not any(each.steps[: len(s)] == s for s in known)),
    )


def _shown(before: Resource, after: Resource) -> tuple[PropertyChange, ...]:
    secrets = {*before.secrets, *after.secrets}
    if after.type.startswith(_KUBERNETES_SECRET):
        # Its keys are free, so no name tells which values may be shown.
        secrets |= {"data", "stringData"}
    ignored = after.options.get("ignoreChanges")
    changes = compare(before.inputs, after.inputs, frozenset(secrets))
    return tuple(each for each in changes if not _is_ignored(each, ignored))


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
    before: Mapping[str, Resource],
    after: Mapping[str, Resource],
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
