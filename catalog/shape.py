"""Checks a document against a pydantic model and names every mismatch by its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalog.document import Document
from catalog.errors import InputError, Problem
from catalog.mismatch import KEY, sentence
from catalog.place import At, place

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Read(Generic[Model]):
    """A file: where its values stand, and what they say."""

    document: Document
    content: Model


def shaped(document: Document, model: type[Model]) -> Model:
    """`document` as a `model`.

    Raises:
        InputError: one problem per mismatch, with file and line.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems: list[Problem] = []
        for detail in error.errors(include_url=False):
            at = _place_of(detail)
            message = sentence(place(at), detail, fields_at(model, at[:-1]))
            problems.append(document.problem(message, at))
        raise InputError(list(dict.fromkeys(problems))) from error


def _place_of(detail: ErrorDetails) -> At:
    """Place of the wrong value; for a wrong key that of its value, the key written as text."""
    at = detail["loc"]
    if at[-1:] == (KEY,):
        return (*at[:-2], str(at[-2]))
    return (*at[:-1], str(at[-1])) if detail["type"] == "invalid_key" else at


def fields_at(model: type[BaseModel], at: At) -> tuple[str, ...]:
    """Names of the keys allowed at `at`, found by following the model's JSON Schema."""
    return tuple(_resolved(_at(model, at), _schema(model)).get("properties", {}))


def is_secret(model: type[BaseModel], at: At) -> bool:
    """Whether the value at `at` is a secret by its type, so that whoever reads it keeps it so."""
    node = _at(model, at)
    return any(option.get("format") == "password" for option in (node, *node.get("anyOf", ())))


def secrets_below(model: type[BaseModel], at: At) -> Iterator[At]:
    """Places of all secrets at `at` and below, with `*` for a key that anybody may choose."""
    if is_secret(model, at):
        yield at
    node = _resolved(_at(model, at), _schema(model))
    for key in node.get("properties", {}):
        yield from secrets_below(model, (*at, key))
    if _any_key(node):
        yield from secrets_below(model, (*at, "*"))


def _at(model: type[BaseModel], at: At) -> dict[str, Any]:
    """Schema of the value at `at`; empty where nothing may stand."""
    schema = _schema(model)
    nothing: dict[str, Any] = {}
    node = schema
    for part in at:
        node = next(_below(_resolved(node, schema), part), nothing)
    return node


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What `node` stands for: the definition it refers to, or its alternative with parts."""
    for option in (node, *node.get("anyOf", ())):
        if "$ref" in option:
            name: str = option["$ref"].rpartition("/")[2]
            return schema["$defs"][name]
        if "items" in option or "patternProperties" in option or _any_key(option):
            return option
    return node


def _any_key(node: dict[str, Any]) -> bool:
    return isinstance(node.get("additionalProperties"), dict)


def _below(node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    """Schemas of the value under key or index `part`."""
    if part in node.get("properties", {}):
        yield node["properties"][part]
    yield from node.get("patternProperties", {}).values()
    yield from [node["additionalProperties"]] if _any_key(node) else []
    yield from [node["items"]] if "items" in node else []
