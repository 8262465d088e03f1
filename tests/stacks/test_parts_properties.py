"""Random platforms in which services use parts of each other's servers: each login has its part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from catalog import Catalog, load_catalog
from catalog.logins import logins_of, told_as
from graph.rules import check
from nexus.pictures.json import graph_document
from nexus.plan.plan import make_plan
from nexus.policy.rules import violations
from tests.nexus.diff.plans import graph
from tests.projects import project_of
from tests.stacks.several_parts import settings_of, told

NAMES = ("anna", "bert", "cora", "dave")
BUS = {"exchange": "events", "routing_keys": ["a.*"]}
ACCESS = {
    "postgres": ("read", "read-write"), "redis": ("read", "read-write"),
    "queue": ("publish", "consume"),
}  # fmt: skip
JOBS = {"postgres": ("database", "DATABASE"), "queue": ("vhost", "VHOST")}


def services(random: Random) -> Mapping[str, Any]:
    """Services that have parts of their own, on shared and dedicated servers, and lend them."""
    found: dict[str, Any] = {
        name: {"summary": "S", "tier": "core", "needs": [], "grants": []} for name in NAMES
    }
    own: dict[tuple[str, str], list[str | None]] = {}
    for name in NAMES:
        for target in ACCESS:
            further = ["x", "y"] if target != "redis" else []
            parts = [None, *(each for each in further if random.random() < 0.3)]
            parts = parts[random.random() < 0.2 and len(parts) > 1 :]
            if random.random() < 0.7:
                own[name, target] = parts
                dedicated = {"dedicated": True} if random.random() < 0.3 else {}
                found[name]["needs"] += [{"target": target, **_part(p), **dedicated} for p in parts]
        if (name, "postgres") in own and random.random() < 0.3:
            found[name]["migrate"] = {"command": ["migrate"]}
    for user in NAMES:
        for (owner, target), parts in own.items():
            for part in parts if owner != user and random.random() < 0.3 else ():
                use = {
                    "access": random.choice(ACCESS[target]),
                    **(BUS if target == "queue" else {}),
                }
                found[user]["needs"].append({"target": target, "of": owner, **_part(part), **use})
                found[owner]["grants"].append({"target": target, "to": user, **_part(part), **use})
    for each in found.values():
        random.shuffle(each["needs"])
    return found


def _part(name: str | None) -> dict[str, str]:
    return {} if name is None else {"part": name}


@pytest.mark.parametrize("seed", range(6))
def test_each_login_gets_its_part_and_is_told_of_it(seed: int, tmp_path: Path) -> None:
    """One of two parts would be nobody's, or that of somebody else."""
    content = {"domain": "shop", "services": services(Random(seed))}
    project = project_of(tmp_path / "project", yaml.safe_dump(json.loads(json.dumps(content))), {})
    catalog = load_catalog(project)
    check(catalog)
    assert [each.parts for each in graph(graph_document(catalog)).edges] == [
        each.parts for each in catalog.edges
    ]
    plan = make_plan(project, "dev")
    assert [str(each) for each in violations(plan.named())] == []
    for name in catalog.services:
        if not catalog.needs(name):
            continue
        known = told(plan, name)
        assert len(known) == len(catalog.needs(name))
        for resource in ACCESS:
            logins = logins_of(catalog, name, resource)
            for login in logins:
                entry = known[login.told_as]
                where = entry.get("parts", {}).get(login.key, entry["endpoint"])
                assert where["host"].partition(".")[0] == _server(catalog, name, login.told_as)
                if resource in JOBS:
                    suffix, variable = JOBS[resource]
                    found = settings_of(plan, f"{login.name}-{suffix}")[variable]
                    assert found == where[suffix] == login.content
                else:
                    assert where["prefix"] == f"{login.content}:"
            assert len({each.name for each in logins}) == len(logins)


def _server(catalog: Catalog, service: str, name: str) -> str:
    """The server that a service knows by this name."""
    [edge] = [each for each in catalog.needs(service) if told_as(catalog, each) == name]
    return edge.target
