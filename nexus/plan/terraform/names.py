"""Names of resource types and arguments in Terraform, from those in Pulumi.

Pulumi's provider is Terraform's with three changes: types have a module, arguments are in
camel case, and repeated blocks are called in the plural.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
