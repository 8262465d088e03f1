"""Services of a Compose file that name one database: they have one here, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.access import Access
from catalog.part import OWN, Part
from tests.nexus.importing.made import entry, imported, sentences, sound, write_compose

URL = "postgresql+psycopg2://shop:pw@db:5432/shop?sslmode=disable"


def compose(**services: Mapping[str, Any]) -> Mapping[str, Any]:
    """A file with a database and services that listen, each after the database."""
    usual = {"image": "registry.example.com/shop:1", "expose": ["8080"], "depends_on": ["db"]}
    return {
        "name": "shop",
        "services": {
            "db": {"image": "postgres:17"},
            **{name: {**usual, **each} for name, each in services.items()},
        },
    }


def parts(project: Path) -> Mapping[str, object]:
    """Whose database each service uses: its own, or that of which other one."""
    return {
        edge.source: "own" if edge.parts == OWN else edge.parts[0].of
        for edge in sound(project).edges
        if edge.target == "postgres"
    }


MIGRATE = {"command": ["bin/migrate"], "expose": [], "restart": "no"}
AFTER = {"depends_on": {"migrate": {"condition": "service_completed_successfully"}}}


def test_the_service_with_the_migration_has_the_tables_and_lets_the_others_in(
    tmp_path: Path,
) -> None:
    """A worker with a database of its own finds no table, and no job that the web left there."""
    file = write_compose(
        tmp_path / "compose",
        compose(
            migrate={**MIGRATE, "environment": {"DATABASE_URL": URL}},
            api={"environment": {"DATABASE_URL": URL}},
            web={"environment": {"DATABASE_URL": URL}, **AFTER},
            worker={"environment": {"PGHOST": "db", "PGDATABASE": "shop"}},
        ),
    )
    draft = imported(file, tmp_path / "project")
    assert parts(tmp_path / "project") == {"web": "own", "api": "web", "worker": "web"}
    part = Part(of="web", access=Access.READ_WRITE)
    edges = sound(tmp_path / "project").edges_to("postgres")
    assert [each.parts for each in edges if each.source != "web"] == [(part,), (part,)]
    assert [each["to"] for each in entry(tmp_path / "project", "web")["grants"]] == [
        "api",
        "worker",
    ]
    said = (
        "'api', 'web', 'worker' name one database in 'db', 'shop': it is that of 'web', which "
        "alone changes tables and lets 'api', 'worker' change rows"
    )
    told = sentences(draft, tmp_path / "project", open_=False)
    assert [each for each in told if said in each]
    assert not [each for each in told if "of its own" in each]


OTHER = URL.replace("/shop?", "/reports?")


@pytest.mark.parametrize(
    ("services", "found"),
    [
        (
            {"api": {"environment": {"URL": URL}}, "web": {"environment": {"URL": OTHER}}},
            {"api": "own", "web": "own"},
        ),
        ({"api": {}, "web": {}}, {"api": "own", "web": "own"}),
        (
            {"api": {"environment": {"DB": "shop"}}, "web": {"environment": {"DB": "shop"}}},
            {"api": "own", "web": "own"},
        ),
        (
            {
                "api": {"environment": {"URL": URL}, "depends_on": ["db", "web"]},
                "web": {"environment": {"URL": URL}},
            },
            {"api": "web", "web": "own"},
        ),
        (
            {
                "api": {"environment": {"URL": URL, "MORE": OTHER}},
                "web": {"environment": {"URL": URL}},
            },
            {"api": "own", "web": "own"},
        ),
        (
            {
                "migrate": {**MIGRATE, "environment": {"URL": URL}},
                "migrate-web": {
                    **MIGRATE,
                    "image": "registry.example.com/web:1",
                    "environment": {"URL": URL},
                },
                "api": {"environment": {"URL": URL}, **AFTER},
                "web": {
                    "image": "registry.example.com/web:1",
                    "environment": {"URL": URL},
                    "depends_on": {"migrate-web": {"condition": "service_completed_successfully"}},
                },
            },
            {"api": "own", "web": "own"},
        ),
    ],
    ids=("two names", "no name", "no address", "the earlier one", "both", "two migrations"),
)
def test_databases_are_one_where_the_file_says_so_alone(
    services: Mapping[str, Any], found: Mapping[str, str], tmp_path: Path
) -> None:
    """Two programs on one database that were on two would change each other's rows."""
    imported(write_compose(tmp_path / "compose", compose(**services)), tmp_path / "project")
    assert parts(tmp_path / "project") == found


def test_who_uses_two_servers_decides_first(tmp_path: Path) -> None:
    """A grant that nobody uses is refused, and nobody would know why it is there."""
    more = compose(
        api={"environment": {"URL": URL}, "depends_on": ["db", "db2"]},
        web={"environment": {"URL": URL}},
        shop={"environment": {"URL": URL}},
    )
    more["services"]["db2"] = {"image": "postgres:17"}
    draft = imported(write_compose(tmp_path / "compose", more), tmp_path / "project")
    assert "grants" not in entry(tmp_path / "project", "api")
    assert [each["to"] for each in entry(tmp_path / "project", "shop")["grants"]] == ["web"]
    [question] = sentences(draft, tmp_path / "project", open_=True)
    assert "service 'api'" in question


def test_keys_of_redis_are_told_of(tmp_path: Path) -> None:
    """The jobs that one leaves in Redis are nobody's where each has a prefix of its own."""
    file = compose(api={"depends_on": ["cache"]}, web={"depends_on": ["cache"]})
    file["services"]["cache"] = {"image": "redis:7"}
    draft = imported(write_compose(tmp_path / "compose", file), tmp_path / "project")
    [said] = [
        each for each in sentences(draft, tmp_path / "project", open_=False) if "keys" in each
    ]
    assert "'api', 'web' shared what is in 'cache'; here each gets keys of its own" in said
