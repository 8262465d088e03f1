"""No service can have a name that a server's own resources have beside the services'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from catalog.names import RESERVED_ON
from nexus.plan.plan import Plan, make_plan
from tests.projects import small_project
from tests.transcription import RESOURCE_EDGES, SERVICES

pytestmark = pytest.mark.xdist_group("clouds")


def beside_services(plan: Plan) -> Iterator[tuple[str, frozenset[str]]]:
    """What stands in a resource's name where its kind has names of services, and of which ones.

    A server has `storage-cart-password` for each service and `storage-master-password` for
    itself: a service called `master` would be a second one of that name.
    """
    kinds: dict[str, set[str]] = defaultdict(set)
    for each in plan.resources:
        kinds[each.urn.split("::")[2]].add(each.name)
    for names in kinds.values():
        around: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name in names:
            for service in SERVICES:
                before, found, after = name.partition(service)
                if found and before[-1:] in {"", "-"} and after[:1] in {"", "-"}:
                    around[before, after].add(service)
        for (before, after), services in around.items():
            for name in names:
                own = name.removeprefix(before).removesuffix(after)
                if f"{before}{own}{after}" == name and not any(each in name for each in SERVICES):
                    yield own, frozenset(services)


def test_servers_own_names_are_reserved(
    plan: Plan, clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan]
) -> None:
    """The check passes, and the deployment then ends with two resources of one name."""
    plans = (plan, *clouds.values(), *other_clouds.values())
    found = {pair for each in plans for pair in beside_services(each)}
    users: dict[str, set[str]] = defaultdict(set)
    for service, resource in RESOURCE_EDGES:
        users[resource].add(service)
    for own, services in found:
        on = {name for name, taken in RESERVED_ON.items() if own in taken}
        assert any(services <= users[resource] for resource in on), (own, sorted(services))
    # A test that finds nothing passes.
    assert {own for own, _ in found} >= {"default", "master", "cluster"}


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_a_name_is_free_where_no_server_has_it(stack: str, tmp_path: Path) -> None:
    """A team whose service is called admin would have to rename it for nothing."""
    names = sorted({name for taken in RESERVED_ON.values() for name in taken} - {"default"})
    project = small_project(tmp_path / "project")
    shop = {"domain": "shop", "services": {n: {"summary": "S", "tier": "core"} for n in names}}
    (project / "catalog/services/shop.yaml").write_text(yaml.safe_dump(shop), encoding="utf-8")
    platform = project / "catalog/platform.yaml"
    content = yaml.safe_load(platform.read_text(encoding="utf-8")) | {"flows": {}}
    content["resources"].pop("storage")
    platform.write_text(yaml.safe_dump(content), encoding="utf-8")
    release = {"services": dict.fromkeys(names, "1.0.0")}
    if stack == "staging":
        (project / "releases/staging.yaml").write_text(yaml.safe_dump(release), encoding="utf-8")
    urns = [each.urn for each in make_plan(project, stack).resources]
    assert len(urns) == len(set(urns))
