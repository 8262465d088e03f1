"""A Mermaid flowchart that Mermaid draws: a chart cannot raise the limits that it is held to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_EDGES = 500
MOST_TEXT = 50_000
"""Edges and characters of a chart; of a larger one Mermaid shows an error. Whoever embeds Mermaid
may raise both, a chart may not: `maxEdges` and `maxTextSize` are secure keys. GitHub leaves them
as they are. Source: `secure` in packages/mermaid/src/schemas/config.schema.yaml of
https://github.com/mermaid-js/mermaid, version 11."""


@dataclass(frozen=True)
class Chart:
    """A flowchart.

    Args:
        lines: all of it.
        edges: how many of the lines are edges.
        title: what a reader has to know of it; empty if it shows all there is.
    """

    lines: tuple[str, ...]
    edges: int
    title: str = ""

    @property
    def text(self) -> str:
        """What Mermaid reads."""
        front = ("---", f"title: {json.dumps(self.title, ensure_ascii=False)}", "---")
        return "\n".join((*(front if self.title else ()), *self.lines)) + "\n"

    @property
    def is_drawn(self) -> bool:
        """Whether Mermaid draws it."""
        return self.edges <= MOST_EDGES and len(self.text) <= MOST_TEXT


def first_drawn(charts: Iterable[Chart]) -> str:
    """The first chart that Mermaid draws, of several that show less and less; else the last."""
    return next(_until_drawn(charts))


def _until_drawn(charts: Iterable[Chart]) -> Iterator[str]:
    last = ""
    for chart in charts:
        last = chart.text
        if chart.is_drawn:
            yield last
    yield last


def node_id(name: str) -> str:
    """A name that is no keyword of Mermaid; hyphens would be read as parts of arrows."""
    return f"n_{name.replace('-', '_')}"
