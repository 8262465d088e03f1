"""Staging and prod on the real engine, against simulated clouds: up, again, restore, down."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from plan.plan import Plan, make_plan
from rehearsal.run import rehearse
from rehearsal.session import Rehearsal
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.projects import copy_project, set_config

pytestmark = pytest.mark.clouds

TIME_SCALE = 200.0
"""Managed servers take simulated minutes."""


@contextmanager
def rehearsed(project: Path, stack: str) -> Generator[Rehearsal]:
    file = read_stack_file(project, stack)
    with rehearse(
        lambda: build(project),
        file.project,
        file.stack,
        file.plain,
        file.secret,
        time_scale=TIME_SCALE,
    ) as rehearsal:
        yield rehearsal


def inputs(rehearsal: Rehearsal, kind: str) -> Mapping[str, Mapping[str, object]]:
    """Inputs in the state of the resources whose type ends so, by name."""
    return {
        resource["urn"].rpartition("::")[2]: resource["inputs"]
        for resource in rehearsal.export().get("resources", [])
        if resource["type"].endswith(kind)
    }


def assert_as_planned(rehearsal: Rehearsal, plan: Plan) -> None:
    """What the engine recorded is what the plan says."""
    state = {urn: set(waits) for urn, waits in rehearsal.dependencies().items()}
    assert state == {r.urn: set(r.dependencies) for r in plan.resources}


@pytest.mark.xdist_group("cloud-staging")
def test_staging_comes_up_is_restored_and_goes(tmp_path: Path) -> None:
    """The first run in a real account costs hours and money; here a mistake costs two minutes."""
    project = copy_project(tmp_path / "project")
    plan = make_plan(project, "staging")
    with rehearsed(project, "staging") as rehearsal:
        up = rehearsal.up()
        assert up.succeeded, up.errors
        assert_as_planned(rehearsal, plan)
        again = rehearsal.up()
        assert again.succeeded
        assert not again.changed
        jobs = inputs(rehearsal, "v1:Job")
        moment = {"name": "r1", "cluster": "old", "time": "2026-01-31T09:00:00Z"}
        set_config(project, "staging", restore=moment)
        restored = _again_with_settings(rehearsal, project)
        assert restored
        servers = inputs(rehearsal, "rds/cluster:Cluster")
        assert set(servers) == {"postgres-r1"}
        after = inputs(rehearsal, "v1:Job")
        assert set(after) == set(jobs)
        assert all(after[name] != jobs[name] for name in jobs if name.endswith("-database"))
        down = rehearsal.destroy()
        assert down.succeeded, down.errors
        assert not rehearsal.export().get("resources")


def _again_with_settings(rehearsal: Rehearsal, project: Path) -> bool:
    """Runs `up` with the settings as they now are in the file."""
    file = read_stack_file(project, "staging")
    for key in ("restore",):
        value = file.setting(key)
        assert value is not None
        rehearsal.pulumi("config", "set", f"{file.project}:{key}", value)
    return rehearsal.up().succeeded


@pytest.mark.xdist_group("cloud-prod")
def test_prod_refuses_to_go_until_it_is_unprotected(tmp_path: Path) -> None:
    """A `destroy` in the wrong terminal must leave every customer's data where it is."""
    project = copy_project(tmp_path / "project")
    with rehearsed(project, "prod") as rehearsal:
        assert rehearsal.up().succeeded
        assert_as_planned(rehearsal, make_plan(project, "prod"))
        assert not rehearsal.up().changed
        refused = rehearsal.destroy()
        assert not refused.succeeded
        assert "protected" in refused.error
        left = {resource["type"] for resource in rehearsal.export()["resources"]}
        assert {"aws:rds/cluster:Cluster", "aws:kms/key:Key", "aws:s3/bucket:Bucket"} <= left
        # Said in the runbook: what is not protected is gone by now.
        assert "kubernetes:apps/v1:Deployment" not in left
        rehearsal.unprotect()
        assert rehearsal.destroy().succeeded
        assert not rehearsal.export().get("resources")
