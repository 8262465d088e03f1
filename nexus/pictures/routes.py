"""Lines between boxes: through the gaps between rows and the channels between columns.

All lines from one service share a lane in every gap and channel, so that they
read as one trunk with branches; lanes of different services lie side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nexus.pictures.frame import COLUMN_GAP, ROW_GAP, Frame
from nexus.pictures.grid import Slot

LANE = 2.6
"""Usual distance of two lanes; less where many share a channel."""

RADIUS = 5.0
"""Radius of the rounded corners."""

ARROW = 4.0
"""Length of an arrow head."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Route:
    """A line from `source` (what starts first) to `target` (what starts after it)."""

    source: str
    target: str
    path: str
    end: Point


@dataclass(frozen=True)
class _Run:
    """A straight part of a line in a gap or channel, from `low` to `high` along it."""

    where: tuple[str, float]
    source: str
    low: float
    high: float


def routes(
    pairs: Iterable[tuple[str, str]], slots: Mapping[str, Slot], frame: Frame
) -> list[Route]:
    """A line for every (source, target)."""
    pairs = sorted(pairs)
    lanes = _lanes([run for pair in pairs for run in _runs(*pair, slots, frame)])
    return [_route(*pair, slots, frame, lanes) for pair in pairs]


def _adjacent(source: Slot, target: Slot) -> bool:
    """Whether only one channel lies between the two."""
    same_line = (source.band, source.line) == (target.band, target.line)
    return same_line and target.column == source.column + 1


def _runs(source: str, target: str, slots: Mapping[str, Slot], frame: Frame) -> Iterable[_Run]:
    start, end = frame.box(slots[source]), frame.box(slots[target])
    channel = ("channel", end.x)
    if _adjacent(slots[source], slots[target]):
        ys = (start.middle[1], end.middle[1])
        yield _Run(channel, source, min(ys), max(ys))
    else:
        ys = (start.bottom, end.middle[1])
        yield _Run(channel, source, min(ys), max(ys))
        xs = (start.middle[0], end.x)
        yield _Run(("gap", start.bottom), source, min(xs), max(xs))


def _lanes(runs: Iterable[_Run]) -> Mapping[tuple[tuple[str, float], str], float]:
    """Offset from the middle, by gap or channel and source; lanes are taken again once free."""
    spans: dict[tuple[str, float], dict[str, tuple[float, float]]] = {}
    for run in runs:
        span = spans.setdefault(run.where, {})
        low, high = span.get(run.source, (run.low, run.high))
        span[run.source] = (min(low, run.low), max(high, run.high))
    offsets: dict[tuple[tuple[str, float], str], float] = {}
    for where, span in spans.items():
        lane_of: dict[str, int] = {}
        ends: list[float] = []
        for source, (low, high) in sorted(span.items(), key=lambda item: (item[1], item[0])):
            free = next((lane for lane, end in enumerate(ends) if end < low - 2), len(ends))
            ends[free : free + 1] = [high]
            lane_of[source] = free
        room = (COLUMN_GAP if where[0] == "channel" else ROW_GAP) - 6
        step = min(LANE, room / max(len(ends) - 1, 1))
        for source, lane in lane_of.items():
            offsets[where, source] = (lane - (len(ends) - 1) / 2) * step
    return offsets


def _route(
    source: str,
    target: str,
    slots: Mapping[str, Slot],
    frame: Frame,
    lanes: Mapping[tuple[tuple[str, float], str], float],
) -> Route:
    start, end = frame.box(slots[source]), frame.box(slots[target])
    channel = end.x - COLUMN_GAP / 2 + lanes[("channel", end.x), source]
    arrival = (end.x, end.middle[1])
    if _adjacent(slots[source], slots[target]):
        departure = (start.right, start.middle[1])
        points = [departure, (channel, departure[1]), (channel, arrival[1]), arrival]
    else:
        departure = (start.middle[0], start.bottom)
        gap = start.bottom + ROW_GAP / 2 + lanes[("gap", start.bottom), source]
        points = [
            departure,
            (departure[0], gap),
            (channel, gap),
            (channel, arrival[1]),
            arrival,
        ]
    points[-1] = (arrival[0] - ARROW + 0.5, arrival[1])
    return Route(source, target, _rounded(points), arrival)


def _rounded(points: list[Point]) -> str:
    """An SVG path along `points` with rounded corners."""
    parts = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        entry, exit_ = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{_at(entry)}Q{_at(corner)} {_at(exit_)}")
    parts.append(f"L{_at(points[-1])}")
    return "".join(parts)


def _towards(corner: Point, other: Point) -> Point:
    """The point a radius away from `corner` towards `other`, or half way if that is nearer."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy))
    share = min(RADIUS, length / 2) / length if length else 0
    return corner[0] + dx * share, corner[1] + dy * share


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
