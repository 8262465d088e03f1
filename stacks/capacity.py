"""What the servers of an environment can take, against what all services together may use.

Every service may hold `CONNECTION_LIMIT` connections to its database and `MAX_CONNECTIONS` to its
vhost, so that none can use up what is another's. That holds only while the server takes them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from catalog import Catalog, InputError, Problem
from components.servers.parts import CONNECTION_LIMIT, MAX_CONNECTIONS
from stacks.environment import Environment, InAws, InCluster

KEPT = 20
"""Connections to PostgreSQL that no service holds: the superuser's three, those of bootstrap Jobs
and of people."""

STEP, SPARE = 10, 5
"""Room for logins comes in tens, with at least five to spare: another number restarts dev's server,
which a service more or less must not."""

MEMORY = {"large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128, "8xlarge": 256}
"""GiB of Aurora's memory-optimized classes (db.r6g, db.r7g, db.r8g), by size. Source:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.Summary.html"""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """What a node of Amazon MQ takes with RabbitMQ 4 unless its configuration says otherwise."""

    connections: int
    vhosts: int


BROKERS: Mapping[str, Broker] = {
    "mq.m7g.medium": Broker(connections=100, vhosts=10),
    "mq.m7g.large": Broker(connections=1_500, vhosts=50),
    "mq.m7g.xlarge": Broker(connections=3_000, vhosts=100),
    "mq.m7g.2xlarge": Broker(connections=6_000, vhosts=150),
}
"""By instance type; those of a single instance, which nodes of a cluster take too. Source:
https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/rabbitmq-resource-limits-configuration.html"""


def postgres_connections(catalog: Catalog, server: str) -> int:
    """`max_connections` of the PostgreSQL `server` that runs inside of the cluster."""
    room = STEP * ceil((_users(catalog, server) + SPARE) / STEP)
    return room * CONNECTION_LIMIT + KEPT


def aurora_connections(instance_class: str) -> int:
    """Connections that an instance of Aurora takes by default.

    The formula is LEAST({DBInstanceClassMemory/9531392}, 5000); what the operating system keeps of
    the memory is reckoned with by counting a GiB as a billion bytes, as AWS' own example does.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html

    Raises:
        KeyError: for a class that is not in the table; add its size.
    """
    family, _, size = instance_class.rpartition(".")
    if family not in {"db.r6g", "db.r7g", "db.r8g"}:
        raise KeyError(instance_class)
    return min(MEMORY[size] * 1_000_000_000 // 9_531_392, 5_000)


def check_capacity(environment: Environment, catalog: Catalog) -> None:
    """Refuses a catalog whose services do not fit on the servers of `environment` together.

    Raises:
        InputError: one problem per server, with the sum.
    """
    if isinstance(environment.platform, InCluster):
        return  # its PostgreSQL is made for as many as there are, and RabbitMQ has no such limits
    problems = [
        Problem(catalog.platform_file, f"resource '{server}': {message}")
        for server, message in _shortages(environment.name, environment.platform, catalog)
    ]
    if problems:
        raise InputError(problems)


def _shortages(environment: str, platform: InAws, catalog: Catalog) -> Iterator[tuple[str, str]]:
    instance_class, broker = platform.postgres.instance_class, platform.queue.instance_type
    most = aurora_connections(instance_class)
    for server in catalog.servers("postgres"):
        users = _users(catalog, server)
        wanted = users * CONNECTION_LIMIT + KEPT
        if wanted > most:
            yield (
                server,
                f"{users} services at {CONNECTION_LIMIT} connections each, and {KEPT} for "
                f"bootstrap Jobs and people, are {wanted:,}, but {instance_class} in {environment} "
                f"takes {most:,}; {_way_out('instance class')}",
            )
    limits = BROKERS[broker]
    for server in catalog.servers("queue"):
        users = _users(catalog, server)
        wanted = users * MAX_CONNECTIONS
        if wanted > limits.connections:
            yield (
                server,
                f"{users} services at {MAX_CONNECTIONS} connections each are {wanted:,}, but "
                f"{broker} in {environment} takes {limits.connections:,}; "
                f"{_way_out('instance type')}",
            )
        if users >= limits.vhosts:
            yield (
                server,
                f"{users} services with a vhost each, and the broker's own, are {users + 1}, but "
                f"{broker} in {environment} takes {limits.vhosts}; {_way_out('instance type')}",
            )


def _way_out(size: str) -> str:
    return (
        f"write a larger {size} into stacks/environment.py, or 'dedicated: true' on the need of a "
        "service that can have a server of its own."
    )


def _users(catalog: Catalog, server: str) -> int:
    return sum(edge.target == server for edge in catalog.edges)
