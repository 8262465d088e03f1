"""Random catalogs for property tests, built in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hypothesis import strategies as st

from catalog import Catalog, Edge, External, Order, Resource, Service, Tier

RESOURCES = ("cdn", "postgres", "redis")
EXTERNAL = ("maps",)
"""Both are on the platform of the examples."""
NAMES = tuple(f"s{number}" for number in range(14))
DOMAINS = ("alpha", "beta", "gamma")
SERVICE_TIERS = ("core", "platform", "domain", "frontend")
TIERS = tuple(
    Tier(name=name, starts_at=30 * index, ends_at=30 * index + 30, priority=5 - index)
    for index, name in enumerate(("infrastructure", *SERVICE_TIERS))
)


def service(name: str, tier: str = "core", domain: str = "alpha") -> Service:
    return Service(
        name=name,
        domain=domain,
        tier=tier,
        summary=f"Service {name}",
        start_seconds=30,
        file=f"catalog/services/{domain}.yaml",
    )


def edge(source: str, target: str, order: Order = Order.STARTUP) -> Edge:
    reason = "Because." if order is Order.RUNTIME else None
    return Edge(
        source=source, target=target, order=order, fallback=None, reason=reason, file="x.yaml"
    )


def catalog_of(services: Iterable[Service], edges: Iterable[Edge]) -> Catalog:
    """A catalog of these services and edges on a small platform."""
    return Catalog(
        services={each.name: each for each in services},
        resources={
            name: Resource(name=name, summary=name, providers=(), gate=name == "postgres")
            for name in RESOURCES
        },
        external={name: External(name=name, summary=name, providers=()) for name in EXTERNAL},
        edges=tuple(edges),
        tiers=TIERS,
        buckets={},
        flows=(),
        platform_file="catalog/platform.yaml",
    )


@st.composite
def sound_catalogs(draw: st.DrawFn) -> Catalog:
    """Catalogs that `graph.rules` accepts: every startup edge points to an earlier service."""
    names = draw(st.permutations(NAMES[: draw(st.integers(1, len(NAMES)))]))
    tiers = sorted(
        draw(st.lists(st.sampled_from(SERVICE_TIERS), min_size=len(names), max_size=len(names))),
        key=SERVICE_TIERS.index,
    )
    # Domains in blocks along the order, so that they are acyclic like the services.
    domains = sorted(
        draw(st.lists(st.sampled_from(DOMAINS), min_size=len(names), max_size=len(names)))
    )
    services = [
        service(name, tier, domain)
        for name, tier, domain in zip(names, tiers, domains, strict=True)
    ]
    backwards = [(names[i], names[j]) for i in range(len(names)) for j in range(i)]
    startup = draw(st.lists(st.sampled_from(backwards), unique=True)) if backwards else []
    return catalog_of(services, [*_edges(startup), *draw(other_edges(names, startup))])


@st.composite
def other_edges(
    draw: st.DrawFn, names: Sequence[str], startup: Sequence[tuple[str, str]]
) -> list[Edge]:
    """Runtime edges between services, and edges to resources and external APIs."""
    free = [(a, b) for a in names for b in names if a != b and (a, b) not in startup]
    calls = draw(st.lists(st.sampled_from(free), unique=True, max_size=8)) if free else []
    stands_on = [(name, resource) for name in names for resource in RESOURCES]
    outside = [(name, external) for name in names for external in EXTERNAL]
    return [
        *_edges(calls, Order.RUNTIME),
        *_edges(draw(st.lists(st.sampled_from(stands_on), unique=True, max_size=8))),
        *_edges(draw(st.lists(st.sampled_from(outside), unique=True, max_size=4)), Order.RUNTIME),
    ]


@st.composite
def any_catalogs(draw: st.DrawFn) -> Catalog:
    """Catalogs with edges in any direction: cycles, later tiers, cyclic domains."""
    names = NAMES[: draw(st.integers(1, 8))]
    services = [
        service(name, draw(st.sampled_from(SERVICE_TIERS)), draw(st.sampled_from(DOMAINS)))
        for name in names
    ]
    pairs = [(source, target) for source in names for target in names]
    return catalog_of(services, _edges(draw(st.lists(st.sampled_from(pairs), unique=True))))


def _edges(pairs: Iterable[tuple[str, str]], order: Order = Order.STARTUP) -> list[Edge]:
    return [edge(source, target, order) for source, target in pairs]


def written(catalog: Catalog, shuffle: Callable[[list[str]], None]) -> dict[str, str | bytes]:
    """The catalog's services as YAML files, services and needs in the order of `shuffle`.

    Args:
        catalog: a catalog on the platform of the examples.
        shuffle: puts a list into another order, as `random.shuffle` does.
    """
    files: dict[str, str | bytes] = {}
    for domain in catalog.domains:
        names = [name for name, each in catalog.services.items() if each.domain == domain]
        shuffle(names)
        lines = [f"domain: {domain}", "services:"]
        for name in names:
            lines += [f"  {name}:", f"    summary: Service {name}"]
            lines += [f"    tier: {catalog.services[name].tier}", "    needs:"]
            needs = [
                f"      - {{target: {each.target}, order: {each.order}"
                + ("}" if each.reason is None else f", reason: {each.reason}}}")
                for each in catalog.needs(name)
            ]
            shuffle(needs)
            lines += needs or ["      []"]
        files[f"services/{domain}.yaml"] = "\n".join(lines) + "\n"
    return files
