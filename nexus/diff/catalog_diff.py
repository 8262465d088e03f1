"""What differs between two catalogs, and what that does to the order and to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from catalog import Catalog, Edge, Flow
from catalog.api import Api, broken_promise
from graph.impact import State, impact
from graph.order import longest_chain, waves
from nexus.diff.service_renames import find_renames, with_new_names


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A service in another tier or domain, or on another server; both sides' values."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class ServiceRename:
    """A service under another name, and what its data is called in the base."""

    name: str
    former: str
    data_name: str


@dataclass(frozen=True, kw_only=True)
class FlowChange:
    """A critical flow that differs; None where a side does not have it."""

    name: str
    before: Flow | None
    after: Flow | None


@dataclass(frozen=True, kw_only=True)
class ApiChange:
    """A version of a service's API that differs; None where a side does not have it.

    `broken` is what callers lose too soon, as the end of a sentence; empty if nothing.
    """

    service: str
    version: str
    before: Api | None
    after: Api | None
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class BlastRadius:
    """What becomes of other services while all that changed is down (`graph.impact`), sorted."""

    down: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CatalogDiff:
    """What a change does to the catalog, everything sorted by name.

    Args:
        added, removed: nodes of one side only, with the kind of each.
        renamed: services under another name, as the catalogs tell; neither added nor removed.
        look_renamed: new services that look like removed ones.
        data: services of both sides whose data is to be called something else.
        apis: versions of APIs that differ, of services of both sides.
        edges_changed: both sides' edge where its order, fallback or reason differs.
        flows_touched: flows of the head that pass a changed service.
        chain_before, chain_after: a longest chain of startup edges, first to start first.
        waves_before, waves_after: how many steps a rollout by edges alone has.
        earlier, later: services of both sides that start in another step.
        changed: names of the nodes that this is about.
    """

    added: Mapping[str, str]
    removed: Mapping[str, str]
    renamed: tuple[ServiceRename, ...]
    look_renamed: tuple[ServiceRename, ...]
    data: tuple[Moved, ...]
    tiers: tuple[Moved, ...]
    domains: tuple[Moved, ...]
    tiers_before: tuple[str, ...]
    tiers_after: tuple[str, ...]
    servers: tuple[Moved, ...]
    edges_added: tuple[Edge, ...]
    edges_removed: tuple[Edge, ...]
    edges_changed: tuple[tuple[Edge, Edge], ...]
    apis: tuple[ApiChange, ...]
    flows: tuple[FlowChange, ...]
    flows_touched: tuple[str, ...]
    chain_before: tuple[str, ...]
    chain_after: tuple[str, ...]
    waves_before: int
    waves_after: int
    earlier: tuple[str, ...]
    later: tuple[str, ...]
    changed: tuple[str, ...]
    blast: BlastRadius

    @property
    def is_empty(self) -> bool:
        """Whether both catalogs say the same."""
        parts = (self.added, self.removed, self.renamed, self.data, self.tiers, self.domains)
        edges = (self.edges_added, self.edges_removed, self.edges_changed)
        same = self.tiers_before == self.tiers_after
        return same and not any((*parts, *edges, self.apis, self.flows))


def diff_catalogs(base: Catalog, head: Catalog, today: date | None = None) -> CatalogDiff:
    """What differs between two catalogs whose startup edges are acyclic.

    `today` is the day from which callers of an API have their time; today's in UTC if not given.
    """
    renames = find_renames(base, head)

    def renamed(pairs: Mapping[str, str]) -> tuple[ServiceRename, ...]:
        return tuple(
            ServiceRename(name=name, former=former, data_name=named[former].data_name)
            for name, former in sorted(pairs.items())
        )

    named = base.services
    base = with_new_names(base, renames.told)
    old, new = _edges(base), _edges(head)
    added = _only(head, base)
    removed = _only(base, head)
    tiers = _moved(base, head, lambda catalog, name: catalog.services[name].tier)
    domains = _moved(base, head, lambda catalog, name: catalog.services[name].domain)
    edges_added = tuple(new[key] for key in sorted(new.keys() - old.keys()))
    edges_removed = tuple(old[key] for key in sorted(old.keys() - new.keys()))
    edges_changed = tuple(
        (old[key], new[key])
        for key in sorted(old.keys() & new.keys())
        if _facts(old[key]) != _facts(new[key])
    )
    edges = (*edges_added, *edges_removed, *(after for _, after in edges_changed))
    moved = (*(edge.source for edge in edges), *(each.name for each in (*tiers, *domains)))
    changed = tuple(sorted({*added, *removed, *renames.told, *moved}))
    steps_before, steps_after = _steps(base), _steps(head)
    both = sorted(steps_before.keys() & steps_after.keys())
    return CatalogDiff(
        added=added,
        removed=removed,
        renamed=renamed(renames.told),
        look_renamed=renamed(renames.guessed),
        data=_moved(base, head, lambda catalog, name: catalog.services[name].data_name),
        tiers=tiers,
        domains=domains,
        tiers_before=tuple(tier.name for tier in base.tiers),
        tiers_after=tuple(tier.name for tier in head.tiers),
        servers=_servers(base, head, edges_removed, edges_added),
        edges_added=edges_added,
        edges_removed=edges_removed,
        edges_changed=edges_changed,
        apis=tuple(api_changes(base, head, today or datetime.now(UTC).date())),
        flows=_flows(base, head),
        flows_touched=tuple(f.name for f in head.flows if set(f.steps) & set(changed)),
        chain_before=longest_chain(base),
        chain_after=longest_chain(head),
        waves_before=max(steps_before.values(), default=-1) + 1,
        waves_after=max(steps_after.values(), default=-1) + 1,
        earlier=tuple(name for name in both if steps_after[name] < steps_before[name]),
        later=tuple(name for name in both if steps_after[name] > steps_before[name]),
        changed=changed,
        blast=blast_radius((base, head), changed),
    )


def api_changes(base: Catalog, head: Catalog, today: date) -> Iterator[ApiChange]:
    """Versions of APIs that differ, and what that takes from their callers too soon."""
    for name in sorted(base.services.keys() & head.services.keys()):
        old, new = base.services[name].apis, head.services[name].apis
        for version in sorted(old.keys() | new.keys()):
            before, after = old.get(version), new.get(version)
            if before != after:
                broken = None if before is None else broken_promise(before, after, today)
                yield ApiChange(
                    service=name, version=version, before=before, after=after, broken=broken or ""
                )


def blast_radius(catalogs: Iterable[Catalog], names: Iterable[str]) -> BlastRadius:
    """What an outage of all of `names` does, at its worst in any of the catalogs.

    `names` themselves are left out.
    """
    wanted = frozenset(names)
    down: set[str] = set()
    degraded: set[str] = set()
    for catalog in catalogs:
        found = impact(catalog, (name for name in wanted if catalog.kind(name) is not None))
        down.update(found.named(State.DOWN))
        degraded.update(found.named(State.DEGRADED))
    return BlastRadius(
        down=tuple(sorted(down - wanted)), degraded=tuple(sorted(degraded - down - wanted))
    )


def _edges(catalog: Catalog) -> dict[tuple[str, str], Edge]:
    return {(edge.source, edge.target): edge for edge in catalog.edges}


def _facts(edge: Edge) -> Edge:
    """The edge without where it is written."""
    return replace(edge, file="", line=None)


def _only(one: Catalog, other: Catalog) -> dict[str, str]:
    names = sorted((*one.services, *one.resources, *one.external))
    return {name: str(one.kind(name)) for name in names if one.kind(name) is not other.kind(name)}


def _moved(base: Catalog, head: Catalog, value: Callable[[Catalog, str], str]) -> tuple[Moved, ...]:
    return tuple(
        Moved(name=name, before=value(base, name), after=value(head, name))
        for name in sorted(base.services.keys() & head.services.keys())
        if value(base, name) != value(head, name)
    )


def _servers(
    base: Catalog, head: Catalog, removed: Iterable[Edge], added: Iterable[Edge]
) -> tuple[Moved, ...]:
    old = {(edge.source, base.base(edge.target)): edge.target for edge in removed}
    new = {(edge.source, head.base(edge.target)): edge.target for edge in added}
    return tuple(
        Moved(name=key[0], before=old[key], after=new[key])
        for key in sorted(old.keys() & new.keys())
    )


def _steps(catalog: Catalog) -> dict[str, int]:
    return {name: step for step, wave in enumerate(waves(catalog)) for name in wave}


def _flows(base: Catalog, head: Catalog) -> tuple[FlowChange, ...]:
    old, new = {f.name: f for f in base.flows}, {f.name: f for f in head.flows}
    if not old or not new:
        # Documents of older revisions hold no flows, which is no removal.
        return ()
    return tuple(
        FlowChange(name=name, before=old.get(name), after=new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )
