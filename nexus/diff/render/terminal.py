"""A report for a terminal: the same words as the comment, nothing folded."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nexus.diff.outline import COLUMNS, Section, outline
from nexus.diff.report import ExitCode, Report
from nexus.diff.wording import LONGEST_PART, Phrase, visible

_STYLES = {
    ExitCode.NONE: "bold green",
    ExitCode.UNREADABLE: "bold red",
    ExitCode.CHANGES: "bold yellow",
    ExitCode.DANGEROUS: "bold red",
}


def print_report(report: Report, console: Console) -> None:
    """Prints the report. Foreign text cannot move the cursor or colour anything."""
    found = outline(report)
    console.print(Text(found.headline, style=_STYLES[report.exit_code]), end="")
    console.print(Text(f": {visible(report.base)} → {visible(report.head)}"))
    for note in found.notes:
        console.print(Text(visible(note, 500), style="yellow"))
    if found.rows:
        # Closer together, so that it fits into 80 columns.
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        for position, column in enumerate(COLUMNS):
            side = "left" if position == 0 else "right"
            table.add_column(column, justify=side, overflow="fold")
        for row in found.rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        console.print(table)
    for section in found.sections:
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
