"""Engines killed on a real API server, and `nexus repair`. The tests go on from each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from nexus.rehearsal.engine import find_cli
from nexus.rehearsal.outcome import Outcome
from tests.nexus.diff.copies import SIX, copy_whole, cut
from tests.nexus.diff.deployed import Deployed
from tests.projects import set_config

from .api import Api, Object, collection_of
from .servers import RunningCluster
from .stack import running_providers, stack_on

pytestmark = pytest.mark.cluster

PREFIX = "kill"

ROTATED = ("key-service", "user-auth", "scheduler")
"""Services with a database."""

NEXUS = Path(sys.executable).with_name("nexus")

Reference = tuple[str, str]
"""An object: the path of the list that it is in, and its id in the state."""


@pytest.fixture(scope="module")
def stack(cluster: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A stack of six services, nothing made yet."""
    project = copy_whole(tmp_path_factory.mktemp("repair") / "project")
    cut(project, SIX)
    set_config(project, "dev", namespacePrefix=PREFIX)
    with stack_on(cluster, project) as made:
        yield made
    assert not running_providers(made.session), "an engine that is killed leaves them behind"


def test_killed_while_it_changes_things(
    stack: Deployed, cluster: RunningCluster, tmp_path: Path
) -> None:
    """New passwords are made first and given to the servers then; half of it locks services out."""
    project = rotated(tmp_path)
    assert stack.up().succeeded
    before = services(cluster.api)
    kill(stack, lambda: stack.up(project), when=lambda: services(cluster.api) != before)
    assert running_providers(stack.session)
    assert "was being" in repair(stack)
    assert_converges(stack, cluster.api, project)
    after = services(cluster.api)
    assert {name for name in SIX if before[name] != after[name]} >= set(ROTATED)


def test_killed_while_it_removes_things(stack: Deployed, cluster: RunningCluster) -> None:
    """What nobody remembers is never removed, and costs money."""
    api, destroy = cluster.api, stack.session.destroy
    collections = {collection for collection, _ in remembered(stack)}
    with held(api, "gateway/deployments/backend-api") as is_going:
        kill(stack, destroy, when=is_going)
        assert "was being deleted: it exists; the next run deletes it" in repair(stack)
    down = destroy()
    assert down.succeeded, down.error
    assert not remembered(stack)
    assert not existing(api, collections)


def test_killed_while_it_makes_things(
    stack: Deployed, cluster: RunningCluster, tmp_path: Path
) -> None:
    """A laptop that goes to sleep in the middle of `up` must not end in a stack nobody can use."""
    api = cluster.api
    kill(stack, stack.up, when=lambda: bool(services(api)))
    made = set(services(api))
    assert 0 < len(made) < len(SIX)
    explained = repair(stack)
    assert "was being created: it exists and is taken into the state" in explained
    assert set(services(api)) == made, "a repair changes the state alone"
    assert_converges(stack, api)
    # What was taken into the state is Pulumi's own also when something of it changes.
    assert_converges(stack, api, rotated(tmp_path))
    assert stack.session.destroy().succeeded


def rotated(folder: Path) -> Path:
    """The project with new passwords of services with a database."""
    project = copy_whole(folder / "rotated")
    cut(project, SIX)
    set_config(project, "dev", namespacePrefix=PREFIX, rotations=dict.fromkeys(ROTATED, 1))
    return project


def kill(stack: Deployed, run: Callable[[], Outcome], *, when: Callable[[], bool]) -> None:
    """Starts a run and kills its engine as soon as something has happened in the cluster."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        while not when() and not running.done():
            time.sleep(0.05)
        stack.session.kill()
        assert not running.result().succeeded


def repair(stack: Deployed) -> str:
    """What the command says before it acts; then it acts."""
    before = stack.session.export()
    told = nexus_repair(stack)
    assert told.returncode == 1, told.stderr
    assert "which has ended" in told.stdout
    assert "The repair changes the state alone, nothing in a cluster or a cloud:" in told.stdout
    assert "Nothing was changed." in told.stderr
    assert stack.session.export() == before
    done = nexus_repair(stack, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(told.stdout)
    assert not done.stderr
    assert nexus_repair(stack).stdout.startswith("Stack 'dev' needs no repair")
    return told.stdout


def nexus_repair(stack: Deployed, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as users type it, in the project's folder."""
    environment = stack.session.stack.workspace.env_vars
    return subprocess.run(
        [NEXUS, "repair", *arguments],
        cwd=stack.session.stack.workspace.work_dir,
        env={**environment, "PATH": f"{find_cli().parent}{os.pathsep}{environment['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_converges(stack: Deployed, api: Api, project: Path | None = None) -> None:
    """One `up`, and the cluster holds what the state knows: nothing twice, nothing lost."""
    finished = stack.up(project)
    assert finished.succeeded, finished.error
    assert set(services(api)) == set(SIX)
    known = remembered(stack)
    assert sorted(known) == sorted(existing(api, {collection for collection, _ in known}))
    again = stack.up(project)
    assert again.succeeded, again.error
    assert set(again.counts) == {"same"}


@contextmanager
def held(api: Api, name: str) -> Generator[Callable[[], bool]]:
    """While the block runs, a Deployment stays even if it is deleted; says whether it was."""
    domain, _, rest = name.partition("/")
    path = f"/apis/apps/v1/namespaces/{PREFIX}-{domain}/{rest}"
    own: Object = {"apiVersion": "apps/v1", "kind": "Deployment"}
    api.apply(path, {**own, "metadata": {"finalizers": ["tests/held"]}})
    try:
        yield lambda: "deletionTimestamp" in api.get(path)["metadata"]
    finally:
        api.apply(path, {**own, "metadata": {}})


def remembered(stack: Deployed) -> list[Reference]:
    """The objects of the state."""
    return [
        (collection_of(each["inputs"]), each["id"])
        for each in stack.session.export().get("resources", ())
        if each["type"].startswith("kubernetes:") and not each.get("external")
    ]


def existing(api: Api, collections: Iterable[str]) -> list[Reference]:
    """The objects of the stack's namespaces, and those namespaces, that nobody made but Pulumi."""
    found = ((each, item["metadata"]) for each in collections for item in api.items(each))
    return [
        (path, "/".join(filter(None, (own.get("namespace"), own["name"]))))
        for path, own in found
        if (own.get("namespace") or own["name"]).startswith(f"{PREFIX}-")
        and any(each["manager"].startswith("pulumi") for each in own.get("managedFields", ()))
    ]


def services(api: Api) -> dict[str, Object]:
    """By service, what is wanted of the Deployments that are there."""
    return {
        each["metadata"]["name"]: each["spec"]
        for each in api.items("/apis/apps/v1/deployments")
        if each["metadata"]["namespace"].startswith(f"{PREFIX}-")
    }
