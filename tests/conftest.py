"""How tests are spread over processes and examples searched for; the platform that many look at."""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
import yaml
from hypothesis import HealthCheck, settings

from catalog import Catalog, load_catalog
from nexus.plan.plan import Plan, make_plan
from tests.projects import DATA, DOCUMENTED, copy_project, set_config

# Time says nothing on a busy machine. In CI the examples are the same in every run: a pull
# request must not fail for what it did not touch; the search goes on where people work.
settings.register_profile(
    "project",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("project")


LONG = (
    "tests/docs/test_documented_commands",
    "tests/nexus/update/test_command",
    "tests/nexus/repair",
    "tests/stacks/test_cloud_stacks",
    "test_isolated_failures",
    "test_dev_platform",
    "test_rename_on_the_engine",
    "test_checkov",
    "tests/nexus/diff/test_edits",
    "tests/nexus/rehearsal",
    "test_commands",
    "test_other_catalogs",
    "test_moto",
    "tests/examples/test_shapes",
    "tests/monitoring/test_rules",
    "tests/components/servers",
    "tests/nexus/diff",
    "tests/nexus/policy",
)
"""Parts of the names of tests that take long, the longest first."""


WHEN_ASKED = ("cluster", "engine_diff", "monitoring")
"""Markers of tests that run only if `-m` names them: they take minutes, and build for longer."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the tests of a file in one process: they share plans, servers and rehearsals.

    What runs the engine comes first, or one process would still be at it when the others are done.
    """
    skipped = {mark for mark in WHEN_ASKED if mark not in config.option.markexpr}
    left_out = [item for item in items if skipped & {mark.name for mark in item.iter_markers()}]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: tuple(word not in item.nodeid for word in LONG))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def pytest_configure() -> None:
    """Tests read YAML in C, as the project does: in Python it takes nine times as long.

    Programs in Go that they start look for garbage a quarter as often, which promtool spent a
    fifth of its time with.
    """
    mock.patch.object(yaml, "safe_load", partial(yaml.load, Loader=yaml.CSafeLoader)).start()
    os.environ.setdefault("GOGC", "400")


def pytest_collection_finish() -> None:
    """Never looks for garbage among what was imported: half a million objects stay."""
    gc.freeze()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The documented platform, whatever catalog is at work."""
    return load_catalog(DOCUMENTED)


Planned = Callable[[Path, str], Plan]


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """Plans a stack of a project, unless one of this run's processes has planned the same data."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def plan(project: Path, stack: str) -> Plan:
        name = hashlib.sha256(stack.encode())
        for part in DATA:
            for path in sorted((project / part, *(project / part).rglob("*"))):
                if path.is_file():
                    name.update(f"{path.relative_to(project)}\n".encode() + path.read_bytes())
        with (folder / f"{name.hexdigest()}.plan").open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not file.seek(0, os.SEEK_END):
                file.write(pickle.dumps(make_plan(project, stack)))
            file.seek(0)
            return pickle.load(file)

    return plan


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory, planned: Planned) -> Mapping[str, Plan]:
    """Plan of the dev stack by ordering."""
    edges = copy_project(tmp_path_factory.mktemp("edges") / "project")
    set_config(edges, "dev", ordering="edges")
    return {"tiers": planned(DOCUMENTED, "dev"), "edges": planned(edges, "dev")}


@pytest.fixture(scope="session")
def plan(plans: Mapping[str, Plan]) -> Plan:
    """Plan of the dev stack as it is in the repository."""
    return plans["tiers"]


@pytest.fixture(scope="session")
def clouds(planned: Planned) -> Mapping[str, Plan]:
    """Plans of the stacks in AWS, as they are in the repository, by stack."""
    return {stack: planned(DOCUMENTED, stack) for stack in ("staging", "prod")}


@pytest.fixture(scope="session")
def other_clouds(tmp_path_factory: pytest.TempPathFactory, planned: Planned) -> Mapping[str, Plan]:
    """Plans with the choices that the repository's stacks do not make, by edge."""
    first = copy_project(tmp_path_factory.mktemp("cloudflare") / "project")
    set_config(
        first,
        "staging",
        edge="cloudflare",
        nodes="managed",
        certificates="letsEncrypt",
        registry="docker.io/example",
        registryLogin={"username": "example", "password": {"secure": "v1:placeholder"}},
        databaseServers={"postgres": "r2"},
        restore={"snapshot": "before", "version": "17.7"},
    )
    second = copy_project(tmp_path_factory.mktemp("cloudfront") / "project")
    set_config(
        second,
        "prod",
        edge="cloudfront",
        failoverDomain=None,
        cluster="existing",
        clusterAdmins=None,
        apiClients=None,
        existingCluster={
            "arn": "arn:aws:eks:eu-central-1:123456789012:cluster/shared",
            "endpoint": "https://shared.example.com",
            "certificateAuthority": "c2hhcmVk",
            "securityGroup": "sg-0000000000000shar",
            "vpc": "vpc-0000000000000shar",
            "publicSubnets": ["subnet-p1", "subnet-p2", "subnet-p3"],
            "dataSubnets": ["subnet-d1", "subnet-d2", "subnet-d3"],
            "serviceCidr": "10.100.0.0/16",
        },
        cloudHsm=True,
        cloudHsmModules=2,
        databaseServers={"postgres": "r1"},
        restore={"cluster": "old", "time": "2026-01-31T09:00:00Z"},
    )
    return {
        "cloudflare": planned(first, "staging"),
        "cloudfront": planned(second, "prod"),
    }
