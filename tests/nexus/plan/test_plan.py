"""The plan as a document that others script against."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from nexus.pulumi.wire import HIDDEN
from tests.projects import DOCUMENTED, ROOT, copy_project, set_config

KEYS = {
    "urn",
    "type",
    "name",
    "parent",
    "provider",
    "inputs",
    "dependencies",
    "aliases",
    "options",
    "secrets",
}


def test_document_has_the_promised_shape(plan: Plan) -> None:
    """Scripts that read the plan break when a key goes missing."""
    document = json.loads(plan.to_json())
    assert set(document) == {"stack", "resources"}
    assert document["stack"] == "dev"
    urns = [resource["urn"] for resource in document["resources"]]
    assert urns == sorted(set(urns))
    for resource in document["resources"]:
        assert set(resource) == KEYS
        assert resource["dependencies"] == sorted(resource["dependencies"])
        assert set(resource["dependencies"]) <= set(urns)
        assert resource["parent"] in {*urns, None}
        assert resource["provider"] in {*urns, None}


def test_every_managed_resource_has_an_explicit_provider(plan: Plan) -> None:
    """A default provider would deploy to whatever cluster happens to be current."""
    for resource in plan.resources:
        if resource.custom and not resource.type.startswith("pulumi:providers:"):
            assert resource.provider, resource.urn


@pytest.mark.parametrize("seed", ["1", "2"])
def test_same_bytes_whoever_makes_it(plan: Plan, seed: str, tmp_path: Path) -> None:
    """A plan that depends on the machine shows changes that nobody made."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "KUBECONFIG": "/elsewhere/kubeconfig",
        "PULUMI_K8S_ENABLE_SECRET_MUTABLE": "true",
        "TZ": "Asia/Tokyo",
    }
    code = (
        "import sys; from pathlib import Path; from nexus.plan.plan import make_plan; "
        "sys.stdout.write(make_plan(Path(sys.argv[1]), 'dev').to_json())"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, str(DOCUMENTED)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert made.stdout == plan.to_json().encode()


def test_two_plans_in_one_process_do_not_mix(plan: Plan, tmp_path: Path) -> None:
    """The diff of two revisions plans several stacks one after the other."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", namespacePrefix="other")
    other = make_plan(project, "dev")
    assert other.to_json() != plan.to_json()
    assert "nexus-data.svc" not in other.to_json()
    assert make_plan(DOCUMENTED, "dev").to_json() == plan.to_json()


def test_secrets_are_replaced_everywhere(plan: Plan) -> None:
    """A password in a plan would be posted as a comment on a pull request."""
    text = plan.to_json()
    assert "result of urn" not in text
    secrets = [r for r in plan.resources if r.type == "kubernetes:core/v1:Secret"]
    assert len(secrets) == 51
    for secret in secrets:
        assert secret.secrets, secret.urn
        hidden = [value for value in secret.inputs["stringData"].values() if value == HIDDEN]
        assert len(hidden) == len(secret.secrets)


def test_no_password_outside_a_secret(plan: Plan) -> None:
    """A password in an environment variable or ConfigMap can be read by anyone who may look."""
    for resource in plan.resources:
        if resource.secrets:
            assert resource.type == "kubernetes:core/v1:Secret", resource.urn


def test_encrypted_settings_get_placeholders(tmp_path: Path) -> None:
    """A fork's pull request is planned without any key; it must neither fail nor decrypt."""
    project = copy_project(tmp_path / "project")
    path = project / "Pulumi.dev.yaml"
    login = {"username": "shop", "password": {"secure": "v1:abc="}}
    set_config(project, "dev", registry="registry.example.com/shop", registryLogin=login)
    before = path.read_bytes()
    text = make_plan(project, "dev").to_json()
    assert "v1:abc" not in text
    assert path.read_bytes() == before


def test_unknown_stack_names_those_that_exist(tmp_path: Path) -> None:
    """A mistyped stack must not plan another one."""
    project = copy_project(tmp_path / "project")
    with pytest.raises(
        InputError, match=r"^Pulumi.qa.yaml: there is no stack 'qa' \(.*: dev, prod, staging\)"
    ):
        make_plan(project, "qa")


def test_the_readme_shows_this_many_resources(plan: Plan) -> None:
    """A reader who counts something else than README says looks for what went wrong."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^(?:up|up-2|destroy): (\d+) \w+ in", readme, re.MULTILINE)
    assert shown == [str(len(plan.resources))] * 3
