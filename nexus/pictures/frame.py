"""Coordinates of the picture: where bands, rows and columns lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from nexus.pictures.grid import COLUMNS, Slot

WIDTH = 900.0
"""Width of the picture; GitHub shows a README about this wide."""

MARGIN = 12.0
PAD = 13.0
COLUMN_GAP = 15.0
ROW_GAP = 13.0
BOX_WIDTH = (WIDTH - 2 * MARGIN - 2 * PAD - (COLUMNS - 1) * COLUMN_GAP) / COLUMNS
BOX_HEIGHT = 29.0
HEADER = 30.0
"""Room for a title of one line."""

TIER_HEADER = 44.0
"""Room for a tier's title, whose two lines stay beside the channels: lines run there."""

BAND_GAP = 9.0


@dataclass(frozen=True)
class Box:
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
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Frame:
    """The service tiers as bands, one under the other.

    Args:
        top: y of the first band.
        rows: number of rows of each band.
    """

    top: float
    rows: Sequence[int]

    def band(self, index: int) -> Box:
        """The rectangle of a tier."""
        heights = [_band_height(rows) + BAND_GAP for rows in self.rows]
        tops = list(accumulate(heights, initial=self.top))
        return Box(MARGIN, tops[index], WIDTH - 2 * MARGIN, heights[index] - BAND_GAP)

    def box(self, slot: Slot) -> Box:
        """The rectangle of a service."""
        return Box(
            MARGIN + PAD + slot.column * (BOX_WIDTH + COLUMN_GAP),
            self.band(slot.band).y + TIER_HEADER + slot.row * (BOX_HEIGHT + ROW_GAP),
            BOX_WIDTH,
            BOX_HEIGHT,
        )

    @property
    def bottom(self) -> float:
        """The last band's lower side."""
        return self.band(len(self.rows) - 1).bottom if self.rows else self.top


def _band_height(rows: int) -> float:
    return TIER_HEADER + rows * BOX_HEIGHT + max(rows - 1, 0) * ROW_GAP + PAD
