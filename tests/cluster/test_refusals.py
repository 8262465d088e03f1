"""The refusals of the simulated API server, held against a real one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from nexus.pulumi.wire import Properties
from nexus.rehearsal.cluster import key_of
from tests.nexus.rehearsal.refusals import CHANGES, REFUSED, TAKEN, Change, Refused

from .api import Api, RefusedError, collection_of
from .servers import RunningCluster

pytestmark = pytest.mark.cluster

POSTING, APPLYING = "pulumi-kubernetes", "pulumi-kubernetes-0a1b2c3d"
"""Field managers as the provider calls them, when it makes an object and ever after."""


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_objects_that_no_server_takes(case: Refused, cluster: RunningCluster) -> None:
    """A simulated server that refuses in words of its own sends people on a false track."""
    with pytest.raises(RefusedError) as error, made(cluster.api, case.manifest):
        pass
    assert case.words in str(error.value)


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_objects_that_every_server_takes(case: Refused, cluster: RunningCluster) -> None:
    """What the simulated server takes for granted, the real one may refuse."""
    with made(cluster.api, case.manifest):
        pass


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_dry_run_after_post(case: Change, cluster: RunningCluster) -> None:
    """What a preview shows of an object that was made by POST."""
    with made(cluster.api, case.before) as path:
        if case.words is None:
            cluster.api.apply(path, case.after, manager=APPLYING, dry_run=True)
            return
        with pytest.raises(RefusedError) as error:
            cluster.api.apply(path, case.after, manager=APPLYING, dry_run=True)
        assert case.words in str(error.value)


@contextmanager
def made(api: Api, manifest: Properties) -> Generator[str]:
    """The object, made by POST, while the block runs; gives its path."""
    key = key_of(manifest)
    collection = collection_of(manifest, key.namespace)
    api.post(collection, dict(manifest), manager=POSTING)
    path = f"{collection}/{key.name}"
    try:
        yield path
    finally:
        api.delete(path)
