"""What migrations and tasks take of a stack: room in a namespace, and connections of a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog import Catalog, InputError, load_catalog
from catalog.job import Task
from components.kubernetes.service_job import LOCK_SIZE
from nexus.policy.rules.availability import pod_asks
from stacks.capacity import postgres_connections
from stacks.environment import ENVIRONMENTS
from stacks.limits import pods_of
from stacks.release import Release, ReleaseFile
from stacks.sizes import broker_connections, database_connections
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
    # Each migration may hold as many of the two databases that each of them has.
    assert room - postgres_connections(dev, without_migrations(grown), "postgres") == 20 * 2 * 10


def test_tasks_have_room_and_connections_of_their_own(catalog: Catalog) -> None:
    """A task takes the last connection of the service's login, and the service is down."""
    services = {name: replace(each, tasks={}) for name, each in catalog.services.items()}
    without = replace(catalog, services=services)
    more = pods_of("shop", catalog, "dev") - pods_of("shop", without, "dev")
    # One by hand, and of one of each release the last and the next.
    assert sorted(more.values()) == [3]
    sizing = catalog.sizing("orders", "dev")
    many = replace(sizing, most=2, size=sizing.size.model_copy(update={"connections": 10}))
    assert database_connections(many, 2) - database_connections(many) == 20
    assert broker_connections(replace(sizing, most=9), 10) > broker_connections(many)


def test_an_image_of_a_job_is_pinned_where_images_are(catalog: Catalog) -> None:
    """What a moved tag leads to runs with the service's rights."""
    orders = catalog.services["orders"]
    tasks = {"seed": replace_image(orders.tasks["seed"], "docker.io/library/seeder:1")}
    services = {**catalog.services, "orders": replace(orders, tasks=tasks)}
    digest = f"sha256:{'a' * 64}"
    release = Release(
        file="releases/prod.yaml", versions=dict.fromkeys(services, digest), schemas={}
    )
    with pytest.raises(InputError, match=r"field 'tasks.seed.image': .* has no digest"):
        release.images(
            replace(catalog, services=services), registry="r.example", stand_ins=False, digests=True
        )


def replace_image(task: Task, image: str) -> Task:
    return task.model_copy(update={"image": image})


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


def test_the_next_release_of_a_rehearsal_is_one_that_its_environment_takes() -> None:
    """A rehearsal of prod stops at a tag before anything fails in it."""
    pinned = {"a": f"sha256:{'a' * 64}", "b": f"r.example/b@sha256:{'b' * 64}", "c": "2.3.0"}
    release = Release(file="releases/prod.yaml", versions=pinned, schemas={})
    after = release.after(("a", "b", "c", "d")).versions
    assert not {*after.items()} & {*pinned.items()}
    assert after["a"].startswith("sha256:")
    assert after["b"].startswith("r.example/b@sha256:")
    assert {name: after[name] for name in "cd"} == {
        "c": "rehearsed.invalid/c:next",
        "d": "rehearsed.invalid/d:next",
    }
    assert release.after(()) == release
    # As a release file may have them.
    assert ReleaseFile(services=dict(after)).services == after
