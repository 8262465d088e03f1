"""A stack with the setting `monitoring`: what is made, who reaches whom, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import Catalog, InputError
from monitoring.probing import probed_server
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from nexus.pulumi.resource import Resource
from stacks.environment import ENVIRONMENTS
from stacks.monitored import API_PORTS
from stacks.monitoring_files import EXPORTED, monitoring_problems
from stacks.settings import Settings
from tests.conftest import Planned
from tests.nexus.cli.typed import nexus
from tests.projects import copy_project, set_config
from tests.reachable import matrix
from tests.stacks.test_isolation import SERVERS, expected, reach
from tests.transcription import SERVICES

NODE = Endpoint(name="node", addresses=("172.18.0.2",))
RECEIVER = Endpoint(name="receiver", addresses=("10.20.0.9",))
SETTING: Mapping[str, Any] = {
    "nodes": ["172.18.0.0/16"],
    "grafana": "https://grafana.example.com",
    "receivers": {
        "page-platform": {"url": {"secure": "v1:placeholder"}},
        "heartbeat": {
            "url": {"secure": "v1:placeholder"},
            "port": 8443,
            "addresses": ["10.20.0.0/16"],
        },
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_project(tmp_path_factory.mktemp("monitored") / "project")
    set_config(made, "dev", monitoring=SETTING)
    return made


@pytest.fixture(scope="module")
def monitored(project: Path, planned: Planned) -> Plan:
    return planned(project, "dev")


@pytest.fixture(scope="module")
def named(monitored: Plan) -> tuple[Resource, ...]:
    return monitored.named()


def config(plan: Plan, name: str) -> Mapping[str, str]:
    """The content of a ConfigMap."""
    (found,) = (each for each in plan.resources if (each.kind, each.name) == ("ConfigMap", name))
    return found.inputs["data"]


def test_the_servers_read_what_the_command_writes(project: Path, monitored: Plan) -> None:
    """What people look at and what runs would be two things."""
    for format_, (name, file) in {
        "prometheus": ("monitoring-config", "prometheus.yml"),
        "rules": ("monitoring-rules", "nexus.yml"),
        "alertmanager": ("alerting-config", "alertmanager.yml"),
        "blackbox": ("monitoring-probes", "blackbox.yml"),
        "map": ("dashboards-files", "map.json"),
        "node": ("dashboards-files", "node.json"),
        "flow": ("dashboards-files", "flow.json"),
    }.items():
        written = nexus("monitoring", "--format", format_, project=project).stdout
        assert config(monitored, name)[file] == written
    receivers = yaml.safe_load(config(monitored, "alerting-config")["alertmanager.yml"])
    told = {each["name"] for each in receivers["receivers"] if "webhook_configs" in each}
    assert told == set(SETTING["receivers"])
    assert "grafana.example.com/d/nexus-node" in config(monitored, "monitoring-rules")["nexus.yml"]


def test_what_is_read_is_where_it_is_said_to_be(named: tuple[Resource, ...]) -> None:
    """Prometheus that looks at another port sees every service down."""
    ports = {
        (each.name, container["name"]): {port["containerPort"] for port in container["ports"]}
        for each in named
        if each.kind == "StatefulSet"
        for container in (each.pod or {})["spec"]["containers"]
    }
    (told,) = (
        each for each in named if (each.kind, each.name) == ("ConfigMap", "monitoring-config")
    )
    document = yaml.safe_load(told.inputs["data"]["prometheus.yml"])
    static = {
        target: each["job_name"]
        for each in document["scrape_configs"]
        if each["job_name"] != "probes"
        for group in each.get("static_configs", ())
        for target in group["targets"]
    }
    containers = {
        "127.0.0.1:8080": ("monitoring", "objects"),
        "127.0.0.1:9090": ("monitoring", "monitoring"),
        "alerting.nexus-data.svc:9093": ("alerting", "alerting"),
        "127.0.0.1:9200": ("monitoring", "postgres-exporter"),
        "127.0.0.1:9201": ("monitoring", "redis-exporter"),
    }
    # RabbitMQ's plugin, which the image has; the container does not name its port.
    assert static.pop("queue-pods.nexus-data.svc:15692") == "servers"
    assert set(static) == set(containers)
    for target, container in containers.items():
        assert int(target.rpartition(":")[2]) in ports[container]
    (probes,) = (each for each in document["scrape_configs"] if each["job_name"] == "probes")
    assert probes["relabel_configs"][2]["replacement"] == "127.0.0.1:9115"
    assert 9115 in ports["monitoring", "probes"]
    (alertmanagers,) = document["alerting"]["alertmanagers"]
    assert alertmanagers["static_configs"][0]["targets"] == ["alerting.nexus-data.svc:9093"]


def test_monitoring_reaches_the_metrics_and_nobody_reaches_monitoring(
    named: tuple[Resource, ...], catalog: Catalog
) -> None:
    """Who may ask Prometheus knows the platform; what it may call is a way to everything."""
    found = reach(named)
    prometheus, alertmanager, grafana = (
        f"StatefulSet/{name}" for name in ("monitoring", "alerting", "dashboards")
    )
    dns = expected()["Deployment/glitch", "dns"]
    http = expected()["edge", "Deployment/backend-api"]
    wanted = {
        **expected(),
        **{(each, "dns"): dns for each in (prometheus, alertmanager, grafana)},
        **{(prometheus, f"Deployment/{name}"): http for name in SERVICES},
        **{
            (prometheus, f"StatefulSet/{name}"): (("TCP", port, port),)
            for name, port in SERVERS.items()
            if probed_server(catalog, name) or name in EXPORTED
        },
        (prometheus, "StatefulSet/queue"): (("TCP", 15692, 15692),),
        ("Job/postgres-monitor", "StatefulSet/postgres"): (("TCP", 5432, 5432),),
        ("Job/postgres-monitor", "dns"): dns,
        (prometheus, alertmanager): (("TCP", 9093, 9093),),
        (grafana, prometheus): (("TCP", 9090, 9090),),
        (alertmanager, "internet"): (("TCP", 443, 443),),
        # The one service whose edges lead there.
        ("Deployment/glitch", prometheus): (("TCP", 9090, 9090),),
        ("Deployment/glitch", alertmanager): (("TCP", 9093, 9093),),
    }
    assert {pair: found[pair] for pair in found if found[pair] != wanted.get(pair)} == {}
    assert {pair for pair in wanted if pair not in found} == set()


def test_monitoring_reaches_nodes_and_receivers_where_the_setting_says(
    named: tuple[Resource, ...],
) -> None:
    """Without the API server nothing is found; a receiver that is not reached tells nobody."""
    world, pods = world_of(named)
    found = matrix(world, pods, [NODE, RECEIVER])
    assert found == {
        ("StatefulSet/monitoring", "node"): tuple(("TCP", port, port) for port in API_PORTS),
        ("StatefulSet/alerting", "receiver"): (("TCP", 8443, 8443),),
    }


def test_every_rule_is_kept(named: tuple[Resource, ...]) -> None:
    """Monitoring that is the weakest pod of the platform is the way into it."""
    assert [str(each) for each in violations(named)] == []


def test_glitch_waits_for_both_and_is_told_where_they_are(monitored: Plan) -> None:
    """An edge that leads nowhere is found when the service runs."""
    told = json.loads(config(monitored, "glitch-config")["dependencies.json"])["dependencies"]
    assert told["monitoring"]["endpoint"] == {"url": "http://monitoring.nexus-data.svc:9090"}
    assert told["alerting"]["endpoint"] == {"url": "http://alerting.nexus-data.svc:9093"}
    (glitch,) = (
        each for each in monitored.resources if (each.kind, each.name) == ("Deployment", "glitch")
    )
    waits = {urn.rpartition("$")[2] for urn in glitch.dependencies}
    assert {
        f"kubernetes:apps/v1:StatefulSet::{name}" for name in ("monitoring", "alerting")
    } <= waits
    (check,) = glitch.inputs["spec"]["template"]["spec"]["initContainers"]
    assert check["name"] == "startup-check"


def test_nothing_else_changes(monitored: Plan, plan: Plan) -> None:
    """Watching restarts who is told of its addresses, and Valkey, which has one user more."""
    before = {each.urn: each.inputs for each in plan.resources}
    after = {each.urn: each.inputs for each in monitored.resources}
    assert set(before) <= set(after)
    changed = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    policies = {each for each in changed if "-isolation" in each or each.endswith("-network")}
    assert len([each for each in policies if each.endswith("-network")]) == len(SERVICES)
    limits = {"limits-data-quota", "limits-data-range"}
    # The file of Valkey's users is secret, so a plan does not show that it changes.
    assert changed - policies - limits == {"glitch", "glitch-config"}


def test_every_object_of_the_rules_is_read(monitored: Plan) -> None:
    """A rule of a kind that kube-state-metrics leaves out is silent for ever."""
    (command,) = (
        container["command"]
        for each in monitored.named()
        if (each.kind, each.name) == ("StatefulSet", "monitoring")
        for container in (each.pod or {})["spec"]["containers"]
        if container["name"] == "objects"
    )
    (listed,) = (part for part in command if part.startswith("--resources="))
    read = {kind.removesuffix("s") for kind in listed.partition("=")[2].split(",")}
    rules = config(monitored, "monitoring-rules")["nexus.yml"]
    named = set(re.findall(r"\bkube_([a-z]+)_", rules))
    assert named == read


def test_the_command_says_what_is_left_out(project: Path) -> None:
    """Who reads that monitoring is not there looks for what is broken."""
    left_out = nexus("plan", "--stack", "dev", project=project).stdout.partition("Left out")[2]
    assert re.findall(r"^  ([a-z-]+) ", left_out, re.MULTILINE) == [
        *("cdn", "gpu", "hsm", "load-balancer", "ml-models")
    ]
    reached = nexus("reach", "glitch", "monitoring", project=project)
    assert reached.exit_code == 0
    assert "TCP port 9090" in reached.stdout
    assert "nexus-data/monitoring-isolation" in reached.stdout


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "no nodes": ({"nodes": None}, "'nodes' is missing"),
    "another receiver": (
        {"receivers": {"page-platfrm": {"url": "https://example.com"}}},
        "nothing is told 'page-platfrm'; did you mean 'page-platform' or",
    ),
    "no address": (
        {"receivers": {"heartbeat": {"url": "example.com"}}},
        "'nexus-cos:monitoring.receivers.heartbeat.url' is no address of a webhook",
    ),
    "another port": (
        {"receivers": {"heartbeat": {"url": "https://example.com:8443/a"}}},
        "leads to port 8443, but nothing is let out to it; write port: 8443.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused(case: str, tmp_path: Path) -> None:
    """An Alertmanager that cannot tell anybody says so in its log, which nobody reads."""
    changes, sentence = WRONG[case]
    project = copy_project(tmp_path / "project")
    setting = {key: value for key, value in {**SETTING, **changes}.items() if value is not None}
    set_config(project, "dev", monitoring=setting)
    with pytest.raises(InputError) as error:
        make_plan(project, "dev")
    assert sentence in str(error.value)
    assert "example.com" not in str(error.value)


def test_who_is_attached_is_not_made_as_well(tmp_path: Path) -> None:
    """Two of one name, and glitch asks the one that knows nothing."""
    project = copy_project(tmp_path / "project")
    place = {"host": "203.0.113.7", "port": 9090}
    set_config(project, "dev", monitoring=SETTING, attached={"monitoring": place})
    with pytest.raises(InputError, match=r"attached\.monitoring' says that others do; remove one"):
        make_plan(project, "dev")


def test_what_no_config_map_holds_is_refused(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API server's refusal comes in the middle of a deployment."""
    setting = {"nodes": ["172.18.0.0/16"]}
    settings = Settings.model_validate(
        {"environment": "dev", "releaseFile": "a.yaml", "monitoring": setting}
    )
    assert [*monitoring_problems(settings, ENVIRONMENTS["dev"], catalog)] == []
    # So that this many services are as good as a thousand.
    monkeypatch.setattr("stacks.monitoring_files.LARGEST", 30_000)
    (sentence,) = monitoring_problems(settings, ENVIRONMENTS["dev"], catalog)
    assert re.search(r"--format rules' writes has \d+ bytes, but a ConfigMap", sentence)
