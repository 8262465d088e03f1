"""Which service of one catalog is which of the other, where only the name differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from catalog import Catalog, Service

ALIKE_IN_WORDS = 0.6
"""Share of equal facts from which two services fit whose summaries say the same: somebody may
have changed an edge as well."""

ALIKE = 0.9
"""The same for two whose summaries differ."""

NEIGHBOURS = 3
"""Equal edges from or to services that those two have at least. What services have of servers
is no mark of any: half of a platform needs a database and nothing else."""

MOST_PAIRS = 10_000
"""Pairs of services that are compared; where more come and go nobody was 'renamed'."""

_BETWEEN_SERVICES = ("calls", "called by")

Facts = Counter[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Renames:
    """Services of the head by name, each with the base's that it is.

    Args:
        told: what the catalogs say (`renamed_from`).
        guessed: what only looks so: each fits one service, and no other fits either; or what
            names a service whose data is called something else.
    """

    told: Mapping[str, str] = field(default_factory=dict[str, str])
    guessed: Mapping[str, str] = field(default_factory=dict[str, str])


def find_renames(base: Catalog, head: Catalog) -> Renames:
    """Pairs the services that are gone with those that are new, whole services, each once.

    A guess is made from all that the catalogs say of a service: what it does, where it stands,
    what it needs and who needs it. Where several fit there is none: acting on a wrong one would
    hand a service's data to another.
    """
    gone = sorted(base.services.keys() - head.services.keys())
    new = sorted(head.services.keys() - base.services.keys())
    kept_by = {base.services[name].data_name: name for name in gone}
    told = {
        name: kept_by[head.services[name].data_name]
        for name in new
        if head.services[name].data_name in kept_by
    }
    gone = [name for name in gone if name not in told.values()]
    mistold = {
        name: former
        for name in new
        if name not in told and (former := head.services[name].renamed_from) in gone
    }
    gone = [name for name in gone if name not in mistold.values()]
    # One that says what it was is not guessed at.
    new = [name for name in new if head.services[name].renamed_from is None]
    if len(gone) * len(new) > MOST_PAIRS:
        return Renames(told=told, guessed=mistold)
    before = _facts(with_new_names(base, told), gone)
    after = _facts(head, new)
    fits = [
        (was, now)
        for was in gone
        for now in new
        if _fit(
            before[was],
            after[now],
            in_words=_say_the_same(base.services[was], head.services[now]),
        )
    ]
    olds, news = Counter(was for was, _ in fits), Counter(now for _, now in fits)
    guessed = {now: was for was, now in fits if olds[was] == 1 and news[now] == 1}
    return Renames(told=told, guessed=mistold | guessed)


def with_new_names(base: Catalog, told: Mapping[str, str]) -> Catalog:
    """`base`, its services called what the head calls them: so only what else differs does."""
    names = {old: now for now, old in told.items()}

    def now(name: str) -> str:
        return names.get(name, name)

    return replace(
        base,
        services={
            now(name): replace(service, name=now(name), renamed_from=service.data_name)
            if name in names
            else service
            for name, service in base.services.items()
        },
        resources={
            name: replace(resource, dedicated_to=now(resource.dedicated_to))
            if resource.dedicated_to
            else resource
            for name, resource in base.resources.items()
        },
        edges=tuple(
            replace(
                edge,
                source=now(edge.source),
                target=now(edge.target),
                parts=tuple(
                    replace(part, of=None if part.of is None else now(part.of))
                    for part in edge.parts
                ),
            )
            for edge in base.edges
        ),
        flows=tuple(
            replace(flow, steps=tuple(now(step) for step in flow.steps)) for flow in base.flows
        ),
    )


def _facts(catalog: Catalog, wanted: Collection[str]) -> Mapping[str, Facts]:
    """What the catalog says of each of the services `wanted`, without its name.

    Of those among each other it is not known which is which: one is as good as the other.
    """
    found: dict[str, Facts] = {name: Counter() for name in wanted}

    def called(name: str) -> str:
        return "?" if name in found else name

    for name, facts in found.items():
        service = catalog.services[name]
        facts["tier", service.tier] += 1
        facts["domain", service.domain] += 1
    for edge in catalog.edges:
        how = str(edge.order), str(edge.fallback)
        if edge.source in found:
            resource = catalog.resources.get(edge.target)
            own = resource is not None and resource.dedicated_to is not None
            target = f"{catalog.base(edge.target)} of its own" if own else called(edge.target)
            verb = "calls" if edge.target in catalog.services else "needs"
            found[edge.source][verb, target, *how] += 1
        if edge.target in found:
            found[edge.target]["called by", called(edge.source), *how] += 1
    for flow in catalog.flows:
        for name in {*flow.steps} & found.keys():
            found[name]["flow", flow.name] += 1
    return found


def _words(summary: str, name: str) -> str:
    """A summary without the service's name, which goes along with it."""
    return " ".join(summary.lower().replace(name, "").replace(name.replace("-", " "), "").split())


def _say_the_same(was: Service, now: Service) -> bool:
    if was.summary == now.summary:
        return bool(was.summary)
    words = _words(was.summary, was.name)
    return bool(words) and words == _words(now.summary, now.name)


def _fit(was: Facts, now: Facts, *, in_words: bool) -> bool:
    same = was & now
    # What they are said to do is one fact more.
    share = (same.total() + in_words) / (max(was.total(), now.total()) + 1)
    if in_words:
        return share >= ALIKE_IN_WORDS
    neighbours = sum(number for fact, number in same.items() if fact[0] in _BETWEEN_SERVICES)
    return share >= ALIKE and neighbours >= NEIGHBOURS
