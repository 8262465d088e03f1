"""Pictures and documents of a catalog's graph, as text. The catalog is a checked one.

Every renderer is a function from a catalog to a string that is the same from
run to run and whatever the order of the catalog's files.
"""

from collections.abc import Callable, Mapping

from catalog import Catalog
from graph.render.dot import as_dot
from graph.render.json import as_json
from graph.render.mermaid import as_mermaid
from graph.render.svg import as_svg
from graph.render.text import as_text

RENDERERS: Mapping[str, Callable[[Catalog], str]] = {
    "text": as_text,
    "json": as_json,
    "mermaid": as_mermaid,
    "dot": as_dot,
    "svg": as_svg,
}
"""Renderer of each format."""
