"""A stack in AWS with the setting `monitoring`: what is made, and where that goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from nexus.pulumi.resource import Resource
from tests.nexus.cli.typed import nexus
from tests.projects import copy_project, set_config
from tests.reachable import matrix

SERVERS = ("monitoring", "alerting", "dashboards")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_project(tmp_path_factory.mktemp("watched") / "project")
    set_config(made, "staging", monitoring={"days": 30}, nodes=None)
    return made


@pytest.fixture(scope="module")
def watched(project: Path) -> Plan:
    return make_plan(project, "staging")


@pytest.fixture(scope="module")
def named(watched: Plan) -> tuple[Resource, ...]:
    return watched.named()


def inputs(resources: tuple[Resource, ...], kind: str, name: str) -> Mapping[str, Any]:
    (found,) = (each for each in resources if (each.kind, each.name) == (kind, name))
    return found.inputs


def test_every_rule_is_kept(named: tuple[Resource, ...]) -> None:
    """What AWS or the API server refuses ends a deployment in its middle."""
    assert [str(each) for each in violations(named)] == []


def test_the_servers_have_volumes_that_the_stack_makes(named: tuple[Resource, ...]) -> None:
    """Auto Mode has no class of volumes, and a pod without one waits for ever."""
    volumes = inputs(named, "StorageClass", "volumes")["metadata"]["name"]
    for name in SERVERS:
        (claim,) = inputs(named, "StatefulSet", name)["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["storageClassName"] == volumes


def test_prometheus_reaches_services_nodes_and_no_managed_server(
    named: tuple[Resource, ...],
) -> None:
    """A way from Prometheus to a database is one for whoever breaks into it."""
    world, pods = world_of(named)
    around = (
        Endpoint(name="node", addresses=("10.32.1.2",)),
        Endpoint(name="database", addresses=("10.32.225.2",)),
        Endpoint(name="api", addresses=("172.20.0.1",)),
        Endpoint(name="service", addresses=("172.20.0.9",)),
        Endpoint(name="internet", addresses=("8.8.8.8",)),
    )
    servers = [each for each in pods if each.name.partition("/")[2] in SERVERS]
    found = {
        (source.partition("/")[2], target): {first for _, first, _ in ports}
        for (source, target), ports in matrix(world, servers, around).items()
    }
    # The prober takes the way of visitors.
    assert found == {
        ("monitoring", "node"): {443, 6443, 10250},
        ("monitoring", "api"): {443, 6443, 10250},
        ("monitoring", "internet"): {443},
    }


def test_it_reads_what_the_command_writes(project: Path, named: tuple[Resource, ...]) -> None:
    """What people look at and what runs would be two things."""
    written = nexus(
        "monitoring", "--format", "prometheus", "--stack", "staging", project=project
    ).stdout
    text = inputs(named, "ConfigMap", "monitoring-config")["data"]["prometheus.yml"]
    assert text == written
    (servers,) = (
        each for each in yaml.safe_load(text)["scrape_configs"] if each["job_name"] == "servers"
    )
    nodes = {each["labels"]["nexus_node"] for each in servers["static_configs"]}
    assert nodes == {"monitoring", "alerting"}


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "nodes": ({"monitoring": {"nodes": ["10.0.0.0/24"]}}, "'nodes' is known in AWS; remove it."),
    "no driver": ({"monitoring": {"days": 3}, "nodes": "managed"}, "'storageClass' is missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused(case: str, tmp_path: Path) -> None:
    """A volume that nobody makes is found out after ten minutes of waiting for a pod."""
    changes, sentence = WRONG[case]
    project = copy_project(tmp_path / "project")
    set_config(project, "staging", **changes)
    with pytest.raises(InputError, match=re.escape(sentence)):
        make_plan(project, "staging")
