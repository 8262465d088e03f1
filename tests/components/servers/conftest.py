"""The servers, one of each per test process, started by the first test that asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import redis

from tests.components.servers.acl_users import SERVICES, acl_of
from tests.components.servers.database_jobs import bootstrap_all
from tests.servers.postgres import PostgresServer, postgres_server, run
from tests.servers.rabbitmq import RabbitServer, rabbit_server
from tests.servers.valkey import ADMIN_PASSWORD, ValkeyServer, valkey_server

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with a master who is no superuser."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def ready(postgres: PostgresServer) -> PostgresServer:
    """The server after every service's script ran, all at once."""
    for service, outcome in bootstrap_all(postgres).items():
        assert outcome.code == 0, (service, outcome)
    return postgres


@pytest.fixture
def name(postgres: PostgresServer) -> Iterator[str]:
    """A service name that no other test uses; what belongs to it is dropped afterwards."""
    name = f"trial-{next(numbers)}"
    yield name
    with postgres.superuser() as connection:
        run(connection, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in (name, f"{name}_owner"):
            run(connection, f'DROP ROLE IF EXISTS "{role}"')


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitServer]:
    """A RabbitMQ broker with an administrator."""
    with rabbit_server() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey or Redis server with a user of every service that has one."""
    with valkey_server(acl_of(SERVICES)) as server:
        yield server


@pytest.fixture
def admin(valkey: ValkeyServer) -> Iterator[redis.Redis]:
    """The operators' client, on a server without data before and after."""
    with valkey.client("admin", ADMIN_PASSWORD) as client:
        client.flushall()
        yield client
        client.flushall()
