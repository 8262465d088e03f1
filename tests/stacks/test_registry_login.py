"""A login to the registry reaches every pod, whichever environment it is in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nexus.plan.plan import Plan, make_plan
from nexus.plan.recorder import Registration
from tests.projects import copy_project, set_config
from tests.stacks.cloud_resources import of_type

LOGIN = {"username": "example", "password": {"secure": "v1:placeholder"}}
SECRET, DEPLOYMENT = "kubernetes:core/v1:Secret", "kubernetes:apps/v1:Deployment"


def logins(plan: Plan) -> Mapping[str, Registration]:
    """Every Secret that images are pulled with, by its namespace."""
    return {
        each.inputs["metadata"]["namespace"]: each
        for each in of_type(plan, SECRET).values()
        if each.inputs.get("type") == "kubernetes.io/dockerconfigjson"
    }


def test_dev_pulls_its_images_with_the_login(tmp_path: Path) -> None:
    """Without it no image of a private registry is pulled, and nothing says why."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", registry="registry.example.com/nexus", registryLogin=LOGIN)
    plan = make_plan(project, "dev")
    known = logins(plan)
    deployments = of_type(plan, DEPLOYMENT).values()
    assert len(deployments) == 43
    for each in deployments:
        secret = known[each.inputs["metadata"]["namespace"]]
        [pull] = each.inputs["spec"]["template"]["spec"]["imagePullSecrets"]
        # Auto-named after its logical name.
        assert pull["name"].startswith(f"{secret.name}-")
        assert secret.urn in each.dependencies
        assert 'stringData[".dockerconfigjson"]' in secret.secrets


def test_without_a_login_pods_name_none(plan: Plan) -> None:
    """A Secret that is named but not there is a warning at every pull."""
    assert logins(plan) == {}
    for each in of_type(plan, DEPLOYMENT).values():
        assert "imagePullSecrets" not in each.inputs["spec"]["template"]["spec"]
