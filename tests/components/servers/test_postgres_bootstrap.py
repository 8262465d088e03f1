"""The PostgreSQL bootstrap script against a real server: who gets in where, and what stays."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest

from catalog import load_catalog
from catalog.size import Sizing
from stacks.sizes import database_connections
from tests.components.servers.database_jobs import SERVICES, bootstrap, bootstrap_all, connect
from tests.patience import PATIENCE_SECONDS
from tests.projects import DOCUMENTED
from tests.servers.postgres import MASTER, MASTER_PASSWORD, Connection, PostgresServer, run

pytestmark = pytest.mark.xdist_group("postgres")


def snapshot(server: PostgresServer) -> list[object]:
    """All that a bootstrap could touch, with the transaction that last wrote each row."""
    shared = (
        "SELECT xmin::text, * FROM pg_authid ORDER BY oid",
        "SELECT xmin::text, * FROM pg_auth_members ORDER BY oid",
        "SELECT xmin::text, oid, datname, datdba, datacl, datconnlimit FROM pg_database ORDER BY 2",
        "SELECT xmin::text, * FROM pg_db_role_setting ORDER BY setdatabase, setrole",
    )
    rows: list[object] = []
    with server.superuser() as connection:
        rows += [connection.execute(query).fetchall() for query in shared]
    for service in SERVICES:
        with server.superuser(service) as connection:
            query = "SELECT xmin::text, * FROM pg_namespace WHERE nspname = 'public'"
            rows += connection.execute(query).fetchall()
    return rows


def test_a_second_run_changes_nothing(ready: PostgresServer) -> None:
    """Outage: every deployment rewrites passwords and grants under running services."""
    before = snapshot(ready)
    outcomes = bootstrap_all(ready)
    assert {outcome.code for outcome in outcomes.values()} == {0}
    for service, outcome in outcomes.items():
        line = f'postgres bootstrap: database "{service}" is ready: no change.\n'
        assert outcome.output == line
    assert snapshot(ready) == before


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_and_writes_its_own(ready: PostgresServer, service: str) -> None:
    """Outage: the service starts, and its first migration fails."""
    with connect(ready, service) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    with connect(ready, service) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == ("here",)
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'")
        assert owner.fetchone() == (f"{service}_owner",)
        connection.execute("DROP TABLE kept")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_refused_at_every_other_database(ready: PostgresServer, service: str) -> None:
    """Outage: one leaked password opens the data of all twenty services."""
    for other in {*SERVICES, "postgres"} - {service}:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(ready, service, database=other)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_rights_over_roles(ready: PostgresServer, service: str) -> None:
    """Outage: a service takes on another's role, or makes itself a way in."""
    others = [other for other in SERVICES if other != service]
    forbidden = [f'SET ROLE "{other}_owner"' for other in others]
    forbidden += [f'SET ROLE "{other}"' for other in others]
    forbidden += [
        f'SET ROLE "{MASTER}"',
        "CREATE ROLE intruder",
        "CREATE DATABASE intruder",
        f"ALTER ROLE \"{others[0]}\" PASSWORD 'mine'",
        f'GRANT "{others[0]}_owner" TO "{service}"',
        f'GRANT CONNECT ON DATABASE "{others[0]}" TO "{service}"',
    ]
    with connect(ready, service) as connection:
        for role in ("", "SET ROLE NONE"):
            if role:
                run(connection, role)
            for statement in forbidden:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    run(connection, statement)


def test_nobody_else_may_create_in_the_public_schema(ready: PostgresServer) -> None:
    """Outage: a role that is let in to read fills the schema, or shadows its functions."""
    for service in SERVICES:
        with ready.superuser(service) as connection:
            allowed = connection.execute("SELECT has_schema_privilege('public','public','CREATE')")
            assert allowed.fetchone() == (False,), service


def test_a_new_password_replaces_the_old_one(postgres: PostgresServer, name: str) -> None:
    """Outage: after a rotation the old password still works, or the new one does not."""
    assert bootstrap(postgres, name, "first-one").code == 0
    with connect(postgres, name, password="first-one") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    outcome = bootstrap(postgres, name, "second-one")
    line = f'postgres bootstrap: database "{name}" is ready: PASSWORD.\n'
    assert (outcome.code, outcome.output) == (0, line)
    with connect(postgres, name, password="second-one") as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(postgres, name, password="first-one")


def test_what_was_changed_by_hand_is_put_right(postgres: PostgresServer, name: str) -> None:
    """Outage: a database that somebody opened in an incident stays open."""
    assert bootstrap(postgres, name).code == 0
    with postgres.superuser() as connection:
        for statement in (
            f'GRANT ALL ON DATABASE "{name}" TO PUBLIC',
            f'REVOKE CONNECT ON DATABASE "{name}" FROM "{name}"',
            f'ALTER ROLE "{name}_owner" LOGIN',
            f'ALTER ROLE "{name}" NOLOGIN CREATEDB CREATEROLE CONNECTION LIMIT 3',
            f'ALTER ROLE "{name}" IN DATABASE "{name}" RESET role',
            f'REVOKE "{name}_owner" FROM "{name}" GRANTED BY "{MASTER}"',
        ):
            run(connection, statement)
    with postgres.superuser(name) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    outcome = bootstrap(postgres, name)
    assert outcome.code == 0, outcome
    with postgres.superuser(name) as connection:
        roles = connection.execute(
            "SELECT rolcanlogin, rolcreatedb, rolcreaterole, rolconnlimit FROM pg_roles "
            "WHERE rolname LIKE %s ORDER BY rolname",
            (f"{name}%",),
        )
        assert roles.fetchall() == [(True, False, False, -1), (False, False, False, -1)]
        open_to_all = connection.execute(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT'), "
            "has_schema_privilege('public', 'public', 'CREATE')"
        )
        assert open_to_all.fetchone() == (False, False)
    with connect(postgres, name) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (f"{name}_owner",)


def test_a_database_of_the_master_is_handed_over(postgres: PostgresServer, name: str) -> None:
    """Outage: a database restored from a backup belongs to the master, and migrations fail."""
    with postgres.connect(MASTER, MASTER_PASSWORD) as connection:
        run(connection, f'CREATE DATABASE "{name}" TEMPLATE template0')
    assert bootstrap(postgres, name).code == 0
    with connect(postgres, name) as connection:
        connection.execute("CREATE TABLE kept ()")


def test_the_connection_limit_holds(postgres: PostgresServer, name: str) -> None:
    """Outage: one service's connection leak takes every service's database away."""
    assert bootstrap(postgres, name, settings={"CONNECTION_LIMIT": "1"}).code == 0
    with (
        connect(postgres, name),
        pytest.raises(psycopg.OperationalError, match="too many connections for role"),
    ):
        connect(postgres, name)
    with connect_once_free(postgres, name):
        # A deployment while the service is that busy still goes through.
        outcome = bootstrap(postgres, name, settings={"CONNECTION_LIMIT": "1"})
        assert outcome.output.endswith("is ready: no change.\n"), outcome
    assert bootstrap(postgres, name, settings={"CONNECTION_LIMIT": "2"}).code == 0
    with connect_once_free(postgres, name), connect_once_free(postgres, name):
        pass


def test_more_pods_get_more_connections_under_load(postgres: PostgresServer, name: str) -> None:
    """Outage: a service gets more pods on its busiest day, and they find no connection free."""
    before, after = (database_connections(pods_with(most=most, connections=4)) for most in (2, 6))
    assert (before, after) == (20, 40)
    assert bootstrap(postgres, name, settings={"CONNECTION_LIMIT": str(before)}).code == 0
    with ExitStack() as held:
        for _ in range(before):
            held.enter_context(connect(postgres, name))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            connect(postgres, name)
        # The Job runs while the old pods hold all that they may.
        outcome = bootstrap(postgres, name, settings={"CONNECTION_LIMIT": str(after)})
        assert outcome.code == 0, outcome
        # Six pods, one that a rolling update starts and one that it ends, of four each.
        for _ in range((6 + 2) * 4 - before):
            held.enter_context(connect(postgres, name))
        for _ in range(after - (6 + 2) * 4):
            held.enter_context(connect(postgres, name))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            connect(postgres, name)


def pods_with(*, most: int, connections: int) -> Sizing:
    """A service of so many pods at most, each with so many connections."""
    usual = load_catalog(DOCUMENTED).environments["dev"].usual
    return replace(
        usual, most=most, size=usual.size.model_copy(update={"connections": connections})
    )


def connect_once_free(server: PostgresServer, service: str) -> Connection:
    """A connection, as soon as the server has counted down the ones that were closed."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return connect(server, service)
        except psycopg.OperationalError as error:
            if "too many connections for role" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


def test_somebody_in_the_template_is_no_hindrance(postgres: PostgresServer, name: str) -> None:
    """Outage: no service can be added while a tool is connected to template1."""
    with postgres.superuser("template1"):
        assert bootstrap(postgres, name).code == 0


def test_runs_at_the_same_time_agree(postgres: PostgresServer, name: str) -> None:
    """Outage: a Job that is retried while its first pod still runs fails both."""
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: bootstrap(postgres, name), range(6)))
    assert [outcome.code for outcome in outcomes] == [0] * 6, outcomes
    connect(postgres, name).close()
