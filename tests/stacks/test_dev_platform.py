"""The whole dev platform on the real engine, under both orderings."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import pytest
from rich.console import Console

from catalog import load_catalog
from nexus.cli.rehearse import tiers_of
from nexus.plan.plan import Plan
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.record import Operation
from nexus.rehearsal.report import outcome_line, tier_table
from nexus.rehearsal.run import ENGINE, rehearse
from nexus.rehearsal.tiers import tier_times
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.conftest import Planned
from tests.projects import DOCUMENTED, ROOT, copy_project, set_config
from tests.transcription import SERVICES, STARTUP_EDGES, WINDOWS

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One rehearsal from first to last, and the plan of the same settings.

    `settled` is what each resource depends on after the second run.
    """

    plan: Plan
    up: Outcome
    again: Outcome
    settled: Mapping[str, Sequence[str]]
    down: Outcome
    state: Sequence[Mapping[str, Any]]
    exported: str
    left: Sequence[Mapping[str, Any]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("tiers", marks=pytest.mark.xdist_group("dev-tiers")),
        pytest.param("edges", marks=pytest.mark.xdist_group("dev-edges")),
    ],
)
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, planned: Planned
) -> Run:
    project = copy_project(tmp_path_factory.mktemp("rehearsed") / "project")
    set_config(project, "dev", ordering=request.param)
    file = read_stack_file(project, "dev")
    with rehearse(
        lambda: build(project),
        file.project,
        file.stack,
        file.plain,
        file.secret,
    ) as rehearsal:
        up = rehearsal.up()
        exported = rehearsal.pulumi("stack", "export")
        state = rehearsal.export()["resources"]
        again = rehearsal.up()
        settled = rehearsal.dependencies()
        down = rehearsal.destroy()
        left = rehearsal.export().get("resources", [])
    return Run(
        plan=planned(project, "dev"),
        up=up,
        again=again,
        settled=settled,
        down=down,
        state=state,
        exported=exported,
        left=left,
    )


def precedes(early: Operation, late: Operation) -> bool:
    """Whether the engine ended one operation before it began the other."""
    assert early.ended is not None
    assert late.began is not None
    return early.ended < late.began


def deployments(outcome: Outcome) -> Mapping[str, Operation]:
    return {each.name: each for each in outcome.operations if each.type == DEPLOYMENT}


def test_everything_comes_up(run: Run) -> None:
    """The platform as a whole must deploy from nothing."""
    assert run.up.succeeded, run.up.error
    assert run.up.counts == {"create": len(run.plan.resources)}
    assert set(deployments(run.up)) == SERVICES


def test_no_service_starts_before_what_it_starts_after_is_ready(run: Run) -> None:
    """A service that starts before its dependency is ready crashes until it is."""
    made = deployments(run.up)
    waits: nx.DiGraph[str] = nx.DiGraph()
    for resource in run.state:
        waits.add_edges_from((resource["urn"], urn) for urn in resource.get("dependencies") or ())
    for source, target in STARTUP_EDGES:
        early, late = made[target], made[source]
        assert precedes(early, late), f"{source} started before {target} was ready"
        assert nx.has_path(waits, late.urn, early.urn), "by luck"


def test_every_dependency_is_ready_before_its_dependent_is_created(run: Run) -> None:
    """The same for databases, users, gates and configuration."""
    made = {each.urn: each for each in run.up.operations if each.began is not None}
    checked = 0
    for resource in run.plan.resources:
        for urn in resource.dependencies:
            if resource.urn in made and urn in made:
                assert precedes(made[urn], made[resource.urn]), f"{resource.urn} before {urn}"
                assert made[urn].end <= made[resource.urn].start
                checked += 1
    assert checked > 600


def test_tiers_follow_each_other_only_under_tiers(run: Run) -> None:
    """The documented order must hold whatever the edges say."""
    position = load_catalog(DOCUMENTED).position
    made = deployments(run.up)
    out_of_order = [
        (early, late)
        for early in made
        for late in made
        if position(early) < position(late) and made[late].start < made[early].end
    ]
    gated = any("TierGate" in resource.urn for resource in run.plan.resources)
    assert bool(out_of_order) != gated
    assert not gated or all(
        precedes(made[early], made[late])
        for early in made
        for late in made
        if position(early) < position(late)
    )


def test_the_readme_shows_these_figures(run: Run) -> None:
    """They are computed, so they are the same wherever somebody tries the first command."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    gated = any("TierGate" in resource.urn for resource in run.plan.resources)
    shown = io.StringIO()
    console = Console(file=shown, width=100)
    tiers = tiers_of(load_catalog(DOCUMENTED))
    dependencies = {each["urn"]: each.get("dependencies") or () for each in run.state}
    console.print(tier_table(tier_times(tiers, run.up.operations, dependencies)))
    rows = [cells(line) for line in shown.getvalue().splitlines() if line.startswith("│")]
    assert len(rows) == len(WINDOWS)
    lines = [outcome_line(each).plain for each in (run.up, run.again, run.down)]
    missing = [row for row in rows if row not in map(cells, readme.splitlines())]
    missing += [[line] for line in lines if line not in readme]
    assert bool(missing) != gated, missing


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_second_run_changes_nothing(run: Run) -> None:
    """A program that always has something to change hides the changes that matter."""
    assert run.again.succeeded, run.again.error
    assert run.again.counts == {"same": len(run.plan.resources)}


def test_destroy_leaves_nothing_and_takes_dependents_first(run: Run) -> None:
    """A database that goes before its service takes requests down with it."""
    assert run.down.succeeded, run.down.error
    assert not run.left
    gone = {each.urn: each for each in run.down.operations if each.op == "delete"}
    checked = 0
    for dependent, needed in run.settled.items():
        for urn in needed:
            if dependent in gone and urn in gone:
                assert precedes(gone[dependent], gone[urn]), f"{urn} went before {dependent}"
                checked += 1
    assert checked > 600


def test_plan_equals_the_state_of_the_engine(run: Run) -> None:
    """A plan with other URNs or dependencies than the engine's is worth nothing in a review."""
    # What the program only looks at, its own former state and which cluster it is in, is nothing
    # that a plan would make.
    made = [each for each in run.state if each["type"] != ENGINE and not each.get("external")]
    state = {each["urn"]: each for each in made}
    planned = {resource.urn: resource for resource in run.plan.resources}
    assert set(state) == set(planned)
    for urn, resource in planned.items():
        assert set(state[urn].get("dependencies") or []) == set(resource.dependencies), urn
        assert state[urn].get("parent") == resource.parent, urn
        provider = (state[urn].get("provider") or "").rpartition("::")[0]
        assert provider == (resource.provider or ""), urn


def test_passwords_are_secret_in_state_and_output(run: Run) -> None:
    """A password in clear text in the state is there for everyone who may read a backup."""
    for resource in run.state:
        if resource["type"] == "random:index/randomPassword:RandomPassword":
            assert set(resource["outputs"]["result"]) >= {"ciphertext"}, resource["urn"]
        if resource["type"] == "kubernetes:core/v1:Secret":
            assert "ciphertext" in resource["inputs"]["stringData"], resource["urn"]
    assert '"plaintext"' not in run.exported
    [stack] = [each for each in run.state if each["type"] == "pulumi:pulumi:Stack"]
    assert "password" not in {name.lower() for name in stack.get("outputs", {})}
