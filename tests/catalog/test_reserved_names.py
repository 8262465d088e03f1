"""Names that the platform itself uses, and what belongs to one service only."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import load_catalog
from catalog.names import RESERVED_DOMAINS, RESERVED_ON, RESERVED_SERVICES
from components.context import DATA, LOGGING, SYSTEM
from components.servers.acl import access
from graph.rules import find_problems
from tests.catalog.examples import PLATFORM, complaints, write_project
from tests.projects import copy_project


def test_reserved_domains_are_the_platforms_own_namespaces() -> None:
    """A domain of that name would put its workloads beside the databases."""
    assert {DATA, LOGGING, SYSTEM} == RESERVED_DOMAINS


NAMES = sorted(
    {"postgres-of-cart", *RESERVED_SERVICES, *(n for s in RESERVED_ON.values() for n in s)}
)
"""Every name that something keeps for itself, and one that nothing does."""


@pytest.mark.parametrize("name", NAMES)
def test_users_of_the_redis_server_are_reserved(name: str) -> None:
    """The check passes, and the deployment then ends with a traceback."""
    if name in RESERVED_ON["redis"]:
        with pytest.raises(ValueError, match=name):
            access(name)
    else:
        access(name)


TAKEN: set[tuple[str, str]] = {(on, name) for on, names in RESERVED_ON.items() for name in names}

PLATFORM_OF_ALL = (
    PLATFORM.read_text(encoding="utf-8").replace("  redis:", "  hsm: {summary: Keys}\n  redis:")
    + "buckets:\n  films: {owner: SERVICE}\n"
)


@pytest.mark.parametrize("resource", ["", "postgres", "redis", "queue", "storage", "hsm"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_where_the_server_has_it(name: str, resource: str, tmp_path: Path) -> None:
    """`admin` is a good name for a service that has no Redis."""
    platform = PLATFORM_OF_ALL.replace("SERVICE", name)
    if resource != "storage":
        platform = platform.partition("buckets:")[0]
    shop = f"domain: shop\nservices:\n  {name}: {{summary: S, tier: core, needs: [{resource}]}}\n"
    project = write_project(tmp_path, {"services/shop.yaml": shop, "platform.yaml": platform})
    wanted: list[str] = []
    at = "catalog/services/shop.yaml:3: service"
    if name in RESERVED_SERVICES:
        wanted.append(
            f"{at} '{name}' is the name of an account that Kubernetes makes in every namespace; "
            "give the service another name."
        )
    if name == "storage":
        wanted.append(
            f"{at} 'storage' is a platform resource in catalog/platform.yaml too; give one of "
            "them another name."
        )
    if name == resource:
        wanted.append(f"{at} '{name}', field 'needs[0]': a service cannot need itself; remove it.")
    elif (resource, name) in TAKEN:
        wanted.append(
            f"{at} '{name}', field 'needs[0]': '{name}' is a name that '{resource}' keeps for "
            "itself; give the service another name."
        )
    assert [line for line in complaints(project) if "cdn" not in line] == sorted(wanted)


def test_a_server_of_its_own_keeps_the_same_names(tmp_path: Path) -> None:
    """A dedicated Redis has the same users as the shared one."""
    shop = (
        "domain: shop\nservices:\n  admin: {summary: S, tier: core, "
        "needs: [{target: redis, dedicated: true}]}\n"
    )
    [sentence] = complaints(write_project(tmp_path, {"services/shop.yaml": shop}))
    assert "'admin' is a name that 'redis' keeps for itself" in sentence


def test_a_service_has_its_own_bucket_first(tmp_path: Path) -> None:
    """Whatever it stored before a second bucket came would be looked for in that one."""
    project = copy_project(tmp_path / "project")
    path = project / "catalog" / "platform.yaml"
    text = path.read_text(encoding="utf-8")
    more = (
        "buckets:\n  archive: {owner: puabo-dsp-upload-mgr, granted: [content-management]}\n"
        "  uploads: {owner: puabo-dsp-upload-mgr}\n"
    )
    path.write_text(text.replace("buckets:\n", more), encoding="utf-8")
    catalog = load_catalog(project)
    assert [*find_problems(catalog)] == []
    names = [bucket.name for bucket in catalog.buckets_of("content-management")]
    assert names == ["media", "archive"]
    names = [bucket.name for bucket in catalog.buckets_of("puabo-dsp-upload-mgr")]
    assert names == ["archive", "uploads", "media"]
