"""The resolved catalog: frozen values that the graph and the stacks read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from catalog.api import Api
from catalog.edge import Edge
from catalog.errors import service_hint
from catalog.flow import Flow
from catalog.job import DATABASE, Migration, Task, migration_name, task_name
from catalog.names import EnvironmentName, ResourceName
from catalog.run import Kind, Port, Run
from catalog.size import EnvironmentSizes, Sizing
from catalog.who import Who


class NodeKind(StrEnum):
    """Kinds of nodes in the dependency graph."""

    SERVICE = "service"
    RESOURCE = "resource"
    EXTERNAL = "external"


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of the platform.

    Args:
        name: DNS label; also the name of its Deployment and Service.
        domain: failure domain it belongs to; one namespace per domain.
        tier: tier it starts in.
        summary: one line for people.
        start_seconds: longest time from container start to ready, in seconds.
        file: file that declares it, relative to the project.
        environment: names of environment variables it does not start without, sorted.
        renamed_from: what it was called when its data was made, if it was renamed since.
        run: what its container is.
        sizings: how large it is, in the environments for which it says so itself.
        who: who answers for it.
        migration: what changes its database before its pods of a release start, if anything.
        tasks: what else runs once and ends, by its name in the service's entry, sorted.
        apis: versions of its API by name, in the order of its entry; none if it tells none.
    """

    name: str
    domain: str
    tier: str
    summary: str
    start_seconds: int
    file: str
    environment: tuple[str, ...] = ()
    renamed_from: str | None = None
    run: Run = field(default_factory=Run)
    who: Who = field(default_factory=Who)
    sizings: Mapping[EnvironmentName, Sizing] = field(default_factory=dict[EnvironmentName, Sizing])
    migration: Migration | None = None
    tasks: Mapping[str, Task] = field(default_factory=dict[str, Task])
    apis: Mapping[str, Api] = field(default_factory=dict[str, Api])

    @property
    def port(self) -> int:
        """Number of the port that callers get who name none."""
        called = self.run.called
        if called is None:
            raise ValueError(f"Nobody calls '{self.name}'.")
        return called.number

    @property
    def data_name(self) -> str:
        """What all that outlives its pods is called by: database, users, keys, images."""
        return self.renamed_from or self.name

    @property
    def jobs(self) -> tuple[str, ...]:
        """Names of the Jobs that its pods wait for: its migration, its tasks of each release."""
        first = [migration_name(self.name)] if self.migration else []
        return (*first, *(task_name(self.name, n) for n, t in self.tasks.items() if t.each_release))


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A platform resource that services share, or a server that one service has to itself.

    Args:
        name: its name; `{service's data name}-{resource}` for a dedicated server.
        summary: one line for people.
        providers: products that can provide it.
        gate: whether the infrastructure tier is not ready without it.
        stands_for: the shared resource that a dedicated server takes the place of.
        dedicated_to: the service that has it to itself.
        attached: whether others make it, so that this program does not.
        any_key: of a dedicated Redis: whether its keys have no prefix.
    """

    name: str
    summary: str
    providers: tuple[str, ...]
    gate: bool
    stands_for: str | None = None
    dedicated_to: str | None = None
    attached: bool = False
    any_key: bool = False


@dataclass(frozen=True, kw_only=True)
class External:
    """An API outside the platform, with the third parties that can provide it."""

    name: str
    summary: str
    providers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A tier of the startup sequence.

    Args:
        name: what it is called in a service's entry.
        starts_at: start of its documented window, in seconds since the platform resources exist.
        ends_at: end of that window, in the same seconds.
        priority: of its pods, when a cluster is full: the tier with the highest goes first.
    """

    name: str
    starts_at: int
    ends_at: int
    priority: int


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket of the object storage: one owner, services granted to use it, and readers.

    `served` says that the CDN serves its objects.
    """

    name: str
    owner: str
    granted: tuple[str, ...]
    readers: tuple[str, ...] = ()
    served: bool = False

    @property
    def writers(self) -> tuple[str, ...]:
        """Services that may change its content, the owner first."""
        return (self.owner, *self.granted)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything the platform is, sorted by name, whatever order it is made from.

    `edges` holds each (source, target) pair once, selectors expanded. A
    catalog from `load_catalog` has the right shape; whether it makes sense as
    a graph is what `graph.rules` tells. `tiers` are in startup order: the
    platform resources make up the first, services all others.
    """

    services: Mapping[str, Service]
    resources: Mapping[str, Resource]
    external: Mapping[str, External]
    edges: tuple[Edge, ...]
    tiers: tuple[Tier, ...]
    buckets: Mapping[str, Bucket]
    flows: tuple[Flow, ...]
    platform_file: str
    environments: Mapping[EnvironmentName, EnvironmentSizes] = field(
        default_factory=dict[EnvironmentName, EnvironmentSizes]
    )

    def __post_init__(self) -> None:
        # Sorted here, so that nothing made from a catalog can depend on the order of files.
        for name in ("services", "resources", "external", "buckets"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))
        edges = sorted(self.edges, key=lambda edge: (edge.source, edge.target))
        object.__setattr__(self, "edges", tuple(edges))
        object.__setattr__(self, "flows", tuple(sorted(self.flows, key=lambda flow: flow.name)))

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Names of all domains, sorted."""
        return tuple(sorted({service.domain for service in self.services.values()}))

    @cached_property
    def _needs(self) -> Mapping[str, tuple[Edge, ...]]:
        needs: dict[str, list[Edge]] = {}
        for edge in self.edges:
            needs.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in needs.items()}

    def needs(self, service: str) -> tuple[Edge, ...]:
        """Edges that start at `service`, sorted by target."""
        return self._needs.get(service, ())

    def edges_to(self, resource: ResourceName) -> tuple[Edge, ...]:
        """Edges that lead to a platform resource, sorted by source."""
        return tuple(edge for edge in self.edges if edge.target == resource)

    @property
    def jobs(self) -> tuple[str, ...]:
        """Names of all Jobs that rollouts wait for, sorted by service."""
        return tuple(job for service in self.services.values() for job in service.jobs)

    def migrates(self, service: str) -> Edge | None:
        """The edge to the database that the migrations of `service` change, None without any."""
        if self.services[service].migration is None:
            return None
        needs = self.needs(service)
        return next(
            (
                each
                for each in needs
                if self.base(each.target) == DATABASE and any(p.of is None for p in each.parts)
            ),
            None,
        )

    def called(self, edge: Edge) -> tuple[Port, ...]:
        """The ports of a service that `edge` leads to, none where there is none to call."""
        service = self.services.get(edge.target)
        if service is None or service.run.kind is not Kind.WEB:
            return ()
        named = [service.run.port(name) for name in edge.ports] or [service.run.called]
        return tuple(port for port in named if port is not None)

    def sizing(self, service: str, environment: EnvironmentName) -> Sizing:
        """How large `service` is in `environment`, and how many pods it has."""
        own = self.services[service].sizings
        return own.get(environment) or self.environments[environment].usual

    def kind(self, name: str) -> NodeKind | None:
        """Kind of the node called `name`, None when there is none."""
        if name in self.services:
            return NodeKind.SERVICE
        if name in self.resources:
            return NodeKind.RESOURCE
        return NodeKind.EXTERNAL if name in self.external else None

    def service_hint(self, name: str, others: Iterable[str] = ()) -> str | None:
        """What to write for a service that is not there: its name now, or the nearest names.

        `others` is what else the name may have been meant for.
        """
        former = {each.name: each.renamed_from for each in self.services.values()}
        return service_hint(name, former, others)

    def buckets_of(self, service: str) -> tuple[Bucket, ...]:
        """Buckets that a service may use: those that it owns, then others, each by name."""
        used = (b for b in self.buckets.values() if service in (*b.writers, *b.readers))
        return tuple(sorted(used, key=lambda bucket: bucket.owner != service))

    @property
    def served(self) -> str | None:
        """Name of the bucket that the CDN serves, None when there is none."""
        return next((bucket.name for bucket in self.buckets.values() if bucket.served), None)

    @property
    def gateway(self) -> str | None:
        """The service that the load balancer routes to, None when there is none."""
        return next((edge.source for edge in self.edges_to("load-balancer")), None)

    def base(self, name: str) -> str:
        """What a node is to those who need it: `postgres`, whichever server of it that is."""
        resource = self.resources.get(name)
        return name if resource is None else resource.stands_for or name

    @cached_property
    def needed(self) -> frozenset[str]:
        """Names that at least one edge leads to."""
        return frozenset(edge.target for edge in self.edges)

    def servers(self, resource: ResourceName) -> Iterator[str]:
        """Servers that are made: the shared `resource`, if anybody needs it, then dedicated ones.

        The latter are sorted by name.
        """
        shared = self.resources.get(resource)
        if shared is not None and not shared.attached and resource in self.needed:
            yield resource
        yield from (
            each.name
            for each in self.resources.values()
            if each.stands_for == resource and not each.attached
        )

    def attaching(self, names: Collection[str]) -> Catalog:
        """The same catalog, of which others make the resources `names`; buckets go with storage."""
        if not names:
            return self
        return replace(
            self,
            resources={
                name: replace(each, attached=name in names) for name, each in self.resources.items()
            },
            buckets={} if "storage" in names else self.buckets,
        )

    @property
    def first_tier(self) -> str:
        """Name of the tier that the platform resources make up."""
        return self.tiers[0].name

    @property
    def service_tiers(self) -> tuple[str, ...]:
        """Names of the tiers that hold services, in startup order."""
        return tuple(tier.name for tier in self.tiers[1:])

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {tier.name: position for position, tier in enumerate(self.tiers)}

    def position(self, service: str) -> int:
        """Place of the service's tier in the startup sequence, 1 for the first with services."""
        return self._positions[self.services[service].tier]

    def tier_of(self, name: str) -> str | None:
        """Tier of a service or resource; None for an external API or unknown name."""
        if name in self.services:
            return self.services[name].tier
        return self.first_tier if name in self.resources else None

    def in_tier(self, tier: str) -> Iterator[Service]:
        """Services of `tier`, sorted by name."""
        return (service for service in self.services.values() if service.tier == tier)
