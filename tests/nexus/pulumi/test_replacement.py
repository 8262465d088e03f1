"""Which change of a property makes a new resource: the table, and what decides by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import replacement as generator

from nexus.plan.plan import Plan
from nexus.pulumi.replacement import ALWAYS, CONDITIONAL, Immutable, cloud_paths, immutable

CLUSTER = "aws:rds/cluster:Cluster"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"


def test_every_type_of_every_plan_is_in_the_table(
    plan: Plan, clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan]
) -> None:
    """What is not in it is told as changed in place, and its data goes without a warning."""
    plans = (plan, *clouds.values(), *other_clouds.values())
    types = {resource.type for each in plans for resource in each.resources}
    # A component has no provider.
    others = ("kubernetes:", *ALWAYS, "nexus:", "pulumi:")
    assert {each for each in types if not each.startswith(others)} <= set(cloud_paths())
    assert any(type_.startswith("cloudflare:") for type_ in types)


@pytest.mark.parametrize("type_", cloud_paths())
def test_paths_are_properties_of_the_installed_sdk(type_: str) -> None:
    """A path that no resource has is a replacement that nobody is told of."""
    extra = [each.path for each in CONDITIONAL.get(type_, ())]
    for path in (*cloud_paths()[type_], *extra):
        known: Mapping[str, Any] = generator.properties(type_)
        for step in path.split("."):
            known, is_list = generator.item(known[step.removesuffix("[]")])
            assert is_list or not step.endswith("[]")


@pytest.mark.parametrize(
    ("type_", "path", "replaces"),
    [
        (CLUSTER, "restoreToPointInTime", True),
        (CLUSTER, "restoreToPointInTime.sourceClusterIdentifier", True),
        (CLUSTER, "storageEncrypted", True),
        (CLUSTER, "backupRetentionPeriod", False),
        ("aws:rds/clusterInstance:ClusterInstance", "identifier", True),
        ("aws:rds/clusterInstance:ClusterInstance", "instanceClass", False),
        ("aws:lb/targetGroup:TargetGroup", "port", True),
        ("aws:lb/targetGroup:TargetGroup", "healthCheck", False),
        ("aws:eks/nodeGroup:NodeGroup", "instanceTypes", True),
        ("aws:eks/nodeGroup:NodeGroup", "scalingConfig.maxSize", False),
        ("aws:ecr/repository:Repository", "encryptionConfigurations", True),
        ("aws:mq/broker:Broker", "securityGroups", False),
        ("aws:ec2/subnet:Subnet", "region", True),
        ("cloudflare:index/dnsRecord:DnsRecord", "type", True),
        ("cloudflare:index/dnsRecord:DnsRecord", "content", False),
        ("cloudflare:index/ruleset:Ruleset", "phase", True),
        ("kubernetes:helm.sh/v3:Release", "namespace", True),
        ("random:index/randomPassword:RandomPassword", "keepers.rotation", True),
        ("nexus:data:AuroraPostgres", "name", False),
    ],
)
def test_what_the_real_providers_replace(type_: str, path: str, *, replaces: bool) -> None:
    """A replacement that is told as a change in place is a database that nobody said would go."""
    fixed = immutable(type_, {}, {}, {})
    assert fixed.replaces(tuple(path.split(".")), "old", "new") is replaces


@pytest.mark.parametrize(
    ("type_", "path", "old", "new", "replaces"),
    [
        (CLUSTER, "storageType", {"engine": "mysql"}, {"engine": "mysql"}, True),
        (CLUSTER, "storageType", {}, {"engine": "aurora-postgresql"}, False),
        (CACHE, "engine", {"engine": "redis"}, {"engine": "valkey"}, False),
        (CACHE, "engine", {"engine": "valkey"}, {"engine": "redis"}, True),
        (CACHE, "engineVersion", {"engineVersion": "8.1"}, {"engineVersion": "7.2"}, True),
        (CACHE, "engineVersion", {"engineVersion": "7.2"}, {"engineVersion": "10.0"}, False),
        ("aws:eks/cluster:Cluster", "encryptionConfig", {"encryptionConfig": {}}, {}, True),
        ("aws:eks/cluster:Cluster", "encryptionConfig", {}, {"encryptionConfig": {}}, False),
    ],
)
def test_what_is_replaced_in_some_cases(
    type_: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any], *, replaces: bool
) -> None:
    """What the provider decides from case to case is in no schema."""
    fixed = immutable(type_, old, new, {})
    assert fixed.replaces((path,), old.get(path), new.get(path)) is replaces


@pytest.mark.parametrize(
    ("steps", "old", "new", "replaces"),
    [
        (("a",), None, {"b": [{"c": 1}]}, True),
        (("a",), None, {"b": [{"d": 1}]}, False),
        (("a",), {"b": [{"c": 1}]}, None, True),
        (("a",), {"b": []}, None, False),
        (("a", "b", 3, "c"), 1, 2, True),
        (("a", "b", 3, "d"), 1, 2, False),
        (("a", "b", 3), None, {"c": 1}, True),
        (("a", "other"), None, {"b": [{"c": 1}]}, False),
        (("a",), "text", object(), True),
    ],
)
def test_a_value_replaces_that_holds_what_cannot_be_changed(
    steps: tuple[str | int, ...], old: object, new: object, *, replaces: bool
) -> None:
    """A block that comes or goes as a whole takes along what stands in it."""
    assert Immutable(paths=("a.b[].c",)).replaces(steps, old, new) is replaces
