"""Rows of small labelled boxes: platform resources, external APIs and the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nexus.pictures.frame import HEADER, MARGIN, PAD, WIDTH, Box
from nexus.pictures.labels import text_width

CHIP_HEIGHT = 21.0
GAP = 5.0
MARK_ROOM = 11.0
"""Room for a mark in front of the text."""

INSET = 7.0
"""Room on both sides of the text."""


@dataclass(frozen=True)
class Chip:
    """A name in a box."""

    name: str
    box: Box


def chips(names: Sequence[str], top: float, room: float = MARK_ROOM) -> tuple[Chip, ...]:
    """A box for each name, side by side from `top` on, continued on a new row where needed."""
    left = MARGIN + PAD
    placed: list[Chip] = []
    x, y = left, top
    for name in names:
        width = min(text_width(name) + room + 2 * INSET, WIDTH - 2 * left)
        if placed and x + width > WIDTH - left:
            x, y = left, y + CHIP_HEIGHT + GAP
        placed.append(Chip(name, Box(x, y, width, CHIP_HEIGHT)))
        x += width + GAP
    return tuple(placed)


def band_around(top: float, content: Sequence[Chip]) -> Box:
    """The band that starts at `top` and holds its title and the chips."""
    bottom = max((chip.box.bottom for chip in content), default=top + HEADER)
    return Box(MARGIN, top, WIDTH - 2 * MARGIN, bottom + PAD - top)
