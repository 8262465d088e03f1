"""Runs of a task, on a namespace in memory; tests/cluster/test_task.py holds it to a real one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nexus.task import run
from nexus.task.kubectl import Kubectl, KubectlError
from nexus.task.run import CannotRunError, follow, start

TASK, STACK = "orders-reindex", "dev"
JOB = "orders-reindex-run"

Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Namespace(Kubectl):
    """What `kubectl` would find.

    Args:
        looks: what a Job says of itself, look by look; the last one for ever.
        logs: by pod, oldest first; None of one that says nothing.
    """

    program: Path = Path("kubectl")
    context: str | None = None
    namespace: str = "nexus-shop"
    objects: dict[tuple[str, str], Object] = field(default_factory=dict[tuple[str, str], Object])
    looks: list[Object] = field(default_factory=list[Object])
    logs: dict[str, str | None] = field(default_factory=dict[str, str | None])
    made: list[str] = field(default_factory=list[str])

    def run(self, *arguments: str, given: str = "") -> str:
        match arguments:
            case ("get", "pods", "--selector", selector, *_):
                assert selector == f"batch.kubernetes.io/job-name={JOB}"
                pods = [
                    {"metadata": {"name": name, "creationTimestamp": f"2026-01-01T00:00:0{n}Z"}}
                    for n, name in enumerate(self.logs)
                ]
                return json.dumps({"items": pods[::-1]})
            case ("get", kind, name, *_):
                found = self.objects.get((kind, name))
                if found is not None and kind == "job" and self.looks:
                    found["status"] = self.looks.pop(0) if self.looks[1:] else self.looks[0]
                return "" if found is None else json.dumps(found)
            case ("create", "job", name, "--from", source):
                assert source == f"cronjob/{TASK}"
                if ("job", name) in self.objects:
                    raise KubectlError(f'Error (AlreadyExists): jobs.batch "{name}" already exists')
                self.objects["job", name] = job(f"uid-{len(self.made) + 2}")
                self.made.append(name)
                return ""
            case ("delete", "--raw", path, "--filename", "-"):
                name = path.rpartition("/")[2]
                there = self.objects.get(("job", name))
                wanted = json.loads(given)["preconditions"]["uid"]
                if there is None or there["metadata"]["uid"] != wanted:
                    raise KubectlError("Error (Conflict): the UID in the precondition differs")
                del self.objects["job", name]
                return ""
            case ("logs", name, *_):
                text = self.logs[name]
                if text is None:
                    raise KubectlError("the kubelet does not answer")
                return text
            case _:
                raise AssertionError(arguments)


def job(uid: str, *conditions: Object) -> Object:
    its = {"name": JOB, "namespace": "nexus-shop", "uid": uid}
    return {"metadata": its, "status": {"conditions": list(conditions)}}


def ended(kind: str = "Complete", **more: str) -> Object:
    return {"type": kind, "status": "True", **more}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Namespace:
    """The stack's own task, which nobody has run yet."""
    monkeypatch.setattr(run, "LOOK_SECONDS", 0)
    cron = {"metadata": {"name": TASK, "annotations": {"nexus-cos/stack": STACK}}}
    return Namespace(objects={("cronjob", TASK): cron})


def test_the_job_of_the_last_run_makes_room(there: Namespace) -> None:
    """A task could be run once and never again."""
    there.objects["job", JOB] = job("uid-1", ended())
    start(there, TASK, STACK)
    assert there.objects["job", JOB]["metadata"]["uid"] == "uid-2"


def test_a_second_run_at_once_is_refused(there: Namespace) -> None:
    """Two runs change the same rows."""
    start(there, TASK, STACK)
    with pytest.raises(CannotRunError, match=r"runs already.*nexus task follow orders-reindex"):
        start(there, TASK, STACK)
    assert there.made == [JOB]


def test_two_who_start_after_the_same_run_get_one(there: Namespace) -> None:
    """The second one deletes the run of the first, which it took for the last one's."""
    last = job("uid-1", ended())
    there.objects["job", JOB] = last
    start(there, TASK, STACK)

    @dataclass(frozen=True, kw_only=True)
    class Late(Namespace):
        def get(self, kind: str, name: str) -> Object | None:
            return last if kind == "job" else super().get(kind, name)

    with pytest.raises(CannotRunError, match="runs already"):
        start(Late(objects=there.objects), TASK, STACK)
    assert there.objects["job", JOB]["metadata"]["uid"] == "uid-2"


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        (None, "Stack 'dev' has not made 'orders-reindex' in namespace 'nexus-shop'"),
        ({"nexus-cos/stack": "prod"}, "was made by stack 'prod', not by 'dev'"),
        ({}, "was made by stack 'None', not by 'dev'"),
    ],
)
def test_what_the_stack_has_not_made_is_not_run(
    there: Namespace, annotations: Object | None, said: str
) -> None:
    """Another stack's data changes because of a context."""
    del there.objects["cronjob", TASK]
    if annotations is not None:
        there.objects["cronjob", TASK] = {"metadata": {"annotations": annotations}}
    for action in (start, follow):
        with pytest.raises(CannotRunError, match=said):
            action(there, TASK, STACK)
    assert not there.made


def test_its_end_is_waited_for_and_told_by_the_last_line_of_the_newest_pod(
    there: Namespace,
) -> None:
    """An error of the first try looks like that of the last one."""
    there.objects["job", JOB] = job("uid-1")
    failed = ended("Failed", reason="BackoffLimitExceeded", message="3 tries")
    suspended = {"type": "Suspended", "status": "False"}
    there.looks.extend(({}, {"conditions": [suspended]}, {"conditions": [suspended, failed]}))
    there.logs.update({"first": "one\n", "second": "two\nno such table\n\n"})
    end = follow(there, TASK, STACK)
    assert (end.succeeded, end.last_line) == (False, "no such table")
    assert end.reason == "BackoffLimitExceeded: 3 tries"


def test_its_end_is_told_without_its_log(there: Namespace) -> None:
    """A node that is gone takes the log along, not the outcome."""
    there.objects["job", JOB] = job("uid-1", ended())
    assert follow(there, TASK, STACK).last_line == ""
    there.logs["first"] = None
    end = follow(there, TASK, STACK)
    assert end.succeeded
    assert "the kubelet does not answer" in end.last_line


def test_what_was_never_run_cannot_be_followed(there: Namespace) -> None:
    """It would be waited for until somebody ends it."""
    with pytest.raises(CannotRunError, match="run: nexus task run orders-reindex --stack dev"):
        follow(there, TASK, STACK)


def test_a_cluster_that_refuses_is_no_second_run(there: Namespace) -> None:
    """Somebody without rights would wait for a run that is none."""

    @dataclass(frozen=True, kw_only=True)
    class Closed(Namespace):
        def run(self, *arguments: str, given: str = "") -> str:
            if arguments[0] == "create":
                raise KubectlError("Error (Forbidden): jobs.batch is forbidden")
            return super().run(*arguments, given=given)

    with pytest.raises(KubectlError, match="Forbidden"):
        start(Closed(objects=there.objects), TASK, STACK)
