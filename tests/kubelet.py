"""What the kubelet makes of a container's environment and command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\((?P<name>[^)]*)\))")


def expanded(text: str, known: Mapping[str, str]) -> str:
    """`text` with the values of `known` variables in it, and one dollar for two.

    Source: third_party/forked/golang/expansion of Kubernetes 1.36.3.
    """

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        return "$" if name is None else known.get(name, found[0])

    return _REFERENCE.sub(value, text)


def arriving(container: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The environment of a container, each variable knowing those before it, and its command."""
    env: dict[str, str] = {}
    for each in container.get("env", ()):
        env[each["name"]] = expanded(each.get("value", ""), env)
    line: Sequence[str] = [*container.get("command", ()), *container.get("args", ())]
    return env, [expanded(part, env) for part in line]
