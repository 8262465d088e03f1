"""What runs in a pod before its service, and the variables that it checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from tests.projects import copy_project, set_config
from tests.transcription import RESOURCE_EDGES, SERVICES

PROVIDED = {"postgres", "redis", "queue", "storage"}


def pods(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    return {
        each.name: each.inputs["spec"]["template"]["spec"]
        for each in plan.resources
        if each.type == "kubernetes:apps/v1:Deployment"
    }


def test_services_with_stores_are_checked_before_they_start(plan: Plan) -> None:
    """After a node's restart no Pulumi is there to keep the order."""
    users = {service for service, resource in RESOURCE_EDGES if resource in PROVIDED}
    for name, pod in pods(plan).items():
        assert ("initContainers" in pod) == (name in users), name
        if name not in users:
            continue
        (check,) = pod["initContainers"]
        env = {each["name"]: each["value"] for each in check["env"]}
        mounts = {each["mountPath"] for each in check["volumeMounts"]}
        assert env["NEXUS_CONFIG"].rpartition("/")[0] in mounts
        assert check["command"][-1].rpartition("/")[0] in mounts
        assert "/var/run/secrets/nexus" not in mounts
        assert 0 < int(env["WAIT_SECONDS"]) <= 120
    assert set(pods(plan)) == SERVICES


def test_the_rollout_allows_for_the_wait(plan: Plan) -> None:
    """A rollout that is given up while the check still waits reports the wrong reason."""
    for each in plan.resources:
        if each.type == "kubernetes:apps/v1:Deployment":
            pod = each.inputs["spec"]["template"]["spec"]
            probe = pod["containers"][0]["startupProbe"]
            start = probe["periodSeconds"] * probe["failureThreshold"]
            wait = 60 if "initContainers" in pod else 0
            assert each.inputs["spec"]["progressDeadlineSeconds"] >= start + wait + 240


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project where a service without any store needs two variables."""
    project = copy_project(tmp_path / "project")
    file = project / "catalog/services/ai.yaml"
    text = file.read_text("utf-8")
    changed = text.replace(
        "  puaboai-sdk:\n", "  puaboai-sdk:\n    environment: [REGION, LOG_LEVEL]\n"
    )
    assert changed != text
    file.write_text(changed, "utf-8")
    return project


def test_variables_come_from_the_settings_and_are_checked(project: Path) -> None:
    """A service that starts without its variables fails at the first request instead."""
    values = {"puaboai-sdk": {"REGION": "eu", "LOG_LEVEL": "info"}}
    set_config(project, "dev", variables=values)
    pod = pods(make_plan(project, "dev"))["puaboai-sdk"]
    (check,) = pod["initContainers"]
    for container in (check, *pod["containers"]):
        env = {each["name"]: each["value"] for each in container["env"]}
        assert (env["REGION"], env["LOG_LEVEL"]) == ("eu", "info")
    assert {"name": "NEXUS_REQUIRED", "value": "LOG_LEVEL REGION"} in check["env"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"puaboai-sdk": {"REGION": "eu"}},
            "setting 'nexus-cos:variables.puaboai-sdk.LOG_LEVEL' is missing; write:\n",
        ),
        (
            {"puaboai-sdk": {"REGION": "eu", "LOG_LEVEL": ""}},
            "setting 'nexus-cos:variables.puaboai-sdk.LOG_LEVEL' is missing; write:\n",
        ),
        (
            {"puaboai-sdk": {"REGION": "eu", "LOG_LEVEL": "info", "LOG_LEVL": "x"}},
            "setting 'nexus-cos:variables.puaboai-sdk.LOG_LEVL': the service does not list it; "
            "did you mean 'LOG_LEVEL'?",
        ),
        (
            {"puaboai-sdk": {"REGION": "eu", "LOG_LEVEL": "info"}, "puaboai": {}},
            "setting 'nexus-cos:variables.puaboai': there is no such service; "
            "did you mean 'puaboai-sdk' or ",
        ),
    ],
)
def test_variables_that_do_not_fit(
    project: Path, values: dict[str, dict[str, str]], sentence: str
) -> None:
    """Found in a pod that does not start, the mistake has already stopped a rollout."""
    set_config(project, "dev", variables=values)
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    assert str(caught.value).startswith(f"Pulumi.dev.yaml: {sentence}")
