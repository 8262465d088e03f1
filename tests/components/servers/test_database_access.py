"""A login that uses another role's database, made alone."""

from __future__ import annotations

from typing import Any

from components.servers.bootstrap_job import Bootstrap
from components.servers.parts import DatabaseAccess, DatabaseAccessArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)
from tests.components.servers.test_database import Server


def made() -> Recording:
    def build() -> dict[str, Any]:
        access = DatabaseAccess(
            "cart-access",
            DatabaseAccessArgs(
                bootstrap=Bootstrap(
                    context=CONTEXT, namespace="nexus-data", script_map="scripts-1"
                ),
                service="cart",
                server=Server(),
                rotation=0,
                connections=30,
                database="orders",
                access="read",
                after=given("database"),
            ),
        )
        return {"handle": access.handle, "grant": access.grant}

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(DatabaseAccess, made())


def test_handle_waits_for_the_database() -> None:
    """A login cannot be let into a database that is not there yet."""
    access = made()
    assert access.outputs["handle"] == "Job cart-access"
    assert "ConfigMap given-database" in access.waits("Job")


def test_login_is_its_own_and_the_database_is_the_other_s() -> None:
    """A service that is told of its own name looks for a database that nobody made."""
    access = made()
    assert access.outputs["grant"]["endpoint"]["database"] == "orders"
    assert access.outputs["grant"]["credentials"]["username"] == "cart"
    [container] = access.one("Job").inputs["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    wanted = {
        "DATABASE": "orders",
        "OWNER_ROLE": "orders_owner",
        "LOGIN_ROLE": "cart",
        "CONNECTION_LIMIT": "30",
        "ACCESS": "read",
    }
    assert {key: env[key] for key in wanted} == wanted
    assert container["command"][-1].endswith("/postgres-access.sh")
