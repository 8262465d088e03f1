"""The configuration as text, in Terraform's own language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from plan.plan import Plan
from plan.recorder import Registration
from terraform.names import MAPS, argument_name, label, snake, type_name
from terraform.references import References

PROVIDERS = ("aws:", "cloudflare:")


def configuration(plan: Plan) -> str:
    """The plan's AWS and Cloudflare resources, sorted by URN."""
    resources = [r for r in plan.resources if r.type.startswith(PROVIDERS)]
    return "\n".join(_Block(resource, References(resources)).text() for resource in resources)


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
        inputs = {key: value for key, value in resource.inputs.items() if not key.startswith("__")}
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
        if self._blocks and key not in MAPS:
            objects = _objects(value)
            if objects is not None:
                name = argument_name(key, block=isinstance(value, list))
                for each in objects:
                    yield f"{indent}{name} {{"
                    yield from self._body(each, depth + 1)
                    yield f"{indent}}}"
                return
        yield f"{indent}{snake(key)} = {self._value(value, keep_keys=key in MAPS)}"

    def _value(self, value: Any, *, keep_keys: bool = False) -> str:
        if isinstance(value, str):
            expression = self._references.expression(value, self._resource.urn)
            if expression is not None:
                return expression
            return _quoted(value, self._references, self._resource.urn)
        if isinstance(value, list):
            items = cast("list[Any]", value)
            return f"[{', '.join(self._value(each) for each in items)}]"
        if isinstance(value, dict):
            pairs = cast("dict[str, Any]", value)
            inner = ", ".join(
                f"{json.dumps(key if keep_keys else snake(key))} = {self._value(each)}"
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


def _quoted(text: str, references: References, urn: str) -> str:
    """`text` as a quoted string: what looks like an expression in it is none, references are."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    return json.dumps(references.interpolated(escaped, urn), ensure_ascii=False)
