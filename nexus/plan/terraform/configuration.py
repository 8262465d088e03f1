"""The configuration as text, in Terraform's own language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.plan.terraform.names import (
    argument_name,
    attribute_name,
    is_map,
    label,
    snake,
    type_name,
)
from nexus.plan.terraform.references import References
from nexus.pulumi import wire
from nexus.pulumi.clouds.clouds import TYPES

PROVIDERS = ("aws:", "cloudflare:")

HIDDEN = "[secret-hidden-by-the-plan]"
"""Stands for a secret; long enough for what a provider takes as a password (ElastiCache: 16)."""


def configuration(plan: Plan) -> str:
    """The plan's AWS and Cloudflare resources, sorted by URN."""
    resources = [r for r in plan.resources if r.type.startswith(PROVIDERS)]
    return "\n".join(_Block(each, References(resources, each)).text() for each in resources)


class _Block:
    """One resource."""

    def __init__(self, resource: Registration, references: References) -> None:
        self._resource = resource
        self._references = references
        # Cloudflare's provider has attributes where that of AWS has blocks.
        self._blocks = resource.type.startswith("aws:")

    def text(self) -> str:
        """The block with its arguments."""
        resource = self._resource
        head = f'resource "{type_name(resource.type)}" "{label(resource.name)}" {{'
        inputs = {key: value for key, value in _named(resource) if not key.startswith("__")}
        lines = list(self._body(inputs, 1))
        lines += ["  lifecycle {", *self._lifecycle(), "  }"]
        return "\n".join((head, *lines, "}", ""))

    def _lifecycle(self) -> Iterator[str]:
        """Pulumi makes the new one first unless told otherwise; Terraform the other way round."""
        options = self._resource.options
        if not options.get("deleteBeforeReplace"):
            yield "    create_before_destroy = true"
        if options.get("protect"):
            yield "    prevent_destroy = true"

    def _body(self, values: Mapping[str, Any], depth: int) -> Iterator[str]:
        for key, value in sorted(values.items()):
            yield from self._argument(key, value, depth)

    def _argument(self, key: str, value: Any, depth: int) -> Iterator[str]:
        indent = "  " * depth
        keep_keys = is_map(self._resource.type, key)
        if self._blocks and not keep_keys:
            objects = _objects(value)
            if objects is not None:
                name = argument_name(key, block=isinstance(value, list))
                for each in objects:
                    yield f"{indent}{name} {{"
                    yield from self._body(each, depth + 1)
                    yield f"{indent}}}"
                return
        yield f"{indent}{snake(key)} = {self._value(value, keep_keys=keep_keys)}"

    def _value(self, value: Any, *, keep_keys: bool = False) -> str:
        if isinstance(value, str):
            return self._references.expression(value) or _quoted(value, self._references)
        if isinstance(value, list):
            items = cast("list[Any]", value)
            return f"[{', '.join(self._value(each) for each in items)}]"
        if isinstance(value, dict):
            pairs = cast("dict[str, Any]", value)
            kind = self._resource.type
            inner = ", ".join(
                f"{json.dumps(key if keep_keys else attribute_name(kind, key))} = "
                f"{self._value(each, keep_keys=not keep_keys and is_map(kind, key))}"
                for key, each in sorted(pairs.items())
            )
            return f"{{{inner}}}"
        return json.dumps(value)


def _objects(value: Any) -> list[Mapping[str, Any]] | None:
    """The objects of a block; None for a value that is none."""
    if isinstance(value, dict):
        return [cast("Mapping[str, Any]", value)]
    if isinstance(value, list) and value:
        items = cast("list[Any]", value)
        if all(isinstance(each, dict) for each in items):
            return cast("list[Mapping[str, Any]]", items)
    return None


def _named(resource: Registration) -> Iterator[tuple[str, Any]]:
    """The inputs, and the name that Pulumi makes where none is given."""
    answer = TYPES.get(resource.type)
    named = None if answer is None else answer.named
    if named is not None and resource.inputs.get(named) is None:
        yield named, resource.made[named]
    yield from ((key, value) for key, value in resource.inputs.items() if value is not None)


def _quoted(text: str, references: References) -> str:
    """`text` as a quoted string: what looks like an expression in it is none, references are."""
    escaped = text.replace(wire.HIDDEN, HIDDEN).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(references.interpolated(escaped), ensure_ascii=False)
