"""A picture of the tiers as SVG, with a layout of our own: the same bytes for the same catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from catalog import Catalog, Order
from graph.dependencies import service_edges
from graph.impact import Impact
from nexus.pictures.chips import INSET, MARK_ROOM, Chip
from nexus.pictures.frame import BOX_WIDTH, MARGIN, PAD, WIDTH, Box
from nexus.pictures.labels import FONT_SIZE, LEADING, fitted
from nexus.pictures.look import FAILED, Look, outage_look, plain_look
from nexus.pictures.marks import SIZE, mark, marks, marks_of_gates
from nexus.pictures.palette import BAND, INK, LINE, PAPER, QUIET_INK, domain_colours, tint
from nexus.pictures.routes import ARROW, Route
from nexus.pictures.scene import CAPTION_LINE, Band, scene

STRIPE = 3.5
NAME_WIDTH = BOX_WIDTH - 2 * STRIPE
"""Room for one line of a name in a box."""

_STYLE = (
    "text{font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif;"
    f"font-size:11px;fill:{INK}}}"
    ".n{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    f"font-size:{FONT_SIZE}px}}"
    ".t{font-size:13px;font-weight:600}"
    f".q{{font-weight:400;font-size:11px;fill:{QUIET_INK}}}"
    f".i{{fill:{PAPER}}}"
    f".h{{paint-order:stroke;stroke:{BAND};stroke-width:5px;stroke-linejoin:round}}"
    ".e{fill:none;stroke-width:1.2;stroke-opacity:.7}"
    "g:hover>.e{stroke-width:2.6;stroke-opacity:1}"
)


def as_svg(catalog: Catalog) -> str:
    """Tiers as bands in startup order, services as boxes by wave and coloured by domain.

    Lines are the reduced startup edges, from what starts first to what starts
    after it; dashed ones are calls, where there are no such edges. What a service
    needs and calls at run time is in its title, which browsers show under the pointer.
    """
    return "\n".join(_elements(catalog, plain_look(catalog))) + "\n"


def impact_as_svg(catalog: Catalog, found: Impact) -> str:
    """The same picture during an outage: who is failed, down or degraded stands out."""
    return "\n".join(_elements(catalog, outage_look(found))) + "\n"


def _elements(catalog: Catalog, look: Look) -> Iterator[str]:
    picture = scene(catalog)
    colours = domain_colours(catalog.domains)
    size = f'width="{WIDTH:g}" height="{picture.height:g}"'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {WIDTH:g} {picture.height:g}" role="img">'
    )
    yield f"<title>{escape(look.title)}</title>"
    yield f"<style>{_STYLE}</style>"
    yield (
        f'<rect x=".5" y=".5" width="{WIDTH - 1:g}" height="{picture.height - 1:g}" rx="8" '
        f'fill="{PAPER}" stroke="{LINE}"/>'
    )
    for band in picture.bands:
        yield _panel(band)
    startup = {(e.source, e.target) for e in service_edges(catalog, Order.STARTUP)}
    for route in picture.routes:
        calls = (route.target, route.source) not in startup
        line = _line(route, colours[catalog.services[route.source].domain], calls=calls)
        yield _faded(line, look, route.source, route.target)
    for band in picture.bands:
        yield _heading(band)
    own_marks = marks_of_gates(catalog)
    for chip in picture.resources:
        drawn = _chip(chip, catalog.resources[chip.name].summary, look, mark_of=own_marks)
        yield _faded(drawn, look, chip.name)
    for name, box in picture.services.items():
        drawn = _service(catalog, name, box, colours[catalog.services[name].domain], look)
        yield _faded("\n".join(drawn), look, name)
    for chip in picture.external:
        yield _faded(_chip(chip, catalog.external[chip.name].summary, look), look, chip.name)
    for chip in picture.domains:
        yield _key(chip, colours[chip.name])
    for number, text in enumerate(look.caption):
        yield _text(text, MARGIN + PAD, picture.caption + number * CAPTION_LINE, "q")
    yield "</svg>"


def _faded(drawn: str, look: Look, *names: str) -> str:
    """Something as drawn, or pale if what it belongs to does not stand out."""
    return f'<g opacity=".45">{drawn}</g>' if look.is_faded(*names) else drawn


def _panel(band: Band) -> str:
    dash = ' stroke-dasharray="4 3"' if band.outside else ""
    fill = PAPER if band.outside else BAND
    return f'<rect {_at(band.box)} rx="7" fill="{fill}" stroke="{LINE}"{dash}/>'


def _heading(band: Band) -> str:
    """Title of a band, with a halo that keeps lines away from the letters."""
    x, y = band.box.x + PAD, band.box.y + 17
    title = escape(band.title)
    place = f'x="{x:g}" dy="13"' if band.narrow else 'dx="8"'
    note = f'<tspan class="q" {place}>{escape(band.note)}</tspan>'
    return f'<text class="t h" x="{x:g}" y="{y:g}">{title}{note}</text>'


def _line(route: Route, colour: str, *, calls: bool) -> str:
    x, y = route.end
    dash = ' stroke-dasharray="4 2.5"' if calls else ""
    title = f"{route.target} starts after {route.source}"
    if calls:
        title = f"{route.source} calls {route.target} at run time"
    arrow = f"M{x:.1f} {y:.1f}l{-ARROW - 1:g} -2.8v5.6z"
    return (
        f"<g><title>{title}</title>"
        f'<path class="e" d="{route.path}" stroke="{colour}"{dash}/>'
        f'<path d="{arrow}" fill="{colour}"/></g>'
    )


def _service(catalog: Catalog, name: str, box: Box, colour: str, look: Look) -> Iterator[str]:
    fill = look.fills.get(name, tint(colour, 0.1))
    yield f"<g><title>{escape(_description(catalog, name))}</title>"
    yield f'<rect {_at(box)} rx="4" fill="{fill}" stroke="{tint(colour, 0.55)}"/>'
    yield (
        f'<path d="M{box.x + STRIPE:.1f} {box.y:.1f}h-1a{STRIPE - 1} {STRIPE - 1} 0 0 0 '
        f"-{STRIPE - 1} {STRIPE - 1}V{box.bottom - STRIPE + 1:.1f}a{STRIPE - 1} {STRIPE - 1} "
        f'0 0 0 {STRIPE - 1} {STRIPE - 1}h1z" fill="{colour}"/>'
    )
    lines, font = fitted(name, NAME_WIDTH, box.height)
    first = box.middle[1] - (len(lines) - 1) * font * LEADING / 2 + font * 0.34
    for number, line in enumerate(lines):
        style = "n i" if fill == FAILED else "n"
        y = first + number * font * LEADING
        yield _text(line, box.x + STRIPE + 3, y, style, None if font == FONT_SIZE else font)
    x = box.right - 3 * SIZE
    for template in reversed(list(marks(catalog, name))):
        yield mark(template, x, box.bottom)
        x -= 3.2 * SIZE
    calls = len(_called(catalog, name))
    if calls:
        yield _pill(str(calls), box)
    yield "</g>"


def _pill(text: str, box: Box) -> str:
    width = 8 + 5.2 * len(text)
    x, y = box.right - width - 5, box.y - 8
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="12" rx="6" fill="{PAPER}" '
        f'stroke="{QUIET_INK}" stroke-dasharray="2 1.6"/>'
        f'<text x="{x + width / 2:.1f}" y="{y + 9:.1f}" text-anchor="middle" '
        f'style="font-size:8.5px">{text}</text>'
    )


def _called(catalog: Catalog, name: str) -> list[str]:
    return [
        edge.target
        for edge in catalog.needs(name)
        if edge.order is Order.RUNTIME and edge.target in catalog.services
    ]


def _description(catalog: Catalog, name: str) -> str:
    service = catalog.services[name]
    startup = [edge.target for edge in catalog.needs(name) if edge.order is Order.STARTUP]
    runtime = [edge.target for edge in catalog.needs(name) if edge.order is Order.RUNTIME]
    parts = [f"{name} ({service.domain}): {service.summary}."]
    if startup:
        parts.append(f"Starts after {', '.join(startup)}.")
    if runtime:
        parts.append(f"Calls {', '.join(runtime)} at run time.")
    return " ".join(parts)


def _chip(chip: Chip, summary: str, look: Look, mark_of: Mapping[str, str] | None = None) -> str:
    box, fill = chip.box, look.fills.get(chip.name, PAPER)
    ink = " i" if fill == FAILED else ""
    room = 0.0 if mark_of is None else MARK_ROOM
    sign = (
        "" if mark_of is None else mark(mark_of.get(chip.name), box.x + INSET + SIZE, box.middle[1])
    )
    weight = ' font-weight="600"' if mark_of is not None and chip.name in mark_of else ""
    return (
        f"<g><title>{escape(f'{chip.name}: {summary}')}</title>"
        f'<rect {_at(box)} rx="{box.height / 2:g}" fill="{fill}" stroke="{LINE}"/>{sign}'
        f'<text class="n{ink}"{weight} x="{box.x + INSET + room:.1f}" '
        f'y="{box.middle[1] + 3.4:.1f}">{chip.name}</text></g>'
    )


def _key(chip: Chip, colour: str) -> str:
    x, y = chip.box.x, chip.box.middle[1]
    return (
        f'<rect x="{x:.1f}" y="{y - 5:.1f}" width="10" height="10" rx="2.5" fill="{colour}"/>'
        f"{_text(chip.name, x + 14, y + 3.4, 'n')}"
    )


def _text(text: str, x: float, y: float, style: str, font: float | None = None) -> str:
    size = "" if font is None else f' style="font-size:{font:.1f}px"'
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{size}>{escape(text)}</text>'


def _at(box: Box) -> str:
    return f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
