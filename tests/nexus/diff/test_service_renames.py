"""A guess that one service is another: right, or not made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import Catalog, load_catalog
from nexus.diff.catalog_diff import diff_catalogs
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.plan_diff import diff_plans
from nexus.diff.renames import look_renamed
from nexus.diff.report import make_report
from nexus.diff.service_renames import find_renames
from nexus.diff.snapshot import Snapshot
from nexus.diff.wording import plain
from nexus.pictures.json import graph_document
from nexus.plan.snapshot import make_snapshot
from tests.projects import DOCUMENTED, small_project

from .plans import graph, read, side

NEEDS_A_DATABASE: Mapping[str, Any] = {"tier": "domain", "needs": ["postgres"]}
ORDERS = {"summary": "Takes orders", "tier": "domain", "needs": ["postgres", "stock", "prices"]}
CALLER = {"summary": "Shows things", "tier": "frontend"}


def catalog(folder: Path, **services: Mapping[str, Any]) -> Catalog:
    """Stock, prices and these services; underscores in names stand for hyphens."""
    always = {
        name: {"summary": f"Knows the {name}", "tier": "core"} for name in ("stock", "prices")
    }
    named = {name.replace("_", "-"): dict(entry) for name, entry in services.items()}
    return load_catalog(project(folder, {**always, **named}))


def project(folder: Path, services: Mapping[str, Any]) -> Path:
    made = small_project(folder)
    shop = {"domain": "shop", "services": dict(services)}
    (made / "catalog/services/shop.yaml").write_text(json.dumps(shop), encoding="utf-8")
    platform = yaml.safe_load((made / "catalog/platform.yaml").read_text(encoding="utf-8"))
    platform["flows"] = {}
    (made / "catalog/platform.yaml").write_text(yaml.safe_dump(platform), encoding="utf-8")
    return made


GUESSED: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, str]]] = {
    "name": ({"orders": ORDERS}, {"sales": ORDERS}, {"sales": "orders"}),
    "name-and-summary": (
        {"cart": {**NEEDS_A_DATABASE, "summary": "Keeps the cart"}},
        {"basket": {**NEEDS_A_DATABASE, "summary": "Keeps the basket"}},
        {"basket": "cart"},
    ),
    "name-and-an-edge": (
        {"orders": ORDERS},
        {"sales": {**ORDERS, "needs": ["postgres", "stock"]}},
        {"sales": "orders"},
    ),
    "name-and-callers": (
        {"orders": ORDERS, "front": {**CALLER, "needs": ["orders"]}},
        {"sales": ORDERS, "front": {**CALLER, "needs": ["sales"]}},
        {"sales": "orders"},
    ),
    "two-at-once": (
        {"orders": ORDERS, "front": {**CALLER, "needs": ["orders"]}},
        {"sales": ORDERS, "shelf": {**CALLER, "needs": ["sales"]}},
        {"sales": "orders", "shelf": "front"},
    ),
    # Databases are alike whoever they belong to.
    "what-servers-they-use": (
        {"invoices": {**NEEDS_A_DATABASE, "summary": "invoices"},
         "ledger": {"summary": "ledger", "tier": "domain", "needs": ["postgres", "redis"]}},
        {"notes": {**NEEDS_A_DATABASE, "summary": "notes"},
         "messages": {"summary": "messages", "tier": "domain", "needs": ["postgres", "redis"]}},
        {},
    ),
    "one-for-two": ({"orders": ORDERS}, {"sales": ORDERS, "resales": ORDERS}, {}),
    "two-for-one": ({"orders": ORDERS, "reorders": ORDERS}, {"sales": ORDERS}, {}),
    "another-that-does-another-thing": (
        {"orders": ORDERS}, {"mail": {**ORDERS, "summary": "Sends mail"}}, {},
    ),
}  # fmt: skip
"""Services before, services after, and who may be called whom."""


@pytest.mark.parametrize("name", GUESSED)
def test_a_guess_is_made_where_one_service_fits(name: str, tmp_path: Path) -> None:
    """Acting on a wrong guess hands a service's data and password to another."""
    before, after, wanted = GUESSED[name]
    found = find_renames(catalog(tmp_path / "a", **before), catalog(tmp_path / "b", **after))
    assert found.guessed == wanted
    assert found.told == {}


def test_nothing_of_another_platform_looks_renamed() -> None:
    """Two platforms that have nothing to do with each other are alike in all but what they do."""
    platform = load_catalog(DOCUMENTED)
    other = _called(platform, {name: f"x-{name}" for name in platform.services})
    other = replace(
        other,
        services={
            name: replace(service, summary=f"Does number {number}")
            for number, (name, service) in enumerate(other.services.items())
        },
        edges=tuple(edge for edge in other.edges if edge.target not in other.services),
    )
    assert find_renames(platform, other).guessed == {}


def test_guesses_about_a_whole_platform_are_right() -> None:
    """Where everything is renamed, services that look like several others stay without a guess."""
    platform = load_catalog(DOCUMENTED)
    names = {name: f"x-{name}" for name in platform.services}
    found = find_renames(platform, _called(platform, names)).guessed
    assert len(found) > 25
    assert all(now == names[was] for now, was in found.items())


def _called(platform: Catalog, names: Mapping[str, str]) -> Catalog:
    return replace(
        platform,
        services={
            names[name]: replace(service, name=names[name])
            for name, service in platform.services.items()
        },
        edges=tuple(
            replace(e, source=names[e.source], target=names.get(e.target, e.target))
            for e in platform.edges
        ),
        flows=tuple(
            replace(flow, steps=tuple(names.get(step, step) for step in flow.steps))
            for flow in platform.flows
        ),
    )


TOLD = {
    "once": (
        {"orders": ORDERS},
        {"sales": {**ORDERS, "renamed_from": "orders"}},
        ["orders is called sales now; what it keeps stays where it is, as orders"],
    ),
    "once-more": (
        {"sales": {**ORDERS, "renamed_from": "orders"}},
        {"deals": {**ORDERS, "renamed_from": "orders"}},
        ["sales is called deals now; what it keeps stays where it is, as orders"],
    ),
    "by-the-wrong-name": (
        {"sales": {**ORDERS, "renamed_from": "orders"}},
        {"deals": {**ORDERS, "renamed_from": "sales"}},
        [
            "New service: deals",
            "Removed service: sales",
            "deals looks like sales under another name; if it is the same service, write "
            "renamed_from: orders at it",
        ],
    ),
    "no-longer": (
        {"sales": {**ORDERS, "renamed_from": "orders"}},
        {"sales": ORDERS},
        ["sales is to keep its data as sales, no longer as orders: what it has stays behind"],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_the_catalog_says_is_no_guess(name: str, tmp_path: Path) -> None:
    """A told rename that is reported as a removal makes its reviewer expect the worst."""
    before, after, sentences = TOLD[name]
    sides = (catalog(tmp_path / "a", **before), catalog(tmp_path / "b", **after))
    # As graph documents carry them.
    base, head = (graph(graph_document(each)) for each in sides)
    said = [plain(sentence) for sentence in catalog_sentences(diff_catalogs(base, head))]
    assert said[: len(sentences)] == sentences
    assert "now needs" in said[3] if "New service: deals" in said else "now needs" not in str(said)


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """Two services with a database and a Redis user go, two of another platform come."""
    before, after, _ = GUESSED["what-servers-they-use"]
    sides: list[Snapshot] = []
    for name, services in (("base", before), ("head", after)):
        made = project(tmp_path_factory.mktemp(name) / "project", services)
        sides.append(read(make_snapshot(made, ("dev",), str)))
    return sides[0], sides[1]


def test_what_services_have_is_not_handed_out(swapped: tuple[Snapshot, Snapshot]) -> None:
    """One service's database 'renamed' to another's, its workload to a third's: all wrong."""
    [stack] = make_report(*swapped).stacks
    assert stack.diff.renamed == ()
    assert "looks renamed" not in str([plain(each.reason) for each in stack.diff.warned])
    assert {each.name for each in stack.diff.removed} >= {"ledger", "ledger-database"}


def test_a_plan_alone_is_no_ground_for_a_guess(swapped: tuple[Snapshot, Snapshot]) -> None:
    """Without the catalogs nobody knows what a service does."""
    base, head = (each.stacks["dev"].resources for each in swapped)
    assert diff_plans(base, head).renamed == ()


def test_other_resources_are_paired_where_one_fits() -> None:
    """A family that is like two others is neither."""
    plan = {each: _network(each) for each in ("north", "south", "west")}
    north, south, west = plan
    cases = (([north], [south], 1), ([north], [south, west], 0), ([north, south], [west], 0))
    for olds, news, wanted in cases:
        base = {plan[name]["urn"]: plan[name] for name in olds}
        head = {plan[name]["urn"]: plan[name] for name in news}
        sides = [side(*each.values()).stacks["dev"].resources for each in (base, head)]
        found = look_renamed(
            *({each.urn: each for each in one} for one in sides),
            removed=base.keys(),
            added=head.keys(),
            services=(),
        )
        assert len(found) == wanted


def _network(name: str) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:dev::nexus-cos::aws:ec2/vpc:Vpc::{name}", "type": "aws:ec2/vpc:Vpc",
        "name": name, "parent": None, "provider": None, "inputs": {"cidrBlock": "10.0.0.0/16"},
        "dependencies": [], "aliases": [], "options": {}, "secrets": [],
    }  # fmt: skip
