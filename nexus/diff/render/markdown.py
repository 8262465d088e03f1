"""A report as a comment on a pull request, in GitHub's Markdown.

Whatever is foreign stands in a code span: nothing in there is a mention, a reference, a
link, an image, HTML or markup, and one span cannot be left, for it holds no backtick
and no line break. There are no foreign words in headings, tables and HTML.
"""

from __future__ import annotations

from collections.abc import Iterator

from nexus.diff.outline import COLUMNS, Outline, Section, outline
from nexus.diff.report import Report
from nexus.diff.resource_words import Item
from nexus.diff.wording import LONGEST_PART, Phrase, visible

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


def as_markdown(report: Report, longest: int = LONGEST) -> str:
    """The report as a comment: summary first, details folded, cut where a section ends.

    Args:
        report: what there is to tell.
        longest: bytes that it may have, at least 2,000.
    """
    found = outline(report)
    head = "\n".join(_head(report, found))
    blocks: list[str] = []
    left = longest - len(head.encode()) - len(_FOOTER.encode()) - 400
    omitted = 0
    for section in found.sections:
        block = _section(section, min(left, LONGEST_SECTION))
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


def _head(report: Report, found: Outline) -> Iterator[str]:
    yield MARKER
    yield f"## Nexus plan: {found.headline.lower()}"
    yield ""
    yield f"{code(report.base)} → {code(report.head)}"
    if found.rows:
        yield ""
        yield f"| {' | '.join(COLUMNS)} |"
        yield f"| {' | '.join(['---', *['---:'] * (len(COLUMNS) - 1)])} |"
        for row in found.rows[:30]:
            # A stack's name holds no pipe; a code span keeps one with dots from being a link.
            yield f"| {' | '.join([code(row[0]).replace('|', ''), *row[1:]])} |"
    for note in found.notes[:10]:
        yield ""
        yield f"> {note}"


def _section(section: Section, left: int) -> str | None:
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
