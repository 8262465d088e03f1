"""What is generated says of every node what the graph knows of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog
from catalog.who import Who
from graph.impact import State, impact
from monitoring.alertmanager import alertmanager
from monitoring.nodes import PLATFORM, Severity, watched
from monitoring.rules import rules
from tests.nexus.cli.typed import nexus
from tests.projects import copy_project


def read(text: str) -> Any:
    return yaml.safe_load(text)


def info(catalog: Catalog) -> dict[str, dict[str, str]]:
    """The labels of every node's series of facts."""
    group = read(rules(catalog))["groups"][0]
    found = [rule["labels"] for rule in group["rules"] if rule.get("record") == "nexus:node:info"]
    return {labels["nexus_node"]: labels for labels in found}


def explained(catalog: Catalog) -> dict[str, set[str]]:
    """Whose alerts are held back, by the node that explains them."""
    found: dict[str, set[str]] = {}
    for rule in read(alertmanager(catalog))["inhibit_rules"]:
        matchers = dict(
            re.split("=~?", each.replace('"', ""), maxsplit=1)
            for each in rule["source_matchers"]
            if each.startswith("nexus_node")
        )
        if matchers:
            target = next(each for each in rule["target_matchers"] if "nexus_node" in each)
            found[matchers["nexus_node"]] = set(target.split('"')[1].split("|"))
    return found


def test_every_node_is_watched(catalog: Catalog) -> None:
    """An outage of a node that nobody watches is told by customers."""
    nodes = {*catalog.services, *catalog.resources, *catalog.external}
    assert set(info(catalog)) == nodes
    pages = {name for name, labels in info(catalog).items() if labels["severity"] == "page"}
    assert {"postgres", "user-auth", "v-screen-pro", "gpu"} <= pages
    # These degrade what needs them, or nobody needs them.
    assert pages.isdisjoint({"cdn", "load-balancer", "payments", "maps", "email"})
    assert info(catalog)["ledger-mgr"]["critical"] == "yes"
    assert info(catalog)["glitch"]["critical"] == "no"


def test_a_cause_explains_exactly_what_is_down_because_of_it(catalog: Catalog) -> None:
    """One more and an outage goes unheard; one less and a pager rings twice."""
    expected = {
        node: set(impact(catalog, [node]).named(State.DOWN)) - {node}
        for node in (*catalog.services, *catalog.resources, *catalog.external)
    }
    assert explained(catalog) == {node: names for node, names in expected.items() if names}


def test_an_owner_is_told(catalog: Catalog) -> None:
    """A page that reaches another team is late."""
    service = catalog.services["glitch"]
    owned = replace(service, who=Who(owner="games"))
    changed = replace(catalog, services={**catalog.services, "glitch": owned})
    assert info(changed)["glitch"]["owner"] == "games"
    receivers = {each["name"] for each in read(alertmanager(changed))["receivers"]}
    assert {"page-games", "ticket-games", f"page-{PLATFORM}"} <= receivers


def test_what_starts_slowly_has_its_time(catalog: Catalog) -> None:
    """A service that starts as slowly as it says must wake nobody."""
    service = replace(catalog.services["glitch"], start_seconds=300)
    changed = replace(catalog, services={**catalog.services, "glitch": service})
    (node,) = (each for each in watched(changed) if each.name == "glitch")
    assert node.patience_seconds > 300
    assert node.severity is Severity.PAGE


def test_the_command_writes_both() -> None:
    """What is typed gives what Prometheus and Alertmanager read, the same every time."""
    for format_ in ("rules", "alertmanager"):
        first, second = (nexus("monitoring", "--format", format_) for _ in range(2))
        assert first.exit_code == 0, first.output
        assert first.stdout == second.stdout
        assert read(first.stdout)


def test_every_alert_of_a_node_leads_to_its_section(catalog: Catalog) -> None:
    """A link that leads nowhere is found out at three in the morning."""
    page = nexus("monitoring", "--format", "on-call").stdout
    flows, *nodes = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert flows == "Critical flows"
    assert nodes == sorted(info(catalog))
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= set(info(catalog))
    told = read(nexus("monitoring", "--on-call-page", "https://example.com/on-call").stdout)
    links = {
        rule["alert"]: rule["annotations"]["runbook_url"]
        for group in told["groups"]
        for rule in group["rules"]
        if "nexus_node" in str(rule.get("annotations"))
    }
    assert {"NexusBurning", "NexusDown", "NexusErrors", "NexusConnections"} <= set(links)
    assert set(links.values()) == {"https://example.com/on-call#{{ $labels.nexus_node }}"}


def test_an_objective_of_the_catalog_is_held(tmp_path: Path) -> None:
    """A flow that may fail more, or less, than the others would be told by their measure."""
    project = copy_project(tmp_path / "project")
    file = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(file.read_text())
    objective = {"available_percent": 99.95, "fast_percent": 95, "fast_ms": 2500}
    platform["flows"]["streaming"] = {
        "steps": platform["flows"]["streaming"],
        "objective": objective,
    }
    file.write_text(yaml.safe_dump(platform))
    groups = read(nexus("monitoring", project=project).stdout)["groups"]
    recorded = [rule for group in groups for rule in group["rules"] if "record" in rule]
    allowed = {
        (rule["labels"]["flow"], rule["labels"]["objective"]): rule["expr"]
        for rule in recorded
        if rule["record"] == "nexus:flow:allowed:ratio"
    }
    usual = {"availability": "0.001 * nexus:stack", "latency": "0.01 * nexus:stack"}
    assert allowed == {
        **{(flow, about): usual[about] for flow in platform["flows"] for about in usual},
        ("streaming", "availability"): "0.0005 * nexus:stack",
        ("streaming", "latency"): "0.05 * nexus:stack",
    }
    plain, strict = (
        rule["expr"] for rule in recorded if rule["record"] == "nexus:node:allowed:ratio"
    )
    # What streaming cannot do without is held to it, whatever else needs it.
    assert (strict.split(" ")[0], plain.split(" ")[0]) == ("0.0005", "0.001")
    assert "streamcore" in strict
    assert "backend-api" in strict
    assert "ledger-mgr" in plain
    slow = next(
        rule["expr"]
        for rule in recorded
        if rule["record"] == "nexus:flow:failing:ratio"
        and rule["labels"] == {"flow": "streaming", "objective": "latency"}
    )
    assert 'le=~"2.5"' in slow
    page = nexus("monitoring", "--format", "on-call", project=project).stdout
    assert "| streaming | 99.95 % | 95 % in 2,500 ms | [backend-api](#backend-api) → " in page


def test_alerts_lead_to_dashboards() -> None:
    """Whoever is woken has to find the dashboard, its stack and its node by hand."""
    written = nexus("monitoring", "--grafana", "https://grafana.example.com/").stdout
    told = {
        rule["alert"]: rule["annotations"].get("dashboard_url", "")
        for group in read(written)["groups"]
        for rule in group["rules"]
        if "annotations" in rule
    }
    stack = "https://grafana.example.com/d/nexus-{}?var-stack={{{{ $labels.stack }}}}&var-"
    for alert in ("NexusDown", "NexusBurning", "NexusErrors"):
        assert told[alert] == stack.format("node") + "node={{ $labels.nexus_node }}"
    assert told["NexusBudget"] == stack.format("flow") + "flow={{ $labels.flow }}"
    assert "dashboard_url" not in nexus("monitoring").stdout


def test_the_section_of_a_node_says_how_to_act(catalog: Catalog) -> None:
    """Whoever is woken has never seen the service, and needs what to type."""
    page = nexus("monitoring", "--format", "on-call").stdout
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    undo = "kubectl --namespace nexus-platform rollout undo deployment/glitch"
    assert undo in sections["glitch"]
    assert re.search(r"\*\*Needs to start\*\*: .*\[postgres\]\(#postgres\)", sections["glitch"])
    assert "user-authentication" in sections["postgres"]
    assert "**Down without it** (39)" in sections["postgres"]
    assert "rollout" not in sections["postgres"]
    assert "Stripe" in sections["payments"]
    assert "while it is down" in sections["puabo-nexus-fleet-manager"]
    for name, service in catalog.services.items():
        assert service.summary in sections[name]
