"""Checks data against a pydantic model and says every mismatch as a sentence with its fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalog.document import Document
from catalog.errors import CatalogError, Problem

Model = TypeVar("Model", bound=BaseModel)


def shaped(document: Document, model: type[Model]) -> Model:
    """`document` as a `model`.

    Raises:
        CatalogError: one problem per mismatch, with file and line.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise CatalogError(_problems(document, model, error)) from error


def _problems(document: Document, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    problems: dict[Problem, None] = {}
    for detail in error.errors(include_url=False):
        at = tuple(part for part in detail["loc"] if part != "[key]")
        message = f"{where(at)}{sentence(detail, fields_at(model, detail['loc'][:-1]))}"
        problems[document.problem(message, at)] = None
    return list(problems)


def where(at: tuple[str | int, ...]) -> str:
    """Place in a file in words: `service 'x', field 'needs[0].order': `."""
    parts = list(at)
    words: list[str] = []
    if len(parts) > 1 and parts[0] in _NOUNS:
        words.append(f"{_NOUNS[str(parts[0])]} '{parts[1]}'")
        parts = parts[2:]
    if parts:
        field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts)
        words.append(f"field '{field.lstrip('.')}'")
    return ", ".join(words) + ": " if words else ""


_NOUNS = {
    "services": "service",
    "resources": "resource",
    "external": "external API",
    "buckets": "bucket",
    "flows": "flow",
}


def sentence(detail: ErrorDetails, known: Iterable[str] = ()) -> str:
    """One mismatch as a sentence: what is wrong and what to write instead."""
    kind, given = detail["type"], detail["input"]
    context: dict[str, Any] = detail.get("ctx") or {}
    shown = _shown(given)
    if kind == "extra_forbidden":
        return f"unknown key; {did_you_mean(str(detail['loc'][-1]), known)}."
    if kind == "missing":
        return "is missing; add it."
    if kind in ("enum", "literal_error"):
        return f"{shown} is not allowed; write one of {context['expected']}."
    if kind == "string_pattern_mismatch":
        return (
            f"{shown} is no DNS label; write lower-case letters, digits and hyphens, "
            "starting with a letter and ending with a letter or digit."
        )
    if kind == "string_too_long":
        return (
            f"{shown} has {len(str(given))} characters, too long for the names derived "
            f"from it; write at most {context['max_length']}."
        )
    if kind in _WANTED:
        return f"{shown} is {_kind(given)}, but {_WANTED[kind]} is needed; write that."
    text = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{shown} is not allowed: {text[0].lower()}{text[1:].rstrip('.')}."


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A correction: the nearest known names, or all of them when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?".rstrip("?")
    return "write one of " + ", ".join(f"'{n}'" for n in names) if names else "remove it"


def fields_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """Names of the fields allowed at `loc`, found by following the model's JSON Schema."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in loc:
        node = _resolved(node, schema)
        node = next(_children(node, part), {})
    return tuple(_resolved(node, schema).get("properties", {}))


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if "$ref" in option:
            node = option
    reference = node.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else node


def _children(node: dict[str, Any], part: str | int) -> Iterable[dict[str, Any]]:
    for key in ("properties", "patternProperties"):
        if part in node.get(key, {}):
            return iter([node[key][part]])
    if isinstance(part, int):
        return iter([node["items"]] if "items" in node else [])
    values = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return (value for value in values if isinstance(value, dict))


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else "the value"
    return text if len(text) <= 80 else text[:77] + "…'"


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    names = {str: "text", bool: "true or false", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "a mapping"}
    return names.get(type(value), f"a {type(value).__name__}")
