"""Keeps secrets out of a report, whether or not the plan says that they are secret.

A plan replaces every secret it knows of. A report goes where everybody reads, so it
trusts neither the plan nor the program that made it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nexus.diff.bounded_json import json_inside
from nexus.pulumi.wire import HIDDEN, SIGNATURE

_SECRET_KEY = re.compile(
    r"(passw(or)?d|passphrase|secret|secretkey|privatekey|accesskey|apikey|authtoken|token)$"
)
"""Ends of property and variable names, in lower case without separators."""

_SECRET_TREE = re.compile(r"(passw(or)?ds?|passphrases?|privatekeys?|apikeys?|tokens)$")
"""The same for names of mappings and lists."""

_SECRET_TEXT = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----(?s:.*?)(-----END|\Z)
    | \b(AKIA|ASIA)[0-9A-Z]{16}\b
    | \bgh[pousr]_[A-Za-z0-9]{20,}
    | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bpul-[0-9a-f]{40}\b
    | \bxox[abprs]-[A-Za-z0-9-]{10,}
    | \b(sk|rk)_(live|test)_[A-Za-z0-9]{10,}
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    | (?<=://)[^\s/@:]*:[^\s/@]+(?=@)
    | (?i:(?<="password":\ ")|(?<="password":"))[^"]+
    | (?i:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=token=)|(?<=password:\ ))[^\s"'&;]+
    """,
    re.VERBOSE,
)
"""Texts with the shape of a key, token or connection string."""


def names_a_secret(key: str) -> bool:
    """Whether a text under this key is taken for a secret."""
    return bool(_SECRET_KEY.search(_plain(key)))


def holds_secrets(key: str) -> bool:
    """Whether everything below this key is. `secret` alone is not: a pod's volumes have it."""
    return bool(_SECRET_TREE.search(_plain(key)))


def is_wrapped(value: Any) -> bool:
    """Whether the value is a special one of Pulumi's wire format, such as a secret."""
    return isinstance(value, Mapping) and SIGNATURE in value


def _plain(key: str) -> str:
    return re.sub(r"[-_.\s]", "", key).lower()


def without_secrets(value: Any, key: str = "") -> Any:
    """Plain data that stands under `key`, what is or looks like a secret in it replaced."""
    if is_wrapped(value) or (isinstance(value, (dict, list)) and holds_secrets(key)):
        return HIDDEN
    if isinstance(value, str):
        return HIDDEN if names_a_secret(key) and value else _without_secret_text(value)
    if isinstance(value, Mapping):
        variable = value.get("name")
        inner = variable if isinstance(variable, str) and names_a_secret(variable) else None
        return {
            k: without_secrets(v, inner if inner and k == "value" else k) for k, v in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, key) for item in value]
    return value


def _without_secret_text(text: str) -> str:
    inside = json_inside(text)
    if inside is None:
        return _SECRET_TEXT.sub(HIDDEN, text)
    cleaned = without_secrets(inside)
    return text if cleaned == inside else json.dumps(cleaned)
