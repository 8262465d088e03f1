"""`nexus task` against a real API server and real Jobs, by the real kubectl."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.program import build
from tests.nexus.cli.typed import nexus
from tests.projects import ROOT

from .servers import RunningCluster
from .stack import stack_on

pytestmark = pytest.mark.cluster

SHAPES = ROOT / "examples/shapes"
JOBS = "/apis/batch/v1/namespaces/nexus-shop/jobs"
CRON_JOB = "/apis/batch/v1/namespaces/nexus-shop/cronjobs/orders-reindex"
TASK = ("orders-reindex", "--stack", "dev")


@pytest.fixture(scope="module", autouse=True)
def shapes(cluster: RunningCluster) -> Iterator[None]:
    """The example, brought up."""
    with stack_on(cluster, SHAPES) as made, pytest.MonkeyPatch.context() as patched:
        patched.setenv("KUBECONFIG", str(cluster.kubeconfig))
        made.session.program = lambda: build(SHAPES)
        up = made.session.up()
        assert up.succeeded, up.error
        yield
        assert made.session.destroy().succeeded


def uid(cluster: RunningCluster) -> str:
    return cluster.api.get(f"{JOBS}/orders-reindex-run")["metadata"]["uid"]


def test_a_task_runs_as_often_as_it_is_asked_for(cluster: RunningCluster) -> None:
    """The Job of the last run stands in the way of the next one."""
    first = nexus("task", "run", *TASK, project=SHAPES)
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("'orders-reindex' is done.")
    before = uid(cluster)
    job = cluster.api.get(f"{JOBS}/orders-reindex-run")
    [owner] = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("CronJob", "orders-reindex")
    assert job["status"]["succeeded"] == 1
    assert nexus("task", "run", *TASK, project=SHAPES).exit_code == 0
    assert uid(cluster) != before
    assert nexus("task", "follow", *TASK, project=SHAPES).exit_code == 0


def test_a_second_run_is_refused_and_an_interrupted_one_is_followed(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    """Two runs change the same rows, or nobody hears how a run ended."""
    cron = cluster.api.get(CRON_JOB)
    job = cron["spec"]["jobTemplate"]["spec"]
    # No node has it, so the pod waits.
    job["template"]["spec"]["nodeSelector"] = {"no": "node"}
    cluster.api.call("PUT", CRON_JOB, cron)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "nexus", "--project", str(SHAPES), "task", "run", *TASK]
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as running,
    ):
        while "Started" not in log.read_text(encoding="utf-8"):
            assert running.poll() is None, log.read_text(encoding="utf-8")
        before = uid(cluster)
        second = nexus("task", "run", *TASK, project=SHAPES)
        assert second.exit_code == 2
        assert "'orders-reindex' runs already" in second.stderr
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert "nexus task follow orders-reindex --stack dev" in log.read_text(encoding="utf-8")
    assert uid(cluster) == before
    waiting = cluster.api.get(f"{JOBS}/orders-reindex-run")
    waiting["spec"]["activeDeadlineSeconds"] = 1
    cluster.api.call("PUT", f"{JOBS}/orders-reindex-run", waiting)
    followed = nexus("task", "follow", *TASK, project=SHAPES)
    assert followed.exit_code == 1
    assert "'orders-reindex' failed (DeadlineExceeded" in followed.stdout


def test_another_stack_s_task_is_left_alone(cluster: RunningCluster) -> None:
    """Production's index is built anew because the context was another one."""
    cron = cluster.api.get(CRON_JOB)
    cron["metadata"]["annotations"]["nexus-cos/stack"] = "prod"
    cluster.api.call("PUT", CRON_JOB, cron)
    refused = nexus("task", "run", *TASK, project=SHAPES)
    assert refused.exit_code == 2
    assert "was made by stack 'prod', not by 'dev'" in refused.stderr
