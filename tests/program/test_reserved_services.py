"""No service can have a name that a server's own resources have beside the services'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from catalog import CatalogError
from catalog.names import RESERVED_SERVICES
from plan.plan import Plan, make_plan
from tests.projects import SMALL, small_project
from tests.transcription import SERVICES

pytestmark = pytest.mark.xdist_group("clouds")


def beside_services(plan: Plan) -> Iterator[str]:
    """What stands in a resource's name where its kind has the names of services.

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
            if len(services) > 1:
                for name in names:
                    own = name.removeprefix(before).removesuffix(after)
                    if f"{before}{own}{after}" == name and own not in SERVICES:
                        yield own


def test_servers_own_names_are_reserved(
    plan: Plan, clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan]
) -> None:
    """The check passes, and the deployment then ends with two resources of one name."""
    plans = (plan, *clouds.values(), *other_clouds.values())
    found = {own for each in plans for own in beside_services(each)}
    # A test that finds nothing passes.
    assert found >= {"default", "master"}
    assert found <= RESERVED_SERVICES


def test_a_service_called_master_is_refused(tmp_path: Path) -> None:
    """In dev the storage server would have the password of its administrator twice."""
    project = small_project(tmp_path / "project")
    path = project / "catalog" / "services" / "shop.yaml"
    path.write_text(SMALL.replace("  stock:", "  master:").replace("- stock", "- master"))
    with pytest.raises(CatalogError, match="'master' is the name of a user, role or"):
        make_plan(project, "dev")
