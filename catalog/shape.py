"""Checks a document against a pydantic model and names every mismatch by its place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from catalog.document import At, Document
from catalog.errors import CatalogError, Problem
from catalog.mismatch import sentence

Model = TypeVar("Model", bound=BaseModel)

_NOUNS = {
    "services": "service",
    "resources": "resource",
    "external": "external API",
    "buckets": "bucket",
    "flows": "flow",
}


def shaped(document: Document, model: type[Model]) -> Model:
    """`document` as a `model`.

    Raises:
        CatalogError: one problem per mismatch, with file and line.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems: list[Problem] = []
        for detail in error.errors(include_url=False):
            at = tuple(part for part in detail["loc"] if part != "[key]")
            message = sentence(place(at), detail, fields_at(model, at[:-1]))
            problems.append(document.problem(message, at))
        raise CatalogError(list(dict.fromkeys(problems))) from error


def place(at: At) -> str:
    """A place in a file in words: `service 'x', field 'needs[0].order'`, or `the file`."""
    words: list[str] = []
    if len(at) > 1 and at[0] in _NOUNS:
        words.append(f"{_NOUNS[str(at[0])]} '{at[1]}'")
        at = at[2:]
    if at:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
        words.append(f"field '{field.removeprefix('.')}'")
    return ", ".join(words) or "the file"


def fields_at(model: type[BaseModel], at: At) -> tuple[str, ...]:
    """Names of the keys allowed at `at`, found by following the model's JSON Schema."""
    schema = _schema(model)
    nothing: dict[str, Any] = {}
    node = schema
    for part in at:
        node = next(_below(_resolved(node, schema), part), nothing)
    return tuple(_resolved(node, schema).get("properties", {}))


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The definition `node` refers to, itself or in one of its alternatives; else `node`."""
    for option in (node, *node.get("anyOf", ())):
        if "$ref" in option:
            name: str = option["$ref"].rpartition("/")[2]
            return schema["$defs"][name]
    return node


def _below(node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    """Schemas of the value under key or index `part`."""
    if part in node.get("properties", {}):
        yield node["properties"][part]
    yield from node.get("patternProperties", {}).values()
    if "items" in node:
        yield node["items"]
