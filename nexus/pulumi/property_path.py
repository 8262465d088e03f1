"""Pulumi's property paths: `spec.template`, `items[0]`, `data["a.b"]`.

As https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce

_SIMPLE_KEY = re.compile(r"^[A-Za-z_$][\w$-]*$")


def child_path(path: str, key: str | int) -> str:
    """The path of a key or position below `path`; of a top-level property if that is empty."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _SIMPLE_KEY.match(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


def property_path(steps: Iterable[str | int]) -> str:
    """The path that keys and positions make up, from the top."""
    return reduce(child_path, steps, "")
