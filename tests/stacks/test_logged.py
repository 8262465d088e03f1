"""A stack with the setting `logging`: what is made, who reaches whom, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import InputError
from components.servers.in_cluster_logs import PORT
from monitoring.collecting import tenant
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from nexus.pulumi.resource import Resource
from stacks.logged import API_PORTS
from tests.conftest import Planned
from tests.nexus.cli.typed import nexus
from tests.projects import copy_project, set_config, small_project
from tests.reachable import matrix
from tests.stacks.test_isolation import expected, reach

NODE = Endpoint(name="node", addresses=("172.18.0.2",))
SETTING: Mapping[str, Any] = {"nodes": ["172.18.0.0/16"], "days": 3}
COLLECTOR, STORE = "DaemonSet/log-collector", "StatefulSet/logging"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documented platform with logs, which one service reads."""
    made = copy_project(tmp_path_factory.mktemp("logged") / "project")
    set_config(
        made,
        "dev",
        logging=SETTING,
        secretVariables={"glitch": {"TRACE_SEED": {"secure": "v1:placeholder"}}},
    )
    platform = made / "catalog" / "platform.yaml"
    text = platform.read_text(encoding="utf-8")
    line = "\n  logging: {summary: Logs of all services}"
    platform.write_text(text.replace("\nresources:", f"\nresources:{line}"), encoding="utf-8")
    services = made / "catalog" / "services" / "platform.yaml"
    document = yaml.safe_load(services.read_text(encoding="utf-8"))
    document["services"]["glitch"]["needs"].append("logging")
    document["services"]["glitch"]["environment"] = ["TRACE_SEED"]
    services.write_text(yaml.safe_dump(document), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def logged(project: Path, planned: Planned) -> Plan:
    return planned(project, "dev")


@pytest.fixture(scope="module")
def named(logged: Plan) -> tuple[Resource, ...]:
    return logged.named()


def one(plan: Plan, kind: str, name: str) -> Resource:
    (found,) = (each for each in plan.resources if (each.kind, each.name) == (kind, name))
    return found


def test_the_collector_reads_what_the_command_writes(project: Path, logged: Plan) -> None:
    """What people look at and what runs would be two things."""
    store = f"http://logging.nexus-data.svc:{PORT}"
    written = nexus("monitoring", "--format", "collector", "--logs", store, project=project)
    config = one(logged, "ConfigMap", "log-collector-config").inputs["data"]
    assert config["collector.yaml"] == written.stdout
    assert "trace[-_. ]?seed" in config["collector.yaml"]


def test_only_the_collector_and_who_needs_logs_reach_them(named: tuple[Resource, ...]) -> None:
    """Logs tell of everybody; what has read them all must not send them elsewhere."""
    found = reach(named)
    dns = expected()["Deployment/glitch", "dns"]
    wanted = {
        **expected(),
        **{(each, "dns"): dns for each in (COLLECTOR, STORE)},
        (COLLECTOR, STORE): (("TCP", PORT, PORT),),
        ("Deployment/glitch", STORE): (("TCP", PORT, PORT),),
    }
    assert {pair: found[pair] for pair in found if found[pair] != wanted.get(pair)} == {}
    assert {pair for pair in wanted if pair not in found} == set()


def test_the_collector_reaches_the_api_where_the_setting_says(named: tuple[Resource, ...]) -> None:
    """Without it no record has a version; with more, everything on the nodes is reached."""
    world, pods = world_of(named)
    assert matrix(world, pods, [NODE]) == {
        (COLLECTOR, "node"): tuple(("TCP", port, port) for port in API_PORTS)
    }


def test_every_rule_is_kept(named: tuple[Resource, ...]) -> None:
    """What mounts a folder of its node is the pod to be strict with."""
    assert [str(each) for each in violations(named)] == []


def test_who_needs_logs_is_told_where_those_of_its_domain_are(logged: Plan) -> None:
    """An edge that leads nowhere is found when the service runs."""
    config = one(logged, "ConfigMap", "glitch-config").inputs["data"]["dependencies.json"]
    assert json.loads(config)["dependencies"]["logging"]["endpoint"] == {
        "url": f"http://logging.nexus-data.svc:{PORT}",
        "tenant": str(tenant("platform")),
    }
    waits = one(logged, "Deployment", "glitch").dependencies
    assert "kubernetes:apps/v1:StatefulSet::logging" in {urn.rpartition("$")[2] for urn in waits}


def test_nothing_else_changes(logged: Plan, plan: Plan) -> None:
    """Reading logs must restart no service."""
    before = {each.urn: each.inputs for each in plan.resources}
    after = {each.urn: each.inputs for each in logged.resources}
    assert set(before) <= set(after)
    changed = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    its = {"glitch", "glitch-config", "glitch-credentials", "glitch-network"}
    assert changed - its == {"limits-data-quota"}


def test_the_setting_decides_how_long(logged: Plan) -> None:
    """A laptop's disk is full of last month's logs."""
    (container,) = one(logged, "StatefulSet", "logging").inputs["spec"]["template"]["spec"][
        "containers"
    ]
    assert "-retentionPeriod=3d" in container["command"]


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "no nodes": (
        {"logging": {"days": 3}},
        "'nexus-cos:logging': 'nodes' is missing, the networks of the cluster's API server",
    ),
    "readers": (
        {"logging": {**SETTING, "readers": {"content": ["arn:aws:iam::123456789012:role/a"]}}},
        "'nexus-cos:logging': 'readers' is for AWS",
    ),
    "days of a domain": (
        {"logging": {**SETTING, "domains": {"content": 30}}},
        "'nexus-cos:logging': 'domains' is for AWS",
    ),
    "no time": (
        {"logging": {**SETTING, "days": 0}},
        "'nexus-cos:logging.days': 0 is too small; write at least 1.",
    ),
    "attached": (
        {"logging": SETTING, "attached": {"logging": {"host": "203.0.113.7", "port": 9428}}},
        "'nexus-cos:attached.logging' says that others do; remove one of them.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused(case: str, project: Path, tmp_path: Path) -> None:
    """A collector that finds no API server says so in a log that nobody collects."""
    settings, sentence = WRONG[case]
    other = copy_project(tmp_path / "project")
    (other / "catalog" / "platform.yaml").write_text(
        (project / "catalog" / "platform.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    set_config(other, "dev", **settings)
    with pytest.raises(InputError) as error:
        make_plan(other, "dev")
    assert sentence in str(error.value)


def test_a_small_platform_comes_up_once_with_its_logs(tmp_path: Path) -> None:
    """What the plan says and the engine does are two things until it has done it."""
    project = small_project(tmp_path / "project")
    set_config(project, "dev", logging=SETTING)
    run = nexus("rehearse", "--stack", "dev", project=project)
    assert run.exit_code == 0, run.output
    found = re.findall(r"^(up|up-2|destroy): (\d+) (\w+)", run.stdout, re.MULTILINE)
    (_, number, _), *_ = found
    assert found == [
        ("up", number, "created"),
        ("up-2", number, "unchanged"),
        ("destroy", number, "deleted"),
    ]
