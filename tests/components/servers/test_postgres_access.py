"""The script that gives a login access to another role's database, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.components.servers.database_jobs import bootstrap, connect, password_of
from tests.patience import PATIENCE_SECONDS
from tests.servers.postgres import MASTER, MASTER_PASSWORD, PostgresServer, run
from tests.servers.script import Outcome, run_script

pytestmark = pytest.mark.xdist_group("postgres")


def give(server: PostgresServer, database: str, login: str, access: str = "read-write") -> Outcome:
    """Run the script as the Job of `login` does."""
    return run_script(
        "postgres-access.sh",
        {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGSSLMODE": "disable",
            "DATABASE": database,
            "OWNER_ROLE": f"{database}_owner",
            "LOGIN_ROLE": login,
            "CONNECTION_LIMIT": "20",
            "ACCESS": access,
            "WAIT_SECONDS": str(PATIENCE_SECONDS),
        },
        master=(MASTER, MASTER_PASSWORD),
        password=password_of(login),
        path=str(server.binaries),
    )


@pytest.fixture
def login(postgres: PostgresServer, name: str) -> Iterator[str]:
    """A login beside the migration's, which is called as the database is; dropped afterwards."""
    assert bootstrap(postgres, name).code == 0
    login = f"{name}-user"
    yield login
    with postgres.superuser(name) as connection:
        exists = "SELECT FROM pg_roles WHERE rolname = %s"
        if connection.execute(exists, (login,)).fetchone() is not None:
            run(connection, f'DROP OWNED BY "{login}"')
            run(connection, f'DROP ROLE "{login}"')


def migrate(server: PostgresServer, database: str, statement: str) -> None:
    """What a migration does: as the login that acts as the owner."""
    with connect(server, database) as connection:
        run(connection, statement)


def state(server: PostgresServer, database: str) -> list[object]:
    """All that the script could touch, with the transaction that last wrote each row."""
    queries = (
        "SELECT xmin::text, * FROM pg_authid ORDER BY oid",
        "SELECT xmin::text, * FROM pg_auth_members ORDER BY oid",
        "SELECT xmin::text, oid, datname, datdba, datacl FROM pg_database ORDER BY oid",
        "SELECT xmin::text, * FROM pg_db_role_setting ORDER BY setdatabase, setrole",
        "SELECT xmin::text, * FROM pg_default_acl ORDER BY oid",
        "SELECT xmin::text, oid, relname, relacl FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace ORDER BY oid",
        "SELECT xmin::text, oid, nspname, nspacl FROM pg_namespace "
        "WHERE nspname !~ '^pg_' ORDER BY oid",
    )
    with server.superuser(database) as connection:
        return [connection.execute(query.encode()).fetchall() for query in queries]


def refused(server: PostgresServer, database: str, login: str, *statements: str) -> None:
    with connect(server, login, database) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(connection, statement)


DDL = (
    "CREATE TABLE own ()",
    "CREATE TEMPORARY TABLE own ()",
    "CREATE SCHEMA own",
    "ALTER TABLE kept ADD COLUMN more text",
    "DROP TABLE kept",
    "TRUNCATE kept",
    "CREATE INDEX ON kept (value)",
)


def test_login_reads_and_writes_what_migrations_make(
    postgres: PostgresServer, name: str, login: str
) -> None:
    """Outage: the first table of the next release is there, and its service may not read it."""
    migrate(postgres, name, "CREATE TABLE kept (id serial, value text)")
    assert give(postgres, name, login).code == 0
    migrate(postgres, name, "CREATE SCHEMA later CREATE TABLE later.kept (id serial, value text)")
    with connect(postgres, login, name) as connection:
        for table in ("kept", "later.kept"):
            run(connection, f"INSERT INTO {table} (value) VALUES ('here'), ('gone')")
            run(connection, f"DELETE FROM {table} WHERE value = 'gone'")
            run(connection, f"UPDATE {table} SET value = 'still here'")
            rows = connection.execute(f"SELECT value FROM {table}".encode()).fetchall()
            assert rows == [("still here",)]


def test_login_is_refused_to_change_the_schema(
    postgres: PostgresServer, name: str, login: str
) -> None:
    """Outage: a service with a hole in it drops its own tables."""
    migrate(postgres, name, "CREATE TABLE kept (value text)")
    assert give(postgres, name, login).code == 0
    refused(postgres, name, login, *DDL, f'SET ROLE "{name}_owner"', f'SET ROLE "{name}"')


def test_reader_is_refused_to_write(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: whoever may read another service's tables changes them."""
    migrate(postgres, name, "CREATE TABLE kept AS SELECT 'here' AS value")
    assert give(postgres, name, login, "read").code == 0
    migrate(postgres, name, "CREATE TABLE later AS SELECT 'later' AS value")
    writes = ("INSERT INTO kept VALUES ('no')", "DELETE FROM later", "UPDATE kept SET value = ''")
    refused(postgres, name, login, *DDL, *writes)
    with connect(postgres, login, name) as connection:
        rows = connection.execute("SELECT value FROM kept UNION ALL SELECT value FROM later")
        assert rows.fetchall() == [("here",), ("later",)]


def test_login_gets_into_no_other_database(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: whoever uses one service's tables reads everybody's, the next owner's too."""
    assert give(postgres, name, login).code == 0
    other = f"{name}-stranger"
    assert bootstrap(postgres, other).code == 0
    try:
        with (
            pytest.raises(psycopg.OperationalError, match="permission denied for database"),
            connect(postgres, login, other),
        ):
            pass
        with connect(postgres, login, name) as connection:
            found = connection.execute("SELECT current_user, session_user").fetchone()
        assert found == (login, login)
    finally:
        with postgres.superuser("postgres") as connection:
            run(connection, f'DROP DATABASE "{other}"')
            for role in (other, f"{other}_owner"):
                run(connection, f'DROP ROLE "{role}"')


def test_access_moves_with_the_user(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: a service that uses another database now still changes the one it used before."""
    migrate(postgres, name, "CREATE TABLE kept AS SELECT 'here' AS value")
    assert give(postgres, name, login).code == 0
    other = f"{name}-next"
    assert bootstrap(postgres, other).code == 0
    try:
        assert give(postgres, other, login, "read").code == 0
        with (
            pytest.raises(psycopg.OperationalError, match="permission denied for database"),
            connect(postgres, login, name),
        ):
            pass
        assert "no change" in give(postgres, other, login, "read").output
        assert give(postgres, name, login, "read").code == 0
        refused(postgres, name, login, "DELETE FROM kept")
    finally:
        with postgres.superuser(other) as connection:
            run(connection, f'DROP OWNED BY "{login}"')
        with postgres.superuser("postgres") as connection:
            run(connection, f'DROP DATABASE "{other}"')
            for role in (other, f"{other}_owner"):
                run(connection, f'DROP ROLE "{role}"')


def test_less_access_takes_away_what_was_given(
    postgres: PostgresServer, name: str, login: str
) -> None:
    """Outage: a service that was to read alone still writes."""
    migrate(postgres, name, "CREATE TABLE kept (id serial, value text)")
    assert give(postgres, name, login).code == 0
    assert give(postgres, name, login, "read").code == 0
    migrate(postgres, name, "CREATE TABLE later (value text)")
    insert = "INSERT INTO {} (value) VALUES ('no')"
    refused(postgres, name, login, insert.format("kept"), insert.format("later"))
    assert give(postgres, name, login).code == 0
    with connect(postgres, login, name) as connection:
        run(connection, insert.format("kept"))
        run(connection, insert.format("later"))


def test_a_second_run_changes_nothing(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: every deployment rewrites passwords and grants under running services."""
    migrate(postgres, name, "CREATE TABLE kept (id serial, value text)")
    assert give(postgres, name, login).code == 0
    before = state(postgres, name)
    outcome = give(postgres, name, login)
    line = f'postgres access: "{login}" may read-write database "{name}": no change.\n'
    assert (outcome.code, outcome.output) == (0, line)
    assert state(postgres, name) == before


def test_a_login_that_was_a_member_of_the_owner_keeps_its_data(
    postgres: PostgresServer, name: str
) -> None:
    """Outage: a service that gets a migration loses its tables, or its rights over them."""
    assert bootstrap(postgres, name).code == 0
    with connect(postgres, name) as connection:
        run(connection, "CREATE TABLE kept AS SELECT 'here' AS value")
        run(connection, "SET ROLE NONE")
        run(connection, "CREATE TABLE odd AS SELECT 'odd' AS value")
    migrator = f"{name}-migration"
    outcome = bootstrap(postgres, name, password_of(migrator), settings={"LOGIN_ROLE": migrator})
    assert outcome.code == 0, outcome
    try:
        assert give(postgres, name, name).code == 0
        refused(postgres, name, name, *DDL, f'SET ROLE "{name}_owner"', "DROP TABLE odd")
        with connect(postgres, migrator, name) as connection:
            run(connection, "ALTER TABLE odd ADD COLUMN more text")
        with connect(postgres, name) as connection:
            rows = connection.execute("SELECT value FROM kept UNION ALL SELECT value FROM odd")
            assert rows.fetchall() == [("here",), ("odd",)]
            run(connection, "INSERT INTO odd VALUES ('more')")
    finally:
        with postgres.superuser(name) as connection:
            run(connection, f'DROP OWNED BY "{migrator}"')
            run(connection, f'DROP ROLE "{migrator}"')
            run(connection, f'DROP OWNED BY "{name}"')


def test_old_sessions_keep_what_they_do(postgres: PostgresServer, name: str) -> None:
    """Outage: the pods of the old release lose their tables while the new ones wait."""
    assert bootstrap(postgres, name).code == 0
    with connect(postgres, name) as old:
        run(old, "CREATE TABLE kept (value text)")
        assert give(postgres, name, name).code == 0
        run(old, "INSERT INTO kept VALUES ('here')")
    with postgres.superuser(name) as connection:
        run(connection, f'DROP OWNED BY "{name}"')


def test_runs_at_the_same_time_agree(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: two readers of one database that are added together fail each other's Job."""
    migrate(postgres, name, "CREATE TABLE kept (value text)")
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: give(postgres, name, login), range(4)))
    assert [outcome.code for outcome in outcomes] == [0] * 4, outcomes


def test_unknown_access_is_refused(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: a misspelt access is taken for the largest one."""
    outcome = give(postgres, name, login, "write")
    sentence = 'postgres access: ACCESS is "write"; write "read" or "read-write".\n'
    assert (outcome.code, outcome.output) == (1, sentence)


def test_missing_database_is_said(postgres: PostgresServer, name: str, login: str) -> None:
    """Outage: a Job that goes wrong says so in a way that nobody understands."""
    outcome = give(postgres, f"{name}-other", login)
    assert outcome.code == 1
    assert f'could not be given access to database "{name}-other"' in outcome.output
