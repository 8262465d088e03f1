"""Which services stand on a resource."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from nexus.diff.renames import WORKLOAD
from nexus.pulumi.resource import Resource
from nexus.update.changes import Users, stands_on


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Resource, ...]:
    """Workloads with some resources of their own, and others, which stand on earlier ones."""
    made: list[Resource] = []
    owners: list[str | None] = [None]
    for number in range(draw(st.integers(1, 14))):
        owner = draw(st.sampled_from(owners))
        kind = WORKLOAD if owner is None and draw(st.booleans()) else "kubernetes:core/v1:ConfigMap"
        earlier = [each.urn for each in made if each.type != WORKLOAD]
        below = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        urn = f"urn:pulumi:s::p::{kind}::r{number}"
        made.append(
            Resource(
                urn=urn,
                type=kind,
                name=f"r{number}",
                parent=owner,
                inputs={},
                dependencies=tuple(below if kind != WORKLOAD else ()),
            )
        )
        if kind == WORKLOAD:
            owners.append(urn)
    return tuple(made)


@given(stacks())
def test_users_are_all_that_reach_it_on_a_way_without_others(
    resources: tuple[Resource, ...],
) -> None:
    """Against networkx, on the graph without the resources of every other workload."""
    users = Users(resources)
    own = {each.urn: users.service(each.urn) for each in resources}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(own)
    graph.add_edges_from((each.urn, urn) for each in resources for urn in stands_on(each))
    for resource in resources:
        if own[resource.urn] is None:
            expected = set(_reaching(graph, own, resource.urn))
        else:
            expected = {own[resource.urn]}
        assert users.of(resource.urn) == expected


def _reaching(graph: nx.DiGraph[str], own: dict[str, str | None], urn: str) -> Iterator[str]:
    for service in {name for name in own.values() if name}:
        allowed = [each for each, name in own.items() if name in (None, service)]
        part = graph.subgraph(allowed)
        sources = [each for each in allowed if own[each] == service]
        if any(nx.has_path(part, source, urn) for source in sources):
            yield service
