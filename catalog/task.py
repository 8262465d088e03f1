"""Tasks of a service: what runs once for each release, or when somebody asks for it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from pydantic import Field

from catalog.document import At
from catalog.job import Job, unfit_job
from catalog.migration import migration_name

LONGEST_NAME = 52
"""Longest name of a CronJob, in characters; Kubernetes adds eleven for its Jobs. Source:
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"""


class Task(Job):
    """A Job with all that the service has: its login, its settings, and whom it may call."""

    each_release: bool = Field(
        default=False,
        description="Whether it runs once for each release, before the pods of that; without it "
        "it is run by hand",
    )


def task_name(service: str, task: str) -> str:
    """What a task of a service is called in plans, runs and pictures, and in the cluster."""
    return f"{service}-{task}"


def unfit_tasks(
    service: str, tasks: Mapping[str, Task], services: Container[str], taken: dict[str, str]
) -> Iterator[tuple[At, str]]:
    """What is wrong about the tasks of a service, beside `services` and the tasks before.

    Args:
        taken: whose task each name is already; those of `service` are added.
    """
    for task, entry in tasks.items():
        yield from unfit_job(entry, "tasks", task)
        name = task_name(service, task)
        problem: str | None = None
        if name in services:
            problem = "as a service is"
        elif name == migration_name(service):
            problem = "as the service's migration is"
        elif name in taken:
            problem = f"as a task of '{taken[name]}' is"
        if problem is not None:
            yield (
                ("tasks", task),
                f"the task would be called '{name}', {problem}; give it another name.",
            )
        elif len(name) > LONGEST_NAME:
            yield (
                ("tasks", task),
                f"the task would be called '{name}', which has {len(name)} characters, and at most "
                f"{LONGEST_NAME} are allowed; give it a shorter name.",
            )
        taken.setdefault(name, service)
