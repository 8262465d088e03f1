"""A report as an outline: what every format for people says, in the same words and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diff.catalog_words import catalog_sentences
from diff.phrase import Phrase, names, phrase
from diff.report import ExitCode, Report, StackReport, Status
from diff.resource_words import Item, resource_groups
from diff.text import counted
from diff.urn import last_part

COLUMNS = (
    "stack", "added", "changed", "possibly replaced", "removed", "renamed", "reordered", "dangerous"
)  # fmt: skip


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
        return (stack.stack, *("?" if stack.status is Status.UNREADABLE else "-",) * 7)
    parts = (diff.added, diff.changed, diff.replaced, diff.removed)
    more = (diff.renamed, diff.reordered, diff.warned)
    return (stack.stack, *(str(len(part)) for part in (*parts, *more)))


def _sections(report: Report) -> Iterator[Section]:
    dangers = tuple(_dangers(report))
    if dangers:
        yield Section(title="Dangerous: look at these first", items=dangers, alarming=True)
    odd = tuple(
        Item(phrase([stack.stack], f": {stack.note}")) for stack in report.stacks if stack.note
    )
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


def _dangers(report: Report) -> Iterator[Item]:
    """The same danger in several stacks is said once."""
    found: dict[tuple[str, Phrase], list[str]] = {}
    keys: dict[tuple[str, Phrase], Phrase] = {}
    for stack in report.stacks:
        for warned in stack.diff.warned:
            told = phrase(f"{warned.danger}: ", [last_part(warned.urn)], ": ", *warned.reason)
            key = (str(warned.danger), told)
            keys[key] = told
            found.setdefault(key, []).append(stack.stack)
    for key, stacks in found.items():
        yield Item(phrase(*names(stacks), " ", *keys[key]))


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
            extra = f", {len(blast.degraded)} more with a fallback" if blast.degraded else ""
            yield Item(
                phrase(
                    f"Who needs {'it' if len(report.touched) == 1 else 'them'}, directly or "
                    f"through others: {counted(len(blast.down), 'service')}{extra}",
                    ": " if blast.down else "",
                    *names(blast.down),
                )
            )
