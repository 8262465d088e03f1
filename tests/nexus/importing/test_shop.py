"""A Compose file with one of everything, imported."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from catalog import Order
from nexus.importing.draft import Draft
from stacks.release import read_release
from tests.nexus.importing.made import SHOP, entry, imported, sentences, sound


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop") / "project"


@pytest.fixture(scope="module")
def draft(project: Path) -> Draft:
    return imported(SHOP, project)


def test_every_dependency_is_an_edge_and_nothing_else(draft: Draft, project: Path) -> None:
    """A service that starts too early crashes; one that waits for nothing it knows never starts."""
    catalog = sound(project)
    assert {(edge.source, edge.target) for edge in catalog.edges} == {
        ("front", "orders"),
        ("front", "catalogue"),
        # Through migrate, which runs once, as well.
        ("orders", "postgres"),
        ("orders", "queue"),
        ("orders", "events"),
        ("catalogue", "storage"),
        ("catalogue", "redis"),
        ("mailer", "queue"),
        # The second PostgreSQL has one user.
        ("mailer", "mailer-postgres"),
    }
    assert all(edge.order is Order.STARTUP for edge in catalog.edges)
    assert sentences(draft, project, open_=True) == []


def test_tiers_follow_the_order(draft: Draft, project: Path) -> None:
    """A tier too early would wait for one that waits for it."""
    catalog = sound(project)
    assert [tier.name for tier in catalog.tiers] == ["infrastructure", "core", "frontend"]
    assert {name: each.tier for name, each in catalog.services.items()} == {
        "catalogue": "core",
        "front": "frontend",
        "mailer": "core",
        "orders": "core",
    }


def test_containers_are_what_they_were(draft: Draft, project: Path) -> None:
    """Another port, command or user, and the image does not start."""
    sound(project)
    front, orders = entry(project, "front"), entry(project, "orders")
    assert front["run"]["ports"] == {"http": 8080}
    assert front["run"]["health"] == {
        "http": "/ready", "port": "http", "period_seconds": 10, "timeout_seconds": 3, "failures": 4
    }  # fmt: skip
    assert front["start_seconds"] == 20 + 4 * 10
    assert orders["run"]["ports"] == {"tcp-9000": {"port": 9000, "protocol": "tcp"}}
    assert orders["run"]["user"] == 1001
    assert orders["run"]["writable"] == {"/var/cache/orders": {"memory": "64Mi"}}
    assert orders["run"]["shutdown"] == {"grace_seconds": 90}
    # From the default of a variable, through an anchor and a merge key.
    assert orders["run"]["environment"] == {
        "CATALOGUE": "catalogue:9100",
        "LOG_LEVEL": "info",
    }
    assert entry(project, "catalogue")["run"]["ports"] == {
        "api": {"port": 9100, "protocol": "grpc"}
    }
    # Limits of a file that is extended, and what is reserved of them.
    assert entry(project, "catalogue")["size"] == {"memory": "64Mi"}
    assert "replicas" not in entry(project, "catalogue")
    mailer = entry(project, "mailer")["run"]
    assert mailer["kind"] == "worker"
    assert mailer["health"]["command"] == ["/bin/sh", "-c", "pgrep mailer"]
    # Compose's $$ is a $, which Kubernetes would take for a variable.
    assert mailer["arguments"] == ["run", "--queue", "$$(hostname)"]


def test_what_runs_once_is_a_migration_or_a_task(draft: Draft, project: Path) -> None:
    """The pods would start on tables that nobody has made, or with nothing in them."""
    services = sound(project).services
    migration = services["orders"].migration
    assert migration is not None
    assert (migration.image, migration.command, migration.arguments) == (
        "registry.example.com/shop/orders:1", [], ["migrate", "up"]
    )  # fmt: skip
    [fill] = services["catalogue"].tasks.items()
    assert fill[0] == "fill"
    assert fill[1].model_dump(exclude_defaults=True) == {
        "image": "registry.example.com/shop/fill:7", "arguments": ["--all"], "each_release": True
    }  # fmt: skip
    assert not services["front"].tasks


def test_secrets_are_nowhere_in_the_project(draft: Draft, project: Path) -> None:
    """What is committed once is known for ever."""
    assert entry(project, "orders")["environment"] == ["PAYMENT_TOKEN"]
    for name, text in draft.files().items():
        assert "tok_live_1" not in text, name
        assert "shop:secret" not in text, name


def test_images_that_run_are_those_of_the_file(draft: Draft, project: Path) -> None:
    """A stand-in in the place of an image that is there tells nothing."""
    release = yaml.safe_load((project / "releases/dev.yaml").read_text(encoding="utf-8"))
    assert release["services"] == {
        "catalogue": "registry.example.com/shop/api:3",
        "front": "registry.example.com/shop/front:2.1.0",
        "mailer": "registry.example.com/shop/mailer:1.0.3",
    }
    catalog = sound(project)
    images = read_release(project, "releases/dev.yaml", catalog).images(
        catalog, registry=None, stand_ins=True
    )
    assert {name: images[name].reference for name in release["services"]} == release["services"]


@pytest.mark.parametrize(
    "told",
    [
        "resource 'postgres': 'db' is given 'init.sql'",
        "resource 'postgres': 'reports-db' runs postgis/postgis:17-3.5, which holds more",
        "resource 'queue': 'mailer', 'orders' shared what is in 'bus'",
        "field 'config.nexus-cos:attached.events': this platform makes no Kafka",
        "bucket 'little-shop-data': which buckets there are, Compose does not say",
        "service 'catalogue': it asks for NET_ADMIN",
        "service 'catalogue': volume 'stock' at /var/lib/stock is kept no longer than the pod",
        "service 'mailer': it has no port and nobody calls it, so it is a worker",
        "service 'orders', field 'migrate': 'migrate' runs once (migrate up) before 'orders', so",
        "service 'catalogue', field 'tasks.fill': 'fill' runs once (--all) before 'catalogue', '",
        "; it lacks WHERE, which 'catalogue' has not or otherwise; its volumes are left out",
        "service 'orders': DATABASE_URL led to 'db' and is left out",
        "service 'orders', field 'environment': PAYMENT_TOKEN is secret",
        "service 'orders': CATALOGUE names 'catalogue', on which it does not depend",
        "left out with their profiles: 'tracing'",
        "the images of these are built from source: orders (line ",
        "these have no health check: catalogue",
    ],
)
def test_what_is_not_as_in_compose_is_told(draft: Draft, project: Path, told: str) -> None:
    """What is left out in silence is missed in production."""
    assert [each for each in sentences(draft, project, open_=False) if told in each]


def test_a_server_that_is_not_made_here_is_attached(project: Path) -> None:
    """It is waited for and reached, as for those that are made here."""
    catalog = sound(project)
    assert catalog.resources["events"].summary == "Kafka, which 'events' was in Compose"
    settings = yaml.safe_load((project / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    assert settings["config"]["nexus-cos:attached"] == {
        "events": {"host": "events.invalid", "port": 9092}
    }


def test_every_line_of_the_compose_file_is_right(draft: Draft) -> None:
    """Whoever has to decide would look for the place."""
    found = {each.message: each.source for each in draft.questions}
    for words, text in (
        ("PAYMENT_TOKEN is secret", "PAYMENT_TOKEN: tok_live_1"),
        ("CATALOGUE names", "CATALOGUE:"),
        ("'db' is given 'init.sql'", "volumes:"),
        ("it asks for NET_ADMIN", "catalogue:"),
    ):
        [source] = [place for message, place in found.items() if words in message]
        path, _, line = source.rpartition(":")
        assert text in Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1], source


def test_a_profile_is_enabled(tmp_path: Path) -> None:
    """What only runs in some environments would be missing there."""
    imported(SHOP, tmp_path / "project", profiles=["observed"])
    catalog = sound(tmp_path / "project")
    assert "tracing" in catalog.services
    assert any((e.source, e.target) == ("orders", "tracing") for e in catalog.edges)
