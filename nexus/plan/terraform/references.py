"""Which values of a plan are another resource's outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from nexus.plan.recorder import Registration
from nexus.plan.terraform.names import label, snake, type_name

SHORTEST = 8
"""Characters of an output that is looked for inside of other texts; shorter ones are chance."""


def address(resource: Registration) -> str:
    """Terraform's address of a resource, such as `aws_vpc.network`."""
    return f"{type_name(resource.type)}.{label(resource.name)}"


class References:
    """The outputs that one resource may refer to: those of what the plan says it depends on.

    Others that read alike (the account's number, a tag, a name) are chance, and an edge that the
    program has not got can close a cycle.

    Args:
        resources: what is translated.
        of: the resource that refers.
    """

    def __init__(self, resources: Iterable[Registration], of: Registration) -> None:
        waited_for = {*of.dependencies} - {of.urn}
        self._by_value: dict[str, str] = {}
        known = [each for each in resources if each.urn in waited_for]
        # Of the settings of a bucket each has the bucket's name as id, but the bucket its ARN.
        for resource in sorted(known, key=lambda each: "arn" not in each.made):
            # An id that is an ARN or a name is referred to as such.
            for name in sorted(resource.made, key=lambda each: (each == "id", each != "arn")):
                value = resource.made[name]
                if isinstance(value, str) and len(value) >= SHORTEST and name != "status":
                    self._by_value.setdefault(value, f"{address(resource)}.{snake(name)}")

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        found = sorted(self._by_value, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, found))) if found else None

    def expression(self, text: str) -> str | None:
        """The expression that `text` is as a whole; None if it is none."""
        return self._by_value.get(text)

    def interpolated(self, text: str) -> str:
        """`text` with every output in it as `${…}`."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: f"${{{self._by_value[match[0]]}}}", text)
