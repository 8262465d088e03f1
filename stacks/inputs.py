"""What a stack is built from: all that the program read and checked, before it makes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog import Catalog
from catalog.logins import Login, logins
from catalog.size import EnvironmentSizes, Sizing
from components.context import Context
from stacks.environment import Environment, InAws, InCluster
from stacks.release import Image
from stacks.settings import AwsSettings, ClusterSettings, Settings


@dataclass(frozen=True, kw_only=True)
class Program:
    """What every layer is built from.

    Args:
        environment: its column of the environment table.
        catalog: what is needed.
        opened: tiers whose gate is there already; those that come after do not wait for it.
    """

    settings: Settings
    environment: Environment
    catalog: Catalog
    images: Mapping[str, Image]
    context: Context
    opened: frozenset[str]

    def users(self, resource: str) -> tuple[str, ...]:
        """Services that need `resource`, a shared one or a dedicated server, sorted."""
        return tuple(edge.source for edge in self.catalog.edges if edge.target == resource)

    def owners(self, resource: str) -> Mapping[str, str]:
        """Services that need `resource`, by what their part of it is called, which sorts them."""
        services = self.catalog.services
        return dict(sorted((services[name].data_name, name) for name in self.users(resource)))

    def logins(self, server: str) -> tuple[Login, ...]:
        """Who signs in to `server`, to which part of it, sorted by name."""
        return logins(self.catalog, server)

    @property
    def sizes(self) -> EnvironmentSizes:
        """How large services are here that say nothing, and what their sizes may count on."""
        return self.catalog.environments[self.environment.name]

    def sizing(self, service: str) -> Sizing:
        """How large `service` is here, and how many pods it has."""
        return self.catalog.sizing(service, self.environment.name)

    def connecting(self, service: str) -> tuple[Sizing, int]:
        """What connections follow from: how large `service` is here, and how many tasks it has."""
        return self.sizing(service), len(self.catalog.services[service].tasks)

    def rotation(self, login: Login) -> int:
        """A counter that changes when the password of `login` does, with all of its service."""
        return self.settings.rotations.get(login.service, 0)

    @property
    def rotations(self) -> Mapping[str, int]:
        """Counters that change when passwords do, by what a service's data is called."""
        return {
            self.catalog.services[name].data_name: number
            for name, number in self.settings.rotations.items()
        }


@dataclass(frozen=True, kw_only=True)
class ClusterProgram(Program):
    """What a stack inside of a cluster is built from, with the sizes of its servers."""

    settings: ClusterSettings
    platform: InCluster


@dataclass(frozen=True, kw_only=True)
class AwsProgram(Program):
    """What a stack in AWS is built from, with the sizes of its servers."""

    settings: AwsSettings
    platform: InAws
