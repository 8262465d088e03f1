"""The picture of the tiers: nothing overlaps, nothing is cut off, whatever the catalog."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings

from catalog import Catalog, Order, load_catalog
from graph.impact import State, impact
from graph.order import starts_after
from nexus.pictures.impact import impact_as_svg, outage_caption
from nexus.pictures.layout import (
    BOX_HEIGHT,
    BOX_WIDTH,
    FONT_SIZE,
    LEADING,
    MARGIN,
    NAME_WIDTH,
    PAD,
    WIDTH,
    Box,
    Layout,
    fitted,
    layout,
    text_width,
)
from nexus.pictures.svg import DEGRADED, DOWN, FAILED, as_svg, domain_colours, tint
from tests.projects import AT_WORK, ROOT
from tests.random_catalogs import catalog_of, edge, service, sound_catalogs
from tests.synthetic import multiplied

PICTURE = "docs/tiers.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.generated
def test_picture_in_the_repository_is_current() -> None:
    """The README would show last month's platform; see `nexus graph --format svg`."""
    assert (ROOT / PICTURE).read_text(encoding="utf-8") == as_svg(load_catalog(AT_WORK))


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.right
        and other.x < one.right
        and one.y < other.bottom
        and other.y < one.bottom
    )


def inside(inner: Box, outer: Box) -> bool:
    return (
        inner.x >= outer.x
        and inner.right <= outer.right
        and inner.y >= outer.y
        and inner.bottom <= outer.bottom
    )


def assert_tidy(catalog: Catalog, picture: Layout) -> None:
    """Boxes lie apart, each in its own band; bands lie apart in the picture."""
    canvas = Box(0, 0, 900, picture.caption)
    bands = {band.title.lower(): band.box for band in picture.bands}
    assert all(inside(box, canvas) for box in bands.values())
    assert all(upper.bottom <= lower.y for upper, lower in pairwise(bands.values()))
    boxes = list(picture.services.values())
    by_row: dict[float, list[Box]] = {}
    for box in boxes:
        by_row.setdefault(box.y, []).append(box)
    rows = sorted(by_row.items())
    assert all(box.bottom <= y for (_, row), (y, _) in pairwise(rows) for box in row)
    assert not any(overlap(*pair) for row in by_row.values() for pair in combinations(row, 2))
    for name, box in picture.services.items():
        assert inside(box, bands[catalog.services[name].tier])
    for chips, band in (
        (picture.resources, bands.get("infrastructure", canvas)),
        (picture.external, bands.get("outside the platform", canvas)),
        (picture.domains, canvas),
    ):
        assert all(inside(box, band) for box in chips.values())
        assert not any(overlap(*pair) for pair in combinations(chips.values(), 2))
    assert all(box.bottom < picture.caption for box in picture.domains.values())


def assert_lines_avoid_boxes(picture: Layout) -> None:
    """No line runs behind a box: it would seem to start or end there."""
    boxes = list(picture.services.items())
    for (source, target), way in picture.lines.items():
        for (x1, y1), (x2, y2) in pairwise(way):
            low_x, high_x = sorted((x1, x2))
            low_y, high_y = sorted((y1, y2))
            for name, box in boxes:
                if name == source:
                    continue
                crosses = (
                    low_x < box.right - 1
                    and high_x > box.x + 1
                    and low_y < box.bottom - 1
                    and high_y > box.y + 1
                )
                assert not crosses, f"{source} → {target} crosses {name}"


def assert_lines_keep_to_channels(picture: Layout) -> None:
    """Every long straight part runs beside all columns or between all rows."""
    columns = {(box.x, box.right) for box in picture.services.values()}
    rows = {(box.y, box.bottom) for box in picture.services.values()}
    for pair, way in picture.lines.items():
        for (x1, y1), (x2, y2) in pairwise(way):
            if abs(y1 - y2) > 30:
                assert not any(left < x1 < right for left, right in columns), pair
            if abs(x1 - x2) > 30:
                assert not any(top < y1 < bottom for top, bottom in rows), pair


def test_picture_of_the_platform_is_tidy(catalog: Catalog) -> None:
    """The first thing anyone sees of this project."""
    picture = layout(catalog)
    assert_tidy(catalog, picture)
    assert_lines_avoid_boxes(picture)
    assert_lines_keep_to_channels(picture)
    assert len(picture.services) == 43
    assert set(picture.lines) == {
        (target, name) for name, after in starts_after(catalog).items() for target in after
    }
    assert picture.caption < 820


@pytest.mark.parametrize("long_names", [False, True])
@pytest.mark.parametrize("copies", [1, 10])
def test_picture_of_larger_platforms_is_tidy(
    catalog: Catalog, copies: int, long_names: bool
) -> None:
    """With ten times the services the README must not become unreadable."""
    larger = multiplied(catalog, copies, long_names=long_names)
    assert len(larger.services) == 43 * copies
    picture = layout(larger)
    assert_tidy(larger, picture)
    assert_lines_keep_to_channels(picture)


@settings(deadline=None, max_examples=60)
@given(catalog=sound_catalogs())
def test_picture_of_any_platform_is_tidy(catalog: Catalog) -> None:
    """Deep chains and empty tiers have other shapes than the platform's."""
    picture = layout(catalog)
    assert_tidy(catalog, picture)
    assert_lines_avoid_boxes(picture)
    assert_lines_keep_to_channels(picture)
    ET.fromstring(as_svg(catalog))


def test_chain_longer_than_the_picture_is_wide() -> None:
    """A tenth wave must go on in a new line, not out of the picture."""
    names = [f"s{number}" for number in range(20)]
    catalog = catalog_of(
        [service(name) for name in names],
        [edge(after, before) for before, after in pairwise(names)],
    )
    picture = layout(catalog)
    assert_tidy(catalog, picture)
    assert_lines_avoid_boxes(picture)
    assert_lines_keep_to_channels(picture)
    assert len({box.y for box in picture.services.values()}) == 4


@pytest.mark.parametrize("length", [1, 19, 20, 21, 39, 40])
@pytest.mark.parametrize("hyphens", [0, 2, 5])
def test_names_fit_their_boxes(length: int, hyphens: int) -> None:
    """A name that runs out of its box is read as another."""
    name = "".join(
        "-" if hyphens and index and index % hyphens == 0 else "x" for index in range(length)
    )
    lines, size = fitted(name)
    assert "".join(lines) == name
    assert all(text_width(line, size) <= NAME_WIDTH + 1e-9 for line in lines)
    assert len(lines) * size * LEADING <= BOX_HEIGHT + 1e-9
    # Whole words: a line ends behind a hyphen, or where the name does.
    assert all(line.endswith("-") for line in lines[:-1])
    assert size >= (FONT_SIZE if length <= 20 else 9.0 if hyphens else 4.9)


def test_names_break_at_a_hyphen_near_the_middle() -> None:
    """Names broken anywhere are harder to recognise."""
    assert fitted("puabo-nuki-order-processor")[0] == ["puabo-nuki-", "order-processor"]
    assert fitted("a" * 30)[0] == ["a" * 30]
    assert fitted("a-verylongwordindeed-x")[0] == ["a-", "verylongwordindeed-x"]
    assert text_width("ab") == pytest.approx(2 * FONT_SIZE * 0.61)


def test_picture_is_readable_on_any_background(catalog: Catalog) -> None:
    """GitHub shows it on white and on nearly black."""
    root = ET.fromstring(as_svg(catalog))
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.get("fill") == "#ffffff"
    assert float(background.get("width", 0)) == 899
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"


def test_picture_names_everything(catalog: Catalog) -> None:
    """A service that is missing from the picture is missing from people's minds."""
    root = ET.fromstring(as_svg(catalog))
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    for name in (*catalog.services, *catalog.resources, *catalog.external):
        assert any(title.startswith((f"{name} (", f"{name}: ")) for title in titles), name
    assert "billing-service starts after invoice-gen" in titles
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "36" in texts


def test_picture_escapes_what_people_write() -> None:
    """An ampersand in a summary would leave the README without a picture."""
    odd = replace(service("a"), summary='R&D <"x">')
    text = as_svg(catalog_of([odd], []))
    assert "R&amp;D &lt;" in text
    ET.fromstring(text)


def test_colours_differ_for_many_domains() -> None:
    """Two domains of one colour are taken for one."""
    colours = domain_colours([f"d{number:02}" for number in range(30)])
    assert len(set(colours.values())) == 30
    assert all(len(colour) == 7 for colour in colours.values())
    assert tint("#000000", 0) == "#ffffff"
    assert tint("#123456", 1) == "#123456"


def test_picture_does_not_change_from_run_to_run(catalog: Catalog) -> None:
    """The repository's copy would be out of date at random."""
    assert as_svg(catalog) == as_svg(catalog)


@pytest.mark.parametrize("failed", [("redis",), ("ai-service", "maps"), ("glitch",)])
def test_an_outage_stands_out(catalog: Catalog, failed: tuple[str, ...]) -> None:
    """A picture that paints a service that works, or leaves out one that does not, misleads."""
    found = impact(catalog, failed)
    root = ET.fromstring(impact_as_svg(catalog, found))
    fills, pale = {}, set()
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        rect = group.find(f"{SVG}rect")
        if title is not None and rect is not None:
            fills[re.split(r"[ :]", str(title.text))[0]] = rect.get("fill")
        if group.get("opacity"):
            pale |= {re.split(r"[ :]", str(each.text))[0] for each in group.iter(f"{SVG}title")}
    names = (*catalog.services, *catalog.resources, *catalog.external)
    states = {State.DOWN: DOWN, State.DEGRADED: DEGRADED}
    for name in names:
        state = found.services[name].state if name in found.services else State.OK
        expected = FAILED if name in failed else states.get(state)
        assert (fills[name] in (FAILED, DOWN, DEGRADED)) == (expected is not None), name
        assert expected is None or fills[name] == expected
        assert (name in pale) >= (expected is None), name
    text = "".join(root.itertext())
    assert f"{len(found.named(State.DOWN))} down (red)" in text
    assert "streaming works" in text or "streaming degraded" in text or "streaming broken" in text


def test_the_caption_of_a_great_outage_fits(catalog: Catalog) -> None:
    """Words that run out of the picture are lost."""
    everything = (*catalog.services, *catalog.resources, *catalog.external)
    caption = outage_caption(impact(catalog, everything))
    assert all(text_width(line) < WIDTH - 2 * MARGIN for line in caption)
    assert "and 60 more" in caption[0]


def test_a_platform_of_calls_alone_has_lines() -> None:
    """Boxes without a line look as if nothing needed anything."""
    services = [service("gateway", "frontend"), service("cart", "domain"), service("stock")]
    calls = [edge("gateway", "cart", Order.RUNTIME), edge("cart", "stock", Order.RUNTIME)]
    catalog = catalog_of(services, calls)
    picture = layout(catalog)
    assert_tidy(catalog, picture)
    assert_lines_avoid_boxes(picture)
    assert set(picture.lines) == {("gateway", "cart"), ("cart", "stock")}
    drawn = as_svg(catalog)
    assert drawn.count('stroke-dasharray="4 2.5"') == 2
    assert "gateway calls cart at run time" in drawn
    assert "A dashed line leads from a service to those it calls." in drawn
    # Beside startup edges calls stay a number.
    mixed = catalog_of(services, [calls[0], edge("cart", "stock")])
    assert 'stroke-dasharray="4 2.5"' not in as_svg(mixed)
    assert set(layout(mixed).lines) == {("stock", "cart")}


def test_what_a_platform_does_not_have_is_not_drawn() -> None:
    """An empty box 'Outside the platform' looks like something that was forgotten."""
    catalog = replace(catalog_of([service("cart")], []), external={}, resources={})
    assert [band.title for band in layout(catalog).bands] == ["Core"]
    assert_tidy(catalog, layout(catalog))
    assert "Outside" not in as_svg(catalog)
    assert "Infrastructure" not in as_svg(catalog)


def test_lines_pass_beside_the_titles(catalog: Catalog) -> None:
    """A bundle of lines through a tier's title makes it unreadable."""
    picture = layout(catalog)
    for band in picture.bands:
        if band.lines:
            left = band.box.x + PAD
            right = left + max(8.5 * len(band.title), 6.0 * len(band.note))
            # The first channel begins where the first column ends.
            assert right <= left + BOX_WIDTH + 6
            assert not any(
                left < x < right and band.box.y < y < band.box.y + 33
                for way in picture.lines.values()
                for x, y in way
            )
    assert '<tspan class="q" x="25" dy="13">' in as_svg(catalog)
