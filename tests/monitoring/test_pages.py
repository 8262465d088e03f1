"""Who is paged while nodes fail, by a real Prometheus and Alertmanager: `make monitoring-test`."""

from __future__ import annotations

import itertools
import random
import re
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from tests.patience import PATIENCE_SECONDS

START, END, LAG = 180.0, 780.0, 180.0
"""Simulated seconds: ten minutes after the first three; who needs a node follows within three."""

HIDDEN_END = END + Timing().recovery + 360
"""A failure that another one hides goes on, until it has been told of."""

OVER = HIDDEN_END + 240

MOST = 142
"""So many platforms at most stand before one Prometheus."""

LEAST, SCALES = 18, (15.0, 7.5, 3.75)
"""A machine that is too busy for so many takes half of them, and half again. Of so few that this
is no use it shortens time less: by these."""

PAIRS = 200
FLAPPING = 20
BLIP, BLIPS, APART = 30.0, 6, 120.0
"""Seconds that each of these is down, how often, and how long from one to the next."""


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
    return {f"flaps-{name}": Outage(down={name: (START, START + BLIP)}) for name in names}


def told(catalog: Catalog, timing: Timing) -> str:
    """The rules, without those for dashboards: two cores have many platforms to look at."""
    groups = yaml.safe_load(rules(catalog, timing))["groups"]
    return yaml.safe_dump({"groups": [each for each in groups if each["name"] != "nexus-states"]})


@dataclass(kw_only=True)
class Pace:
    """Whether a Prometheus keeps up: what it does not look at in time, it cannot tell in time.

    Args:
        url: its address.
        look: how often it is to look, in seconds.
    """

    url: str
    look: float
    _missed: float | None = None

    def lost(self) -> bool:
        """Whether it has left out an evaluation since it was first asked, or a read came late."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=PATIENCE_SECONDS) as answer:
            text = answer.read().decode()

        def read(metric: str) -> list[float]:
            found = re.findall(rf"^{metric} (\S+)$", text, re.MULTILINE)
            return [float(value) for value in found]

        missed = sum(read(r"prometheus_rule_group_iterations_missed_total\{.*\}"))
        if self._missed is None:
            self._missed = missed
        late = read(r'prometheus_target_interval_length_seconds\{.*quantile="0.99"\}')
        return missed > self._missed or any(each > 1.5 * self.look for each in late)


Pages = Mapping[str, list[str]]
"""The nodes that are paged in each platform, each as often as it is."""


def paged(catalog: Catalog, found: Mapping[str, Outage], scales: Sequence[float] = SCALES) -> Pages:
    """Who is paged, by a Prometheus that keeps up, however long that takes."""
    assert scales, "This machine is too busy; run it again when it has less to do."
    scale, *slower = scales
    if len(found) <= MOST and (pages := tried(catalog, found, scale)) is not None:
        return pages
    if len(found) <= LEAST:
        return paged(catalog, found, slower)
    names, half = tuple(found), len(found) // 2
    return {
        stack: pages
        for part in (names[:half], names[half:])
        for stack, pages in paged(catalog, {name: found[name] for name in part}, scales).items()
    }


def tried(catalog: Catalog, found: Mapping[str, Outage], scale: float) -> Pages | None:
    """Who is paged, with all platforms side by side; None if Prometheus did not keep up."""
    timing = Timing(scale=scale)
    shorter = {
        stack: Outage(
            down={n: (start / scale, end / scale) for n, (start, end) in outage.down.items()},
            by=outage.by,
        )
        for stack, outage in found.items()
    }
    stacks = {
        stack: played(catalog, outage, number, 0 if stack.startswith("flaps") else LAG / scale)
        for number, (stack, outage) in enumerate(shorter.items())
    }
    for stack, parts in stacks.items():
        if stack.startswith("flaps"):
            for part in parts.values():
                part.unready += [
                    (s + k * APART / scale, e + k * APART / scale)
                    for s, e in part.unready
                    for k in range(1, BLIPS)
                ]
    exporter = Exporter(catalog, stacks)
    loopback = Loopback(text=exporter.text)
    with (
        loopback.serving() as port,
        watching(
            told(catalog, timing),
            lambda folder: alertmanager(catalog, timing, receivers=folder),
            port,
            timing(timing.look),
        ) as url,
    ):
        exporter.begin()
        pace = Pace(url=url, look=timing.look / scale)
        while exporter.now < OVER / scale:
            if exporter.now > START / scale and pace.lost():
                return None
            time.sleep(0.5)
    pages: dict[str, list[str]] = {}
    for receiver, message in loopback.told:
        if receiver.startswith("page-") and message["status"] == "firing":
            labels = message["groupLabels"]
            pages.setdefault(labels["stack"], []).append(labels["nexus_node"])
    return {stack: sorted(names) for stack, names in pages.items()}


@pytest.mark.monitoring
def test_one_page_per_cause(catalog: Catalog) -> None:
    """A pager that rings 39 times for one PostgreSQL is worse than none."""
    found, wanted = outages(catalog)
    found = {**found, **flapping(catalog)}
    assert paged(catalog, found) == {
        stack: sorted(names) for stack, names in wanted.items() if names
    }
