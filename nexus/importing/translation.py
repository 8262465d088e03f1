"""Makes a catalog of a Compose file: servers become the platform's, all else services.

What the file does not say is asked for and left empty, so that `nexus check` refuses the catalog
until somebody has decided; nothing is guessed without being told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from catalog.names import DEDICABLE, ResourceName
from graph.dependencies import components, shortest_cycle
from nexus.importing.compose_file import ComposeFile, Service
from nexus.importing.names import GENERIC, catalog_names, domain_name
from nexus.importing.servers import Product, other_server, platform_resource

COMPLETED = "service_completed_successfully"


@dataclass(frozen=True, kw_only=True)
class Need:
    """A dependency of a service in the catalog.

    Args:
        target: what it is called there.
        compose: what it is called in the Compose file.
        via: the one-shot containers between the two, in the order in which they are waited for.
    """

    target: str
    compose: str
    via: tuple[str, ...] = ()


@dataclass(frozen=True)
class Translation:
    """What the services of a Compose file are in a catalog."""

    file: ComposeFile

    @property
    def _all(self) -> Mapping[str, Service]:
        return self.file.project.services

    @cached_property
    def domain(self) -> str:
        """Name of the one domain: the project's, or the file's if that says more."""
        stem = self.file.path.name.partition(".")[0]
        given = self.file.place("name") if ("name",) in self.file.lines else None
        return domain_name(self.file.project.name if given or stem in GENERIC else stem)

    @cached_property
    def one_shots(self) -> frozenset[str]:
        """Containers that somebody waits for to end."""
        return frozenset(
            target
            for service in self._all.values()
            for target, how in service.depends_on.items()
            if how.condition == COMPLETED and target in self._all
        )

    @cached_property
    def resources(self) -> Mapping[str, ResourceName]:
        """Servers that the platform makes itself, by name in the file.

        One whose image is told to run something else is no server.
        """
        return {
            name: resource
            for name, service in self._all.items()
            if name not in self.one_shots and not service.entrypoint
            if (resource := platform_resource(service.image)) is not None
        }

    @cached_property
    def attached(self) -> Mapping[str, Product]:
        """Servers of other kinds, which others make, by name in the file."""
        return {
            name: product
            for name, service in self._all.items()
            if name not in self.one_shots and not service.entrypoint
            if name not in self.resources
            if (product := other_server(service.image)) is not None
        }

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What each service and attached server is called in the catalog, by name in the file."""
        return catalog_names(
            name for name in self._all if name not in self.resources and name not in self.one_shots
        )

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """What remains a service, by its name in the file."""
        return {name: self._all[name] for name in self.names if name not in self.attached}

    def hosts(self, names: Iterable[str]) -> Mapping[str, str]:
        """Every host name of the services `names`, with the service that it leads to."""
        return {host: name for name in names for host in (name, *self._all[name].aliases)}

    def needs(self, name: str) -> tuple[Need, ...]:
        """What a service depends on: itself, or through containers that run once."""
        found: dict[str, Need] = {}
        todo: list[tuple[str, tuple[str, ...]]] = [(name, ())]
        seen = {name}
        while todo:
            source, via = todo.pop(0)
            for target in sorted(self._all[source].depends_on):
                if target not in self._all or target == name:
                    continue
                if target in self.one_shots:
                    if target not in seen:
                        seen.add(target)
                        todo.append((target, (*via, target)))
                else:
                    called = self.resources.get(target) or self.names[target]
                    found.setdefault(target, Need(target=called, compose=target, via=via))
        return tuple(found.values())

    def waited_for(self, name: str) -> frozenset[str]:
        """Containers that run once before a service: those it waits for, and those before them."""
        found: set[str] = set()
        todo = [name]
        while todo:
            further = self.one_shots & {*self._all[todo.pop()].depends_on} - found
            found |= further
            todo += further
        return frozenset(found)

    @cached_property
    def shared(self) -> Mapping[ResourceName, str]:
        """The server that is shared, of each platform resource: that with the most users."""
        users = self.users
        return {
            resource: min(
                (name for name, kind in self.resources.items() if kind == resource),
                key=lambda name: (-len(users.get(name, ())), name),
            )
            for resource in sorted(set(self.resources.values()))
        }

    @cached_property
    def users(self) -> Mapping[str, tuple[str, ...]]:
        """Services that depend on each server, by its name in the file."""
        found: dict[str, list[str]] = {}
        for name in self.services:
            for need in self.needs(name):
                found.setdefault(need.compose, []).append(name)
        return {server: tuple(names) for server, names in found.items()}

    def dedicated(self, name: str, server: str) -> bool | None:
        """Whether a service gets `server` for itself; None if that has to be decided."""
        resource = self.resources[server]
        if self.shared[resource] == server:
            return False
        others = [
            need.compose
            for need in self.needs(name)
            if need.compose != server and self.resources.get(need.compose) == resource
        ]
        alone = len(self.users[server]) == 1
        return True if alone and not others and resource in DEDICABLE else None

    @cached_property
    def order(self) -> nx.DiGraph[str]:
        """Startup edges between services, by their names in the catalog."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.names[name] for name in self.services)
        for name in self.services:
            for need in self.needs(name):
                if need.compose in self.services:
                    graph.add_edge(self.names[name], need.target)
        return graph

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """A shortest circle of every group of services that start after each other."""
        return tuple(shortest_cycle(self.order, group) for group in components(self.order))

    def tiers(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Tiers for the services, from what starts after what.

        A service's level is the longest path of startup edges below it; the levels are spread
        over the tiers evenly.

        Args:
            names: names of tiers in order, of which as many are used as there are levels.

        Returns:
            The tiers that are used, and that of each service by its name in the catalog.
        """
        together = nx.condensation(self.order)
        level: dict[int, int] = {}
        for group in reversed(list(nx.topological_sort(together))):
            level[group] = max((level[each] + 1 for each in together.successors(group)), default=0)
        levels = max(level.values(), default=0) + 1
        count = min(levels, len(names))
        # The first and the last ones: what all stand on, and what people open.
        used = names[: (count + 1) // 2] + names[len(names) - count // 2 :]
        mapping: Mapping[str, int] = together.graph["mapping"]
        return used, {
            service: used[level[group] * count // levels] for service, group in mapping.items()
        }


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, with commas."""
    return ", ".join(f"'{name}'" for name in names)
