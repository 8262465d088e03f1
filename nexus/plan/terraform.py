"""A plan's AWS and Cloudflare resources as Terraform configuration, for tools that read that.

Nothing is deployed from it. Pulumi's provider is Terraform's with three changes: types have a
module, arguments are in camel case, and repeated blocks are called in the plural. What does not
follow from that stands in the tables here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, cast

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.pulumi import wire

PROVIDERS = ("aws:", "cloudflare:")

HIDDEN = "[secret-hidden-by-the-plan]"
"""Stands for a secret; long enough for what a provider takes as a password (ElastiCache: 16)."""

SHORTEST = 8
"""Characters of an output that is looked for inside of other texts; shorter ones are chance."""

_TYPES: Mapping[str, str] = {
    "aws:cloudhsmv2/cluster:Cluster": "aws_cloudhsm_v2_cluster",
    "aws:cloudhsmv2/hsm:Hsm": "aws_cloudhsm_v2_hsm",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:rds/subnetGroup:SubnetGroup": "aws_db_subnet_group",
}
"""Types whose name does not follow from the module's."""

_UNNAMED_MODULES = frozenset({"ec2"})
"""Modules that Terraform's names do not show."""

BLOCKS: Mapping[str, str] = {
    "aliases": "alias",
    "customHeaders": "custom_header",
    "defaultActions": "default_action",
    "encryptionConfigurations": "encryption_configuration",
    "failoverRoutingPolicies": "failover_routing_policy",
    "logDeliveryConfigurations": "log_delivery_configuration",
    "members": "member",
    "originGroups": "origin_group",
    "origins": "origin",
    "parameters": "parameter",
    "ruleActionOverrides": "rule_action_override",
    "rules": "rule",
    "taints": "taint",
    "textTransformations": "text_transformation",
    "transitions": "transition",
    "users": "user",
}
"""Blocks that Pulumi names in the plural, where they are lists of objects."""

_MAPS = frozenset({"labels", "tags"})
"""Arguments that are mappings with keys of their own, not blocks."""

_OWN_MAPS: Mapping[str, frozenset[str]] = {
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": frozenset({"header"}),
    "cloudflare:index/ruleset:Ruleset": frozenset({"headers"}),
}
"""Those of one type; the same name is a structure in another."""

_ATTRIBUTES: Mapping[tuple[str, str], str] = {
    ("cloudflare:index/loadBalancerPool:LoadBalancerPool", "hosts"): "host",
}
"""Attributes inside of others that Pulumi names in the plural. Cloudflare's provider drops an
attribute that it does not know there, without a word."""


def configuration(plan: Plan) -> str:
    """The plan's AWS and Cloudflare resources, sorted by URN."""
    resources = [r for r in plan.named() if r.type.startswith(PROVIDERS)]
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
        inputs = {
            key: value
            for key, value in resource.inputs.items()
            if value is not None and not key.startswith("__")
        }
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


def _quoted(text: str, references: References) -> str:
    """`text` as a quoted string: what looks like an expression in it is none, references are."""
    escaped = text.replace(wire.HIDDEN, HIDDEN).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(references.interpolated(escaped), ensure_ascii=False)


def address(resource: Registration) -> str:
    """Terraform's address of a resource, such as `aws_vpc.network`."""
    return f"{type_name(resource.type)}.{label(resource.name)}"


class References:
    """The outputs that one resource may refer to: those of what the plan says it depends on.

    Others that read alike (the account's number, a tag, a name) are chance, and an edge that the
    program has not got can close a cycle.
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


def is_map(token: str, name: str) -> bool:
    """Whether the argument `name` of a type is a mapping whose keys are the user's own."""
    return name in _MAPS or name in _OWN_MAPS.get(token, frozenset())


def attribute_name(token: str, name: str) -> str:
    """Terraform's name of an attribute inside of an argument of the type `token`."""
    return _ATTRIBUTES.get((token, name)) or snake(name)


def type_name(token: str) -> str:
    """Terraform's name of a resource type, such as `aws_vpc` for `aws:ec2/vpc:Vpc`."""
    if token in _TYPES:
        return _TYPES[token]
    provider, place, name = token.split(":")
    module = place.partition("/")[0]
    parts = [provider, snake(name)]
    if module != "index" and module not in _UNNAMED_MODULES:
        parts.insert(1, module)
    return "_".join(parts)


def argument_name(name: str, *, block: bool) -> str:
    """Terraform's name of an argument; `block` for one whose value is a list of objects."""
    return BLOCKS[name] if block and name in BLOCKS else snake(name)


def snake(name: str) -> str:
    """`name` in snake case: `cidrIpv4` is `cidr_ipv4`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def label(name: str) -> str:
    """A resource's name as Terraform allows it: letters, digits, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
