"""Small signs for the platform resources a service needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog import Catalog
from nexus.pictures.palette import INK, PAPER

SIZE = 3.4
"""Half the width of a mark."""

_SHAPES = (
    "M{l} {y}A{s} {s} 0 1 0 {r} {y}A{s} {s} 0 1 0 {l} {y}Z",
    "M{l} {t}H{r}V{b}H{l}Z",
    "M{x} {T}L{R} {y}L{x} {B}L{L} {y}Z",
    "M{x} {T}L{R} {b}H{L}Z",
)
"""Circle, square, diamond, triangle."""

OTHER = "other"
"""Mark of every resource without one of its own."""


def marks_of_gates(catalog: Catalog) -> Mapping[str, str]:
    """Path template of each resource that the infrastructure tier waits for.

    The first four have a mark of their own, which their dedicated servers share; others
    share the open circle.
    """
    gates = [name for name, resource in catalog.resources.items() if resource.gate]
    shapes = dict(zip(gates, _SHAPES, strict=False))
    return {
        name: shapes[catalog.base(name)]
        for name in catalog.resources
        if catalog.base(name) in shapes
    }


def mark(template: str | None, x: float, y: float) -> str:
    """A mark centred at `x`, `y`; an open circle for None."""
    s, d = SIZE, SIZE * 1.3
    small = SIZE * 0.88
    numbers = {
        "x": x,
        "y": y,
        "s": s,
        "l": x - (s if template == _SHAPES[0] or template is None else small),
        "r": x + (s if template == _SHAPES[0] or template is None else small),
        "t": y - small,
        "b": y + small,
        "L": x - d,
        "R": x + d,
        "T": y - d,
        "B": y + d,
    }
    path = (template or _SHAPES[0]).format(**{key: f"{n:.1f}" for key, n in numbers.items()})
    fill, stroke = (PAPER, INK) if template is None else (INK, PAPER)
    return f'<path d="{path}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'


def marks(catalog: Catalog, service: str) -> Iterable[str | None]:
    """Templates of what a service needs: one for each gate, one None for all other resources."""
    own = marks_of_gates(catalog)
    targets = [edge.target for edge in catalog.needs(service) if edge.target in catalog.resources]
    found: list[str | None] = [own[target] for target in targets if target in own]
    return [*found, None] if any(target not in own for target in targets) else found
