"""A service's database, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.servers.bootstrap_job import Bootstrap
from components.servers.parts import Database, DatabaseArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


class Server:
    """A `PostgresServer` that demands TLS on a port of its own."""

    host = "postgres.example"
    port = 5433
    tls_mode = "verify-full"
    client_image = "postgres:17.5"
    master = "postgres-master-1"

    def __init__(self) -> None:
        self.handle = given("server")


def made(rotation: int = 0, migration_connections: int | None = None) -> Recording:
    def build() -> dict[str, Any]:
        database = Database(
            "cart-database",
            DatabaseArgs(
                bootstrap=Bootstrap(
                    context=CONTEXT, namespace="nexus-data", script_map="scripts-1"
                ),
                service="cart",
                server=Server(),
                rotation=rotation,
                connections=30,
                migration_connections=migration_connections,
            ),
        )
        password = database.grant.credentials["password"]
        return {
            "handle": database.handle,
            "grant": database.grant,
            "owner": database.owner,
            "password": password,
        }

    return record(build)


def job(database: Recording) -> dict[str, Any]:
    return database.one("Job").inputs["spec"]["template"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Database, made(), made(migration_connections=10))


def test_handle_waits_for_the_server() -> None:
    """A service that starts before its database exists fails its startup check."""
    database = made()
    assert database.outputs["handle"] == "Job cart-database"
    assert "ConfigMap given-server" in database.waits("Job")


def test_service_is_told_where_its_database_is() -> None:
    """A client with the wrong port or TLS mode is refused."""
    grant = made().outputs["grant"]
    assert grant["resource"] == "postgres"
    assert grant["handle"] == "Job cart-database"
    assert grant["endpoint"] == {
        "host": "postgres.example",
        "port": "5433",
        "database": "cart",
        "sslmode": "verify-full",
    }
    assert grant["credentials"]["username"] == "cart"


def test_job_and_service_have_the_same_secret_password() -> None:
    """Two passwords are a service that cannot sign in."""
    database = made()
    given_to_job = database.secrets["cart-database-credentials"]
    assert given_to_job == database.outputs["grant"]["credentials"]
    assert "password" in database.hidden
    assert database.after["password"] == {"RandomPassword cart-database-password"}


def test_job_makes_what_belongs_to_the_service_alone() -> None:
    """Databases and roles that are named after another service would be shared with it."""
    [container] = job(made())["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    wanted = {
        "PGHOST": "postgres.example",
        "PGPORT": "5433",
        "PGSSLMODE": "verify-full",
        "DATABASE": "cart",
        "OWNER_ROLE": "cart_owner",
        "LOGIN_ROLE": "cart",
        "CONNECTION_LIMIT": "30",
    }
    assert {key: env[key] for key in wanted} == wanted
    assert container["image"] == Server.client_image
    assert container["command"][-1].endswith("/postgres.sh")
    [master] = [each for each in job(made())["spec"]["volumes"] if each["name"] == "master"]
    assert master["secret"]["secretName"] == Server.master


@pytest.mark.parametrize("rotation", [1, 7])
def test_rotation_makes_a_password_and_runs_the_job(rotation: int) -> None:
    """A new password that the server is not told of locks the service out."""
    before, after = made(), made(rotation)
    assert after.one("RandomPassword").inputs["keepers"] == {"rotation": str(rotation)}
    key = "nexus-cos/inputs"
    assert job(before)["metadata"]["annotations"][key] != job(after)["metadata"]["annotations"][key]


def test_with_migrations_the_service_keeps_its_password_and_changes_rows_alone() -> None:
    """The old pods of a service that gets its first migration are locked out at once."""
    database = made(migration_connections=10)
    jobs = {each.name: each for each in database.resources if each.type.endswith(":Job")}
    told = {
        name: {
            each["name"]: each["value"]
            for each in made_job.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for name, made_job in jobs.items()
    }
    logins = {name: (env["LOGIN_ROLE"], env["CONNECTION_LIMIT"]) for name, env in told.items()}
    assert logins == {
        "cart-database": ("cart_migration", "10"),
        "cart-database-access": ("cart", "30"),
    }
    assert {(env["DATABASE"], env["OWNER_ROLE"]) for env in told.values()} == {
        ("cart", "cart_owner")
    }
    assert database.outputs["handle"] == "Job cart-database-access"
    owner, grant = database.outputs["owner"], database.outputs["grant"]
    assert owner["handle"] == grant["handle"] == "Job cart-database-access"
    assert (owner["credentials"]["username"], grant["credentials"]["username"]) == (
        "cart_migration",
        "cart",
    )
    assert owner["credentials"]["password"] != grant["credentials"]["password"]
    assert database.after["password"] == {"RandomPassword cart-database-password"}
