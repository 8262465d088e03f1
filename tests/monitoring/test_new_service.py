"""Whoever adds a service writes its catalog entry, and monitoring has it, whatever its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.test_rules import promtool
from tests.nexus.cli.typed import nexus
from tests.projects import SMALL, project_of

ADDED = """
domain: letters
owner: post
services:
  letter-web:
    summary: Takes letters
    tier: domain
    needs: [postgres, stock]
  letter-grpc:
    summary: Says what a letter costs
    tier: domain
    needs: [redis]
    run:
      ports: {grpc: {port: 9000, protocol: grpc}, metrics: 9090}
      health: {grpc: grpc}
  letter-worker:
    summary: Carries letters
    tier: domain
    needs: [queue]
    run:
      kind: worker
      ports: {metrics: 9091}
      health: {command: [/app/carry, --check]}
  letter-nightly:
    summary: Throws old letters away
    tier: frontend
    needs: [letter-web]
    run:
      kind: scheduled
      command: [/app/throw]
      schedule: {cron: "15 3 * * *"}
"""
NEEDS = {
    "letter-web": {"postgres", "redis", "stock"},
    "letter-grpc": {"redis"},
    "letter-worker": {"queue"},
    "letter-nightly": {"letter-web", "postgres", "redis", "stock"},
}
"""The services that are added, and everything that each is down without."""

FORMATS = ("rules", "alertmanager", "prometheus", "on-call", "map", "node", "flow")

Written = Mapping[str, str]


def written(project: Path) -> Written:
    """What is typed for, by its format."""
    results = {each: nexus("monitoring", "--format", each, project=project) for each in FORMATS}
    for result in results.values():
        assert result.exit_code == 0, result.output
    return {each: result.stdout for each, result in results.items()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small platform to which services are added."""
    folder = tmp_path_factory.mktemp("added") / "project"
    return project_of(folder, SMALL, {"buying": ["front", "cart", "stock"]})


@pytest.fixture(scope="module")
def before(project: Path) -> Written:
    """What is written of the platform without them."""
    return written(project)


@pytest.fixture(scope="module")
def after(project: Path, before: Written) -> Written:
    """What is written of the platform with them; they are gone again afterwards."""
    assert "letter" not in "".join(before.values())
    file = project / "catalog" / "services" / "letters.yaml"
    file.write_text(ADDED)
    try:
        return written(project)
    finally:
        file.unlink()


def labels(rules: str, record: str, label: str) -> dict[str, dict[str, str]]:
    """The labels of the rules that record a series, by one of them."""
    return {
        rule["labels"][label]: rule["labels"]
        for group in yaml.safe_load(rules)["groups"]
        for rule in group["rules"]
        if rule.get("record") == record
    }


def test_the_rules_know_it(after: Written) -> None:
    """A service that no rule knows is down for as long as nobody complains."""
    facts = labels(after["rules"], "nexus:node:info", "nexus_node")
    assert {name: facts[name]["owner"] for name in NEEDS} == dict.fromkeys(NEEDS, "post")
    assert {name: facts[name]["watch"] for name in NEEDS} == {
        **dict.fromkeys(NEEDS, "deployment"),
        "letter-nightly": "schedule",
    }
    assert {name: facts[name]["severity"] for name in NEEDS} == {
        **dict.fromkeys(NEEDS, "page"),
        "letter-nightly": "ticket",
    }
    assert set(NEEDS) <= set(labels(after["rules"], "nexus:edge:state", "nexus_node"))


def test_its_causes_hold_its_alerts_back(after: Written) -> None:
    """Without that the pager rings once more for every service that is added."""
    found: dict[str, set[str]] = {name: set() for name in NEEDS}
    for rule in yaml.safe_load(after["alertmanager"])["inhibit_rules"]:
        (source, *_) = re.findall(r'nexus_node="([^"]+)', str(rule["source_matchers"])) or [""]
        for names in re.findall(r'nexus_node=~"([^"]+)', str(rule["target_matchers"])):
            for name in names.split("|"):
                found.setdefault(name, set()).add(source)
    assert {name: found[name] for name in NEEDS} == NEEDS


def test_its_owner_is_told(after: Written) -> None:
    """An owner without a route is told of nothing."""
    document = yaml.safe_load(after["alertmanager"])
    routed = {
        route["receiver"]
        for route in document["route"]["routes"]
        if 'owner="post"' in route["matchers"]
    }
    assert routed == {"page-post", "ticket-post"}
    assert routed <= {each["name"] for each in document["receivers"]}


def test_the_on_call_page_has_it(after: Written) -> None:
    """Alerts lead to its section."""
    sections = dict(
        re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", after["on-call"], re.MULTILINE | re.DOTALL)
    )
    assert set(NEEDS) <= set(sections)
    assert "deployment/letter-worker" in sections["letter-worker"]
    assert "--from cronjob/letter-nightly" in sections["letter-nightly"]
    assert "[letter-nightly](#letter-nightly)" in sections["letter-web"]


def test_its_metrics_are_read(after: Written) -> None:
    """The port for metrics, else the one of HTTP; what runs now and then has none."""
    (services, *_) = yaml.safe_load(after["prometheus"])["scrape_configs"]
    kept = set(services["relabel_configs"][0]["regex"].split("|"))
    assert {each for each in kept if each.startswith("letter")} == {
        "letter-web;8080",
        "letter-grpc;9090",
        "letter-worker;9091",
    }
    assert "nexus-letters" in services["kubernetes_sd_configs"][0]["namespaces"]["names"]


def test_dashboards_show_it(before: Written, after: Written) -> None:
    """They ask for series that have a new service; the map has a row for its tier."""
    assert [after[each] for each in ("map", "node", "flow")] == [
        before[each] for each in ("map", "node", "flow")
    ]
    asked = " ".join(
        target["expr"]
        for panel in json.loads(after["map"])["panels"]
        for target in panel["targets"]
    )
    facts = labels(after["rules"], "nexus:node:info", "nexus_node")
    assert all(f'tier="{facts[name]["tier"]}"' in asked for name in NEEDS)


def test_prometheus_tells_of_each_kind(after: Written, tmp_path: Path) -> None:
    """What is down of it is told to its owner."""
    (tmp_path / "rules.yml").write_text(after["rules"])
    workloads = sorted(set(NEEDS) - {"letter-nightly"})
    stack = 'stack="dev",namespace="nexus-letters"'
    series: list[dict[str, Any]] = [
        {"series": f"kube_deployment_spec_replicas{{{stack}}}", "values": "1x200"},
        {
            "series": f'kube_cronjob_status_last_schedule_time{{{stack},cronjob="letter-nightly"}}',
            "values": "100x200",
        },
    ]
    told = {"stack": "dev", "owner": "post"}
    expected = {
        **{name: {**told, "alertname": "NexusDown", "nexus_node": name} for name in workloads},
        "letter-nightly": {**told, "alertname": "NexusRunFailed", "nexus_node": "letter-nightly"},
    }
    alerts = 'ALERTS{alertstate="firing",alertname=~"NexusDown|NexusRunFailed"'
    question = f'group by (alertname, stack, owner, nexus_node) ({alerts},nexus_node=~"letter.+"}})'
    samples = [
        {"labels": "{" + ",".join(f'{k}="{v}"' for k, v in each.items()) + "}", "value": 1}
        for each in expected.values()
    ]
    test = {
        "interval": "30s",
        "input_series": series,
        "promql_expr_test": [{"expr": question, "eval_time": "80m", "exp_samples": samples}],
    }
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_nothing_is_left_of_a_service_that_is_removed(
    project: Path, before: Written, after: Written
) -> None:
    """An alert of a service that is gone fires for ever."""
    assert after["rules"] != before["rules"]
    assert written(project) == before
