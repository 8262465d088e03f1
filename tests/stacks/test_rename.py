"""A service under another name: who may reach its old pods, and what settings say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import InputError
from nexus.plan.plan import make_plan
from tests.projects import set_config, small_project


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """The small platform, whose cart is called basket now."""
    project = small_project(tmp_path / "project")
    for path in (project / "catalog/services/shop.yaml", project / "catalog/platform.yaml"):
        content = json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")))
        path.write_text(content.replace('"cart"', '"basket"'), encoding="utf-8")
    path = project / "catalog/services/shop.yaml"
    shop = json.loads(path.read_text(encoding="utf-8"))
    shop["services"]["basket"]["renamed_from"] = "cart"
    path.write_text(json.dumps(shop), encoding="utf-8")
    return project


def selected(value: Any) -> Iterator[set[str]]:
    """Names in every selector of pods below `value`."""
    if isinstance(value, dict):
        if "values" in value:
            yield set(value["values"])
        if "matchLabels" in value:
            yield {value["matchLabels"].get("app.kubernetes.io/name", "")}
        for item in value.values():
            yield from selected(item)
    if isinstance(value, list):
        for item in value:
            yield from selected(item)


def test_old_pods_stay_connected_until_the_new_ones_run(renamed: Path) -> None:
    """Policies change at the start of a run, pods at its end: in between the service is cut off."""
    policies = [
        each for each in make_plan(renamed, "dev").resources if each.type.endswith(":NetworkPolicy")
    ]
    peers = [
        names
        for policy in policies
        for direction in ("ingress", "egress")
        for names in selected(policy.inputs["spec"].get(direction, []))
    ]
    among = [names for names in peers if "basket" in names]
    # The database, the service it calls and the one that calls it.
    assert len(among) >= 3
    assert all("cart" in names for names in among)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("rotations", {"cart": 1}), ("variables", {"cart": {"MODE": "fast"}})],
)
def test_settings_under_the_old_name_are_told_the_new_one(
    renamed: Path, setting: str, value: object
) -> None:
    """A rotation that is not found would quietly be none, and the password another."""
    set_config(renamed, "dev", **{setting: value})
    with pytest.raises(InputError, match=f"{setting}.cart'.*write 'basket', as it is called now"):
        make_plan(renamed, "dev")


def test_versions_under_the_old_name_are_told_the_new_one(renamed: Path) -> None:
    """The service would run as a stand-in."""
    set_config(renamed, "dev", registry="registry.example.com/shop")
    path = renamed / "releases/dev.yaml"
    path.write_text("services: {cart: 1.4.2}\n", encoding="utf-8")
    with pytest.raises(InputError, match="write 'basket', as it is called now"):
        make_plan(renamed, "dev")
    path.write_text("services: {basket: 1.4.2}\n", encoding="utf-8")
    [deployment] = [
        each
        for each in make_plan(renamed, "dev").resources
        if each.type.endswith(":Deployment") and each.name == "basket"
    ]
    [container] = deployment.inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/shop/cart:1.4.2"
