"""Says in a sentence how a value differs from what pydantic wanted, with the fix."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from catalog.files import DNS_LABEL, ONE_LINE
from catalog.hints import did_you_mean, one_of

LONGEST_SHOWN = 60
"""Characters of a wrong value that are shown; more would bury the sentence."""

_MAPPING = "a mapping of keys to values"
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "need_type": "a name, or a mapping with 'target'",
    "too_short": "at least one entry",
    "string_too_short": "text",
    "string_pattern_mismatch": "a name",
}
_PATTERNS = {
    DNS_LABEL: "is no DNS label; write lower-case letters, digits and hyphens, with a letter "
    "first and a letter or digit last.",
    ONE_LINE: "has a line break or control character; write it on one line.",
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
    datetime.date: "a date",
    datetime.datetime: "a date",
}


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
        near = did_you_mean(str(detail["loc"][-1]), known)
        return f"{place}: unknown key; {near or f'write {one_of(known)}, or remove it.'}"
    if given is None or given in ({}, []) or (isinstance(given, str) and not given.strip()):
        return f"{place} is empty; write {_WANTED.get(kind, 'something')}."
    return f"{place}: {_wrong(kind, given, detail.get('ctx') or {})}"


def _wrong(kind: str, given: object, context: dict[str, Any]) -> str:
    shown = _shown(given)
    if kind == "enum":
        return f"{shown} is not allowed; {_choice(str(given), context['expected'])}"
    if kind == "string_pattern_mismatch":
        return f"{shown} {_PATTERNS[context['pattern']]}"
    if kind == "string_too_long":
        longest = context["max_length"]
        return f"{shown} has {len(str(given))} characters; write at most {longest}."
    if kind in _LIMITS:
        complaint, bound, key = _LIMITS[kind]
        return f"{shown} {complaint}; write {bound} {context[key]}."
    kind_given, wanted = _KINDS.get(type(given), "something else"), _WANTED.get(kind)
    return f"{shown} is {kind_given}; write {wanted}." if wanted else f"{shown} does not fit."


def _choice(given: str, expected: str) -> str:
    """pydantic lists what it expected as text: `'startup' or 'runtime'`."""
    allowed = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
    return did_you_mean(given, allowed) or f"write {one_of(allowed)}."


def _shown(value: object) -> str:
    """The value as it would stand in YAML, shortened; containers are not shown."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return "this"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 2]}…'"
