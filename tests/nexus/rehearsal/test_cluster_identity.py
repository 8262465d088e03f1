"""A stack knows its cluster, and touches no other one."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.run import rehearse
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.projects import small_project

pytestmark = pytest.mark.xdist_group("cluster-identity")

SENTENCE = "and if the stack's own is gone for good, run: pulumi up --refresh"


def test_a_stack_does_not_take_another_cluster_for_its_own(tmp_path: Path) -> None:
    """A cluster made again under the same name was empty, and `pulumi up` said: unchanged."""
    project = small_project(tmp_path / "project")
    file = read_stack_file(project, "dev")
    with rehearse(
        lambda: build(project), file.project, "dev", file.plain, time_scale=60.0
    ) as rehearsal:
        made = rehearsal.up()
        assert made.succeeded, made.error
        objects = rehearsal.cluster.contents()
        again = rehearsal.up()
        assert (again.succeeded, again.changed) == (True, 0), again.error

        rehearsal.kubernetes.cluster = Cluster()
        for stopped in (rehearsal.preview(), rehearsal.up()):
            assert not stopped.succeeded
            assert SENTENCE in stopped.error
            assert "Traceback" not in stopped.error
        assert rehearsal.cluster.contents() == ()

        anew = rehearsal.up(refresh=True)
        assert anew.succeeded, anew.error
        kinds = [(each.kind, each.namespace) for each in objects]
        assert [(each.kind, each.namespace) for each in rehearsal.cluster.contents()] == kinds
        assert rehearsal.up().changed == 0
        down = rehearsal.destroy()
        assert down.succeeded, down.error
        assert rehearsal.export().get("resources", []) == []
