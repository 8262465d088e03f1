"""A rollout as a Gantt chart in SVG: when each service starts, and when it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from nexus.pictures.svg import BAND, INK, LINE, PAPER, QUIET_INK

BAR, CRITICAL = "#2563eb", "#dc2626"
"""Of a service that may take longer, and of one that delays all."""

ROW, NAME, WIDTH, TOP, FONT = 18, 230, 720, 46, 11
"""Height of a row, widths of names and of the chart, room above, and size of letters, in pixels."""

LABEL = 64
"""Room behind the last bar, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row: what it is, when it runs, in seconds, and how much longer it may take."""

    name: str
    start: float
    end: float
    slack: float


def as_gantt(title: str, groups: Mapping[str, Sequence[Bar]]) -> str:
    """The bars in groups, in their order, below an axis in seconds; red ones delay all."""
    end = max((bar.end for bars in groups.values() for bar in bars), default=0.0) or 1.0
    rows = sum(len(bars) + 1 for bars in groups.values())
    height, width = TOP + rows * ROW + 8, NAME + WIDTH + LABEL
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}" '
        f'font-family="Helvetica,Arial,sans-serif" font-size="{FONT}" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        f'<text x="8" y="18" font-size="13" font-weight="600">{escape(title)}</text>',
        f'<text x="{width - 8}" y="18" text-anchor="end" fill="{QUIET_INK}">'
        "red: a delay delays all; grey: how much later it may end</text>",
        *_axis(end, height),
        *_rows(groups, end),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _axis(end: float, height: int) -> Iterator[str]:
    step = next(each for each in _STEPS if end / each <= _MOST_TICKS)
    for number in range(int(end // step) + 1):
        x = _x(number * step, end)
        yield f'<path d="M{x:g} {TOP - 6}V{height - 8}" stroke="{LINE}"/>'
        yield (
            f'<text x="{x:g}" y="{TOP - 10}" text-anchor="middle" fill="{QUIET_INK}">'
            f"{number * step:g} s</text>"
        )


_STEPS = tuple(scale * each for scale in (1, 10, 100, 1000, 10_000, 10**6) for each in (1, 2, 5))
_MOST_TICKS = 12


def _rows(groups: Mapping[str, Sequence[Bar]], end: float) -> Iterator[str]:
    y = TOP
    for group, bars in groups.items():
        yield f'<rect y="{y}" width="{NAME + WIDTH + LABEL}" height="{ROW}" fill="{BAND}"/>'
        yield f'<text x="8" y="{y + 13}" font-weight="600">{escape(group)}</text>'
        y += ROW
        for bar in bars:
            x, color = _x(bar.start, end), CRITICAL if bar.slack <= 0 else BAR
            wide = max(_x(bar.end, end) - x, 1.5)
            told = f"{bar.name}: {bar.start:g} to {bar.end:g} s, slack {bar.slack:g} s"
            yield f"<g><title>{escape(told)}</title>"
            yield f'<text x="20" y="{y + 13}">{escape(bar.name)}</text>'
            if bar.slack > 0:
                latest = min(_x(bar.end + bar.slack, end), NAME + WIDTH)
                yield (
                    f'<rect x="{x + wide:g}" y="{y + 8}" width="{latest - x - wide:g}" '
                    f'height="2" fill="{LINE}"/>'
                )
            yield (
                f'<rect x="{x:g}" y="{y + 4}" width="{wide:g}" height="{ROW - 8}" rx="2" '
                f'fill="{color}"/></g>'
            )
            y += ROW


def _x(seconds: float, end: float) -> float:
    return round(NAME + WIDTH * seconds / end, 1)
