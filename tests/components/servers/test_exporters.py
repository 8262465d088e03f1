"""What monitoring's logins may do on real servers, and what real exporters measure with them."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis.exceptions import NoPermissionError

from catalog import Catalog
from components.servers.acl import MONITOR, acl_file
from components.servers.exporter import LOGINS, Exporter
from monitoring.rules import rules
from tests.components.servers.acl_users import hash_of
from tests.components.servers.database_jobs import connect
from tests.patience import PATIENCE_SECONDS
from tests.servers.found import found
from tests.servers.postgres import (
    MASTER,
    MASTER_PASSWORD,
    SUPERUSER,
    SUPERUSER_PASSWORD,
    PostgresServer,
)
from tests.servers.rabbitmq import RabbitServer
from tests.servers.running import free_port, running
from tests.servers.script import Outcome, run_script
from tests.servers.valkey import ADMIN_PASSWORD, valkey_server

pytestmark = pytest.mark.xdist_group("postgres")

PASSWORD = "s33nByMonitoring"

NOT_HERE = {"pg_replication_lag_seconds", "redis_master_link_up"}
"""Metrics of a newer exporter than Debian's, and of replicas."""


def let_in(
    server: PostgresServer,
    password: str = PASSWORD,
    master: tuple[str, str] = (SUPERUSER, SUPERUSER_PASSWORD),
) -> Outcome:
    """Run the script as its Job does."""
    settings = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGSSLMODE": "disable",
        "DATABASE": "postgres-monitor",
        "OWNER_ROLE": "pg_monitor",
        "LOGIN_ROLE": MONITOR,
        "CONNECTION_LIMIT": "5",
        "WAIT_SECONDS": str(PATIENCE_SECONDS),
    }
    path = str(server.binaries)
    return run_script("postgres-monitor.sh", settings, master=master, password=password, path=path)


@contextmanager
def measured(exporter: Exporter, files: Mapping[str, str], folder: Path) -> Generator[str]:
    """What a real exporter answers that is started as its container is."""
    for name, text in files.items():
        (folder / name).write_text(text)

    def here(text: str) -> str:
        listen = f"--web.listen-address=:{exporter.port}"
        return text.replace(LOGINS, str(folder)).replace(
            listen, listen.replace("=:", "=127.0.0.1:")
        )

    container: Any = exporter.container()
    _, *arguments = container["command"]
    env = {each["name"]: here(each["value"]) for each in container["env"]}
    command = [str(found().exporters[exporter.kind]), *(here(each) for each in arguments)]
    url = f"http://127.0.0.1:{exporter.port}"
    with running(
        command, log=folder / "log", env={**os.environ, **env}, ready=lambda: answers(url)
    ):
        yield read(f"{url}/metrics")


def answers(url: str) -> bool:
    try:
        return bool(read(url))
    except urllib.error.URLError:
        return False


def read(url: str) -> str:
    with urllib.request.urlopen(url) as response:
        return response.read().decode()


def named_by_rules(catalog: Catalog, start: str) -> set[str]:
    """Metrics of a kind of server that the rules ask for."""
    return set(re.findall(rf"\b{start}_[a-z_]+", rules(catalog))) - NOT_HERE


def test_the_exporter_sees_how_postgresql_does(
    ready: PostgresServer, catalog: Catalog, tmp_path: Path
) -> None:
    """A login that sees its own sessions alone measures one connection, whatever there are."""
    assert let_in(ready).code == 0
    again = let_in(ready)
    assert again.output == f'postgres monitoring: "{MONITOR}" is ready: no change.\n'
    exporter = Exporter(
        server="postgres",
        kind="postgres",
        address=f"127.0.0.1:{ready.port}",
        port=free_port(),
        password="",
    )
    with connect(ready, "glitch"), measured(exporter, {"postgres": PASSWORD}, tmp_path) as text:
        assert "pg_up 1" in text
        assert re.search(r'^pg_stat_activity_count\{.*datname="glitch".*\} 1$', text, re.MULTILINE)
        for metric in named_by_rules(catalog, "pg"):
            assert re.search(rf"^{metric}[ {{]", text, re.MULTILINE), metric


def test_the_login_reads_nobodys_data(ready: PostgresServer) -> None:
    """The pod of Prometheus would be the way to every database."""
    assert let_in(ready).code == 0
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        ready.connect(MONITOR, PASSWORD, "glitch")
    with ready.connect(MONITOR, PASSWORD) as connection:
        for statement in (
            "CREATE SCHEMA mine",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT * FROM pg_authid",
            "CREATE ROLE another",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_another_password_is_the_one_that_counts(ready: PostgresServer) -> None:
    """An exporter with a new password would be refused for ever."""
    assert let_in(ready, "another").code == 0
    ready.connect(MONITOR, "another").close()
    assert let_in(ready).code == 0
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        ready.connect(MONITOR, "another")


def test_who_may_not_grant_it_is_told_so(ready: PostgresServer) -> None:
    """The master of the services' Jobs may give nobody pg_monitor, and the Job would say it did."""
    with ready.superuser() as connection:
        connection.execute(f"DROP OWNED BY {MONITOR}; DROP ROLE {MONITOR}".encode())
    outcome = let_in(ready, master=(MASTER, MASTER_PASSWORD))
    assert outcome.code == 1
    assert "could not be let in" in outcome.output
    assert let_in(ready).code == 0


@pytest.mark.xdist_group("valkey")
def test_the_exporter_sees_how_redis_does_and_no_key(catalog: Catalog, tmp_path: Path) -> None:
    """A user that may read keys is a way to every session."""
    acl = acl_file({}, admin=hash_of(ADMIN_PASSWORD), monitor=hash_of(PASSWORD))
    with valkey_server(acl) as server:
        exporter = Exporter(
            server="redis",
            kind="redis",
            address=f"127.0.0.1:{server.port}",
            port=free_port(),
            password="",
        )
        login = json.dumps(dict.fromkeys(exporter.redis_uris, PASSWORD))
        with measured(exporter, {"redis.json": login}, tmp_path) as text:
            assert "redis_up 1" in text
            for metric in named_by_rules(catalog, "redis"):
                assert re.search(rf"^{metric}[ {{]", text, re.MULTILINE), metric
        with server.client(MONITOR, PASSWORD) as client:
            for command in (
                ("GET", "a"),
                ("SCAN", "0"),
                ("CONFIG", "SET", "save", ""),
                ("KEYS", "*"),
            ):
                with pytest.raises(NoPermissionError):
                    client.execute_command(*command)


@pytest.mark.xdist_group("rabbitmq")
def test_the_brokers_plugin_has_what_the_rules_ask_for(
    rabbitmq: RabbitServer, catalog: Catalog
) -> None:
    """Messages pile up, and nobody is told."""
    url = f"http://127.0.0.1:{rabbitmq.metrics_port}/metrics"
    named = named_by_rules(catalog, "rabbitmq")

    def missing() -> list[str]:
        # The plugin listens later than the management API, which says that the broker is there.
        text = read(url) if answers(url) else ""
        return [each for each in named if not re.search(rf"^{each}[ {{]", text, re.MULTILINE)]

    # Some are there only when the broker has looked at itself for the first time.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert missing() == []
