"""A report as an outline: what every format for people says, in the same words and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.errors import counted
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.changes import Danger
from nexus.diff.report import ExitCode, Report, StackReport, Status
from nexus.diff.resource_words import Item, resource_groups
from nexus.diff.wording import Part, Phrase, names, phrase
from nexus.pulumi.urn import parse_urn, short_type

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


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the outline.

    Args:
        title: its heading.
        items: what it says.
        picture: Mermaid to draw below it, if any.
        folded: whether it is a detail, to be opened by who wants it.
        alarming: whether it stands first and is marked.
    """

    title: str
    items: tuple[Item, ...]
    picture: str | None = None
    folded: bool = False
    alarming: bool = False


@dataclass(frozen=True, kw_only=True)
class Outline:
    """Headline, one row of counts per stack, then the sections."""

    headline: str
    rows: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


_HEADLINES = {
    ExitCode.NONE: "No changes",
    ExitCode.UNREADABLE: "Not everything could be compared",
    ExitCode.CHANGES: "Changes",
    ExitCode.DANGEROUS: "Dangerous changes",
}


def outline(report: Report) -> Outline:
    """The report in the order in which it is read: danger, catalog, details."""
    return Outline(
        headline=_HEADLINES[report.exit_code],
        rows=tuple(_row(stack) for stack in report.stacks),
        sections=tuple(_sections(report)),
        notes=report.notes,
    )


def _row(stack: StackReport) -> tuple[str, ...]:
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


def _sections(report: Report) -> Iterator[Section]:
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
        for title, items in resource_groups(stack.diff):
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
    stacks: dict[tuple[Danger, str, Phrase], dict[str, None]] = {}
    found: dict[tuple[Danger, str, Phrase], dict[str, None]] = {}
    for stack in report.stacks:
        for warned in stack.diff.warned:
            urn = parse_urn(warned.urn)
            type_, name = ("?", warned.urn) if urn is None else (short_type(urn.types), urn.name)
            key = (warned.danger, type_, warned.reason)
            stacks.setdefault(key, {})[stack.stack] = None
            found.setdefault(key, {})[name] = None
    for key, every in found.items():
        danger, type_, reason = key
        where = names(stacks[key])
        what: list[Part] = [(f"{type_} {next(iter(every))}",)]
        if len(every) > 1:
            what = [f"{len(every)} × ", (type_,), " (", *names(every), ")"]
        yield Item(phrase(*where, f" {danger}: ", *what, ": ", *reason))


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
