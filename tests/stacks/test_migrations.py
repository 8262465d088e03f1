"""What a migration takes of a stack: room in its namespace, and connections of its server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog import Catalog, load_catalog
from components.kubernetes.service_job import LOCK_SIZE
from nexus.policy.rules.availability import pod_asks
from stacks.capacity import postgres_connections
from stacks.environment import ENVIRONMENTS
from stacks.limits import pods_of
from tests.projects import ROOT

SHAPES = ROOT / "examples/shapes"


def without_migrations(catalog: Catalog) -> Catalog:
    services = {name: replace(each, migration=None) for name, each in catalog.services.items()}
    return replace(catalog, services=services)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(SHAPES)


def test_its_namespace_has_room_for_it(catalog: Catalog) -> None:
    """The quota refuses the migration's pod while the service runs at its most pods."""
    more = pods_of("shop", catalog, "dev") - pods_of("shop", without_migrations(catalog), "dev")
    assert more[LOCK_SIZE] == 2
    assert sorted(more.values()) == [2, 2]


def test_its_server_takes_its_connections(catalog: Catalog) -> None:
    """A migration of the busiest day finds no connection free."""
    migration = catalog.services["orders"].migration
    many = {
        f"orders-{number}": replace(catalog.services["orders"], name=f"orders-{number}")
        for number in range(20)
    }
    [edge] = [each for each in catalog.needs("orders") if each.target == "postgres"]
    edges = tuple(replace(edge, source=name) for name in many)
    grown = replace(catalog, services={**many}, edges=edges, buckets={})
    assert migration is not None
    dev = ENVIRONMENTS["dev"]
    room = postgres_connections(dev, grown, "postgres")
    assert room - postgres_connections(dev, without_migrations(grown), "postgres") == 200


def test_a_container_that_runs_beside_the_others_counts_beside_them() -> None:
    """A quota that a rollout does not fit into is found when it stops half-way."""

    def size(cpu: str) -> dict[str, object]:
        return {"resources": {"requests": {"cpu": cpu}}}

    pod = {
        "initContainers": [{**size("300m"), "restartPolicy": "Always"}, size("900m")],
        "containers": [size("500m")],
    }
    assert pod_asks(pod)["requests.cpu"] == 1200
    assert pod_asks({**pod, "containers": [size("1000m")]})["requests.cpu"] == 1300
