"""What outages do: random ones against the definition in brute force, the platform's by hand."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, Edge, Fallback, Flow, Order, Resource, load_catalog
from graph.impact import Impact, State, each_alone, impact, lost_alone, weak_points
from tests.nexus.cli.typed import nexus
from tests.nexus.diff.copies import set_need
from tests.projects import copy_project
from tests.random_catalogs import catalog_of, edge, service, sound_catalogs


@st.composite
def outages(draw: st.DrawFn) -> tuple[Catalog, frozenset[str]]:
    """A catalog with fallbacks here and there, a flow, and what is down."""
    catalog = with_servers(draw(sound_catalogs()), draw(st.sets(st.integers(0, 30))))
    edges = tuple(replace(each, fallback=draw(fallbacks(each))) for each in catalog.edges)
    nodes = sorted((*catalog.services, *catalog.resources, *catalog.external))
    steps = [draw(st.sampled_from(nodes))]
    # Mostly a way along the edges, as a real flow is.
    for _ in range(draw(st.integers(0, 5))):
        near = sorted({e.target for e in edges if e.source in steps} - set(steps))
        steps.append(draw(st.sampled_from(near or nodes)))
    steps = list(dict.fromkeys(steps))
    catalog = replace(catalog, edges=edges, flows=(Flow(name="flow", steps=tuple(steps)),))
    hit = st.one_of(st.sampled_from(steps), st.sampled_from(nodes))
    return catalog, frozenset(draw(st.lists(hit, unique=True, max_size=3)))


def with_servers(catalog: Catalog, chosen: set[int]) -> Catalog:
    """The catalog with dedicated servers for the chosen ones of its edges, by number."""
    resources, edges = dict(catalog.resources), list(catalog.edges)
    for number, each in enumerate(catalog.edges):
        if number in chosen and each.target in ("postgres", "redis"):
            server = Resource(
                name=f"{each.source}-{each.target}",
                summary="",
                providers=(),
                gate=False,
                stands_for=each.target,
                dedicated_to=each.source,
            )
            resources[server.name] = server
            edges[number] = replace(each, target=server.name)
    return replace(catalog, resources=resources, edges=tuple(edges))


def fallbacks(each: Edge) -> st.SearchStrategy[Fallback | None]:
    fitting = Fallback.ORIGIN if each.target == "cdn" else Fallback.RULES
    if each.target.endswith("redis"):
        fitting = Fallback.DATABASE
    return st.sampled_from((None, None, fitting))


def is_fatal(catalog: Catalog, each: Edge, failed: frozenset[str]) -> bool:
    if each.fallback is None:
        return each.order is Order.STARTUP
    databases = {
        other.target
        for other in catalog.edges
        if other.source == each.source and other.target.endswith("postgres")
    }
    return each.fallback is Fallback.DATABASE and bool(databases & failed)


def down(catalog: Catalog, failed: frozenset[str]) -> dict[str, set[str]]:
    """Who is down because of which failed node: some chain of fatal edges leads there."""
    fatal = {(e.source, e.target) for e in catalog.edges if is_fatal(catalog, e, failed)}
    nodes = (*catalog.services, *catalog.resources, *catalog.external)
    reach = fatal | {(node, node) for node in nodes}
    for middle, start, end in itertools.product(nodes, repeat=3):
        if (start, middle) in reach and (middle, end) in reach:
            reach.add((start, end))
    found = {node: {root for root in failed if (node, root) in reach} for node in nodes}
    return {node: roots for node, roots in found.items() if roots}


@settings(deadline=None, max_examples=150)
@given(outages())
def test_states_agree_with_the_definition(outage: tuple[Catalog, frozenset[str]]) -> None:
    """A wrong answer sends people to the wrong service in the middle of an outage."""
    catalog, failed = outage
    found, dead = impact(catalog, failed), down(catalog, failed)
    for name, each in found.services.items():
        lost = {
            (e.target, e.fallback) for e in catalog.edges if e.source == name and e.target in dead
        }
        if name in dead:
            assert each.state is State.DOWN
            assert set(each.causes) == dead[name]
            direct = {
                e.target
                for e in catalog.edges
                if e.source == name and e.target in dead and is_fatal(catalog, e, failed)
            }
            assert set(each.because) == direct | ({name} & failed)
            assert each.without == ()
        else:
            assert each.state is (State.DEGRADED if lost else State.OK)
            assert {(loss.target, loss.fallback) for loss in each.without} == lost
            assert each.because == each.causes == ()


@settings(deadline=None, max_examples=150)
@given(outages())
def test_flows_agree_with_the_definition(outage: tuple[Catalog, frozenset[str]]) -> None:
    """'Customers can still order' has to be true when it is said."""
    catalog, failed = outage
    (flow,), dead = catalog.flows, down(catalog, failed)
    broken, touched = False, False
    for position, step in enumerate(flow.steps):
        earlier = flow.steps[:position]
        ways = [e for e in catalog.edges if e.target == step and e.source in earlier]
        if step in dead:
            stood_in = ways != [] and all(w.fallback or w.source in dead for w in ways)
            broken |= not stood_in
            touched = True
        else:
            touched |= any(
                e.target in dead
                for e in catalog.edges
                if e.source == step
                and not (
                    e.order is Order.RUNTIME
                    and e.target in catalog.services
                    and e.target not in flow.steps
                )
            )
    expected = State.DOWN if broken else State.DEGRADED if touched else State.OK
    assert impact(catalog, failed).flows["flow"].state is expected


def states(found: Impact) -> dict[str, str]:
    return {name: str(each.state) for name, each in found.services.items()}


def test_the_documents_fallbacks(catalog: Catalog) -> None:
    """The document promises three of them; a promise that no edge keeps helps nobody."""
    cache = impact(catalog, ["redis"]).services
    assert cache["key-service"].without[0].fallback is Fallback.DATABASE
    assert cache["session-mgr"].state is State.DOWN
    assert impact(catalog, ["cdn"]).flows["streaming"].state is State.DEGRADED
    models = impact(catalog, ["ai-service"]).services
    assert models["puabo-blac-risk-assessment"].without[0].fallback is Fallback.RULES
    assert models["puabo-blac-loan-processor"].state is State.OK
    assert models["kei-ai"].state is State.DOWN


def test_a_cache_miss_needs_the_database() -> None:
    """With cache and database down, 'read the database' is no way out."""
    miss = replace(edge("a", "redis"), fallback=Fallback.DATABASE)
    catalog = catalog_of([service("a")], [miss, edge("a", "postgres", Order.RUNTIME)])
    assert states(impact(catalog, ["redis"])) == {"a": "degraded"}
    assert states(impact(catalog, ["postgres"])) == {"a": "degraded"}
    assert states(impact(catalog, ["postgres", "redis"])) == {"a": "down"}


def test_a_server_of_its_own_is_a_fate_of_its_own(tmp_path: Path) -> None:
    """Why a service gets one: it stays up while the shared server is down, and so do its flows."""
    project = copy_project(tmp_path / "project")
    for name in ("user-auth", "key-service"):
        set_need(project, name, "postgres", dedicated=True)
    catalog = load_catalog(project)
    (flow,) = (each for each in catalog.flows if each.name == "user-authentication")
    assert flow.steps[2:5] == ("user-auth", "user-auth-postgres", "session-mgr")
    shared, own = impact(catalog, ["postgres"]), impact(catalog, ["user-auth-postgres"])
    assert shared.services["user-auth"].state is State.OK
    assert shared.flows[flow.name].state is State.OK
    assert own.services["user-auth"].because == ("user-auth-postgres",)
    assert own.flows[flow.name].state is State.DOWN
    # Its cache's way out is its own database, and no longer the shared one.
    both = impact(catalog, ["redis", "postgres"]).services["key-service"]
    assert both.state is State.DEGRADED
    assert impact(catalog, ["redis", "key-service-postgres"]).services["key-service"].because == (
        "key-service-postgres",
        "redis",
    )


def test_a_flow_goes_around_what_is_replaced() -> None:
    """Who asks the rules instead of the assistant does not need the assistant's models."""
    optional = replace(edge("a", "b"), fallback=Fallback.RULES)
    catalog = replace(
        catalog_of([service("a"), service("b"), service("c")], [optional, edge("b", "c")]),
        flows=(Flow(name="flow", steps=("a", "b", "c")),),
    )
    found = impact(catalog, ["c"])
    assert states(found) == {"a": "degraded", "b": "down", "c": "down"}
    assert found.flows["flow"].state is State.DEGRADED
    assert impact(catalog, ["a"]).flows["flow"].state is State.DOWN


def test_a_flow_does_not_mind_routes_that_it_does_not_take(catalog: Catalog) -> None:
    """The gateway routes to everything; orders do not care for its other routes."""
    found = impact(catalog, ["v-caster-pro"])
    assert found.services["backend-api"].state is State.DEGRADED
    assert {each.state for each in found.flows.values()} == {State.OK}


def test_nothing_failed_is_ok(catalog: Catalog) -> None:
    """A platform that works must not look broken."""
    found = impact(catalog, [])
    assert set(states(found).values()) == {"ok"}
    assert {each.state for each in found.flows.values()} == {State.OK}


def test_a_database_alone_takes_its_readers_along() -> None:
    """Who reads the database in the place of a service has nothing left, when both are gone."""
    read = replace(edge("a", "b"), fallback=Fallback.DATABASE)
    needs = [read, edge("a", "postgres", Order.RUNTIME), edge("b", "postgres")]
    found = dict(each_alone(catalog_of([service("a"), service("b")], needs)))
    assert states(found["postgres"]) == {"a": "down", "b": "down"}
    assert states(found["b"]) == {"a": "degraded", "b": "down"}


@given(outages())
@settings(max_examples=50)
def test_each_alone_is_the_outage_of_that_node(drawn: tuple[Catalog, frozenset[str]]) -> None:
    """Pages and weak points would otherwise tell of another outage than the command."""
    catalog, _ = drawn
    assert dict(each_alone(catalog)) == {
        name: impact(catalog, [name])
        for name in (*catalog.services, *catalog.resources, *catalog.external)
    }


@given(outages())
@settings(max_examples=50)
def test_what_is_lost_is_what_is_down(drawn: tuple[Catalog, frozenset[str]]) -> None:
    """Pages would otherwise be of other services and flows than the command tells."""
    catalog, _ = drawn
    assert {name: (each.services, each.flows) for name, each in lost_alone(catalog)} == {
        name: (
            found.named(State.DOWN),
            tuple(flow for flow, each in found.flows.items() if each.state is State.DOWN),
        )
        for name, found in each_alone(catalog)
    }


def test_external_apis_take_nobody_down(catalog: Catalog) -> None:
    """A provider's outage must stay the provider's."""
    for name in catalog.external:
        found = impact(catalog, [name])
        assert found.named(State.DOWN) == ()
    assert impact(catalog, ["payments"]).flows["order-processing"].state is State.DEGRADED


def test_unknown_nodes_are_refused(catalog: Catalog) -> None:
    """A misspelt node would look as if nothing happened."""
    with pytest.raises(ValueError, match="'rediss' is no service"):
        impact(catalog, ["rediss"])


def test_single_points_of_failure_worst_first(catalog: Catalog) -> None:
    """What to make redundant first is decided from this list."""
    points = weak_points(catalog)
    assert [point.name for point in points[:3]] == ["postgres", "redis", "key-service"]
    assert len(points[0].flows) == len(catalog.flows)
    ranks = [(len(p.flows), len(p.down), len(p.degraded)) for p in points]
    assert ranks == sorted(ranks, reverse=True)
    listed = {point.name for point in points}
    for name in (*catalog.services, *catalog.resources, *catalog.external):
        found = impact(catalog, [name])
        hit = set(found.named(State.DOWN)) - {name}
        hit |= {flow for flow, each in found.flows.items() if each.state is State.DOWN}
        assert (name in listed) == bool(hit)


def test_command_says_what_is_down_and_why() -> None:
    """The text is read aloud in an incident call."""
    result = nexus("impact", "redis")
    assert result.exit_code == 0
    assert result.stdout.startswith("While redis is down: 22 down, 2 degraded, 19 ok.\n")
    assert "\n  streaming-service-v2: needs session-mgr, because of redis\n" in result.stdout
    assert "\n  key-service: database instead of redis\n" in result.stdout
    two = nexus("impact", "session-mgr", "redis").stdout
    assert two.startswith("While redis and session-mgr are down: ")
    assert "\n  session-mgr: failed, and needs redis and token-mgr\n" in two
    assert "\n  auth-service-v2: failed\n" in nexus("impact", "auth-service-v2").stdout
    assert "without auth-service-v2" in nexus("impact", "auth-service-v2").stdout


def test_command_as_json_and_picture(tmp_path: Path) -> None:
    """Scripts and runbooks are made from these."""
    document = json.loads(nexus("impact", "cdn", "--format", "json").stdout)
    assert document["failed"] == ["cdn"]
    assert document["services"]["streamcore"] == {
        "state": "degraded",
        "because": [],
        "causes": [],
        "without": [{"target": "cdn", "fallback": "origin"}],
    }
    assert document["flows"]["streaming"] == {"state": "degraded", "because": ["streamcore", "cdn"]}
    picture = tmp_path / "outage.mmd"
    assert nexus("impact", "ai-service", "-f", "mermaid", "-o", picture).exit_code == 0
    lines = picture.read_text("utf-8").splitlines()
    assert '  n_ai_service["ai-service"]:::failed' in lines
    assert "  n_ai_service --> n_kei_ai" in lines
    assert '  n_ai_service -.->|"rules"| n_metatwin' in lines
    assert nexus("impact", "cdn", "-f", "svg").stdout.startswith("<svg ")
    assert nexus("impact", "-f", "svg").exit_code == 2


def test_command_lists_single_points_of_failure() -> None:
    """Without a node there is still something to see."""
    text = nexus("impact").stdout.splitlines()
    assert text[0].startswith("Single points of failure: 36. ")
    assert text[2].split() == ["postgres", "4", "39", "0"]
    points = json.loads(nexus("impact", "--format", "json").stdout)["weak_points"]
    assert points[0]["name"] == "postgres"
    assert points[0]["kind"] == "resource"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rediss",), "There is no service, platform resource or API 'rediss'; did you mean "),
        (("--format", "mermaid"), "There is nothing to draw; name the nodes that are down."),
    ],
)
def test_command_refuses(arguments: tuple[str, ...], sentence: str) -> None:
    """A misspelt node must not look like a harmless one."""
    result = nexus("impact", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(sentence)
