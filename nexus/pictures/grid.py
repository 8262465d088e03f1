"""Slots for services: every tier is a band of columns, waves run from left to right in it.

All bands share the same columns, so that the channels between columns run
through the whole picture and lines can follow them without crossing a box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

COLUMNS = 6


@dataclass(frozen=True)
class Slot:
    """Place of one service, counted from 0.

    Args:
        band: index of the tier.
        line: a tier with more waves than columns goes on in another line.
        column: column of the picture.
        row: row of the tier, counted through its lines.
    """

    band: int
    line: int
    column: int
    row: int


@dataclass(frozen=True)
class Block:
    """A wave's slots, row by row."""

    names: tuple[str, ...]
    slots: tuple[Slot, ...]
    columns: int


def blocks(waves: Sequence[Sequence[str]], band: int) -> Iterator[Block]:
    """A block per wave of one tier."""
    top = 0
    for line, part in enumerate(_lines(waves)):
        shares = _shares([len(wave) for wave in part])
        left = 0
        for wave, columns in zip(part, shares, strict=True):
            slots = tuple(
                Slot(band, line, left + index % columns, top + index // columns)
                for index in range(len(wave))
            )
            yield Block(tuple(wave), slots, columns)
            left += columns
        top += max(ceil(len(wave) / columns) for wave, columns in zip(part, shares, strict=True))


def _lines(waves: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    for start in range(0, len(waves), COLUMNS):
        yield waves[start : start + COLUMNS]


def _shares(sizes: Sequence[int]) -> list[int]:
    """Columns of each wave: as few as make the tallest wave as low as it can be."""
    shares = [1] * len(sizes)
    while sum(shares) < COLUMNS:
        heights = [ceil(size / share) for size, share in zip(sizes, shares, strict=True)]
        tallest = heights.index(max(heights))
        if heights[tallest] == 1:
            break
        shares[tallest] += 1
    return _without_surplus(sizes, shares)


def _without_surplus(sizes: Sequence[int], shares: list[int]) -> list[int]:
    height = max(ceil(size / share) for size, share in zip(sizes, shares, strict=True))
    return [ceil(size / height) for size in sizes]


def placed(grid: Sequence[Block]) -> Mapping[str, Slot]:
    """The slot of every service."""
    return {
        name: slot for block in grid for name, slot in zip(block.names, block.slots, strict=True)
    }
