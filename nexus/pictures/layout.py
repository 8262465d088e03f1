"""Where everything lies in the picture of the tiers.

Every tier is a band, in which its waves run from left to right. All bands share their columns, so
lines run in the channels between columns and in the gaps between rows, and cross no box. Lines
from one service share a lane there, and read as one trunk with branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count
from math import ceil
from typing import NamedTuple

import networkx as nx

from catalog import Catalog, Order
from catalog.errors import counted
from graph.dependencies import service_edges
from graph.order import starts_after, waves_by_tier
from nexus.pictures.flowchart import OUTSIDE

WIDTH = 900.0
"""Width of the picture in its own units; GitHub shows a README about this wide."""

COLUMNS, MARGIN, PAD, BAND_GAP, COLUMN_GAP, ROW_GAP = 6, 12.0, 13.0, 9.0, 15.0, 13.0
HEADER, TIER_HEADER = 30.0, 44.0
"""Room for a title of one line, and for a tier's of two, which stay beside the channels."""

BOX_WIDTH = (WIDTH - 2 * MARGIN - 2 * PAD - (COLUMNS - 1) * COLUMN_GAP) / COLUMNS
BOX_HEIGHT, CHIP_HEIGHT, CHIP_GAP, STRIPE = 29.0, 21.0, 5.0, 3.5
COLUMN_STEP, ROW_STEP = BOX_WIDTH + COLUMN_GAP, BOX_HEIGHT + ROW_GAP
NAME_WIDTH = BOX_WIDTH - 2 * STRIPE
INSET, MARK_ROOM, KEY_ROOM = 7.0, 11.0, 2.0
"""Room on both sides of a chip's text, and in front of it for a mark or a domain's colour."""

CAPTION_LINE = 16.0
FONT_SIZE, LEADING, ADVANCE = 9.7, 1.14, 0.61
"""Usual size of a name, and a line's height and a character's width over it; the usual monospaced
fonts have 0.55 to 0.602."""

LANE = 2.6
"""Usual distance of two lanes; less where many share a channel."""

MOST_SWAPPED, MOST_CALLS = 60, 60
"""Services of a wave whose places are tried out, by the square of their number; calls drawn."""

Pair = tuple[str, str]
Point = Sequence[float]


class Box(NamedTuple):
    """A rectangle: upper left corner, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right side's x."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower side's y."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """The centre."""
        return self.x + self.width / 2, self.y + self.height / 2


class Band(NamedTuple):
    """A tier, or what is outside of the platform; `lines` says whether lines may cross it."""

    title: str
    note: str
    box: Box
    lines: bool


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything lies: boxes by name, and of each (source, target) the way of its line."""

    bands: Sequence[Band]
    resources: Mapping[str, Box]
    services: Mapping[str, Box]
    external: Mapping[str, Box]
    domains: Mapping[str, Box]
    lines: Mapping[Pair, Sequence[Point]]
    caption: float


def drawn_pairs(catalog: Catalog) -> list[Pair]:
    """Its lines, sorted: reduced startup edges, from what starts first; else calls, if not many."""
    after = starts_after(catalog)
    pairs = [(target, source) for source, targets in after.items() for target in targets]
    calls = [(edge.source, edge.target) for edge in service_edges(catalog, Order.RUNTIME)]
    return sorted(pairs or (calls if len(calls) <= MOST_CALLS else []))


def layout(catalog: Catalog) -> Layout:
    """Where everything lies in the picture of a checked catalog."""
    pairs = drawn_pairs(catalog)
    bands: list[Band] = []
    top = MARGIN

    def band(title: str, note: str, held: Iterable[Box], *, lines: bool = False) -> None:
        nonlocal top
        height = max(box.bottom for box in held) + PAD - top
        bands.append(Band(title, note, Box(MARGIN, top, WIDTH - 2 * MARGIN, height), lines))
        top += height + BAND_GAP

    windows = {each.name: f"{each.starts_at}–{each.ends_at} s · " for each in catalog.tiers}
    gates_first = sorted(catalog.resources.values(), key=lambda each: (not each.gate, each.name))
    resources = _chips([each.name for each in gates_first], top + HEADER, MARK_ROOM)
    if resources:
        note = windows[catalog.first_tier] + counted(len(resources), "platform resource")
        band(catalog.first_tier.capitalize(), note, resources.values())
    waves: list[dict[str, Box]] = []
    for tier, names in waves_by_tier(catalog).items():
        placed = list(_waves(names, top + TIER_HEADER))
        boxes = [box for wave in placed for box in wave.values()]
        if boxes:
            note = windows[tier] + counted(len(boxes), "service")
            band(tier.capitalize(), note, boxes, lines=True)
        waves += placed
    services = _arranged(waves, pairs)
    external = _chips([*catalog.external], top + HEADER)
    if external:
        band(OUTSIDE, counted(len(external), "external API"), external.values())
    domains = _chips(catalog.domains, top, KEY_ROOM)
    return Layout(
        bands=bands,
        resources=resources,
        services=services,
        external=external,
        domains=domains,
        lines=_lines(pairs, services),
        caption=max((box.bottom for box in domains.values()), default=top) + CAPTION_LINE + 2,
    )


def _chips(names: Sequence[str], top: float, room: float = 0) -> Mapping[str, Box]:
    """A box for each name, side by side from `top` on, continued on a new row where needed."""
    placed: dict[str, Box] = {}
    x, y, right = MARGIN + PAD, top, WIDTH - MARGIN - PAD
    for name in names:
        width = min(text_width(name) + room + 2 * INSET, right - MARGIN - PAD)
        if placed and x + width > right:
            x, y = MARGIN + PAD, y + CHIP_HEIGHT + CHIP_GAP
        placed[name] = Box(x, y, width, CHIP_HEIGHT)
        x += width + CHIP_GAP
    return placed


def _waves(waves: Sequence[Sequence[str]], top: float) -> Iterator[dict[str, Box]]:
    """A box for each service of a tier, in as few rows as can be; further waves go below."""
    for start in range(0, len(waves), COLUMNS):
        sizes = [len(wave) for wave in waves[start : start + COLUMNS]]
        rows = next(n for n in count(1) if sum(ceil(size / n) for size in sizes) <= COLUMNS)
        left = MARGIN + PAD
        for names in waves[start : start + COLUMNS]:
            columns = ceil(len(names) / rows)
            yield {
                name: Box(left + column * COLUMN_STEP, top + row * ROW_STEP, BOX_WIDTH, BOX_HEIGHT)
                for index, name in enumerate(names)
                for row, column in [divmod(index, columns)]
            }
            left += columns * COLUMN_STEP
        top += rows * ROW_STEP


def _arranged(waves: Iterable[Mapping[str, Box]], pairs: Iterable[Pair]) -> Mapping[str, Box]:
    """Each service's box: those of a wave change places as long as that shortens their lines."""
    at = {name: box for wave in waves for name, box in wave.items()}
    near: nx.Graph[str] = nx.Graph(pairs)
    near.add_nodes_from(at)

    def length(*names: str) -> float:
        # On its way down a line crosses those that run sideways, so that counts twice.
        return sum(
            abs(at[name].x - at[other].x) + 2 * abs(at[name].y - at[other].y)
            for name in names
            for other in near[name]
        )

    swapped = True
    while swapped:
        swapped = False
        for wave in waves:
            for one, other in combinations(wave if len(wave) <= MOST_SWAPPED else (), 2):
                before = length(one, other)
                at[one], at[other] = at[other], at[one]
                if length(one, other) < before - 0.01:
                    swapped = True
                else:
                    at[one], at[other] = at[other], at[one]
    return dict(sorted(at.items()))


def _lines(pairs: Iterable[Pair], boxes: Mapping[str, Box]) -> Mapping[Pair, Sequence[Point]]:
    """The way of each line, with lanes of different services side by side."""
    ways = {pair: _way(boxes[pair[0]], boxes[pair[1]]) for pair in pairs}
    # A channel is passed last and from y to y, a gap before it and from x to x.
    for axis, room in ((0, COLUMN_GAP), (1, ROW_GAP)):
        shared: dict[float, dict[str, list[list[float]]]] = {}
        for (source, _), way in ways.items():
            if len(way) > 3 + axis:
                points = way[-3 - axis : -1 - axis]
                shared.setdefault(points[0][axis], {}).setdefault(source, []).extend(points)
        for sources in shared.values():
            lanes = _lanes({s: [p[1 - axis] for p in ps] for s, ps in sources.items()}, room - 6)
            for source, points in sources.items():
                for point in points:
                    point[axis] += lanes[source]
    return ways


def _way(start: Box, end: Box) -> list[list[float]]:
    """From box to box through the middle of a channel, and of a gap if that is not beside both."""
    (x, y), channel = start.middle, end.x - COLUMN_GAP / 2
    if abs(channel - COLUMN_GAP / 2 - start.right) < 1:
        way = [[start.right, y], [channel, y]]
    else:
        gap = start.bottom + ROW_GAP / 2
        way = [[x, start.bottom], [x, gap], [channel, gap]]
    return [*way, [channel, end.middle[1]], [end.x, end.middle[1]]]


def _lanes(runs: Mapping[str, Sequence[float]], room: float) -> Mapping[str, float]:
    """Offset of each source from the middle of a gap or channel; a lane is taken again once free.

    `runs`: where along it each source's lines come and go. `room`: between the outermost lanes.
    """
    lane_of: dict[str, int] = {}
    ends: list[float] = []
    for source, run in sorted(runs.items(), key=lambda item: (min(item[1]), max(item[1]), item[0])):
        free = next((lane for lane, end in enumerate(ends) if end < min(run) - 2), len(ends))
        ends[free : free + 1] = [max(run)]
        lane_of[source] = free
    step = min(LANE, room / max(len(ends) - 1, 1))
    return {source: (lane - (len(ends) - 1) / 2) * step for source, lane in lane_of.items()}


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Width of `text` in the monospaced font."""
    return len(text) * size * ADVANCE


def fitted(name: str) -> tuple[Sequence[str], float]:
    """`name` in one line or two that fit into a service's box, and the font size that lets them.

    A line breaks behind a hyphen alone, near the middle: half a word is another word. What does
    not fit is written smaller.
    """
    breaks = [at for at in range(1, len(name)) if name[at - 1] == "-"]
    if text_width(name) <= NAME_WIDTH or not breaks:
        lines = [name]
    else:
        middle = min(breaks, key=lambda at: max(at, len(name) - at))
        lines = [name[:middle], name[middle:]]
    return lines, min(FONT_SIZE, NAME_WIDTH / ADVANCE / max(map(len, lines)))
