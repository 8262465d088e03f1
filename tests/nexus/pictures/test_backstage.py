"""Backstage takes what is written for it, and finds in it what the catalog says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from catalog import Catalog, load_catalog
from graph.impact import impact
from nexus.pictures.backstage import as_backstage
from nexus.pictures.impact import impact_as_text
from nexus.pictures.text import neighbours_as_text
from tests.projects import AT_WORK, DOCUMENTED, small_project

FOLDER = Path(__file__).parent / "backstage"
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name.partition(".")[0]: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.schema.json"))
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


def found(catalog: Catalog) -> dict[tuple[str, str], dict[str, Any]]:
    """The entities by kind and name."""
    documents = list(yaml.safe_load_all(as_backstage(catalog)))
    entities = {(each["kind"], each["metadata"]["name"]): each for each in documents}
    assert len(entities) == len(documents)
    return entities


def problems(entity: dict[str, Any]) -> list[str]:
    validator = Draft7Validator(SCHEMAS[entity["kind"]], registry=REGISTRY)
    return [error.message for error in validator.iter_errors(entity)]


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    project = small_project(tmp_path_factory.mktemp("owned") / "project")
    path = project / "catalog/services/shop.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["owner"], content["on_call"] = "shop-team", "Shop team"
    content["services"]["cart"]["owner"] = "cart-team"
    content["services"]["cart"]["repository"] = "https://code.example.com/cart"
    content["services"]["cart"]["runbook"] = "https://runbooks.example.com/cart"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_catalog(project)


@pytest.mark.parametrize("project", [AT_WORK, DOCUMENTED], ids=["at work", "documented"])
def test_backstage_takes_every_entity(project: Path) -> None:
    """Backstage drops an entity that its schema refuses, and says so in a log."""
    entities = found(load_catalog(project))
    assert {name: wrong for name, each in entities.items() if (wrong := problems(each))} == {}
    assert {kind for kind, _ in entities} == {"Domain", "System", "Resource", "Component", "API"}


def test_the_schemas_refuse_what_is_wrong(owned: Catalog) -> None:
    """A validator that follows no reference takes everything."""
    cart = found(owned)["Component", "cart"]
    assert problems(cart | {"metadata": {"name": 7}}) != []
    assert problems(cart | {"spec": {**cart["spec"], "owner": ""}}) != []


def test_entities_say_who_answers_and_what_is_needed(owned: Catalog) -> None:
    """Who is woken up at night looks here for the runbook, and for what else is down."""
    entities = found(owned)
    assert all(not problems(each) for each in entities.values())
    cart, front = entities["Component", "cart"], entities["Component", "front"]
    assert cart["spec"] == {
        "type": "service",
        "lifecycle": "production",
        "owner": "cart-team",
        "system": "shop",
        "providesApis": ["cart"],
        "consumesApis": ["stock"],
        "dependsOn": ["resource:payments", "resource:postgres", "component:stock"],
    }
    assert cart["metadata"]["annotations"] == {
        "nexus-cos/owner": "cart-team",
        "nexus-cos/on-call": "Shop team",
        "nexus-cos/repository": "https://code.example.com/cart",
        "nexus-cos/runbook": "https://runbooks.example.com/cart",
        "backstage.io/source-location": "url:https://code.example.com/cart",
    }
    assert [link["title"] for link in cart["metadata"]["links"]] == ["Repository", "Runbook"]
    assert front["spec"]["owner"] == "shop-team"
    assert entities["System", "shop"]["spec"]["domain"] == "nexus-cos"


@pytest.mark.parametrize("project", [AT_WORK, DOCUMENTED], ids=["at work", "documented"])
def test_every_reference_leads_to_an_entity(project: Path) -> None:
    """A reference that leads nowhere is an arrow to nothing in Backstage."""
    entities = found(load_catalog(project))
    for each in entities.values():
        spec = each["spec"]
        for reference in spec.get("dependsOn", ()):
            kind, _, name = reference.partition(":")
            assert (kind.capitalize(), name) in entities
        for name in (*spec.get("providesApis", ()), *spec.get("consumesApis", ())):
            assert ("API", name) in entities
        if "system" in spec:
            assert ("System", spec["system"]) in entities


def test_who_answers_is_said_where_people_look(owned: Catalog) -> None:
    """In an outage nobody searches the catalog's files for whom to call."""
    who = "cart-team, on call: Shop team, https://runbooks.example.com/cart"
    assert f"\nanswered for by {who}\n" in neighbours_as_text(owned, "cart")
    told = impact_as_text(owned, impact(owned, ["cart", "redis"]))
    assert f"Who answers:\n  cart: {who}\n\n" in told
    nobody = load_catalog(DOCUMENTED)
    assert "Who answers" not in impact_as_text(nobody, impact(nobody, ["postgres", "user-auth"]))
