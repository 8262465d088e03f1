"""Pictures and documents of a catalog's graph, as text. The catalog is a checked one.

Every renderer is a function from a catalog to a string that is the same from
run to run and whatever the order of the catalog's files.
"""

from collections.abc import Callable, Mapping

from catalog import Catalog
from graph.impact import HeldBack, Impact
from nexus.pictures.backstage import as_backstage
from nexus.pictures.flowchart import as_dot, as_mermaid
from nexus.pictures.impact import (
    held_back_as_json,
    held_back_as_text,
    impact_as_json,
    impact_as_mermaid,
    impact_as_svg,
    impact_as_text,
)
from nexus.pictures.json import as_json
from nexus.pictures.svg import as_svg
from nexus.pictures.text import as_text

RENDERERS: Mapping[str, Callable[[Catalog], str]] = {
    "text": as_text,
    "json": as_json,
    "mermaid": as_mermaid,
    "dot": as_dot,
    "svg": as_svg,
    "backstage": as_backstage,
}
"""Renderer of each format."""

IMPACT_RENDERERS: Mapping[str, Callable[[Catalog, Impact], str]] = {
    "text": impact_as_text,
    "json": impact_as_json,
    "mermaid": impact_as_mermaid,
    "svg": impact_as_svg,
}
"""Renderer of an outage in each format."""

HELD_BACK_RENDERERS: Mapping[str, Callable[[HeldBack], str]] = {
    "text": held_back_as_text,
    "json": held_back_as_json,
}
"""Renderer of what a migration or task that fails holds back, in each format."""
