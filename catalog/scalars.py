"""Values without quotes that one reader of YAML takes for text and another for something else.

The Pulumi command line reads settings with go-yaml 3, as YAML 1.2 with parts of 1.1, and Python
reads YAML 1.1: a date or an odd number comes out as other text than was written. So a plain value
is text to all of them, `true` or `false`, a number in plain digits, or it is refused.
"""

from __future__ import annotations

import math
import re

import yaml

_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
"""Whole numbers that every reader keeps to the last digit."""

_NUMBER_ELSEWHERE = re.compile(
    r"[-+]?(0[xob][0-9A-Fa-f_]+|(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?)"
)
"""What go-yaml takes for a number, and Python's reader partly for text: 1e3, 0o17."""


_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")


def complaint(node: yaml.ScalarNode, *, is_key: bool = False) -> str | None:
    """What is wrong with a value without quotes, as the end of a sentence; None if all agree."""
    text, kind = node.value, node.tag.removeprefix(_TAG)
    if node.style not in (None, ""):
        return None  # It is in quotes.
    if is_key and kind == "null":
        return "is not a key; write one, or put it in quotes."
    if kind == "timestamp" or _DATE.fullmatch(text):
        return "is a date in YAML; put it in quotes."
    if kind == "bool" and text.lower() not in ("true", "false"):
        return (
            "is text to some readers of YAML and a truth value to others; put it in quotes, or "
            "write true or false."
        )
    if kind == "value":
        return "has a meaning of its own in YAML; put it in quotes."
    odd = kind in ("int", "float") or _NUMBER_ELSEWHERE.fullmatch(text)
    return _number(text) if odd else None


def _number(text: str) -> str | None:
    if _WHOLE.fullmatch(text):
        return None
    try:
        value = float(text)
    except ValueError:
        return "is not a number to every reader of YAML; put it in quotes, or write plain digits."
    if not math.isfinite(value):
        return "is a number that nothing can hold; put it in quotes, or write plain digits."
    if repr(value) == text and not value.is_integer():
        return None
    return "is a number in YAML, which loses how it is written; put it in quotes."
