"""What an environment provides: every name is known, the plan tells the rest, nothing is idle."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from catalog import load_catalog
from catalog.names import RESOURCES
from nexus.cli.main import app
from nexus.plan.plan import Plan, make_plan
from stacks.environment import ENVIRONMENTS
from tests.projects import DOCUMENTED, STACKS, set_config, small_project

pytestmark = pytest.mark.xdist_group("clouds")


def test_every_known_resource_is_provided_somewhere() -> None:
    """A catalog that names anything else is sound, and waits for what nobody makes."""
    every = [each.asked(lambda _: True) for each in ENVIRONMENTS.values()]
    assert {name for each in every for name in each.provided} == set(RESOURCES)


@pytest.mark.parametrize("stack", STACKS)
def test_the_plan_tells_what_the_stack_leaves_out(
    stack: str, plan: Plan, clouds: Mapping[str, Plan]
) -> None:
    """A service without an endpoint is found when it runs, by its users."""
    run = CliRunner().invoke(app, ["--project", str(DOCUMENTED), "plan", "--stack", stack])
    assert run.exit_code == 0
    _, _, text = run.stdout.partition("Left out: ")
    told = {
        (resource, user)
        for resource, users in re.findall(r"^  ([a-z-]+) +needed by (.*)$", text, re.MULTILINE)
        for user in users.split(", ")
    }
    assert told == without_endpoint(plan if stack == "dev" else clouds[stack])
    assert {"monitoring", "alerting"} <= {resource for resource, _ in told}


def without_endpoint(plan: Plan) -> set[tuple[str, str]]:
    """(resource, service) where the plan tells the service of no endpoint."""
    catalog = load_catalog(DOCUMENTED)
    found: set[tuple[str, str]] = set()
    for each in plan.resources:
        if each.type == "kubernetes:core/v1:ConfigMap" and each.name.endswith("-config"):
            text = each.inputs["data"].get("dependencies.json", "{}")
            for name, entry in json.loads(text).get("dependencies", {}).items():
                # A GPU is asked for by the pod itself.
                if entry["endpoint"] is None and name in catalog.resources and name != "gpu":
                    found.add((name, each.name.removesuffix("-config")))
    if plan.stack == "dev":
        found |= {("gpu", edge.source) for edge in catalog.edges if edge.target == "gpu"}
    return found


@pytest.mark.parametrize("resource", sorted({"postgres", "redis", "queue", "storage", "gpu"}))
def test_what_nobody_needs_is_declared_and_not_made(
    resource: str, idle: Mapping[str, Plan]
) -> None:
    """A server that nobody uses costs as much as one that somebody does."""
    for stack, made in idle.items():
        names = {each.name for each in made.resources if not each.name.startswith("cart-")}
        # The key of the buckets is there before the first of them.
        server = {name for name in names if re.match(rf"{resource}(-(?!key)|$)", name)}
        used = resource == "redis"
        assert bool(server) == used, (stack, sorted(server))


def test_no_bucket_waits_for_models_that_nobody_reads(idle: Mapping[str, Plan]) -> None:
    """An empty bucket that nobody knows is one more thing to protect."""
    assert "models-bucket" not in {each.name for each in idle["staging"].resources}


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Plan]:
    """Plans of three services: one uses the shared Redis, one has a PostgreSQL of its own."""
    project = small_project(tmp_path_factory.mktemp("idle") / "project")
    shop = project / "catalog/services/shop.yaml"
    content = yaml.safe_load(shop.read_text(encoding="utf-8"))
    needs = content["services"]["cart"]["needs"]
    needs[needs.index("postgres")] = {"target": "postgres", "dedicated": True}
    shop.write_text(yaml.safe_dump(content), encoding="utf-8")
    versions = dict.fromkeys(content["services"], "1.0.0")
    write_release(project, "staging", versions)
    set_config(project, "staging", nodes="managed")
    return {stack: make_plan(project, stack) for stack in ("dev", "staging")}


def write_release(project: Path, stack: str, versions: Mapping[str, str]) -> None:
    path = project / f"releases/{stack}.yaml"
    path.write_text(yaml.safe_dump({"services": dict(versions)}), encoding="utf-8")
