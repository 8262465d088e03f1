"""Which values of a plan are another resource's outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from plan.recorder import Registration
from terraform.names import label, snake, type_name

SHORTEST = 8
"""Characters of an output that is looked for inside of other texts; shorter ones are chance."""


def address(resource: Registration) -> str:
    """Terraform's address of a resource, such as `aws_vpc.network`."""
    return f"{type_name(resource.type)}.{label(resource.name)}"


class References:
    """The outputs of the resources, by value."""

    def __init__(self, resources: Iterable[Registration]) -> None:
        self._by_value: dict[str, tuple[str, str]] = {}
        # Of the settings of a bucket each has the bucket's name as id, but the bucket its ARN.
        for resource in sorted(resources, key=lambda each: "arn" not in each.made):
            # An id that is an ARN or a name is referred to as such.
            for name in sorted(resource.made, key=lambda each: (each == "id", each != "arn")):
                value = resource.made[name]
                if _telling(value, name):
                    expression = f"{address(resource)}.{snake(name)}"
                    self._by_value.setdefault(value, (resource.urn, expression))
        found = sorted(self._by_value, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, found))) if found else None

    def expression(self, text: str, urn: str) -> str | None:
        """The expression that `text` is as a whole, in the resource `urn`; None if it is none."""
        owner, expression = self._by_value.get(text, (urn, ""))
        return None if owner == urn else expression

    def interpolated(self, text: str, urn: str) -> str:
        """`text` with every output of another resource in it as `${…}`."""

        def replaced(match: re.Match[str]) -> str:
            expression = self.expression(match[0], urn)
            return match[0] if expression is None else f"${{{expression}}}"

        return text if self._pattern is None else self._pattern.sub(replaced, text)


def _telling(value: Any, name: str) -> bool:
    return isinstance(value, str) and len(value) >= SHORTEST and name != "status"
