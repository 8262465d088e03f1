"""Names that the platform itself uses, and what belongs to one service only."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import load_catalog
from catalog.names import RESERVED_DOMAINS, RESERVED_SERVICES
from components.acl import access
from components.context import DATA, SYSTEM
from graph.check import find_problems
from tests.projects import copy_project


def test_reserved_domains_are_the_platforms_own_namespaces() -> None:
    """A domain of that name would put its workloads beside the databases."""
    assert {DATA, SYSTEM} == RESERVED_DOMAINS


@pytest.mark.parametrize("name", ["default", "probe", "admin"])
def test_users_of_the_redis_server_are_reserved(name: str) -> None:
    """The check passes, and the deployment then ends with a traceback."""
    assert name in RESERVED_SERVICES
    with pytest.raises(ValueError, match=name):
        access(name)


def test_a_service_has_one_bucket(tmp_path: Path) -> None:
    """The second bucket's credentials would silently replace those of the first."""
    project = copy_project(tmp_path / "project")
    path = project / "catalog" / "platform.yaml"
    text = path.read_text(encoding="utf-8")
    more = "buckets:\n  archive: {owner: content-management}\n"
    path.write_text(text.replace("buckets:\n", more), encoding="utf-8")
    assert [str(problem) for problem in find_problems(load_catalog(project))] == [
        "catalog/platform.yaml: bucket 'media': 'content-management' is in bucket 'archive' too; "
        "a service has one bucket, so take it off one of them."
    ]
