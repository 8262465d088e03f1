"""Stacks in AWS with the setting `logging`: what collects, who may, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import InputError
from monitoring.collecting import NODE_VARIABLE
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from tests.conftest import Planned
from tests.monitoring.logs import collector
from tests.projects import copy_project, set_config
from tests.reachable import matrix
from tests.stacks.cloud_resources import one

pytestmark = pytest.mark.xdist_group("clouds")

READER = "arn:aws:iam::123456789012:role/content-team"
HTTPS = (("TCP", 443, 443),)
ENDPOINT = Endpoint(name="cloudwatch", addresses=("10.32.0.9", "10.48.0.9"))
API = Endpoint(name="api", addresses=("172.20.0.1",))
AGENT = Endpoint(name="agent", addresses=("169.254.170.23",))
INTERNET = Endpoint(name="internet", addresses=("8.8.8.8",))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documented platform with logs, which one service reads."""
    made = copy_project(tmp_path_factory.mktemp("logged") / "project")
    set_config(
        made, "staging", logging={"domains": {"finance": 731}, "readers": {"content": [READER]}}
    )
    platform = made / "catalog" / "platform.yaml"
    text = platform.read_text(encoding="utf-8")
    line = "\n  logging: {summary: Logs of all services}"
    platform.write_text(text.replace("\nresources:", f"\nresources:{line}"), encoding="utf-8")
    services = made / "catalog" / "services" / "platform.yaml"
    document = yaml.safe_load(services.read_text(encoding="utf-8"))
    document["services"]["glitch"]["needs"].append("logging")
    services.write_text(yaml.safe_dump(document), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def logged(project: Path, planned: Planned) -> Plan:
    return planned(project, "staging")


def configuration(plan: Plan) -> Any:
    found = one(plan, "core/v1:ConfigMap", "log-collector-config")
    return found.inputs["data"]["collector.yaml"]


def test_a_real_collector_takes_the_configuration(logged: Plan, tmp_path: Path) -> None:
    """On the nodes it would end, start again, and end."""
    file = tmp_path / "collector.yaml"
    file.write_text(configuration(logged), encoding="utf-8")
    command = [collector(), "validate", f"--config={file}"]
    # In place of those that a pod gets; without any it asks the machine for some.
    keys = {"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "example"}
    node = {NODE_VARIABLE: "node"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **keys, **node}
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_domain_goes_to_its_group(logged: Plan, catalog: Any) -> None:
    """In another domain's group the wrong people read it, for the wrong time."""
    document = yaml.safe_load(configuration(logged))
    groups = {
        name.partition("/")[2]: each["headers"]["x-aws-log-group"]
        for name, each in document["exporters"].items()
    }
    assert groups == {
        name: f"/nexus-cos-staging/services/{name}" for name in (*catalog.domains, "data")
    }
    days = {
        name: one(logged, "cloudwatch/logGroup:LogGroup", f"service-logs-{name}").inputs[
            "retentionInDays"
        ]
        for name in groups
    }
    assert days == {**dict.fromkeys(groups, 365), "finance": 731}


def test_the_collector_may_write_and_nothing_else(logged: Plan) -> None:
    """What runs on every node and reads every log is who an attacker wants to be."""
    policy = one(logged, "iam/rolePolicy:RolePolicy", "log-collector-identity-policy").inputs[
        "policy"
    ]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == ["logs:PutLogEvents"]
    assert all(each.endswith(":log-stream:collector") for each in statement["Resource"])


def test_the_collector_reaches_cloudwatch_and_the_api_inside_of_the_network(logged: Plan) -> None:
    """What has read every log must not send it anywhere else."""
    world, pods = world_of(logged.named())
    own = [each for each in pods if each.name == "DaemonSet/log-collector"]
    assert matrix(world, own, [ENDPOINT, API, AGENT, INTERNET, *pods]) == {
        ("DaemonSet/log-collector", "cloudwatch"): HTTPS,
        ("DaemonSet/log-collector", "api"): HTTPS,
        ("DaemonSet/log-collector", "agent"): (("TCP", 80, 80),),
    }
    service = one(logged, "ec2/vpcEndpoint:VpcEndpoint", "endpoints-logs").inputs["serviceName"]
    assert service == "com.amazonaws.eu-central-1.logs"


def test_who_needs_logs_reads_those_of_its_domain(logged: Plan) -> None:
    """An edge that leads nowhere is found when the service runs."""
    config = one(logged, "core/v1:ConfigMap", "glitch-config").inputs["data"]["dependencies.json"]
    group = "/nexus-cos-staging/services/platform"
    assert json.loads(config)["dependencies"]["logging"]["endpoint"] == {
        "group": group,
        "region": "eu-central-1",
    }
    policy = one(logged, "iam/rolePolicy:RolePolicy", "glitch-identity-policy").inputs["policy"]
    rights = {each["Sid"]: each for each in json.loads(policy)["Statement"]}
    assert all(
        each.partition(":log-group:")[2].startswith(group)
        for each in rights["ReadLogs"]["Resource"]
    )


def test_every_rule_is_kept(logged: Plan) -> None:
    """What AWS refuses it refuses in the middle of the first run."""
    assert [str(each) for each in violations(logged.named())] == []


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "a time of nobody's": (
        {"days": 100},
        "logging.days': CloudWatch does not keep logs for 100 days; write 120.",
    ),
    "another domain": (
        {"domains": {"finanse": 731}},
        "logging.domains.finanse': there is no such domain; did you mean 'finance'?",
    ),
    "a reader of nothing": (
        {"readers": {"contents": [READER]}},
        "logging.readers.contents': there is no such domain; did you mean 'content'",
    ),
    "nodes": (
        {"nodes": ["10.0.0.0/8"]},
        "'nexus-cos:logging': 'nodes' is known in AWS; remove it.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused(case: str, tmp_path: Path) -> None:
    """AWS' refusal comes when half of the stack is made."""
    setting, sentence = WRONG[case]
    project = copy_project(tmp_path / "project")
    set_config(project, "staging", logging=setting)
    with pytest.raises(InputError) as error:
        make_plan(project, "staging")
    assert sentence in str(error.value)
