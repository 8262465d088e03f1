"""Who is paged while nodes fail, by a real Prometheus and Alertmanager: `make monitoring-test`."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Mapping

import pytest
import yaml

from catalog import Catalog
from graph.impact import impact
from monitoring.alertmanager import alertmanager
from monitoring.nodes import Severity, watched
from monitoring.rules import rules
from monitoring.timing import Timing
from tests.monitoring.servers import Loopback, watching
from tests.monitoring.simulated import Exporter, Outage, played

TIMING = Timing(scale=15)
START, END, LAG = 12.0, 52.0, 12.0
"""Seconds: ten minutes after the first half minute; who needs a node follows within three."""

HIDDEN_END = END + TIMING.recovery / TIMING.scale + 24
"""A failure that another one hides goes on, until it has been told of."""

PAIRS = 200
FLAPPING = 20


def outages(catalog: Catalog) -> tuple[Mapping[str, Outage], Mapping[str, set[str]]]:
    """What fails in each platform, and who is to be paged for it."""
    nodes = {node.name: node for node in watched(catalog)}
    paged = {name for name, node in nodes.items() if node.severity is Severity.PAGE}
    chance = random.Random(1)
    found: dict[str, Outage] = {}
    for number, name in enumerate(nodes):
        by = ("unready", "wrong", "slow")[number % 3]
        found[f"alone-{name}"] = Outage(down={name: (START, END)}, by=by)
    for first, second in chance.sample(list(itertools.combinations(nodes, 2)), PAIRS):
        ends = {first: END, second: END}
        for one, other in ((first, second), (second, first)):
            hides = (
                one in catalog.services
                and other in impact(catalog, [other, one]).services[one].causes
            )
            if hides:
                ends[one] = HIDDEN_END
        down = {name: (START, end) for name, end in ends.items()}
        found[f"pair-{first}-{second}"] = Outage(down=down)
    wanted = {stack: paged & set(outage.down) for stack, outage in found.items()}
    return found, wanted


def flapping(catalog: Catalog) -> Mapping[str, Outage]:
    """Nodes that are down for half a minute, as after a slow start or a blip."""
    names = random.Random(2).sample(sorted(catalog.services), FLAPPING)
    return {f"flaps-{name}": Outage(down={name: (START, START + 2.0)}) for name in names}


def told(catalog: Catalog) -> str:
    """The rules, without those for dashboards: two cores have 283 platforms to look at."""
    groups = yaml.safe_load(rules(catalog, TIMING))["groups"]
    return yaml.safe_dump({"groups": [each for each in groups if each["name"] != "nexus-states"]})


@pytest.mark.monitoring
def test_one_page_per_cause(catalog: Catalog) -> None:
    """A pager that rings 39 times for one PostgreSQL is worse than none."""
    found, wanted = outages(catalog)
    found = {**found, **flapping(catalog)}
    stacks = {
        stack: played(catalog, outage, number, 0 if stack.startswith("flaps") else LAG)
        for number, (stack, outage) in enumerate(found.items())
    }
    for stack, parts in stacks.items():
        if stack.startswith("flaps"):
            for part in parts.values():
                part.unready += [
                    (s + k * 8, e + k * 8) for s, e in part.unready for k in range(1, 6)
                ]
    exporter = Exporter(catalog, stacks)
    loopback = Loopback(text=exporter.text)
    look = TIMING(TIMING.look)
    with (
        loopback.serving() as port,
        watching(
            rules(catalog, TIMING),
            lambda folder: alertmanager(catalog, TIMING, receivers=folder),
            port,
            look,
        ),
    ):
        while exporter.now < HIDDEN_END + 16:
            time.sleep(0.5)
    pages: dict[str, list[str]] = {}
    for receiver, message in loopback.told:
        if receiver.startswith("page-") and message["status"] == "firing":
            labels = message["groupLabels"]
            pages.setdefault(labels["stack"], []).append(labels["nexus_node"])
    expected = {stack: sorted(names) for stack, names in wanted.items() if names}
    assert {stack: sorted(names) for stack, names in pages.items()} == expected
