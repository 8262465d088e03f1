"""Every login of a plan with several parts, on real servers: into its own part alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import psycopg
import pytest

from nexus.plan.plan import Plan
from tests.components.servers.database_jobs import password_of
from tests.patience import PATIENCE_SECONDS
from tests.servers.amqp import RefusedError, amqp
from tests.servers.postgres import MASTER, MASTER_PASSWORD, PostgresServer, run
from tests.servers.rabbitmq import ADMIN, ADMIN_PASSWORD, RabbitServer
from tests.servers.script import run_script
from tests.stacks.several_parts import plan_of, settings_of


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(tmp_path_factory.mktemp("logins"))


def jobs(plan: Plan, suffixes: tuple[str, ...]) -> list[tuple[str, Mapping[str, str]]]:
    """Script and settings of the Jobs whose names end so, those that make parts first."""
    found: list[tuple[str, Mapping[str, str]]] = []
    for each in plan.named():
        if each.kind == "Job" and each.name.endswith(suffixes):
            [container] = each.inputs["spec"]["template"]["spec"]["containers"]
            settings = {**settings_of(plan, each.name), "WAIT_SECONDS": str(PATIENCE_SECONDS)}
            del settings["SECRETS_DIR"], settings["HOME"]
            found.append((container["command"][1].rpartition("/")[2], settings))
    return sorted(found, key=lambda job: "access" in job[0])


DATABASES = {
    "orders": {"orders", "reporting-orders", "orders_migration"},
    "orders-archive": {
        *("orders-archive", "reporting-orders-archive", "orders-archive_migration"),
    },
    "reporting": {"reporting", "orders-reporting", "billing-reporting"},
}
"""Who gets into each database of the shared server."""


@pytest.mark.xdist_group("postgres")
def test_each_login_gets_into_the_database_of_its_part_alone(
    plan: Plan, postgres: PostgresServer
) -> None:
    """One that gets into a second database makes the parts of two services one."""
    try:
        # Twice: a Job that runs again must not take from another login what that one was given.
        for _, (script, settings) in product(
            range(2), jobs(plan, ("-database", "-database-access"))
        ):
            if settings["PGHOST"].startswith("postgres."):
                here = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port)}
                outcome = run_script(
                    script,
                    {**settings, **here},
                    master=(MASTER, MASTER_PASSWORD),
                    password=password_of(settings["LOGIN_ROLE"]),
                    path=str(postgres.binaries),
                )
                assert outcome.code == 0, outcome.output
        logins = {login for each in DATABASES.values() for login in each}
        found = {
            database: {login for login in logins if _gets_in(postgres, login, database)}
            for database in DATABASES
        }
        assert found == DATABASES
        with postgres.connect(
            "orders-archive_migration", password_of("orders-archive_migration"), "orders-archive"
        ) as migration:
            run(migration, "CREATE TABLE kept (value int)")
        with postgres.connect(
            "reporting-orders-archive", password_of("reporting-orders-archive"), "orders-archive"
        ) as user:
            run(user, "INSERT INTO kept VALUES (1)")
        with postgres.connect(
            "orders-archive", password_of("orders-archive"), "orders-archive"
        ) as owner:
            assert owner.execute("SELECT value FROM kept").fetchall() == [(1,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(owner, "DROP TABLE kept")
    finally:
        with postgres.superuser() as connection:
            for database, logins in DATABASES.items():
                run(connection, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                for role in (*logins, f"{database}_owner"):
                    run(connection, f'DROP ROLE IF EXISTS "{role}"')


def _gets_in(server: PostgresServer, login: str, database: str) -> bool:
    try:
        server.connect(login, password_of(login), database).close()
    except psycopg.OperationalError as error:
        if "permission denied for database" not in str(error):
            raise
        return False
    return True


VHOSTS = {
    "orders": {"orders"},
    "orders-audit": {"orders-audit", "reporting-orders-audit"},
    "reporting": {"reporting"},
}
"""Who gets into each vhost."""


@pytest.mark.xdist_group("rabbitmq")
def test_each_user_gets_into_the_vhost_of_its_part_alone(
    plan: Plan, rabbitmq: RabbitServer
) -> None:
    """One that gets into a second vhost makes the parts of two services one."""
    users = {user for each in VHOSTS.values() for user in each}
    try:
        for _, (script, settings) in product(range(2), jobs(plan, ("-vhost",))):
            outcome = run_script(
                script,
                {**settings, "MANAGEMENT_URL": rabbitmq.url},
                master=(ADMIN, ADMIN_PASSWORD),
                password=password_of(settings["USERNAME"]),
            )
            assert outcome.code == 0, outcome.output
        found = {
            vhost: {user for user in users if _enters(rabbitmq, user, vhost)} for vhost in VHOSTS
        }
        assert found == VHOSTS
    finally:
        for vhost in VHOSTS:
            rabbitmq.delete(f"vhosts/{vhost}")
        for user in users:
            rabbitmq.delete(f"users/{user}")


def _enters(server: RabbitServer, user: str, vhost: str) -> bool:
    try:
        with amqp(server.amqp_port, user, password_of(user), vhost):
            return True
    except RefusedError:
        return False
