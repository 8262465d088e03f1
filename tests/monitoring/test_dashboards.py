"""Dashboards as Grafana's own models read them, and what a real Prometheus answers to them."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard, prometheus, stat

from catalog import Catalog
from graph.impact import State, impact
from monitoring.dashboards import dashboards
from monitoring.nodes import watched
from monitoring.rules import rules
from monitoring.timing import Timing
from tests.monitoring.servers import Loopback, reading
from tests.monitoring.simulated import Exporter, Outage, played
from tests.nexus.cli.typed import nexus
from tests.patience import PATIENCE_SECONDS, waited
from tests.servers.found import found
from tests.servers.running import scratch_folder

TIMING = Timing(scale=60)
NAMES = ("objective", "target", "nexus_node")
"""Labels that tell the series of a panel apart."""

KINDS = ("map", "node", "flow")


def kept(model: Any, written: dict[str, Any]) -> None:
    """Whatever a model of Grafana's does not know is lost when it has read it."""
    read = json.loads(json.dumps(model.from_json(written), cls=JSONEncoder))
    assert lost(written, read) == []


def lost(written: Any, read: Any, place: str = "") -> list[str]:
    """Where something that was written has not been read."""
    if isinstance(written, dict):
        return [
            each
            for key, value in written.items()
            for each in (
                lost(value, read[key], f"{place}.{key}") if key in read else [f"{place}.{key}"]
            )
        ]
    if isinstance(written, list):
        pairs = zip(written, read, strict=True)
        return [each for n, pair in enumerate(pairs) for each in lost(*pair, f"{place}[{n}]")]
    return [] if written == read else [place]


@pytest.mark.parametrize("kind", KINDS)
def test_grafana_knows_every_field(catalog: Catalog, kind: str) -> None:
    """A field that Grafana does not know is dropped without a word, and the panel stays empty."""
    text = nexus("monitoring", "--format", kind).stdout
    assert text == dashboards(catalog)[kind]
    document = json.loads(text)
    kept(dashboard.Dashboard, document)
    assert document["uid"] == f"nexus-{kind}"
    for panel in document["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for target in panel["targets"]:
            kept(prometheus.Dataquery, target)
        if "options" in panel:
            assert panel["type"] == "stat"
            kept(stat.Options, panel["options"])


def expressions(catalog: Catalog, kind: str, **values: str) -> Iterator[tuple[str, str]]:
    """What a dashboard asks, by the title of the panel, with its variables replaced."""
    for panel in json.loads(dashboards(catalog)[kind])["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m")
            for name, value in values.items():
                expression = expression.replace(f"${name}", value)
            assert "$" not in expression
            yield panel["title"], expression


def test_they_show_an_outage(catalog: Catalog) -> None:
    """A map that stays green while everything is down is worse than none."""
    stacks = {"dev": played(catalog, Outage(down={"postgres": (0, 1e9)}), seed=1, lag=0)}
    loopback = Loopback(text=Exporter(catalog, stacks).text)
    with (
        loopback.serving() as port,
        scratch_folder("dashboards") as folder,
        reading(
            found().prometheus, rules(catalog, TIMING), port, TIMING(TIMING.look), folder
        ) as url,
    ):

        def asked(expression: str) -> dict[str, float]:
            query = urllib.parse.urlencode({"query": expression})
            with urllib.request.urlopen(
                f"{url}/api/v1/query?{query}", timeout=PATIENCE_SECONDS
            ) as answer:
                series = json.load(answer)["data"]["result"]
            return {
                next((labels[n] for n in NAMES if n in labels), ""): float(each["value"][1])
                for each in series
                for labels in [each["metric"]]
            }

        def shown(kind: str, **values: str) -> dict[str, dict[str, float]]:
            panels: dict[str, dict[str, float]] = {}
            for title, expression in expressions(catalog, kind, stack="dev", **values):
                panels.setdefault(title, {}).update(asked(expression))
            return panels

        waited(lambda: shown("node", node="user-auth")["State"] == {"user-auth": 2})
        waited(lambda: asked("nexus:flow:budget:ratio"))
        states = {name: state for panel in shown("map").values() for name, state in panel.items()}
        assert set(states) == {node.name for node in watched(catalog)}
        assert (states["postgres"], states["redis"], states["user-auth"]) == (2, 0, 2)
        degraded = impact(catalog, ["postgres"]).named(State.DEGRADED)
        assert sorted(name for name, state in states.items() if state == 1) == sorted(degraded)
        node = shown("node", node="ai-service")
        assert node["What it needs"] == {"gpu": 0, "ml-models": 0}
        assert "backend-api" in node["Who needs it"]
        assert shown("node", node="user-auth")["What it needs"]["postgres"] == 2
        flow = shown("flow", flow="streaming")
        assert flow["What it cannot do without"]["postgres"] == 2
        assert asked('nexus:flow:failing:ratio{flow="streaming"}') == {
            "availability": 1,
            "latency": 0,
        }
        assert flow["Share that fails or is slow"] == {
            "availability": pytest.approx(0.001),
            "latency": pytest.approx(0.01),
        }
        budget = flow["Budget left of 30 days"]
        assert budget["availability"] < 1 == budget["latency"]


def test_every_series_of_ours_is_recorded(catalog: Catalog) -> None:
    """A panel whose series has another name by now is empty for ever."""
    recorded = set(re.findall(r"record: (\S+)", rules(catalog)))
    asked = {
        name
        for text in dashboards(catalog).values()
        for name in re.findall(r"nexus:[a-z0-9_:]+", text)
    }
    assert asked
    assert asked <= recorded
