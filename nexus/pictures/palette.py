"""Colours of the domains."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping

INK = "#1e293b"
QUIET_INK = "#64748b"
LINE = "#cbd5e1"
PAPER = "#ffffff"
BAND = "#f8fafc"

_FIRST = (
    "#7c3aed",
    "#2563eb",
    "#d97706",
    "#0d9488",
    "#db2777",
    "#dc2626",
    "#65a30d",
    "#475569",
    "#0891b2",
    "#713f12",
    "#c026d3",
    "#16a34a",
)
"""Told apart by hue on white, and dark enough for lines; chosen by hand."""

_GOLDEN_ANGLE = 0.381966
"""Share of the circle between hues, so that any number of them spreads evenly."""


def domain_colours(domains: Iterable[str]) -> Mapping[str, str]:
    """A colour for each domain, by the place of its name in the alphabet."""
    return {domain: _colour(index) for index, domain in enumerate(sorted(domains))}


def _colour(index: int) -> str:
    if index < len(_FIRST):
        return _FIRST[index]
    return _hex(*colorsys.hls_to_rgb(index * _GOLDEN_ANGLE % 1, 0.42, 0.6))


def tint(colour: str, share: float) -> str:
    """`colour` mixed into white: 0 is white, 1 the colour."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return _hex(*(1 - share * (1 - part) for part in parts))


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
