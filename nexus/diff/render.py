"""A report written down: as a comment on a pull request, for a terminal and for scripts.

In GitHub's Markdown, whatever is foreign stands in a code span: nothing in there is a mention, a
reference, a link, an image, HTML or markup, and one span cannot be left, for it holds no backtick
and no line break. There are no foreign words in headings, tables and HTML. In a terminal it
cannot move the cursor or colour anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nexus.diff.catalog_diff import CatalogDiff
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.compare import ABSENT, Changed, PropertyChange
from nexus.diff.outline import COLUMNS, Item, Section, headline, row, sections
from nexus.diff.report import ExitCode, Report, StackReport
from nexus.diff.wording import LONGEST_PART, Phrase, plain, visible
from nexus.pulumi.resource import Resource

MARKER = "<!-- nexus-diff -->"
"""First line, by which a workflow finds its comment again."""

LONGEST = 60_000
"""Bytes of a comment. GitHub refuses more than 65,536 characters; bytes are never fewer."""

LONGEST_SECTION = 25_000
"""Bytes of one section, so that a long one leaves room for those after it."""

_FOOTER = (
    "<sub>Planned without credentials: what providers fill in, secret values and what runs today "
    "are not known here. 'Possibly replaced' follows a table of properties.</sub>"
)

_STYLES = {
    ExitCode.NONE: "bold green",
    ExitCode.UNREADABLE: "bold red",
    ExitCode.CHANGES: "bold yellow",
    ExitCode.DANGEROUS: "bold red",
}

VERSION = 1


def as_markdown(report: Report, longest: int = LONGEST) -> str:
    """The report as a comment: summary first, details folded, cut where a section ends.

    It has at most `longest` bytes, which are at least 2,000.
    """
    head = "\n".join(_head(report))
    blocks: list[str] = []
    left = longest - len(head.encode()) - len(_FOOTER.encode()) - 400
    omitted = 0
    for section in sections(report):
        block = _block(section, min(left, LONGEST_SECTION))
        if block is None:
            omitted += 1
            continue
        blocks.append(block)
        left -= len(block.encode()) + 2
    if omitted:
        blocks.append(
            f"_{omitted} more section{'s' if omitted > 1 else ''} did not fit into a comment; "
            "`nexus diff` shows all._"
        )
    return "\n\n".join([head, *blocks, _FOOTER]) + "\n"


def code(text: str, longest: int = LONGEST_PART) -> str:
    """`text` as a code span: one line, no backtick, never empty."""
    safe = visible(text, longest).replace("`", "\\u{60}").strip()
    return f"`{safe}`" if safe else "(empty)"


def _head(report: Report) -> Iterator[str]:
    yield MARKER
    yield f"## Nexus plan: {headline(report).lower()}"
    yield ""
    yield f"{code(report.base)} → {code(report.head)}"
    if report.stacks:
        yield ""
        yield f"| {' | '.join(COLUMNS)} |"
        yield f"| {' | '.join(['---', *['---:'] * (len(COLUMNS) - 1)])} |"
        for stack in report.stacks[:30]:
            name, *counts = row(stack)
            # A stack's name holds no pipe; a code span keeps one with dots from being a link.
            yield f"| {' | '.join([code(name).replace('|', ''), *counts])} |"
    for note in report.notes[:10]:
        yield ""
        yield f"> {note}"


def _block(section: Section, left: int) -> str | None:
    """The section in at most `left` bytes, the items that do not fit counted; None if none fit."""
    opening, closing = f"### {section.title}\n\n", ""
    if section.alarming:
        opening = f"### ⚠️ {section.title}\n\n"
    if section.folded:
        opening = f"<details>\n<summary>{section.title}</summary>\n\n"
        closing = "\n\n</details>"
    drawn = f"\n\n```mermaid\n{section.picture}\n```" if section.picture else ""
    room = left - len((opening + closing).encode()) - 100
    if drawn and len(drawn.encode()) < room // 2:
        closing = drawn + closing
        room -= len(drawn.encode())
    lines: list[str] = []
    for number, item in enumerate(section.items):
        told = "\n".join(_item(item))
        room -= len(told.encode()) + 1
        if room < 0:
            lines.append(f"- … {len(section.items) - number} more; `nexus diff` shows all")
            break
        lines.append(told)
    if room < 0 and len(lines) < 2:
        return None
    return opening + "\n".join(lines) + closing


def _item(item: Item) -> Iterator[str]:
    yield f"- {_text(item.sentence)}"
    for sentence in item.below:
        yield f"  - {_text(sentence)}"


def _text(sentence: Phrase) -> str:
    return "".join(part if isinstance(part, str) else code(part[0]) for part in sentence)


def print_report(report: Report, console: Console) -> None:
    """Prints the report: the same words as the comment, nothing folded."""
    console.print(Text(headline(report), style=_STYLES[report.exit_code]), end="")
    console.print(Text(f": {visible(report.base)} → {visible(report.head)}"))
    for note in report.notes:
        console.print(Text(visible(note, 500), style="yellow"))
    if report.stacks:
        # Closer together, so that it fits into 80 columns.
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        for position, column in enumerate(COLUMNS):
            side = "left" if position == 0 else "right"
            table.add_column(column, justify=side, overflow="fold")
        for stack in report.stacks:
            table.add_row(*(Text(visible(cell)) for cell in row(stack)))
        console.print(table)
    for section in sections(report):
        _print_section(section, console)


def _print_section(section: Section, console: Console) -> None:
    console.print()
    style = "bold red" if section.alarming else "bold"
    console.print(Text(visible(section.title), style=style))
    for item in section.items:
        console.print(_line("  ", item.sentence), soft_wrap=True)
        for sentence in item.below:
            console.print(_line("      ", sentence), soft_wrap=True)


def _line(indent: str, sentence: Phrase) -> Text:
    text = Text(indent)
    for part in sentence:
        if isinstance(part, str):
            text.append(part)
        else:
            text.append(visible(part[0], LONGEST_PART), style="cyan")
    return text


def as_json(report: Report) -> str:
    """The report for scripts, in ASCII; docs/pull-requests.md says what each key holds.

    Its shape is a promise: keys are added, never changed.
    """
    document = {
        "version": VERSION,
        "base": report.base,
        "head": report.head,
        "verdict": report.exit_code.name.lower(),
        "exit_code": int(report.exit_code),
        "notes": list(report.notes),
        "catalog": None if report.catalog is None else _catalog(report.catalog),
        "stacks": [_stack(stack) for stack in report.stacks],
    }
    return json.dumps(document, indent=2) + "\n"


def _catalog(diff: CatalogDiff) -> dict[str, Any]:
    return {
        "sentences": [plain(sentence) for sentence in catalog_sentences(diff)],
        "added": dict(diff.added),
        "removed": dict(diff.removed),
        "renamed": [
            {"from": each.former, "to": each.name, "data": each.data_name} for each in diff.renamed
        ],
        "look_renamed": [{"from": e.former, "to": e.name} for e in diff.look_renamed],
        "data_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.data],
        "tier_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.tiers],
        "domain_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.domains],
        "server_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.servers],
        "edges_added": [[edge.source, edge.target] for edge in diff.edges_added],
        "edges_removed": [[edge.source, edge.target] for edge in diff.edges_removed],
        "edges_changed": [
            {
                "source": after.source,
                "target": after.target,
                "order": [before.order, after.order],
                "fallback": [before.fallback, after.fallback],
            }
            for before, after in diff.edges_changed
        ],
        "api_changes": [
            {
                "service": each.service,
                "version": each.version,
                "before": None if each.before is None else each.before.document(),
                "after": None if each.after is None else each.after.document(),
                "broken": each.broken or None,
            }
            for each in diff.apis
        ],
        "flows_changed": [flow.name for flow in diff.flows],
        "flows_touched": list(diff.flows_touched),
        "longest_chain": {"before": list(diff.chain_before), "after": list(diff.chain_after)},
        "steps": {"before": diff.waves_before, "after": diff.waves_after},
        "earlier": list(diff.earlier),
        "later": list(diff.later),
        "blast_radius": {"down": list(diff.blast.down), "degraded": list(diff.blast.degraded)},
    }


def _stack(stack: StackReport) -> dict[str, Any]:
    diff = stack.diff
    return {
        "stack": stack.stack,
        "status": str(stack.status),
        "note": stack.note or None,
        "errors": [{"side": side, "lines": list(said)} for side, said in stack.errors.items()],
        "dangers": [
            {"urn": each.urn, "kind": str(each.danger), "reason": plain(each.reason)}
            for each in diff.warned
        ],
        "added": [_identity(each) for each in diff.added],
        "removed": [_identity(each) for each in diff.removed],
        "changed": [_change(each) for each in diff.changed],
        "replaced": [_change(each) for each in diff.replaced],
        "renamed": [{"from": r.old, "to": r.new, "alias": r.alias} for r in diff.renamed],
        "reordered": [
            {"urn": each.urn, "gained": list(each.gained), "lost": list(each.lost)}
            for each in diff.reordered
        ],
    }


def _identity(resource: Resource) -> dict[str, str]:
    return {"urn": resource.urn, "type": resource.type, "name": resource.name}


def _change(change: Changed) -> dict[str, Any]:
    return {
        **_identity(change.after),
        "properties": [_property(each) for each in change.properties],
        "options": [_property(each) for each in change.options],
        "replacing": list(change.replacing),
        "harmless": change.harmless,
        "config": list(change.because),
    }


def _property(change: PropertyChange) -> dict[str, Any]:
    document: dict[str, Any] = {"path": change.path, "kind": change.kind}
    if change.old is not ABSENT:
        document["old"] = change.old
    if change.new is not ABSENT:
        document["new"] = change.new
    return document
