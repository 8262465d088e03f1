"""`nexus up` of a part, with the real provider on a real API server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.nexus.cli.terminal import terminal
from tests.nexus.diff.copies import SIX, cut, edit_yaml, set_need
from tests.projects import copy_project

from .servers import RunningCluster
from .stack import own_provider

pytestmark = pytest.mark.cluster


def test_a_service_is_updated_alone(cluster: RunningCluster, tmp_path: Path) -> None:
    """The real provider previews defaults and unknowns that the simulated one does not have."""
    project = copy_project(tmp_path / "project")
    cut(project, SIX)
    plugins = tmp_path / "plugins"
    with terminal(project, tmp_path / "home") as reader, own_provider(plugins, cluster.provider):
        attached = reader.environment["PULUMI_DEBUG_PROVIDERS"].split(",")
        own = {
            "PULUMI_DEBUG_PROVIDERS": ",".join(
                each for each in attached if not each.startswith("kubernetes:")
            ),
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": os.pathsep.join([str(plugins), reader.environment["PATH"]]),
        }
        reader.environment.update(own)
        reader.must('pulumi login "$STATE" && pulumi stack init dev')
        reader.must("pulumi up --stack dev --skip-preview --parallel 64")
        try:
            images = {"user-auth": "docker.io/a/b:2", "token-mgr": "docker.io/a/c:2"}
            file = project / "releases" / "dev.yaml"
            edit_yaml(file, lambda content: content.update(services=images))
            said = reader.must("nexus up --service user-auth --yes")
            assert "1 resource of user-auth would change" in said
            assert "which stay: token-mgr (1)" in said
            assert "~ 1 updated" in said
            assert "Nothing else moved" in said
            set_need(project, "user-auth", "redis")
            assert reader.type("nexus up --service user-auth --yes").returncode == 1
            said = reader.must("nexus up --service user-auth --with-dependencies --yes")
            assert "Nothing else moved" in said
            left = reader.must("pulumi preview")
            assert "~ 1 to update" in left
            assert "Deployment token-mgr update" in left
        finally:
            reader.must("pulumi destroy --stack dev --skip-preview")
