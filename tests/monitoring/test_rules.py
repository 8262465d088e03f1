"""What the rules tell over simulated hours, by Prometheus' own tool."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog, load_catalog
from graph.impact import State, impact
from monitoring.nodes import START_CHECK_SECONDS, Severity
from monitoring.rules import rules
from monitoring.timing import Timing
from tests.monitoring.simulated import Exporter, Outage, played
from tests.projects import project_of
from tests.servers.found import found

TIMING = Timing()
STEP = int(TIMING.look)
START, END, LAG = 300.0, 1500.0, 180.0
LAST = int(END + TIMING.recovery + LAG + 120)

FAILING = {"postgres": "unready", "user-auth": "wrong", "ledger-mgr": "slow"}
"""How some nodes fail, a second of computing each; `make monitoring-test` lets all of them fail."""

STARTING = ("backend-api",)

NAMED = """
domain: shop
services:
  web: {summary: Is usual, tier: domain}
  rpc:
    summary: Speaks gRPC
    tier: domain
    run: {ports: {grpc: {port: 9000, protocol: grpc}, metrics: 9090}}
  old:
    summary: Speaks gRPC with names of before
    tier: domain
    run: {ports: {grpc: {port: 9000, protocol: grpc}, metrics: 9090}}
  own:
    summary: Has names of its own
    tier: domain
    run:
      metrics: {requests: shop_request_ms, unit: milliseconds, status: code, errors: broken|late}
"""
"""A service for each way to call metrics."""

TOLD = 'ALERTS{alertname="NexusDown",alertstate="firing"}'
ROOT = "simulated_root"
"""A series that says of each platform which node's outage is the cause."""

PROBED = "min by (stack, nexus_node) (probe_success) == bool 0 > 0"
"""Nodes whose probe fails."""

UNEXPLAINED = (
    f"({TOLD} unless on (stack, nexus_node) {ROOT}) unless on (stack) "
    f'(ALERTS{{alertname="NexusCause",alertstate="firing"}} and on (stack, nexus_node) {ROOT})'
)
"""Who is told of although the cause of its outage does not hold it back."""


def promtool(*arguments: str, folder: Path) -> None:
    """Run Prometheus' tool; what it finds is the failure's message."""
    done = subprocess.run(
        [found().promtool, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def ever(expression: str) -> str:
    """Whatever fulfilled an expression at any time."""
    return f"group by (stack, nexus_node) (max_over_time(({expression})[{LAST}s:{STEP}s]))"


def expect(expression: str, samples: Mapping[str, set[str]]) -> dict[str, Any]:
    """A question of promtool's: which nodes of which platforms, at the end."""
    return {
        "expr": expression,
        "eval_time": f"{LAST}s",
        "exp_samples": [
            {"labels": f'{{stack="{stack}",nexus_node="{name}"}}', "value": 1}
            for stack, names in samples.items()
            for name in sorted(names)
        ],
    }


def roots(stack: str) -> list[dict[str, str]]:
    """The series that names the cause in a platform."""
    _, _, name = stack.partition("-")
    labels = f'stack="{stack}",nexus_node="{name}"'
    return [{"series": f"{ROOT}{{{labels}}}", "values": f"1x{LAST // STEP}"}]


def test_who_is_told_of_an_outage_and_when(catalog: Catalog, tmp_path: Path) -> None:
    """A cause that is known too late, or forgotten too early, lets 39 others ring."""
    outages = {
        f"alone-{name}": Outage(down={name: (START, END)}, by=by) for name, by in FAILING.items()
    }
    ready = {
        name: START + catalog.services[name].start_seconds + START_CHECK_SECONDS
        for name in STARTING
    }
    slow = {f"slow-{name}": Outage(down={name: (START, end)}) for name, end in ready.items()}
    stacks = {
        stack: played(catalog, outage, number, LAG if stack in outages else 0)
        for number, (stack, outage) in enumerate({**outages, **slow}.items())
    }
    told = {f"alone-{name}": {name, *impact(catalog, [name]).named(State.DOWN)} for name in FAILING}
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{STEP}s",
        # A test per platform, for promtool reads no more than 10,000 samples at a time.
        "tests": [
            {
                "interval": f"{STEP}s",
                "input_series": [
                    *Exporter(catalog, {stack: parts}).series(LAST, STEP),
                    *roots(stack),
                ],
                "promql_expr_test": [
                    expect(ever(TOLD), {stack: told.get(stack, set())}),
                    expect(ever(UNEXPLAINED), {}),
                ],
            }
            for stack, parts in stacks.items()
        ],
    }
    (tmp_path / "rules.yml").write_text(rules(catalog))
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    promtool("check", "rules", "rules.yml", folder=tmp_path)
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_each_ticket_and_its_reason(catalog: Catalog, tmp_path: Path) -> None:
    """An alert whose metric is misspelt is silent for ever."""
    # Without the groups that tell of no ticket of a node: each costs seconds.
    document = {"groups": yaml.safe_load(rules(catalog))["groups"][:1]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document))
    test = Path(__file__).with_name("tickets.yml")
    (tmp_path / "test.yml").write_text(test.read_text())
    promtool("test", "rules", "test.yml", folder=tmp_path)
    (group,) = document["groups"]
    tickets = {
        rule["alert"]
        for rule in group["rules"]
        if "alert" in rule and rule["labels"].get("severity") == Severity.TICKET
    }
    assert set(re.findall(r'alertname="(\w+)",stack="ill"', test.read_text())) == tickets


def test_budgets_of_flows(catalog: Catalog, tmp_path: Path) -> None:
    """Errors that take no service down use up a month's budget in a day, and nobody looks."""
    document = yaml.safe_load(rules(catalog))
    facts, *_ = document["groups"]
    # Services whose Deployments are not played would all be down.
    facts["rules"] = [
        rule if rule.get("record") != "nexus:node:down" else {**rule, "expr": PROBED}
        for rule in facts["rules"]
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document))
    (tmp_path / "test.yml").write_text(Path(__file__).with_name("budgets.yml").read_text())
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_requests_by_whatever_name(tmp_path: Path) -> None:
    """A service whose metrics have other names is in good health for ever."""
    flows = {f"of-{name}": [name] for name in ("web", "rpc", "old", "own")}
    catalog = load_catalog(project_of(tmp_path / "project", NAMED, flows))
    (tmp_path / "rules.yml").write_text(rules(catalog))
    (tmp_path / "test.yml").write_text(Path(__file__).with_name("names.yml").read_text())
    promtool("test", "rules", "test.yml", folder=tmp_path)
