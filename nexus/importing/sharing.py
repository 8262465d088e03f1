"""Services of a Compose file that use one database: whose it is, and who else works on its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from catalog.access import Access
from catalog.job import DATABASE
from nexus.importing.compose_file import Service
from nexus.importing.environment import leads_to
from nexus.importing.one_shots import one_shots
from nexus.importing.translation import Translation

_NAMES_DATABASE = re.compile(r"(^|_)(PG_?)?(DATABASE|DB)(_?NAME)?$", re.IGNORECASE)
"""Variables with the name of a database, such as PGDATABASE, POSTGRES_DB and DB_NAME."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class SharedDatabase:
    """A database that several services name in their variables.

    Args:
        server: where it is; all names are those of the Compose file.
        name: of the database.
        owner: who has the migration, or else what runs once, or starts before the others.
        users: the others, sorted.
    """

    server: str
    name: str
    owner: str
    users: tuple[str, ...]

    def grants(self, into: Translation) -> list[dict[str, str]]:
        """What the owner's entry lets the users do."""
        return [
            {"target": DATABASE, "to": into.names[user], "access": Access.READ_WRITE.value}
            for user in self.users
        ]

    def need(self, into: Translation) -> dict[str, str]:
        """What stands in the place of a user's need of a database."""
        owner = into.names[self.owner]
        return {"target": DATABASE, "of": owner, "access": Access.READ_WRITE.value}


def shared_databases(into: Translation) -> Iterator[SharedDatabase]:
    """Every database of the shared server that two services or more name, sorted by name.

    Those of which two services have migrations are left out: nobody's are the tables then.
    """
    server = into.shared.get(DATABASE)
    if server is None:
        return
    by_name: dict[str, set[str]] = {}
    for service in into.users.get(server, ()):
        servers = [each for each in into.needs(service) if each.target == DATABASE]
        names = {*_databases(into, into.services[service], server)}
        # Of one with two servers somebody has to decide first.
        if len(names) == len(servers) == 1:
            by_name.setdefault(names.pop(), set()).add(service)
    once = [each for each in one_shots(into) if each.owner is not None]
    migrated = {each.owner for each in once if each.at == ("migrate",)}
    runs_once = {each.owner for each in once}
    for name, services in sorted(by_name.items()):
        if len(services) > 1 and len(services & migrated) < 2:
            first = services & migrated or services & runs_once or services
            owner = _earliest(into, first)
            users = tuple(sorted(services - {owner}))
            yield SharedDatabase(server=server, name=name, owner=owner, users=users)


def _earliest(into: Translation, services: Iterable[str]) -> str:
    """That of the services which the most others start after; the first by name of several."""
    return min(services, key=lambda each: (-len(nx.ancestors(into.order, into.names[each])), each))


def _databases(into: Translation, service: Service, server: str) -> Iterator[str]:
    """Names of databases of `server` in the variables of a service."""
    hosts = [host for host, name in into.hosts([server]).items() if name == server]
    values: Mapping[str, str] = {
        name: value for name, value in service.environment.items() if value is not None
    }
    if not any(leads_to(value, host) for value in values.values() for host in hosts):
        return
    for name, value in values.items():
        for host in hosts:
            address = rf"(?://|@){re.escape(host)}(?::[0-9]+)?/({_PLAIN.pattern})(?=$|[?;&])"
            if found := re.search(address, value):
                yield found[1]
        if _NAMES_DATABASE.search(name) and _PLAIN.fullmatch(value) and value not in hosts:
            yield value
