"""The plans of the dev stack under both orderings, made once per test process."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from plan.plan import Plan, make_plan
from tests.projects import ROOT, copy_project, set_config


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Plan]:
    """Plan of the dev stack by ordering."""
    edges = copy_project(tmp_path_factory.mktemp("edges") / "project")
    set_config(edges, "dev", ordering="edges")
    return {"tiers": make_plan(ROOT, "dev"), "edges": make_plan(edges, "dev")}


@pytest.fixture(scope="session")
def plan(plans: Mapping[str, Plan]) -> Plan:
    """Plan of the dev stack as it is in the repository."""
    return plans["tiers"]
