"""A failure stays where it is: what starts after it waits, and all else comes up."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import networkx as nx
import pytest

from catalog import load_catalog
from graph.dependencies import dependency_graph
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal, rehearse
from nexus.rehearsal.tiers import Spread, spread
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.projects import project_of, set_config

CATALOG = """
domain: shop
services:
  login: {summary: S, tier: core, needs: []}
  session: {summary: S, tier: core, needs: [login]}
  stock: {summary: S, tier: core, needs: [redis]}
  search: {summary: S, tier: platform, needs: [login]}
  prices: {summary: S, tier: platform, needs: [stock]}
  basket: {summary: S, tier: domain, needs: [search]}
  orders: {summary: S, tier: domain, needs: [prices]}
  bills: {summary: S, tier: domain, needs: [orders]}
  shop: {summary: S, tier: frontend, needs: [basket]}
  desk: {summary: S, tier: frontend, needs: [bills]}
"""

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_of(tmp_path / "project", CATALOG, {})


@contextmanager
def rehearsing(project: Path, ordering: str) -> Generator[Rehearsal]:
    set_config(project, "dev", ordering=ordering, registry="registry.example.com/shop")
    file = read_stack_file(project, "dev")
    with rehearse(
        lambda: build(project),
        file.project,
        file.stack,
        file.plain,
        file.secret,
    ) as session:
        yield session


def after(project: Path, *names: str) -> set[str]:
    """All services that start after one of `names`, by the catalog."""
    needs = dependency_graph(load_catalog(project))
    return {source for name in names for source in nx.ancestors(needs, name)} - set(names)


def later(project: Path, name: str) -> set[str]:
    """All services of the tiers after that of `name`."""
    catalog = load_catalog(project)
    position = catalog.position(name) if name in catalog.services else -1
    return {each for each in catalog.services if catalog.position(each) > position}


def failed_run(session: Rehearsal, project: Path, *names: str) -> tuple[Outcome, Spread]:
    session.kubernetes.fail = frozenset(names)
    outcome = session.up()
    assert not outcome.succeeded
    assert outcome.counts.get("delete", 0) == 0, "what waits must not be taken for removed"
    return outcome, spread(load_catalog(project).services, outcome.operations)


def release(project: Path, version: str) -> None:
    names = load_catalog(project).services
    lines = "".join(f"  {name}: {version}\n" for name in names)
    (project / "releases" / "dev.yaml").write_text(f"services:\n{lines}", encoding="utf-8")


def changed(outcome: Outcome) -> set[str]:
    """Services whose Deployment the run made or changed."""
    return {
        each.name
        for each in outcome.operations
        if each.type == DEPLOYMENT and each.op != "same" and each.result == "succeeded"
    }


@pytest.mark.parametrize(
    ("ordering", "runs"),
    [
        ("edges", [("redis", "search")]),
        ("tiers", [("login",), ("search",), ("bills",), ("desk",)]),
    ],
)
def test_first_start_goes_on_where_it_can(
    project: Path, ordering: str, runs: list[tuple[str, ...]]
) -> None:
    """A service that crashes must not keep those from starting that do not know it."""
    everything = set(load_catalog(project).services)
    with rehearsing(project, ordering) as session:
        if ordering == "tiers":
            # As the first deployment to AWS begins: no service, so no gate either.
            begun = session.up(exclude=["**apps/v1:Deployment**"], exclude_dependents=True)
            assert begun.succeeded, begun.error
        for names in runs:
            outcome, seen = failed_run(session, project, *names)
            held_back = after(project, *names)
            if ordering == "tiers":
                held_back |= later(project, names[0])
            assert set(seen.failed) == set(names)
            assert set(seen.held_back) == held_back
            assert set(seen.unharmed) == everything - held_back - set(names)
            told = outcome.errors[-1]
            assert all(f"{name} failed; it holds back " in told for name in names), outcome.error
            assert held_back <= set(re.findall(r"[a-z-]+", told))
            assert outcome.error.count("holds back") == len(names), "once each"
        session.kubernetes.fail = frozenset()
        assert session.up().succeeded
        assert session.up().changed == 0


@pytest.mark.parametrize("ordering", ["edges", "tiers"])
def test_update_is_held_back_by_its_own_dependencies_alone(project: Path, ordering: str) -> None:
    """Tiers are about the first start: a service that hangs must not stop every later update."""
    with rehearsing(project, ordering) as session:
        release(project, "v1")
        assert session.up().succeeded
        assert session.preview().changed == 0
        running = set(session.cluster.contents())
        names = ("session", "prices", "basket")
        release(project, "v2")
        outcome, seen = failed_run(session, project, *names)
        held_back = after(project, *names)
        assert set(seen.failed) == set(names)
        assert set(seen.held_back) == held_back
        everything = set(load_catalog(project).services)
        assert changed(outcome) == everything - held_back - set(names)
        assert running <= set(session.cluster.contents()), "what waits goes on running"
        session.kubernetes.fail = frozenset()
        mended = session.up()
        assert mended.succeeded, mended.error
        assert session.up().changed == 0
        down = session.destroy()
        assert down.succeeded, down.error
        assert session.cluster.contents() == ()


def test_deletions_wait_for_a_run_without_a_failure(project: Path) -> None:
    """What was not registered because it waits must not be deleted with what was removed."""
    with rehearsing(project, "tiers") as session:
        release(project, "v1")
        assert session.up().succeeded
        file = project / "catalog" / "services" / "shop.yaml"
        file.write_text(CATALOG.replace("  desk:", "  till:"), encoding="utf-8")
        release(project, "v2")
        _, seen = failed_run(session, project, "login")
        assert "till" in seen.unharmed
        names = {key.name for key in session.cluster.contents() if key.kind == "Deployment"}
        assert names >= {"desk", "till"}
        session.kubernetes.fail = frozenset()
        mended = session.up()
        assert mended.succeeded, mended.error
        assert mended.counts["delete"] > 0
        names = {key.name for key in session.cluster.contents() if key.kind == "Deployment"}
        assert "till" in names
        assert "desk" not in names
