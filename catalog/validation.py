"""Checks a document against a pydantic model; every mismatch is a sentence with its fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from catalog.document import At, Document, place
from catalog.errors import InputError, Problem, did_you_mean, one_of, shortened
from catalog.names import (
    API_VERSION,
    BYTES,
    CPUS,
    CRON,
    DNS_LABEL,
    HTTPS,
    ONE_LINE,
    PATH,
    PLAIN_VARIABLE,
    PORT_NAME,
    QUANTITY,
    URL_PATH,
    VARIABLE,
)

Model = TypeVar("Model", bound=BaseModel)


class Entry(BaseModel):
    """A mapping in one of the files that people edit. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def matching(pattern: str, fault: str) -> AfterValidator:
    """A check that a text is of this pattern as a whole; `fault` goes on after the text."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(fault)
        return value

    return AfterValidator(check)


@dataclass(frozen=True)
class Read(Generic[Model]):
    """A file: where its values stand, and what they say."""

    document: Document
    content: Model


def validated(document: Document, model: type[Model]) -> Model:
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


LONGEST_LABEL = 63
"""Longest DNS label; a limit up to this is one for names."""

_MAPPING = "a mapping of keys to values"
KEY = "[key]"
"""Last part of the place of a wrong key, in pydantic's errors."""

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "port_type": "a number, or a mapping with 'port'",
    "flow_type": "a list of steps, or a mapping with 'steps'",
    "need_type": "a name, or a mapping with 'target'",
    "replicas_type": "at least one of 'least', 'most' and 'scale_on'",
    "size_type": "the name of a size, or a mapping with 'cpu', 'memory' or 'ephemeral_storage'",
    "amount_type": "an amount, or a mapping with 'request' and 'limit'",
    "scale_type": "at least one of 'cpu', 'memory', 'queue' and 'metric'",
    "too_short": "at least one entry",
    "string_too_short": "text",
}
_PATTERNS = {
    HTTPS: ("is not an address", "one that starts with https://"),
    CPUS: ("is not a number of CPUs", "whole CPUs or thousandths of one, as 2 or 250m"),
    BYTES: ("is not an amount of bytes", "a whole number with a unit, as 512Mi or 2Gi"),
    DNS_LABEL: (
        "is no DNS label",
        "lower-case letters, digits and hyphens, with a letter first and a letter or digit last",
    ),
    VARIABLE: (
        "is no name of an environment variable",
        "capitals, digits and underscores, with a capital first",
    ),
    PLAIN_VARIABLE: (
        "is no name of an environment variable",
        "letters, digits and underscores, without a digit first",
    ),
    PORT_NAME: (
        "is no name of a port",
        "lower-case letters, digits and single hyphens between them, with a letter first",
    ),
    PATH: (
        "is no path in a container",
        "an absolute one of letters, digits, dots, hyphens and underscores, as '/var/cache/app'",
    ),
    URL_PATH: ("is no path of a URL", "one that starts with a slash, as '/health/ready'"),
    QUANTITY: ("is no size", "a whole number with 'Ki', 'Mi' or 'Gi', as '64Mi'"),
    API_VERSION: (
        "is no name of a version",
        "letters and digits, with a dot, hyphen or underscore between them, as 'v2'",
    ),
    CRON: (
        "is no cron line",
        "minute, hour, day of the month, month and day of the week, as '15 3 * * 1-5'",
    ),
    ONE_LINE: ("has a line break or control character", "it on one line"),
}
_LIMITS = {
    "greater_than": ("is too small", "more than", "gt"),
    "greater_than_equal": ("is too small", "at least", "ge"),
    "less_than_equal": ("is too large", "at most", "le"),
}
_KINDS: dict[type, str] = {
    str: "text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}

_CHOICES = frozenset({"enum", "literal_error"})


def sentence(place: str, detail: ErrorDetails, known: Sequence[str]) -> str:
    """What is wrong at `place` and what to write instead.

    Args:
        place: the value in words, as "service 'a', field 'port'".
        detail: pydantic's error.
        known: keys that are allowed beside an unknown one.
    """
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return f"{place} is missing; add it."
    if kind in ("extra_forbidden", "invalid_key"):
        near = did_you_mean(str(given if kind == "invalid_key" else detail["loc"][-1]), known)
        instead = f"write {one_of(known)}, or remove it." if known else "remove it."
        return f"{place}: unknown key; {near or instead}"
    context = detail.get("ctx") or {}
    wanted = _wanted(kind, context, is_key=detail["loc"][-1:] == (KEY,))
    if given is None or given in ({}, []) or (isinstance(given, str) and not given.strip()):
        return f"{place} is empty; write {wanted}."
    if isinstance(given, (list, dict)):
        return f"{place} is {_KINDS[type(given)]}; write {wanted}."
    shown = "the name" if detail["loc"][-1:] == (KEY,) else _shown(given)
    if kind == "value_error":
        # A model's own check says what is wrong and what to write.
        return f"{place}: {shown} {context['error']}"
    return (
        f"{place}: {shown} {_complaint(kind, given, context)}; {_fix(kind, given, wanted, context)}"
    )


def _wanted(kind: str, context: dict[str, Any], *, is_key: bool) -> str:
    """What belongs in the place, as the end of `write …`."""
    if kind in _CHOICES:
        # Numbers stand there as they are to be written.
        text = "'" in context["expected"]
        return one_of(_choices(context)) if text else context["expected"]
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]][1]
    if kind in ("string_too_long", "string_too_short", "too_short"):
        return _WANTED.get(kind, f"at most {context.get('max_length')}")
    if kind in _LIMITS:
        _, bound, key = _LIMITS[kind]
        return f"{bound} {context[key]}"
    return "a name that starts with a letter" if is_key else _WANTED.get(kind, "something else")


def _complaint(kind: str, given: object, context: dict[str, Any]) -> str:
    if kind in _CHOICES:
        return "is not allowed"
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]][0]
    if kind == "string_too_long":
        longest = context["max_length"]
        derived = ", too many for the names derived from it" if longest <= LONGEST_LABEL else ""
        return f"has {len(str(given))} characters{derived}"
    if kind in _LIMITS:
        return _LIMITS[kind][0]
    return f"is {_KINDS.get(type(given), 'of another type')}"


def _fix(kind: str, given: object, wanted: str, context: dict[str, Any]) -> str:
    if wanted == _WANTED["string_type"] and isinstance(given, (bool, int, float)):
        return "put it in quotes."
    asks = kind in _CHOICES and isinstance(given, str)
    near = did_you_mean(str(given), _choices(context)) if asks else None
    return near or f"write {wanted}."


def _choices(context: dict[str, Any]) -> list[str]:
    """A choice as pydantic gives it, as text: `'startup' or 'runtime'`."""
    expected: str = context["expected"]
    return [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]


def _shown(value: object) -> str:
    """A scalar as it would stand in YAML, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else str(value)
    # A login in an address is for nobody's log.
    return shortened(re.sub(r"//[^/@\s]*@", "//…@", text))
