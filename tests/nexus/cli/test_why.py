"""`nexus why`: which of a node's dependencies is down, by what a real Prometheus sees."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from catalog import Catalog
from catalog.who import Who
from monitoring.rules import rules
from monitoring.timing import Timing
from nexus.pictures.why import why_as_json, why_as_text
from tests.monitoring.servers import Loopback, reading
from tests.monitoring.simulated import Exporter, Outage, played
from tests.nexus.cli.typed import nexus
from tests.patience import waited
from tests.servers.found import found
from tests.servers.running import free_port, scratch_folder

TIMING = Timing(scale=60)
BY_ITSELF = "which is down by itself."


@pytest.mark.parametrize(
    ("name", "down", "lines"),
    [
        (
            "session-mgr",
            ["postgres", "session-mgr"],
            [
                "session-mgr is down because of postgres:",
                "  session-mgr needs token-mgr, which needs key-service, which needs postgres, "
                + BY_ITSELF,
            ],
        ),
        (
            "backend-api",
            ["postgres"],
            [
                "backend-api still answers, but cannot be counted on, because of postgres:",
                "  backend-api needs auth-service, which needs user-auth, which needs postgres, "
                + BY_ITSELF,
            ],
        ),
        (
            "metatwin",
            ["gpu"],
            [
                "metatwin works, but for this: rules instead of ai-service.",
                f"  ai-service needs gpu, {BY_ITSELF}",
            ],
        ),
        (
            "postgres",
            ["postgres", "user-auth"],
            [
                "postgres is down by itself: nothing that it needs is.",
                "It takes 39 services along: nexus impact postgres",
            ],
        ),
        (
            "glitch",
            ["maps"],
            ["glitch works, and so does all that it needs.", "Down elsewhere: maps."],
        ),
    ],
)
def test_the_words(catalog: Catalog, name: str, down: list[str], lines: list[str]) -> None:
    """At night nobody should have to work out from 40 red rows which one is the cause."""
    assert why_as_text(catalog, name, down).splitlines() == lines


def test_the_same_for_scripts(catalog: Catalog) -> None:
    """Whoever reads sentences by a script breaks with the next better sentence."""

    def why(name: str, *down: str) -> dict[str, Any]:
        return json.loads(why_as_json(catalog, name, down))

    assert why("session-mgr", "postgres", "session-mgr", "maps") == {
        "node": "session-mgr",
        "state": "down",
        "seen_down": True,
        "causes": ["postgres"],
        "chains": [["session-mgr", "token-mgr", "key-service", "postgres"]],
        "without": [],
        "elsewhere": ["maps"],
        "who": {},
    }
    degraded = why("metatwin", "gpu")
    assert (degraded["state"], degraded["seen_down"]) == ("degraded", False)
    assert degraded["chains"] == [["ai-service", "gpu"]]
    assert degraded["without"] == [{"target": "ai-service", "fallback": "rules"}]
    itself = why("postgres", "postgres", "user-auth")
    assert (itself["state"], itself["causes"], itself["chains"]) == ("down", ["postgres"], [])
    assert why("glitch")["state"] == "ok"
    answers = Who(owner="games", on_call="Anna.")
    owned = replace(catalog.services["glitch"], who=answers)
    changed = replace(catalog, services={**catalog.services, "glitch": owned})
    told = json.loads(why_as_json(changed, "glitch", ["glitch"]))
    assert told["who"] == {"glitch": "games, on call: Anna."}


def test_what_a_real_prometheus_sees(catalog: Catalog) -> None:
    """An answer that leaves out what is down sends people to the wrong service."""
    stacks = {
        name: played(catalog, Outage(down={node: (0, 1e9)}), seed=1, lag=0)
        for name, node in (("dev", "postgres"), ("prod", "maps"))
    }
    loopback = Loopback(text=Exporter(catalog, stacks).text)
    with (
        loopback.serving() as port,
        scratch_folder("why") as folder,
        reading(
            found().prometheus, rules(catalog, TIMING), port, TIMING(TIMING.look), folder
        ) as url,
    ):

        def why(node: str, *more: str) -> str:
            return nexus("why", node, "--prometheus", url, *more).output

        waited(lambda: "because of postgres" in why("user-auth"))
        waited(lambda: "without maps" in why("puabo-nexus-route-optimizer", "--stack", "prod"))
        scripted = json.loads(why("user-auth", "--format", "json"))
        assert (scripted["state"], scripted["causes"]) == ("down", ["postgres"])
        assert why("user-auth", "--stack", "prod").startswith("user-auth works, and so does all")
        unknown = nexus("why", "user-auth", "--prometheus", url, "--stack", "mine")
        assert unknown.exit_code == 2
        assert "sees the stacks dev and prod; name one of them" in unknown.output


def test_what_is_no_prometheus() -> None:
    """A traceback in the place of a sentence costs minutes of an outage."""
    nobody = f"http://127.0.0.1:{free_port()}"
    answers = {
        '{"status": "error", "error": "query timed out"}': "refuses: query timed out.",
        '{"status": "success", "data": {"result": []}}': "sees no stack; give it the rules",
        "<html>Welcome</html>": "is not Prometheus (it says '<html>Welcome</html>')",
        "[]": "is not Prometheus",
    }
    for text, sentence in answers.items():
        with Loopback(text=lambda text=text: text).serving() as port:
            told = nexus("why", "user-auth", "--prometheus", f"http://127.0.0.1:{port}")
        assert told.exit_code == 2
        assert sentence in told.output
    for address, sentence in ((nobody, "does not answer"), ("localhost:9090", "is not an address")):
        told = nexus("why", "user-auth", "--prometheus", address)
        assert told.exit_code == 2
        assert sentence in told.output
