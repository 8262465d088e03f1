"""Whom the real Alertmanager tells of what fires; time plays no part."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog import Catalog
from graph.impact import State, impact
from monitoring.alertmanager import alertmanager
from monitoring.nodes import PLATFORM, Severity, Watched, watched
from monitoring.timing import Timing
from tests.monitoring import servers
from tests.monitoring.servers import Loopback, alerting
from tests.patience import PATIENCE_SECONDS, waited
from tests.servers.running import scratch_folder

PAIRS = 40
_Alert = dict[str, dict[str, str]]


def outages(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """What fails in each platform: each node alone, and some pairs."""
    names = [node.name for node in watched(catalog)]
    pairs = random.Random(3).sample(list(itertools.combinations(names, 2)), PAIRS)
    return {"-and-".join(failed): failed for failed in (*((name,) for name in names), *pairs)}


def firing(catalog: Catalog, stack: str, failed: tuple[str, ...]) -> Iterator[tuple[str, _Alert]]:
    """What the rules tell of every node that is down, by the alert's name."""
    nodes = {node.name: node for node in watched(catalog)}
    for name in dict.fromkeys((*failed, *impact(catalog, failed).named(State.DOWN))):
        its = {"stack": stack, "nexus_node": name}
        told = {**its, "owner": nodes[name].owner}
        critical = "yes" if nodes[name].breaks else "no"
        for alert, labels in (
            ("NexusCause", {**its, "severity": Severity.CAUSE.value}),
            ("NexusDown", {**told, "severity": nodes[name].severity.value, "critical": critical}),
            ("NexusErrors", {**told, "severity": Severity.TICKET.value}),
        ):
            yield alert, {"labels": {"alertname": alert, **labels}}


def routes(catalog: Catalog) -> Callable[[str], str]:
    """Alertmanager's configuration, for a folder of receivers."""
    return lambda folder: alertmanager(catalog, Timing(scale=15), receivers=folder)


def causes(catalog: Catalog, failed: tuple[str, ...], nodes: Mapping[str, Watched]) -> set[str]:
    """Those that nothing else explains."""
    explained = {name for each in failed for name in nodes[each].explains}
    return set(failed) - explained


def ask(url: str, alerts: list[_Alert] | None = None) -> Any:
    """Alertmanager's answer to a question, or to alerts that are told to it."""
    data = None if alerts is None else json.dumps(alerts).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.loads(answer.read() or "null")


def test_one_message_per_cause(catalog: Catalog) -> None:
    """A pager that rings 39 times for one PostgreSQL is worse than none."""
    nodes = {node.name: node for node in watched(catalog)}
    fails = outages(catalog)
    alerts: dict[str, list[_Alert]] = {}
    for stack, failed in fails.items():
        for name, alert in firing(catalog, stack, failed):
            alerts.setdefault(name, []).append(alert)
    (last,) = alerts["NexusErrors"][-1:]
    loopback = Loopback(text=str)
    with loopback.serving() as port, scratch_folder("alertmanager") as folder:
        check = [servers.alertmanager() / "amtool", "check-config", folder / "alertmanager.yml"]
        with alerting(routes(catalog), port, folder) as url:
            assert subprocess.run(check, check=False, capture_output=True).returncode == 0
            told = f"{url}/api/v2/alerts"
            ask(told, alerts["NexusCause"])
            # What it holds back shows that it has understood all causes: it reads one by one.
            ask(told, [last])
            only = f"{told}?filter=alertname=NexusErrors"
            waited(lambda: any(each["status"]["inhibitedBy"] for each in ask(only)))
            ask(told, [*alerts["NexusDown"], *alerts["NexusErrors"]])
            expected = sorted(
                (f"{nodes[name].severity}-{nodes[name].owner}", stack, name)
                for stack, failed in fails.items()
                for name in causes(catalog, failed, nodes)
            )
            waited(lambda: len(loopback.told) >= len(expected))
            # By the time that a later one has been told of, the others would have been, too.
            late = {"nexus_node": "late", "severity": Severity.PAGE.value, "owner": PLATFORM}
            ask(told, [{"labels": {"alertname": "NexusDown", **late}}])
            waited(lambda: any("late" in str(message) for _, message in loopback.told))
    found_out = sorted(
        (receiver, labels["stack"], labels["nexus_node"])
        for receiver, message in loopback.told
        if (labels := message["groupLabels"])["nexus_node"] != "late"
    )
    assert found_out == expected
