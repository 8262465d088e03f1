"""The resources of one stack in words: alike changes together, what is no news in short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import counted
from nexus.diff.changes import ABSENT, Changed, PropertyChange
from nexus.diff.plan_diff import PlanDiff
from nexus.diff.secrecy import HIDDEN
from nexus.diff.wording import Part, Phrase, names, phrase, shown
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import last_part, parse_urn, short_type

MOST_PROPERTIES = 20
"""Properties of one resource that are told; the JSON report has all."""


MOST_PAIRS = 5
"""Renamed resources of one type that are told."""


@dataclass(frozen=True)
class Item:
    """A sentence, and further ones that belong below it."""

    sentence: Phrase
    below: tuple[Phrase, ...] = ()


def resource_groups(diff: PlanDiff) -> Iterator[tuple[str, tuple[Item, ...]]]:
    """Title and items of every group that has any, the gravest first."""
    rolls = [each for each in (*diff.changed, *diff.replaced) if each.because]
    kept = [each for each in diff.replaced if not each.because]
    groups = (
        ("removed", _listed(diff.removed)),
        ("possibly replaced", _changes([each for each in kept if not each.harmless])),
        (
            "replaced by a new object under another name",
            _changes([each for each in kept if each.harmless]),
        ),
        ("changed", _changes([each for each in diff.changed if not each.because])),
        ("rolls because its config changed", _rolls(rolls)),
        ("renamed", _renamed(diff)),
        ("added", _listed(diff.added)),
        ("dependencies", _reordered(diff)),
    )
    for title, items in groups:
        made = tuple(items)
        if made:
            yield f"{title} ({_number(title, diff, rolls, kept)})", made


def _number(title: str, diff: PlanDiff, rolls: list[Changed], kept: list[Changed]) -> int:
    """How many resources a group is about, which is not how many lines it has."""
    return {
        "removed": len(diff.removed),
        "possibly replaced": sum(not each.harmless for each in kept),
        "changed": sum(not each.because for each in diff.changed),
        "rolls because its config changed": len(rolls),
        "renamed": len(diff.renamed),
        "added": len(diff.added),
        "dependencies": len(diff.reordered),
    }.get(title, sum(each.harmless for each in kept))


def _listed(resources: Iterable[Resource]) -> Iterator[Item]:
    """One line per type."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for resource in resources:
        by_type[short_type(resource.type)].append(resource.name)
    for type_, found in sorted(by_type.items()):
        yield Item(phrase(f"{len(found)} × ", [type_], ": ", *names(sorted(found), most=12)))


def _changes(changes: Iterable[Changed]) -> Iterator[Item]:
    """One item per set of equal changes: a new replica count is one thing, not 43."""
    alike: dict[tuple[str, tuple[Phrase, ...]], list[str]] = defaultdict(list)
    for change in changes:
        every = (*change.properties, *change.options)
        replacing = () if change.harmless else change.replacing
        told = [_property(each, replacing) for each in every[:MOST_PROPERTIES]]
        if len(every) > MOST_PROPERTIES:
            told.append(phrase(f"{len(every) - MOST_PROPERTIES} more properties"))
        alike[short_type(change.after.type), tuple(told)].append(change.after.name)
    for (type_, told), found in alike.items():
        if len(found) == 1:
            yield Item(phrase([f"{type_} {found[0]}"]), told)
        else:
            yield Item(phrase(f"{len(found)} × ", [type_], ": ", *names(found, most=12)), told)


def _property(change: PropertyChange, replacing: tuple[str, ...]) -> Phrase:
    """Path, old and new value, and whether this is what may replace the resource."""
    mark = " (may replace it)" if change.path in replacing else ""
    if change.old == HIDDEN == change.new:
        return phrase([change.path], ": another value, which is secret", mark)
    if isinstance(change.old, str) and isinstance(change.new, str) and "\n" in change.old:
        return phrase([change.path], ": ", *_lines(change.old, change.new), mark)
    if change.old is ABSENT:
        return phrase([change.path], ": added, ", [shown(change.new)], mark)
    if change.new is ABSENT:
        return phrase([change.path], ": removed, was ", [shown(change.old)], mark)
    return phrase([change.path], ": ", [shown(change.old)], " → ", [shown(change.new)], mark)


def _lines(old: str, new: str) -> Phrase:
    """Which lines of a text differ: how many, and the first of them."""
    was, now = old.split("\n"), new.split("\n")
    start = 0
    while start < min(len(was), len(now)) and was[start] == now[start]:
        start += 1
    end = 0
    while end < min(len(was), len(now)) - start and was[-1 - end] == now[-1 - end]:
        end += 1
    gone, come = was[start : len(was) - end], now[start : len(now) - end]
    parts: list[Part] = [f"{counted(max(len(gone), len(come)), 'line')} from line {start + 1} on, "]
    parts += ["first ", [shown(gone[0])] if gone else "nothing", " → "]
    parts += [[shown(come[0])] if come else "nothing"]
    return phrase(*parts)


def _rolls(changes: Iterable[Changed]) -> Iterator[Item]:
    """By cause, since one ConfigMap may roll many."""
    by_cause: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for change in changes:
        verb = "runs again" if change.after.type.endswith(":Job") else "rolls"
        if change.after.type.endswith(":StatefulSet"):
            verb = "restarts"
        name = f"{short_type(change.after.type)} {change.after.name}"
        by_cause[verb, *change.because].append(name)
    for (verb, *causes), found in by_cause.items():
        yield Item(phrase(*names(found, most=12), f" {verb}: new content of ", *names(causes)))


def _renamed(diff: PlanDiff) -> Iterator[Item]:
    """Families, each by the resource on top."""
    types = {each.old: _types(each.old) for each in diff.renamed}
    known = set(types.values())
    tops = [each for each in diff.renamed if not known.intersection(_above(types[each.old]))]
    alike: dict[tuple[bool, str], list[Phrase]] = defaultdict(list)
    for each in tops:
        pair = phrase([last_part(each.old)], " → ", [last_part(each.new)])
        alike[each.alias, types[each.old]].append(pair)
    for (alias, _), pairs in alike.items():
        manner = "and Pulumi knows it" if alias else "it seems, but Pulumi does not know it"
        for pair in pairs[:MOST_PAIRS]:
            yield Item(phrase(*pair, f", {manner}"))
        if len(pairs) > MOST_PAIRS:
            yield Item(phrase(f"{len(pairs) - MOST_PAIRS} more of this type, {manner}"))


def _above(types: str) -> Iterator[str]:
    """The types of each resource that one with these types stands below."""
    while "$" in types:
        types = types.rpartition("$")[0]
        yield types


def _types(urn: str) -> str:
    return parsed.types if (parsed := parse_urn(urn)) else urn


def _reordered(diff: PlanDiff) -> Iterator[Item]:
    for each in diff.reordered:
        parts: list[Part] = [[last_part(each.urn)]]
        if each.gained:
            parts += [" now waits for ", *names([last_part(urn) for urn in each.gained])]
        if each.lost:
            parts += [" and" if each.gained else "", " no longer waits for "]
            parts += names([last_part(urn) for urn in each.lost])
        yield Item(phrase(*parts))
