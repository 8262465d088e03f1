"""The PostgreSQL bootstrap script against bad input, bad servers and curious readers of logs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from catalog.names import RESERVED_ON
from tests.components.servers.database_jobs import bootstrap, connect
from tests.servers.postgres import MASTER, MASTER_PASSWORD, PostgresServer, run

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.mark.parametrize(
    "hostile",
    [
        "it's",
        'dou"ble',
        "back\\slash",
        ":owner",
        "host=127.0.0.2 user=x",
        "postgresql://x/y",
        '"; DROP DATABASE "scheduler"; --',
        "$(touch {probe})",
        "`touch {probe}`",
        "-c",
        "spa ce",
        "%s%I",
        "ünï",
    ],
)
def test_hostile_names_stay_names(ready: PostgresServer, tmp_path: Path, hostile: str) -> None:
    """Outage: a name with a quote in it runs as SQL or shell with the master's rights."""
    probe = tmp_path / "touched"
    service = hostile.format(probe=probe)[:56]
    with ready.superuser() as connection:
        before = set(connection.execute("SELECT datname FROM pg_database").fetchall())
        outcome = bootstrap(ready, service)
        assert outcome.code == 0, outcome
        after = set(connection.execute("SELECT datname FROM pg_database").fetchall())
        assert after - before == {(service,)}
        assert before <= after
        assert not probe.exists()
        connect(ready, service).close()
        quoted = service.replace('"', '""')
        run(connection, f'DROP DATABASE "{quoted}"')
        run(connection, f'DROP ROLE "{quoted}", "{quoted}_owner"')


def test_no_password_reaches_output_log_or_process_list(
    postgres: PostgresServer, name: str, tmp_path: Path
) -> None:
    """Outage: passwords stand in the server's log, and everybody who reads logs has them."""
    spy = tmp_path / "psql"
    spy.write_text(f'#!/bin/sh\necho "$0 $*" >>{tmp_path}/seen\nexec {postgres.binaries}/psql "$@"')
    spy.chmod(0o755)
    for secret in ("Sesame-one", "Sesame-two", "Sesame-two"):
        outcome = bootstrap(postgres, name, secret, path=f"{tmp_path}:{postgres.binaries}")
        assert outcome.code == 0, outcome
        assert secret not in outcome.output
    assert bootstrap(postgres, name, "Sesame-3", master=(MASTER, "Sesame-no")).code == 1
    seen = (tmp_path / "seen").read_text() + postgres.log.read_text()
    assert f'ALTER USER "{name}" PASSWORD \'SCRAM-SHA-256' in seen
    assert "Sesame" not in seen
    assert MASTER_PASSWORD not in (tmp_path / "seen").read_text()


def test_a_wrong_master_password_is_said_at_once(postgres: PostgresServer, name: str) -> None:
    """Outage: a Job waits two minutes, four times, before it says what it knew at once."""
    outcome = bootstrap(postgres, name, master=(MASTER, "Wrong-one"))
    assert outcome.code == 1
    assert outcome.output.startswith(f"postgres bootstrap: PostgreSQL at 127.0.0.1:{postgres.port}")
    assert f'refuses the master "{MASTER}"; correct its Secret' in outcome.output
    assert outcome.output.count("\n") == 1
    assert "Wrong-one" not in outcome.output


def test_a_server_that_is_not_there_ends_the_wait(postgres: PostgresServer) -> None:
    """Outage: a Job hangs for ever, and so does the deployment behind it."""
    started = time.monotonic()
    outcome = bootstrap(postgres, "scheduler", settings={"WAIT_SECONDS": "1", "PGPORT": "1"})
    assert time.monotonic() - started >= 1
    assert outcome.code == 1
    assert "at 127.0.0.1:1 did not let the master in within 1 s" in outcome.output
    assert "Connection refused" in outcome.output
    assert outcome.output.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"DATABASE": ""}, "DATABASE is not set"),
        ({"DATABASE": "x" * 64}, "DATABASE is longer than PostgreSQL's 63 bytes"),
        ({"DATABASE": "a\nb"}, "DATABASE holds a control character"),
        ({"DATABASE": "postgres"}, 'DATABASE "postgres" belongs to the server'),
        ({"DATABASE": "template1"}, 'DATABASE "template1" belongs to the server'),
        ({"LOGIN_ROLE": MASTER}, f'role "{MASTER}" is the master\'s own'),
        ({"OWNER_ROLE": MASTER}, f'role "{MASTER}" is the master\'s own'),
        ({"OWNER_ROLE": "x", "LOGIN_ROLE": "x"}, "they have to differ"),
        ({"OWNER_ROLE": "pg_monitor"}, "could not be set up"),
        ({"CONNECTION_LIMIT": "many"}, 'CONNECTION_LIMIT is "many"'),
        ({"CONNECTION_LIMIT": "-2"}, "CONNECTION_LIMIT is -2"),
        ({"WAIT_SECONDS": "0"}, "WAIT_SECONDS is 0"),
        ({"PGHOST": ""}, "PGHOST is not set"),
        ({"SECRETS_DIR": "/nowhere"}, "cannot read /nowhere/master/username"),
    ],
)
def test_bad_settings_are_named(
    postgres: PostgresServer, settings: dict[str, str], message: str
) -> None:
    """Outage: a typing mistake gives the server itself, or another's role, to a service."""
    outcome = bootstrap(postgres, "trial-bad", settings=settings)
    assert outcome.code == 1
    assert message in outcome.output
    assert outcome.output.count("\n") == 1


@pytest.mark.parametrize(("password", "message"), [("", "is empty"), ("a\nb", "holds more")])
def test_a_bad_password_file_is_named(
    postgres: PostgresServer, password: str, message: str
) -> None:
    """Outage: a service gets an empty password, and anybody can be it."""
    outcome = bootstrap(postgres, "trial-bad", password)
    assert outcome.code == 1
    assert f"service/password {message}" in outcome.output


OWN = sorted(name for name in RESERVED_ON["postgres"] if not name.startswith("rds"))
ELSEWHERE = sorted({name for names in RESERVED_ON.values() for name in names} - set(OWN))


@pytest.mark.parametrize("name", OWN)
def test_names_that_the_server_keeps_are_refused(postgres: PostgresServer, name: str) -> None:
    """The catalog refuses them; a service of that name would never start."""
    assert bootstrap(postgres, name).code != 0


@pytest.mark.parametrize("name", [name for name in ELSEWHERE if not name.startswith("rds")])
def test_names_that_other_servers_keep_are_free(postgres: PostgresServer, name: str) -> None:
    """Refusing them here too would have a team rename its service for nothing."""
    assert bootstrap(postgres, name).code == 0
