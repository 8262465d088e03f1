"""Staging and prod on the real engine, against simulated clouds: up, again, restore, down.

Where docs/runbook.md says what to do, its own commands are run.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog import load_catalog
from nexus.plan.plan import Plan, make_plan
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal, rehearse
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.conftest import Planned
from tests.nexus.diff.copies import SIX, cut, edit_yaml
from tests.projects import copy_project
from tests.runbook import follow, pulumi_commands

pytestmark = pytest.mark.clouds

KINDS = (*SIX, "ai-service", "content-management", "pv-keys", "vscreen-hollywood")
"""Services that together need all that there is: where what is done is not done per service, they
are enough."""


@contextmanager
def rehearsed(project: Path, stack: str) -> Generator[Rehearsal]:
    file = read_stack_file(project, stack)
    with rehearse(
        lambda: build(project),
        file.project,
        file.stack,
        file.plain,
        file.secret,
    ) as rehearsal:
        yield rehearsal


def resources(rehearsal: Rehearsal, kind: str) -> Mapping[str, Mapping[str, Any]]:
    """What the state has of the resources whose type ends so, by name."""
    return {
        resource["urn"].rpartition("::")[2]: resource
        for resource in rehearsal.export().get("resources", [])
        if resource["type"].endswith(kind)
    }


def assert_as_planned(rehearsal: Rehearsal, plan: Plan) -> None:
    """What the engine recorded is what the plan says."""
    state = {urn: set(waits) for urn, waits in rehearsal.dependencies().items()}
    assert state == {r.urn: set(r.dependencies) for r in plan.resources}


def assert_restored(rehearsal: Rehearsal, outcome: Outcome, project: Path) -> None:
    """Every service has its database on the new server, with credentials that open it."""
    assert outcome.succeeded, outcome.errors
    [server] = resources(rehearsal, "rds/cluster:Cluster").values()
    assert server["urn"].endswith("::postgres-r1")
    secret = server["outputs"]["masterUserSecrets"][0]["secretArn"]
    jobs = {k: v for k, v in resources(rehearsal, "v1:Job").items() if k.endswith("-database")}
    replaced = {each.name for each in outcome.operations if each.op == "replace"}
    needing = (e.source for e in load_catalog(project).edges if e.target == "postgres")
    assert jobs.keys() == {f"{service}-database" for service in needing}
    assert jobs.keys() <= replaced
    for job in jobs.values():
        pod = job["inputs"]["spec"]["template"]["spec"]
        environment = {
            variable["name"]: variable.get("value")
            for container in (*pod["containers"], *pod["initContainers"])
            for variable in container.get("env", ())
        }
        assert environment["PGHOST"] == server["outputs"]["endpoint"]
        assert environment["MASTER_ARN"] == secret
    rights = resources(rehearsal, "iam/rolePolicy:RolePolicy")["postgres-bootstrap-policy"]
    assert secret in rights["inputs"]["policy"]
    # In place: not one service is deleted, and those without a database go on untouched.
    services = {
        each.name: each
        for each in outcome.operations
        if each.type.endswith(":Deployment") and each.op != "same"
    }
    assert {each.op for each in services.values()} == {"update"}
    assert {f"{service}-database" for service in services} == jobs.keys()
    ready = {
        each.name: each.ended
        for each in outcome.operations
        if each.type.endswith(":Job") and each.op == "replace"
    }
    for name, each in services.items():
        assert (ready[f"{name}-database"] or 0) < (each.began or 0)
    gone = {each.name for each in outcome.operations if each.op == "delete"} - replaced
    assert gone == {"postgres", "postgres-0", "postgres-1", "postgres-2", "postgres-logs"}


def add_service(project: Path, name: str) -> None:
    """Write a service into the catalog and staging's release file."""
    with (project / "catalog" / "services" / "content.yaml").open("a", encoding="utf-8") as file:
        file.write(f"  {name}:\n    summary: New\n    tier: domain\n    needs: [postgres]\n")
    with (project / "releases" / "staging.yaml").open("a", encoding="utf-8") as file:
        file.write(f'  {name}: "1.0.0"\n')


def keep_only(project: Path, file: str, names: Collection[str]) -> None:
    """Take all other services out of the catalog and a release file."""
    cut(project, names)
    edit_yaml(
        project / "releases" / file,
        lambda release: release.update(
            services={k: v for k, v in release["services"].items() if k in names}
        ),
    )


@pytest.mark.xdist_group("cloud-staging")
def test_staging_comes_up_and_goes(tmp_path: Path, planned: Planned) -> None:
    """The first run in a real account costs hours and money; here a mistake costs a minute."""
    project = copy_project(tmp_path / "project")
    plan = planned(project, "staging")
    with rehearsed(project, "staging") as rehearsal:
        without_services, all_of_it = pulumi_commands("The first deployment to AWS", "staging")
        first = follow(rehearsal, *without_services)
        assert first is not None
        assert first.succeeded, first.errors
        assert len(rehearsal.clouds["aws"].ids("aws:ecr/repository:Repository")) == 43
        assert not rehearsal.cluster.contents()
        up = follow(rehearsal, *all_of_it)
        assert up is not None
        assert up.succeeded, up.errors
        assert set(up.counts) == {"create", "same"}
        assert_as_planned(rehearsal, plan)
        down = rehearsal.destroy()
        assert down.succeeded, down.errors
        assert not rehearsal.export().get("resources")


@pytest.mark.xdist_group("cloud-staging-restored")
def test_staging_is_restored_and_takes_a_new_service(tmp_path: Path) -> None:
    """What the runbook says must work at the first attempt: nobody tries it on a calm day."""
    project = copy_project(tmp_path / "project")
    keep_only(project, "staging.yaml", KINDS)
    with rehearsed(project, "staging") as rehearsal:
        up = rehearsal.up()
        assert up.succeeded, up.errors
        moment, _, _, _, restore, forget = pulumi_commands("Bringing back the database", "staging")
        restored = follow(rehearsal, *moment, *restore)
        assert restored is not None
        assert_restored(rehearsal, restored, project)
        servers = rehearsal.clouds["aws"].ids("aws:rds/cluster:Cluster")
        assert servers == {"nexus-cos-staging-postgres-r1"}
        after = follow(rehearsal, *forget)
        assert after is not None
        assert after.succeeded, after.errors
        assert not after.changed
        add_service(project, "caption-mgr")
        [repository] = pulumi_commands("A new service's repository", "staging")
        added = follow(rehearsal, *repository)
        assert added is not None
        assert added.succeeded, added.errors
        made = {each.name for each in added.operations if each.op != "same"}
        assert made == {"registry-caption-mgr", "registry-caption-mgr-lifecycle"}


@pytest.mark.xdist_group("cloud-prod")
def test_prod_keeps_its_data_whatever_is_done(tmp_path: Path) -> None:
    """A restore, or a `destroy` in the wrong terminal, must leave every customer's data there."""
    project = copy_project(tmp_path / "project")
    keep_only(project, "prod.example.yaml", KINDS)
    with rehearsed(project, "prod") as rehearsal:
        aws_alone, all_of_it = pulumi_commands("The first deployment to AWS", "prod")
        rehearsal.kubernetes.inside = False
        first = follow(rehearsal, *aws_alone)
        assert first is not None
        assert first.succeeded, first.errors
        refused = follow(rehearsal, *all_of_it)
        assert refused is not None
        assert not refused.succeeded
        # After the reasons the program says what they hold back.
        *reasons, held = refused.errors
        assert "data failed; it holds back " in held
        assert all("is unreachable" in reason for reason in reasons), reasons
        assert not rehearsal.cluster.contents()
        rehearsal.kubernetes.inside = True
        up = follow(rehearsal, *all_of_it)
        assert up is not None
        assert up.succeeded, up.errors
        assert_as_planned(rehearsal, make_plan(project, "prod"))
        _, snapshot, look, unprotect, restore, forget = pulumi_commands(
            "Bringing back the database", "prod"
        )
        refused = follow(rehearsal, *snapshot, *look)
        assert refused is not None
        assert not refused.succeeded
        assert all("protected" in error for error in refused.errors), refused.errors
        restored = follow(rehearsal, *unprotect, *restore)
        assert restored is not None
        assert_restored(rehearsal, restored, project)
        # The old server is forgotten, and there.
        old, new = "nexus-cos-prod-postgres", "nexus-cos-prod-postgres-r1"
        assert rehearsal.clouds["aws"].ids("aws:rds/cluster:Cluster") == {old, new}
        instances = rehearsal.clouds["aws"].ids("aws:rds/clusterInstance:ClusterInstance")
        assert instances == {f"{server}-{number}" for server in (old, new) for number in range(3)}
        logs = {f"/aws/rds/cluster/{server}/postgresql" for server in (old, new)}
        assert logs <= rehearsal.clouds["aws"].ids("aws:cloudwatch/logGroup:LogGroup")
        after = follow(rehearsal, *forget)
        assert after is not None
        assert after.succeeded, after.errors
        assert not after.changed
        refused = rehearsal.destroy()
        assert not refused.succeeded
        assert "protected" in refused.error
        left = {resource["type"] for resource in rehearsal.export()["resources"]}
        assert {"aws:rds/cluster:Cluster", "aws:kms/key:Key", "aws:s3/bucket:Bucket"} <= left
        # Said in the runbook: what is not protected is gone by now.
        assert "kubernetes:apps/v1:Deployment" not in left
        rehearsal.pulumi("state", "unprotect", "--yes", "--all")
        assert rehearsal.destroy().succeeded
        assert not rehearsal.export().get("resources")
        assert rehearsal.clouds["aws"].ids("aws:rds/cluster:Cluster") == {old, new}


@pytest.mark.xdist_group("cloud-staging-restored")
def test_a_service_leaves_prod(tmp_path: Path) -> None:
    """What is protected stops the deployment that removes a service, and every one after it."""
    project = copy_project(tmp_path / "project")
    kept = ["backend-api", "user-auth", "vscreen-hollywood"]
    keep_only(project, "prod.example.yaml", kept)
    with rehearsed(project, "prod") as rehearsal:
        first = rehearsal.up()
        assert first.succeeded, first.errors
        keep_only(project, "prod.example.yaml", kept[:-1])
        refused = rehearsal.preview()
        assert not refused.succeeded
        assert all("protected" in error for error in refused.errors), refused.errors
        [unprotect] = pulumi_commands("Removing a service", "prod")
        removed = follow(rehearsal, *unprotect, ("up",))
        assert removed is not None
        assert removed.succeeded, removed.errors
        repositories = rehearsal.clouds["aws"].ids("aws:ecr/repository:Repository")
        assert "nexus-cos-prod/vscreen-hollywood" in repositories
