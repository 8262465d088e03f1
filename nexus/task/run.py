"""One run of a task: a Job of the stack's suspended CronJob, which it is called after.

The name is always the same, so the API server refuses a second one: two people who start a task
in one moment get one run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.kubernetes.service_job import STACK, TASK
from nexus.task.kubectl import Kubectl, KubectlError

LOOK_SECONDS = 2.0
"""Between two looks at a Job that runs."""

_ENDS = {"Complete": True, "Failed": False}
_LINES = 20


class CannotRunError(Exception):
    """The task cannot be started or followed; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended.

    Args:
        reason: what Kubernetes says of a failure.
        last_line: of its log, empty if there is none.
    """

    succeeded: bool
    reason: str
    last_line: str


def run_name(task: str) -> str:
    """What the Job of a task is called while it runs, and until it is run again."""
    return f"{task}-run"


def start(kubectl: Kubectl, task: str, stack: str) -> None:
    """Makes a Job of what `stack` has made for `task`; the last one's, which has ended, goes.

    Raises:
        CannotRunError: the stack has no such task in this cluster, or it runs already.
        KubectlError: the cluster refuses it.
    """
    _require_made(kubectl, task, stack)
    job, name = kubectl.get("job", run_name(task)), run_name(task)
    if job is not None:
        if _end(job) is None:
            raise CannotRunError(_runs_already(task, stack))
        _delete(kubectl, job)
    try:
        kubectl.run("create", "job", name, "--from", f"cronjob/{task}")
    except KubectlError as error:
        if "(AlreadyExists)" in str(error) or "already exists" in str(error):
            raise CannotRunError(_runs_already(task, stack)) from error
        raise


def follow(kubectl: Kubectl, task: str, stack: str) -> Ended:
    """How the last run of `task` ended, or ends: this waits for it.

    Raises:
        CannotRunError: it has not been run, or its Job was deleted.
        KubectlError: the cluster does not answer.
    """
    _require_made(kubectl, task, stack)
    while True:
        job = kubectl.get("job", run_name(task))
        if job is None:
            raise CannotRunError(
                f"No run of '{task}' is in the cluster; run: nexus task run {task} --stack {stack}"
            )
        end = _end(job)
        if end is not None:
            why = ": ".join(filter(None, (end.get("reason"), end.get("message"))))
            return Ended(
                succeeded=_ENDS[end["type"]], reason=why, last_line=_last_line(kubectl, task)
            )
        time.sleep(LOOK_SECONDS)


def _require_made(kubectl: Kubectl, task: str, stack: str) -> None:
    made = kubectl.get("cronjob", task)
    at = f"namespace '{kubectl.namespace}' of the cluster"
    if made is None:
        raise CannotRunError(
            f"Stack '{stack}' has not made '{task}' in {at}; run 'pulumi up --stack {stack}' "
            "first, or name the stack's cluster as 'nexus-cos:kubeContext'."
        )
    owner = (made["metadata"].get("annotations") or {}).get(STACK)
    if owner != stack:
        raise CannotRunError(
            f"'{task}' in {at} was made by stack '{owner}', not by '{stack}'; write '--stack "
            f"{owner}' if that is meant, or name the cluster of '{stack}' as "
            "'nexus-cos:kubeContext'."
        )


def _runs_already(task: str, stack: str) -> str:
    return (
        f"'{task}' runs already, and a second run at once is refused; wait for its end: nexus task "
        f"follow {task} --stack {stack}"
    )


def _end(job: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The condition that says how a Job ended, None while it runs."""
    conditions = (job.get("status") or {}).get("conditions") or []
    return next(
        (each for each in conditions if each["type"] in _ENDS and each["status"] == "True"), None
    )


def _delete(kubectl: Kubectl, job: Mapping[str, Any]) -> None:
    """Deletes this Job and no other of its name, which somebody else may have made since."""
    its = job["metadata"]
    options = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": its["uid"]},
        "propagationPolicy": "Background",
    }
    path = f"/apis/batch/v1/namespaces/{its['namespace']}/jobs/{its['name']}"
    try:
        kubectl.run("delete", "--raw", path, "--filename", "-", given=json.dumps(options))
    except KubectlError:
        # Somebody else was faster, whose Job the next step finds; or the cluster says no again.
        return


def _last_line(kubectl: Kubectl, task: str) -> str:
    """The last line that the newest pod of the run wrote."""
    selector = f"batch.kubernetes.io/job-name={run_name(task)}"
    try:
        listed = kubectl.run("get", "pods", "--selector", selector, "--output", "json")
        pods = sorted(
            json.loads(listed)["items"], key=lambda pod: pod["metadata"]["creationTimestamp"]
        )
        name = pods[-1]["metadata"]["name"] if pods else None
        if name is None:
            return ""
        log = kubectl.run("logs", name, "--container", TASK, "--tail", str(_LINES))
    except KubectlError as error:
        # How it ended is known all the same.
        return f"(its log cannot be read: {error})"
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")
