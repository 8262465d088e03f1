"""A picture of the tiers as SVG: the same bytes for the same catalog."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import chain, count
from math import dist

from catalog import Catalog, Order
from catalog.errors import counted
from graph.dependencies import service_edges
from nexus.pictures import layout
from nexus.pictures.flowchart import OUTSIDE
from nexus.pictures.layout import Box, Point

INK, QUIET_INK, LINE, PAPER, BAND = "#1e293b", "#64748b", "#cbd5e1", "#ffffff", "#f8fafc"
FAILED, DOWN, DEGRADED = "#7f1d1d", "#fca5a5", "#fde68a"
"""Fill of a node that failed, of one that is down because of it, and of one that is degraded."""

_DOMAINS = (
    *("#7c3aed", "#2563eb", "#d97706", "#0d9488", "#db2777", "#dc2626"),
    *("#65a30d", "#475569", "#0891b2", "#713f12", "#c026d3", "#16a34a"),
)
"""Told apart by hue on white, and dark enough for lines; chosen by hand."""

_CIRCLE = "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z"
_MARKS = (_CIRCLE, "M-3-3h6v6h-6z", "M0-4.4l4.4 4.4l-4.4 4.4l-4.4-4.4z", "M0-4.4l4.4 7.4h-8.8z")
"""Signs of the first gates and their dedicated servers; others share an open circle."""

_STRIPE = f"M3.5 0h-1a2.5 2.5 0 0 0-2.5 2.5v{layout.BOX_HEIGHT - 5:g}a2.5 2.5 0 0 0 2.5 2.5h1z"
RADIUS, ARROW = 5.0, 4.0
"""Radius of a line's corners, and length of its head."""

_STYLE = (
    "text{font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif;"
    f"font-size:11px;fill:{INK}}}"
    ".n{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    f"font-size:{layout.FONT_SIZE}px}}"
    ".t{font-size:13px;font-weight:600}.b{font-weight:600}"
    f".q{{font-weight:400;font-size:11px;fill:{QUIET_INK}}}.i{{fill:{PAPER}}}"
    f".h{{paint-order:stroke;stroke:{BAND};stroke-width:5px;stroke-linejoin:round}}"
    ".e{fill:none;stroke-width:1.2;stroke-opacity:.7}"
    "g:hover>.e{stroke-width:2.6;stroke-opacity:1}.m{stroke-width:1.2}"
    f".c{{fill:{PAPER};stroke:{QUIET_INK};stroke-dasharray:2 1.6}}"
    ".p{font-size:8.5px;text-anchor:middle}"
)


def as_svg(catalog: Catalog) -> str:
    """Tiers as bands in startup order, services as boxes by wave and coloured by domain.

    Lines are the reduced startup edges; dashed ones are calls, where there are no such edges.
    A service's title, which browsers show under the pointer, says what it needs and calls.
    """
    pairs = layout.drawn_pairs(catalog)
    startup = len(service_edges(catalog, Order.STARTUP))
    lines = "No service starts after another."
    if startup:
        edges = f"{len(pairs)} of {counted(startup, 'startup edge')}"
        lines = f"A line leads from a service to those that start after it ({edges})."
    elif pairs:
        lines += " A dashed line leads from a service to those it calls."
    calls = counted(len(service_edges(catalog, Order.RUNTIME)), "runtime edge")
    caption = (
        f"Tiers start from top to bottom, the waves of a tier from left to right. {lines}",
        "Signs are the platform resources a service needs, a dashed number the services it "
        f"calls at run time without waiting ({calls} between services).",
    )
    return drawn(catalog, "Tiers and startup order of the platform", caption, {})


def drawn(catalog: Catalog, title: str, caption: Sequence[str], fills: Mapping[str, str]) -> str:
    """The picture of a checked catalog, with a title for who cannot see it.

    `fills` has the colour of the nodes that stand out, by name; all others then step back.
    """
    picture = layout.layout(catalog)
    height = f"{picture.caption + layout.CAPTION_LINE + layout.MARGIN:g}"
    frame = Box(0.5, 0.5, layout.WIDTH - 1, float(height) - 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.WIDTH:g}" height="{height}" '
        f'viewBox="0 0 {layout.WIDTH:g} {height}" role="img">',
        _tag("title", escape(title)),
        _tag("style", _STYLE),
        _tag("rect", **frame._asdict(), rx=8, fill=PAPER, stroke=LINE),
        *_parts(catalog, picture, fills),
    ]
    x = layout.MARGIN + layout.PAD
    for y, text in zip(count(picture.caption, layout.CAPTION_LINE), caption, strict=False):
        lines.append(_tag("text", escape(text), class_="q", x=x, y=y))
    return "\n".join((*lines, "</svg>", ""))


def _parts(catalog: Catalog, picture: layout.Layout, fills: Mapping[str, str]) -> Iterator[str]:
    """Bands first, then lines, then what lies on them."""
    colours = domain_colours(catalog.domains)
    gates = [name for name, resource in catalog.resources.items() if resource.gate]
    mark_of = dict(zip(gates, _MARKS, strict=False))
    marks = {name: mark_of.get(catalog.base(name), "") for name in catalog.resources}
    startup = {(each.target, each.source) for each in service_edges(catalog, Order.STARTUP)}

    def group(title: str, names: Iterable[str], parts: Iterable[str]) -> str:
        pale = fills and not all(name in fills for name in names)
        return _tag("g", _tag("title", escape(title)), *parts, opacity=0.45 if pale else "")

    for band in picture.bands:
        dash, fill = ("4 3", PAPER) if band.title == OUTSIDE else ("", BAND)
        box = band.box._asdict()
        yield _tag("rect", **box, rx=7, stroke=LINE, stroke_dasharray=dash, fill=fill)
    for (source, target), way in picture.lines.items():
        dash, words = "", f"{target} starts after {source}"
        if (source, target) not in startup:
            dash, words = "4 2.5", f"{source} calls {target} at run time"
        line = _line(way, colours[catalog.services[source].domain], dash)
        yield group(words, (source, target), line)
    for band in picture.bands:
        x = band.box.x + layout.PAD
        place = {"x": x, "dy": 13} if band.lines else {"dx": 8}
        note = _tag("tspan", escape(band.note), class_="q", **place)
        yield _tag("text", escape(band.title), note, class_="t h", x=x, y=band.box.y + 17)
    for name, box in {**picture.resources, **picture.external}.items():
        node = catalog.resources.get(name) or catalog.external[name]
        chip = _chip(name, box, fills.get(name), marks.get(name))
        yield group(f"{name}: {node.summary}", [name], chip)
    for name, box in picture.services.items():
        service, needs = catalog.services[name], catalog.needs(name)
        after, calls = ([n.target for n in needs if n.order is order] for order in Order)
        words = f"{name} ({service.domain}): {service.summary}."
        words += f" Starts after {', '.join(after)}." if after else ""
        words += f" Before its pods: {', '.join(service.jobs)}." if service.jobs else ""
        words += f" Calls {', '.join(calls)} at run time." if calls else ""
        found = dict.fromkeys(marks[each.target] for each in needs if each.target in marks)
        signs = sorted(found, key=bool, reverse=True)  # the open circle is the last
        parts = _service(name, box, fills.get(name), colours[service.domain], signs)
        called = sum(each in catalog.services for each in calls)
        pill = _pill(box.right - 5, box.y, str(called), class_="c") if called else ()
        # On the left of that of the calls, with room for three digits.
        jobs = (
            _pill(box.right - 32, box.y, _JOB, fill=PAPER, stroke=QUIET_INK) if service.jobs else ()
        )
        yield group(words, [name], (*parts, *pill, *jobs))
    for name, box in picture.domains.items():
        y = box.middle[1]
        yield _tag("rect", x=box.x, y=y - 5, width=10, height=10, rx=2.5, fill=colours[name])
        yield _tag("text", name, class_="n", x=box.x + 14, y=y + 3.4)


def _line(way: Sequence[Point], colour: str, dash: str) -> Iterator[str]:
    """A line with rounded corners that ends in an arrow."""
    x, y = way[-1]
    points = [*way[:-1], (x - ARROW + 0.5, y)]
    path = f"M{_at(points[0])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path += f"L{_at(_off(corner, before))}Q{_at(corner)} {_at(_off(corner, after))}"
    path += f"L{_at(points[-1])}"
    yield _tag("path", class_="e", d=path, stroke=colour, stroke_dasharray=dash)
    yield _tag("path", d=f"M{_at((x, y))}l{-ARROW - 1:g}-2.8v5.6z", fill=colour)


def _off(corner: Point, other: Point) -> Point:
    """The point a radius away from `corner` towards `other`, or half way if that is nearer."""
    share = min(RADIUS / (dist(corner, other) or 1), 0.5)
    return [near + (far - near) * share for near, far in zip(corner, other, strict=True)]


def _service(name: str, box: Box, fill: str | None, colour: str, signs: list[str]) -> Iterator[str]:
    shade, border = fill or tint(colour, 0.1), tint(colour, 0.55)
    yield _tag("rect", **box._asdict(), rx=4, fill=shade, stroke=border)
    yield _tag("path", transform=f"translate({_at(box[:2])})", d=_STRIPE, fill=colour)
    lines, size = layout.fitted(name)
    style = "" if size == layout.FONT_SIZE else f"font-size:{size:.1f}px"
    y = box.middle[1] - (len(lines) - 1) * size * layout.LEADING / 2 + size * 0.34
    for line in lines:
        yield _tag("text", line, class_=_ink(fill), x=box.x + layout.STRIPE + 3, y=y, style=style)
        y += size * layout.LEADING
    for number, shape in enumerate(reversed(signs)):
        yield _mark(shape, box.right - 10.2 - number * 10.9, box.bottom)


_JOB = "job"
"""What stands on a service that waits for a migration or a task of its own."""


def _pill(right: float, top: float, text: str, **looks: str) -> Iterator[str]:
    """A sign on the upper edge of a box: how many services it calls, or that it has a Job."""
    width = 8 + 5.2 * len(text)
    x, y = right - width, top - 8
    yield _tag("rect", **looks, x=x, y=y, width=width, height=12, rx=6)
    yield _tag("text", text, class_="p", x=x + width / 2, y=y + 9)


def _chip(name: str, box: Box, fill: str | None, mark: str | None = None) -> Iterator[str]:
    x, y = box.x + layout.INSET, box.middle[1]
    yield _tag("rect", **box._asdict(), rx=layout.CHIP_HEIGHT / 2, fill=fill or PAPER, stroke=LINE)
    if mark is not None:
        yield _mark(mark, x + 3.4, y)
        x += layout.MARK_ROOM
    yield _tag("text", name, class_=_ink(fill) + (" b" if mark else ""), x=x, y=y + 3.4)


def _ink(fill: str | None) -> str:
    return "n i" if fill == FAILED else "n"


def _mark(shape: str, x: float, y: float) -> str:
    """The sign of a resource with its middle at `x`, `y`; without a shape an open circle."""
    fill, stroke = (INK, PAPER) if shape else (PAPER, INK)
    place = f"translate({_at((x, y))})"
    return _tag("path", class_="m", transform=place, d=shape or _CIRCLE, fill=fill, stroke=stroke)


def domain_colours(domains: Iterable[str]) -> Mapping[str, str]:
    """A colour for each domain, by the place of its name in the alphabet."""
    # The golden angle, as a share of the circle: any number of further hues spreads evenly.
    hues = (index * 0.381966 % 1 for index in count(len(_DOMAINS)))
    further = (_hex(colorsys.hls_to_rgb(hue, 0.42, 0.6)) for hue in hues)
    return dict(zip(sorted(domains), chain(_DOMAINS, further), strict=False))


def tint(colour: str, share: float) -> str:
    """`colour` mixed into white: 0 is white, 1 the colour."""
    return _hex(1 - share * (1 - part / 255) for part in bytes.fromhex(colour[1:]))


def _hex(parts: Iterable[float]) -> str:
    return "#" + bytes(round(part * 255) for part in parts).hex()


def _tag(name: str, *content: str, **attributes: str | float) -> str:
    """An element; empty attributes are left out, and `class_` stands for `class`."""
    shown = "".join(
        f' {key.strip("_").replace("_", "-")}="{value if isinstance(value, str) else _at([value])}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{shown}>{''.join(content)}</{name}>" if content else f"<{name}{shown}/>"


def _at(point: Point) -> str:
    return " ".join(f"{round(each, 1):g}" for each in point)
