"""examples/shapes: services with several databases and buckets, another's keys, and every key."""

from __future__ import annotations

from nexus.plan.plan import make_plan
from tests.projects import ROOT
from tests.stacks.several_parts import told

SHAPES = ROOT / "examples/shapes"


def test_each_service_is_told_of_its_parts_by_name() -> None:
    """What it keeps in one database or bucket would be looked for in the other."""
    shapes = make_plan(SHAPES, "dev")
    parts = {
        (service, resource): {key: each[what] for key, each in entry["parts"].items()}
        for service, resource, what in (
            ("orders", "postgres", "database"),
            ("sweeper", "postgres", "database"),
            ("streams", "storage", "bucket"),
        )
        for entry in [told(shapes, service)[resource]]
    }
    assert parts == {
        ("orders", "postgres"): {"orders": "orders", "archive": "orders-archive"},
        ("sweeper", "postgres"): {"orders": "orders", "orders-archive": "orders-archive"},
        ("streams", "storage"): {"clips": "clips", "recordings": "recordings"},
    }
    prefixes = {name: told(shapes, name)["redis"]["endpoint"] for name in ("sweeper", "streams")}
    assert prefixes["sweeper"]["prefix"] == "orders:"
    assert prefixes["streams"] == {
        "host": "streams-redis.nexus-data.svc", "port": "6379", "prefix": ""
    }  # fmt: skip
