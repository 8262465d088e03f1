"""A report as an outline: what every format for people says, in the same words and order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import counted
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.compare import ABSENT, Changed, PropertyChange
from nexus.diff.plan_diff import PlanDiff, Reordered
from nexus.diff.renames import Renamed
from nexus.diff.report import ExitCode, Report, StackReport, Status
from nexus.diff.risks import Danger
from nexus.diff.secrecy import HIDDEN
from nexus.diff.wording import Phrase, Words, names, phrase, shown
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import last_part, parse_urn, short_type

COLUMNS = (
    "stack",
    "added",
    "changed",
    "config",
    "possibly replaced",
    "removed",
    "renamed",
    "reordered",
    "dangerous",
)
"""Of the table of counts. `config`: new content of ConfigMaps and Secrets, and what it rolls."""


MOST_PROPERTIES = 20
"""Properties of one resource that are told; the JSON report has all."""

MOST_PAIRS = 5
"""Renamed resources of one type that are told."""


@dataclass(frozen=True)
class Item:
    """A sentence, and further ones that belong below it."""

    sentence: Phrase
    below: tuple[Phrase, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the outline, perhaps with a picture for Mermaid to draw.

    What is folded is a detail, to be opened by who wants it; what is alarming is marked.
    """

    title: str
    items: tuple[Item, ...]
    picture: str | None = None
    folded: bool = False
    alarming: bool = False


_HEADLINES = {
    ExitCode.NONE: "No changes",
    ExitCode.UNREADABLE: "Not everything could be compared",
    ExitCode.CHANGES: "Changes",
    ExitCode.DANGEROUS: "Dangerous changes",
}


def headline(report: Report) -> str:
    """What the comparison comes to."""
    return _HEADLINES[report.exit_code]


def row(stack: StackReport) -> tuple[str, ...]:
    """A stack's row in the table of counts."""
    diff = stack.diff
    if stack.status in (Status.GONE, Status.UNREADABLE):
        mark = "?" if stack.status is Status.UNREADABLE else "-"
        return (stack.stack, *(mark,) * (len(COLUMNS) - 1))
    counts = (
        len(diff.added),
        sum(not each.is_routine for each in diff.changed),
        sum(each.is_routine for each in (*diff.changed, *diff.replaced)),
        sum(not each.is_routine for each in diff.replaced),
        len(diff.removed),
        len(diff.renamed),
        len(diff.reordered),
        len(diff.warned),
    )
    return (stack.stack, *map(str, counts))


def sections(report: Report) -> Iterator[Section]:
    """The report in the order in which it is read: danger, catalog, details."""
    dangers = tuple(_dangers(report))
    if dangers:
        yield Section(title="Dangerous: look at these first", items=dangers, alarming=True)
    odd = tuple(_odd(report))
    if odd:
        yield Section(title="Stacks", items=odd)
    catalog = tuple(_catalog(report))
    if catalog:
        title = "What changes in the catalog"
        if report.catalog is None or report.catalog.is_empty:
            title = "The catalog stays as it is"
        yield Section(title=title, items=catalog, picture=report.picture)
    for stack in report.stacks:
        for title, items in _resources(stack.diff):
            yield Section(title=f"{stack.stack}: {title}", items=items, folded=True)


def _odd(report: Report) -> Iterator[Item]:
    """What to know of single stacks. What a wrong catalog makes all programs say is said once."""
    alike: dict[tuple[str, tuple[Phrase, ...]], list[str]] = {}
    for stack in report.stacks:
        if stack.errors:
            alike.setdefault((stack.note, tuple(_errors(stack))), []).append(stack.stack)
        elif stack.note:
            yield Item(phrase([stack.stack], f": {stack.note}"))
    for (note, errors), stacks in alike.items():
        yield Item(phrase(*names(stacks), f": {note}"), errors)


def _errors(stack: StackReport) -> Iterator[Phrase]:
    said = stack.errors
    if len(set(said.values())) == 1:
        said = {"": next(iter(said.values()))}
    for side, lines in said.items():
        for line in lines:
            yield phrase(f"{side}: " if side else "", [line])


def _dangers(report: Report) -> Iterator[Item]:
    """The same danger of several resources or in several stacks is said once."""
    for change in () if report.catalog is None else report.catalog.apis:
        if change.broken:
            yield Item(
                phrase("API ", [change.version], " of ", [change.service], f" {change.broken}")
            )
    alike: dict[tuple[Danger, str, Phrase], tuple[dict[str, None], dict[str, None]]] = {}
    for stack in report.stacks:
        for warned in stack.diff.warned:
            urn = parse_urn(warned.urn)
            type_, name = ("?", warned.urn) if urn is None else (short_type(urn.types), urn.name)
            stacks, every = alike.setdefault((warned.danger, type_, warned.reason), ({}, {}))
            stacks[stack.stack] = every[name] = None
    for (danger, type_, reason), (stacks, every) in alike.items():
        what: list[Words] = [(f"{type_} {next(iter(every))}",)]
        if len(every) > 1:
            what = [f"{len(every)} × ", (type_,), " (", *names(every), ")"]
        yield Item(phrase(*names(stacks), f" {danger}: ", *what, ": ", *reason))


def _catalog(report: Report) -> Iterator[Item]:
    if report.catalog is None:
        return
    for sentence in catalog_sentences(report.catalog):
        yield Item(sentence)
    if report.touched:
        yield Item(
            phrase(
                f"{counted(len(report.touched), 'workload')} "
                f"change{'s' if len(report.touched) == 1 else ''} by more than configuration: ",
                *names(report.touched),
            )
        )
        blast = report.touched_blast
        if blast.down or blast.degraded:
            extra = f", {len(blast.degraded)} degraded" if blast.degraded else ""
            yield Item(
                phrase(
                    f"While {'it is' if len(report.touched) == 1 else 'they are'} down: "
                    f"{counted(len(blast.down), 'other service')} down{extra}",
                    ": " if blast.down else "",
                    *names(blast.down),
                )
            )


def _resources(diff: PlanDiff) -> Iterator[tuple[str, tuple[Item, ...]]]:
    """Title and items of every group of a stack's resources that has any, the gravest first."""
    rolls = [each for each in (*diff.changed, *diff.replaced) if each.because]
    changed = [each for each in diff.changed if not each.because]
    replaced = [each for each in diff.replaced if not each.because]
    lost = [each for each in replaced if not each.harmless]
    renewed = [each for each in replaced if each.harmless]
    for title, found, items in (
        ("removed", diff.removed, _listed(diff.removed)),
        ("possibly replaced", lost, _changes(lost)),
        ("replaced by a new object under another name", renewed, _changes(renewed)),
        ("changed", changed, _changes(changed)),
        ("rolls because its config changed", rolls, _rolls(rolls)),
        ("renamed", diff.renamed, _renamed(diff.renamed)),
        ("added", diff.added, _listed(diff.added)),
        ("dependencies", diff.reordered, _reordered(diff.reordered)),
    ):
        if found:
            # How many resources it is about, which is not how many lines it has.
            yield f"{title} ({len(found)})", tuple(items)


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
    parts: list[Words] = [
        f"{counted(max(len(gone), len(come)), 'line')} from line {start + 1} on, "
    ]
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


def _renamed(renamed: Iterable[Renamed]) -> Iterator[Item]:
    """Families, each by the resource on top."""
    types = {each.old: _types(each.old) for each in renamed}
    known = set(types.values())
    tops = [each for each in renamed if not known.intersection(_above(types[each.old]))]
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


def _reordered(reordered: Iterable[Reordered]) -> Iterator[Item]:
    for each in reordered:
        parts: list[Words] = [[last_part(each.urn)]]
        if each.gained:
            parts += [" now waits for ", *names([last_part(urn) for urn in each.gained])]
        if each.lost:
            parts += [" and" if each.gained else "", " no longer waits for "]
            parts += names([last_part(urn) for urn in each.lost])
        yield Item(phrase(*parts))
