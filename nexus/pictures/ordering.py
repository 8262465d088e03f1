"""Orders the services of each wave so that lines are short and few of them cross."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import dist

from nexus.pictures.frame import Frame
from nexus.pictures.grid import Block, placed

SWEEPS = 8
"""Barycentric sweeps; more of them changed nothing for 43 and for 430 services."""

MAX_SWAPPED = 30
"""Largest wave in which pairs are tried out; the effort grows with its square."""

Point = tuple[float, float]
Neighbours = Mapping[str, tuple[str, ...]]


def ordered(grid: Sequence[Block], neighbours: Neighbours, frame: Frame) -> tuple[Block, ...]:
    """The same blocks with their names in a better order; the slots stay.

    Sorting each wave by the barycentre of its neighbours, up and down a few
    times, is the usual heuristic; swaps of pairs then shorten the lines. The
    result depends on nothing but the arguments.
    """
    best = current = tuple(grid)
    for sweep in range(SWEEPS):
        current = _swept(current, neighbours, frame, downwards=sweep % 2 == 0)
        if _length(current, neighbours, frame) < _length(best, neighbours, frame):
            best = current
    return _swapped(best, neighbours, frame)


def _points(grid: Iterable[Block], frame: Frame) -> dict[str, Point]:
    return {name: frame.box(slot).middle for name, slot in placed(tuple(grid)).items()}


def _length(grid: Sequence[Block], neighbours: Neighbours, frame: Frame) -> float:
    points = _points(grid, frame)
    return sum(dist(points[name], points[other]) for name in points for other in neighbours[name])


def _swept(
    grid: tuple[Block, ...], neighbours: Neighbours, frame: Frame, *, downwards: bool
) -> tuple[Block, ...]:
    blocks = list(grid)
    points = _points(blocks, frame)
    indexes = range(len(blocks)) if downwards else reversed(range(len(blocks)))
    for index in indexes:
        block = blocks[index]

        def barycentre(name: str) -> Point:
            near = [points[other] for other in neighbours[name]] or [points[name]]
            return sum(x for x, _ in near) / len(near), sum(y for _, y in near) / len(near)

        blocks[index] = replace(block, names=_sorted_into_rows(block, barycentre))
        points.update(_points([blocks[index]], frame))
    return tuple(blocks)


def _sorted_into_rows(block: Block, barycentre: Callable[[str], Point]) -> tuple[str, ...]:
    """Names from top to bottom by y, and in each row from left to right by x."""
    by_y = sorted(block.names, key=lambda name: (round(barycentre(name)[1], 3), name))
    names: list[str] = []
    for start in range(0, len(by_y), block.columns):
        row = by_y[start : start + block.columns]
        names += sorted(row, key=lambda name: (round(barycentre(name)[0], 3), name))
    return tuple(names)


def _swapped(grid: tuple[Block, ...], neighbours: Neighbours, frame: Frame) -> tuple[Block, ...]:
    """Swaps pairs inside a wave as long as that shortens the lines."""
    points = _points(grid, frame)

    def length(*names: str) -> float:
        return sum(
            dist(points[name], points[other]) for name in names for other in neighbours[name]
        )

    blocks = list(grid)
    improved = True
    while improved:
        improved = False
        for index, block in enumerate(blocks):
            names = list(block.names)
            if len(names) > MAX_SWAPPED:
                continue
            for one, other in combinations(range(len(names)), 2):
                first, second = names[one], names[other]
                before = length(first, second)
                points[first], points[second] = points[second], points[first]
                if length(first, second) < before - 0.01:
                    names[one], names[other] = second, first
                    improved = True
                else:
                    points[first], points[second] = points[second], points[first]
            blocks[index] = replace(block, names=tuple(names))
    return tuple(blocks)
