"""What servers and nodes of an environment can take, against what the services may use together.

Every service may hold a number of connections to its database and to its vhost, so that none can
use up what is another's. That holds only while the server takes them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from catalog import Catalog, InputError, Problem
from catalog.errors import listed
from catalog.logins import logins
from catalog.size import Sizing
from stacks.environment import Environment, InAws
from stacks.nodes import unfit_pods
from stacks.sizes import (
    LEAST_CONNECTIONS,
    broker_connections,
    database_connections,
    migration_connections,
    unfit_sizes,
)

KEPT = 20
"""Connections to PostgreSQL that no service holds: the superuser's three, those of bootstrap Jobs
and of people."""

STEP, SPARE = 10 * LEAST_CONNECTIONS, 5 * LEAST_CONNECTIONS
"""Room for logins comes in tens of small ones, with at least five to spare: another number restarts
dev's server, which a service more or less must not."""

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


def postgres_connections(environment: Environment, catalog: Catalog, server: str) -> int:
    """`max_connections` of the PostgreSQL `server` that runs inside of the cluster."""
    held = _held_databases(environment, catalog, server)
    return STEP * ceil((sum(held.values()) + SPARE) / STEP) + KEPT


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


def check_capacity(environment: Environment, catalog: Catalog, *, managed: bool) -> None:
    """Refuses a catalog whose services do not fit into `environment`, alone or together.

    Args:
        managed: whether this program makes the nodes, of the environment's instance types.

    Raises:
        InputError: one problem per size, pod and server that does not fit, with the sum.
    """
    problems = [
        *unfit_sizes(catalog, environment.name),
        *unfit_pods(environment, catalog, managed=managed),
    ]
    # In the cluster PostgreSQL is made for as many as there are, and RabbitMQ has no such limits.
    if isinstance(environment.platform, InAws):
        problems += _shortages(environment, environment.platform, catalog)
    if problems:
        raise InputError([*dict.fromkeys(problems)])


def _held(
    environment: Environment, catalog: Catalog, server: str, limit: Callable[[Sizing, int], int]
) -> Mapping[str, int]:
    """Connections that each user of a server may hold with all its logins, by service."""
    return {
        edge.source: len(edge.parts)
        * limit(
            catalog.sizing(edge.source, environment.name), len(catalog.services[edge.source].tasks)
        )
        for edge in catalog.edges
        if edge.target == server
    }


def _held_databases(environment: Environment, catalog: Catalog, server: str) -> Mapping[str, int]:
    """Connections that each user of a PostgreSQL server may hold, its migrations included."""
    own = Counter(login.service for login in logins(catalog, server) if login.part.of is None)
    return {
        name: held + own[name] * (migration_connections(catalog.services[name]) or 0)
        for name, held in _held(environment, catalog, server, database_connections).items()
    }


def _shortages(environment: Environment, platform: InAws, catalog: Catalog) -> Iterator[Problem]:
    def problem(server: str, message: str) -> Problem:
        return Problem(catalog.platform_file, f"resource '{server}': {message}")

    instance_class, broker = platform.postgres.instance_class, platform.queue.instance_type
    most = aurora_connections(instance_class)
    for server in catalog.servers("postgres"):
        held = _held_databases(environment, catalog, server)
        wanted = sum(held.values()) + KEPT
        if wanted > most:
            yield problem(
                server,
                f"{_sum(held)}, and {KEPT} for bootstrap Jobs and people, are {wanted:,}, but "
                f"{instance_class} in {environment.name} takes {most:,}; "
                f"{_way_out('instance class', held, _FEWER)}",
            )
    limits = BROKERS[broker]
    for server in catalog.servers("queue"):
        held = _held(environment, catalog, server, broker_connections)
        own = sum(login.part.of is None for login in logins(catalog, server))
        wanted, vhosts = sum(held.values()), own + 1
        if wanted > limits.connections:
            yield problem(
                server,
                f"{_sum(held)} are {wanted:,}, but {broker} in {environment.name} takes "
                f"{limits.connections:,}; {_way_out('instance type', held, 'pods')}",
            )
        if vhosts > limits.vhosts:
            yield problem(
                server,
                f"{own} vhosts of services, and the broker's own, are {vhosts}, but "
                f"{broker} in {environment.name} takes {limits.vhosts}; "
                f"{_way_out('instance type')}",
            )


def _sum(held: Mapping[str, int]) -> str:
    """The services by what they hold: `20 services at 20 connections each, 1 at 60 (orders)`."""
    counted = sorted(Counter(held.values()).items())
    parts: list[str] = []
    for limit, number in counted:
        noun = (" services" if number > 1 else " service") if not parts else ""
        unit = " connections each" if not parts else " each" if number > 1 else ""
        names = [name for name, each in held.items() if each == limit]
        named = f" ({', '.join(names)})" if limit > LEAST_CONNECTIONS and len(names) < 4 else ""
        parts.append(f"{number}{noun} at {limit}{unit}{named}")
    return listed(parts)


_FEWER = "pods or a size with fewer 'connections'"


def _way_out(size: str, held: Mapping[str, int] | None = None, fewer: str = "") -> str:
    """What to write, as the end of a sentence: first of all less for who holds the most."""
    less = ""
    largest = max(held or {}, key=lambda name: (held or {})[name], default=None)
    if held and largest is not None and held[largest] > LEAST_CONNECTIONS:
        less = f"fewer {fewer} at '{largest}', "
    return (
        f"write {less}a larger {size} into stacks/environment.py, or 'dedicated: true' on the need "
        "of a service that can have a server of its own."
    )
