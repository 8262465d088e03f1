"""A server that others make and several services sign in to: each as itself, where that is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from tests.projects import set_config
from tests.stacks.several_parts import project as several_parts
from tests.stacks.several_parts import told

SECRET = {"secure": "v1:placeholder"}
FURTHER = (
    *(
        "orders-archive",
        "orders-reporting",
        "billing-reporting",
        "reporting-orders",
        "reporting-orders-archive",
    ),
    "reporting",
)
LOGINS: Mapping[str, Any] = {
    **{name: {"facts": {"database": f"{name}-there"}} for name in FURTHER},
    "reporting": {"username": "their-reports", "password": SECRET, "facts": {"database": "counts"}},
    "orders_migration": {"username": "their-owner", "password": SECRET},
}
POSTGRES: Mapping[str, Any] = {
    "host": "pg.db.internal",
    "port": 5432,
    "addresses": ["10.20.0.0/16"],
    "username": "shop",
    "password": SECRET,
    "facts": {"database": "shop", "region": "here"},
    "logins": LOGINS,
}


def plan_with(folder: Path, attached: Mapping[str, Any]) -> Plan:
    """The plan of a dev whose shared PostgreSQL is attached so."""
    project = several_parts(folder)
    # Written and read again: the same object twice would be an alias in YAML.
    set_config(project, "dev", attached=json.loads(json.dumps({"postgres": attached})))
    return make_plan(project, "dev")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_with(tmp_path_factory.mktemp("attached"), POSTGRES)


def test_each_part_is_told_as_its_login_says_and_else_as_all_are(plan: Plan) -> None:
    """Two services that share one database of another team read each other's tables."""
    orders, reporting = (told(plan, name)["postgres"] for name in ("orders", "reporting"))
    assert orders["endpoint"]["database"] == "shop"
    assert reporting["endpoint"]["database"] == "counts"
    assert {key: each["database"] for key, each in reporting["parts"].items()} == {
        "reporting": "counts",
        "orders-archive": "reporting-orders-archive-there",
        "orders": "reporting-orders-there",
    }
    assert {each["region"] for each in reporting["parts"].values()} == {"here"}
    folder = "/var/run/secrets/nexus/postgres"
    assert reporting["parts"]["orders"]["credentials"] == f"{folder}.orders"
    assert "placeholder" not in plan.to_json()
    # The dedicated server of billing is made here all the same.
    assert told(plan, "reporting")["billing-postgres"]["endpoint"]["database"] == "billing"


def test_a_migration_is_told_of_its_own_databases_alone(plan: Plan) -> None:
    """It would change tables that it may only read."""
    found = told(plan, "orders-migration")["postgres"]
    assert found["parts"].keys() == {"orders", "archive"}
    [secret] = [each for each in plan.resources if each.name == "orders-migration-credentials"]
    assert sorted(secret.inputs["stringData"]) == [
        *("postgres.archive.password", "postgres.archive.username"),
        *("postgres.password", "postgres.username"),
    ]


PLACE = "Pulumi.dev.yaml: setting 'nexus-cos:attached.postgres.logins"


@pytest.mark.parametrize(
    ("logins", "sentence"),
    [
        (
            {**LOGINS, "billings": {}},
            f"{PLACE}': nobody signs in as 'billings'; remove it.",
        ),
        (
            {**LOGINS, "order": {}},
            f"{PLACE}': nobody signs in as 'order'; did you mean 'orders'?",
        ),
        (
            {**LOGINS, "orders": {"username": "shop"}},
            f"{PLACE}.orders' has a username and no password; run: pulumi config set --secret "
            "--path 'nexus-cos:attached.postgres.logins.orders.password', or remove 'username'.",
        ),
        (
            {**LOGINS, "orders": {"facts": {"host": "b"}}},
            f"{PLACE}.orders.facts': 'host' is told anyway; remove it.",
        ),
        (
            {key: each for key, each in LOGINS.items() if key != "orders-archive"},
            f"{PLACE}': 'orders' has several parts of 'postgres', and nothing says where 'archive' "
            "is; write it, such as orders-archive: {facts: {database: orders-archive}}.",
        ),
        (
            {**LOGINS, "orders": {"user": "shop"}},
            f"{PLACE}.orders.user': unknown key; did you mean 'username'?",
        ),
    ],
    ids=("unknown", "misspelled", "no password", "own fact", "no place", "unknown key"),
)
def test_a_mistake_is_one_sentence(
    logins: Mapping[str, Any], sentence: str, tmp_path: Path
) -> None:
    """Found in the log of a service, the mistake has already failed its users."""
    with pytest.raises(InputError) as caught:
        plan_with(tmp_path, {**POSTGRES, "logins": logins})
    message = str(caught.value)
    assert sentence in message
    assert message.count("Pulumi.dev.yaml: ") == 1, "one mistake is one problem"
