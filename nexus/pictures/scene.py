"""Where everything in the picture lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog import Catalog, Order, Tier
from catalog.wording import counted
from graph.dependencies import service_edges
from graph.order import starts_after, waves_by_tier
from nexus.pictures.chips import Chip, band_around, chips
from nexus.pictures.frame import BAND_GAP, HEADER, MARGIN, Box, Frame
from nexus.pictures.grid import Block, blocks, placed
from nexus.pictures.groups import OUTSIDE
from nexus.pictures.ordering import ordered
from nexus.pictures.routes import Route, routes

CAPTION_LINE = 16.0
KEY_ROOM = 2.0
"""Room for the coloured square of a domain, beside the room around its name."""

CAPTION_LINES = 2

MOST_CALLS = 60
"""Calls at run time that are drawn; more would hide the boxes' order and each other."""


@dataclass(frozen=True)
class Band:
    """A tier, or what is outside the platform.

    Args:
        title: name of the tier.
        note: its window and how much it holds.
        box: its rectangle.
        outside: whether it is no part of the platform.
        narrow: whether its title has to stay in the first column, for lines cross the band.
    """

    title: str
    note: str
    box: Box
    outside: bool = False
    narrow: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All parts of the picture, in its own units.

    Args:
        bands: infrastructure, the tiers that hold services, and the outside; those alone
            that hold anything.
        resources: platform resources, in the first band.
        services: rectangle of each service, by name.
        external: external APIs, in the last band.
        domains: the legend's entry of each domain.
        routes: lines of the reduced startup edges, or of calls where there are none.
        caption: y of the first line of the caption.
        height: height of the picture.
    """

    bands: tuple[Band, ...]
    resources: tuple[Chip, ...]
    services: Mapping[str, Box]
    external: tuple[Chip, ...]
    domains: tuple[Chip, ...]
    routes: tuple[Route, ...]
    caption: float
    height: float


def scene(catalog: Catalog) -> Scene:
    """The picture of a checked catalog."""
    pairs = drawn_pairs(catalog)
    tiers = {tier: waves for tier, waves in waves_by_tier(catalog).items() if waves}

    gates_first = sorted(catalog.resources.values(), key=lambda it: (not it.gate, it.name))
    resources = chips([resource.name for resource in gates_first], MARGIN + HEADER)
    ground = band_around(MARGIN, resources)
    top = ground.bottom + BAND_GAP if resources else MARGIN
    grid = [block for band, waves in enumerate(tiers.values()) for block in blocks(waves, band)]
    frame = Frame(top, _rows(grid, len(tiers)))
    slots = placed(ordered(grid, _neighbours(catalog, pairs), frame))
    external = chips(tuple(catalog.external), frame.bottom + BAND_GAP + HEADER, room=0)
    outside = band_around(frame.bottom + BAND_GAP, external)
    bottom = outside.bottom if external else frame.bottom
    domains = chips(catalog.domains, bottom + BAND_GAP, room=KEY_ROOM)
    caption = max((chip.box.bottom for chip in domains), default=bottom) + CAPTION_LINE + 2
    bands = [
        _band(catalog, tier, sum(map(len, waves)), "service", frame.band(index), narrow=True)
        for index, (tier, waves) in enumerate(tiers.items())
    ]
    if resources:
        infrastructure = Tier.INFRASTRUCTURE
        first = _band(catalog, infrastructure, len(resources), "platform resource", ground)
        bands.insert(0, first)
    if external:
        note = counted(len(external), "external API")
        bands.append(Band(OUTSIDE, note, outside, outside=True))
    return Scene(
        bands=tuple(bands),
        resources=resources,
        services={name: frame.box(slot) for name, slot in sorted(slots.items())},
        external=external,
        domains=domains,
        routes=tuple(routes(pairs, slots, frame)),
        caption=caption,
        height=caption + (CAPTION_LINES - 1) * CAPTION_LINE + MARGIN,
    )


def drawn_pairs(catalog: Catalog) -> list[tuple[str, str]]:
    """From where to where the picture has a line.

    The reduced startup edges, from what starts first. Where there are none, who calls whom,
    up to a number that can be read.
    """
    after = starts_after(catalog)
    pairs = [(target, source) for source, targets in after.items() for target in targets]
    if pairs:
        return pairs
    calls = [(edge.source, edge.target) for edge in service_edges(catalog, Order.RUNTIME)]
    return calls if len(calls) <= MOST_CALLS else []


def _band(
    catalog: Catalog, tier: Tier, number: int, noun: str, box: Box, *, narrow: bool = False
) -> Band:
    window = next(window for window in catalog.windows if window.tier is tier)
    note = f"{window.starts_at}–{window.ends_at} s · {counted(number, noun)}"
    return Band(tier.capitalize(), note, box, narrow=narrow)


def _rows(grid: Sequence[Block], bands: int) -> list[int]:
    return [
        1 + max(slot.row for block in grid for slot in block.slots if slot.band == band)
        for band in range(bands)
    ]


def _neighbours(
    catalog: Catalog, pairs: Sequence[tuple[str, str]]
) -> Mapping[str, tuple[str, ...]]:
    near: dict[str, list[str]] = {name: [] for name in catalog.services}
    for source, target in pairs:
        near[source].append(target)
        near[target].append(source)
    return {name: tuple(sorted(others)) for name, others in near.items()}
