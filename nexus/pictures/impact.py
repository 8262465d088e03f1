"""What an outage does, as text for people, JSON for scripts and a picture."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from catalog import Catalog
from catalog.errors import listed
from graph.impact import HeldBack, Impact, Loss, ServiceImpact, State, WeakPoint
from nexus.pictures.flowchart import Chart, arrow, first_drawn, node_id
from nexus.pictures.svg import DEGRADED, DOWN, FAILED, drawn

WORDS = {State.OK: "works", State.DEGRADED: "degraded", State.DOWN: "broken"}
"""States of a flow in words."""

NO_FLOWS = "There are no critical flows."


def impact_as_text(catalog: Catalog, found: Impact) -> str:
    """The outage in sentences: flows first, then services, the worst first."""
    return "\n".join(_lines(catalog, found)) + "\n"


def _lines(catalog: Catalog, found: Impact) -> Iterator[str]:
    numbers = ", ".join(f"{len(found.named(state))} {state}" for state in reversed(State))
    are = "are" if len(found.failed) > 1 else "is"
    yield f"While {listed(found.failed)} {are} down: {numbers}."
    yield ""
    yield "Critical flows:" if found.flows else NO_FLOWS
    for name, flow in found.flows.items():
        because = f" ({', '.join(flow.because)})" if flow.because else ""
        yield f"  {name}: {WORDS[flow.state]}{because}"
    told = {
        name: catalog.services[name].who.words for name in found.failed if name in catalog.services
    }
    if any(told.values()):
        yield ""
        yield "Who answers:"
        yield from (f"  {name}: {who}" for name, who in told.items() if who)
    for state in (State.DOWN, State.DEGRADED):
        names = found.named(state)
        if names:
            yield ""
            yield f"{str(state).capitalize()}, {len(names)} of {len(catalog.services)}:"
            for name in names:
                yield f"  {name}: {_why(name, found.services[name])}"


def _why(name: str, each: ServiceImpact) -> str:
    if each.state is State.DEGRADED:
        return "; ".join(loss_in_words(loss) for loss in each.without)
    if each.because == (name,):
        return "failed"
    needs = [other for other in each.because if other != name]
    behind = [cause for cause in each.causes if cause not in (*needs, name)]
    failed = "failed, and " if name in each.because else ""
    chain = f", because of {listed(behind)}" if behind else ""
    return f"{failed}needs {listed(needs)}{chain}"


def loss_in_words(loss: Loss) -> str:
    """What a degraded service is without, or has in its place."""
    if loss.fallback is None:
        return f"without {loss.target}"
    return f"{loss.fallback} instead of {loss.target}"


def impact_as_json(_: Catalog, found: Impact) -> str:
    """The outage for scripts. Its shape is a promise; add keys, never change any."""
    return json.dumps(asdict(found), indent=2) + "\n"


def held_back_as_text(found: HeldBack) -> str:
    """What waits while migrations or tasks fail, in sentences."""
    services, fail = listed(found.services), "fails" if len(found.failed) == 1 else "fail"
    after = (
        f"What starts after that waits too: {listed(found.after)}."
        if found.after
        else "Nothing starts after that."
    )
    return (
        f"While {listed(found.failed)} {fail}, nothing is down: the rollout of {services} waits, "
        f"and the old pods run on.\n{after}\nWhere a tier comes up for the first time, so do all "
        "tiers after it.\n"
    )


def held_back_as_json(found: HeldBack) -> str:
    """The same for scripts. Its shape is a promise; add keys, never change any."""
    return json.dumps(asdict(found), indent=2) + "\n"


_STYLES = (
    "  classDef failed fill:#7f1d1d,color:#fff,stroke:#7f1d1d",
    "  classDef down fill:#fca5a5,color:#000,stroke:#b91c1c",
    "  classDef degraded fill:#fde68a,color:#000,stroke:#b45309",
)


def impact_as_mermaid(catalog: Catalog, found: Impact) -> str:
    """A flowchart of whatever is not ok, with the edges that spread it.

    Of more edges than Mermaid draws, one box per domain is left, or per tier.
    """
    return first_drawn(_charts(catalog, found))


def _charts(catalog: Catalog, found: Impact) -> Iterator[Chart]:
    yield _whole(found)
    yield _summary(found, "domain", {n: each.domain for n, each in catalog.services.items()})
    yield _summary(found, "tier", {n: each.tier for n, each in catalog.services.items()})


def _whole(found: Impact) -> Chart:
    hit = {name: each for name, each in found.services.items() if each.state is not State.OK}
    nodes = [
        f'  {node_id(name)}["{name}"]:::'
        f"{'failed' if name in found.failed else str(hit[name].state)}"
        for name in sorted({*hit, *found.failed})
    ]
    edges: list[str] = []
    for name, each in hit.items():
        needs = (target for target in each.because if target != name)
        edges += [f"  {node_id(target)} --> {node_id(name)}" for target in needs]
        for loss in each.without:
            line = arrow(loss.fallback, dashed=True)
            edges.append(f"  {node_id(loss.target)} {line} {node_id(name)}")
    return Chart(("flowchart RL", *nodes, *edges, *_STYLES), len(edges))


def _summary(found: Impact, word: str, box_of: Mapping[str, str]) -> Chart:
    """How many services of each domain or tier are hit, and whether any of them is down."""
    hit: dict[str, Counter[State]] = {}
    for name, each in found.services.items():
        if each.state is not State.OK and name not in found.failed:
            hit.setdefault(box_of[name], Counter())[each.state] += 1
    nodes = [f'  {node_id(name)}["{name}"]:::failed' for name in found.failed]
    edges: list[str] = []
    for box, states in sorted(hit.items()):
        worst = State.DOWN if states[State.DOWN] else State.DEGRADED
        told = ", ".join(f"{states[state]} {state}" for state in reversed(State) if states[state])
        nodes.append(f'  b_{node_id(box)}["{box}: {told}"]:::{worst}')
        line = arrow(dashed=worst is State.DEGRADED)
        edges += [f"  {node_id(name)} {line} b_{node_id(box)}" for name in found.failed]
    title = f"One box per {word}: there are more edges than Mermaid draws"
    return Chart(("flowchart RL", *nodes, *edges, *_STYLES), len(edges), title)


MOST_NAMED = 3
"""Failed nodes that the caption names; more would not fit into its line."""


def impact_as_svg(catalog: Catalog, found: Impact) -> str:
    """The picture of the tiers during an outage: who is failed, down or degraded stands out."""
    fills = dict.fromkeys(found.named(State.DOWN), DOWN)
    fills |= dict.fromkeys(found.named(State.DEGRADED), DEGRADED)
    fills |= dict.fromkeys(found.failed, FAILED)
    title = f"What happens while these are down: {', '.join(found.failed)}"
    return drawn(catalog, title, outage_caption(found), fills)


def outage_caption(found: Impact) -> tuple[str, str]:
    """Two lines below the picture: who is failed, how many that hits, and the flows."""
    down, degraded, ok = (len(found.named(state)) for state in reversed(State))
    failed = listed(found.failed, MOST_NAMED)
    flows = ", ".join(f"{name} {WORDS[flow.state]}" for name, flow in found.flows.items())
    return (
        f"Down: {failed} (dark). Services: {down} down (red), {degraded} degraded (yellow), "
        f"{ok} ok (pale).",
        f"Critical flows: {flows}." if flows else NO_FLOWS,
    )


def weak_points_as_text(catalog: Catalog, points: tuple[WeakPoint, ...]) -> str:
    """A table of single points of failure, the worst first."""
    width = max((len(point.name) for point in points), default=0)
    rows = [
        f"  {point.name:<{width}}  {len(point.flows):>5}  {len(point.down):>4}  "
        f"{len(point.degraded):>8}"
        for point in points
    ]
    head = f"  {'fails alone':<{width}}  flows  down  degraded"
    title = (
        f"Single points of failure: {len(points)}. Broken flows of {len(catalog.flows)}, other "
        f"services down and degraded of {len(catalog.services)}:"
    )
    return "\n".join((title, head, *rows)) + "\n"


def weak_points_as_json(_: Catalog, points: tuple[WeakPoint, ...]) -> str:
    """The same for scripts."""
    return json.dumps({"weak_points": [asdict(point) for point in points]}, indent=2) + "\n"
