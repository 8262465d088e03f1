"""What runs once and ends: the migration of a service, and its tasks.

A migration changes the database before the pods of a release start; a task runs once for each
release, or when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from catalog.document import At
from catalog.errors import one_of
from catalog.names import WHOLE_IMAGE, Text
from catalog.validation import Entry, matching

TIMEOUT_SECONDS = 600
LONGEST_SECONDS = 24 * 3600


_IMAGE = matching(
    WHOLE_IMAGE,
    "is no whole image; write its registry, name and version, such as "
    "'docker.io/flyway/flyway:11.8.2'.",
)


def _image_schema(schema: dict[str, Any]) -> None:
    # The reader's own says it in a sentence; editors know the pattern.
    schema["anyOf"] = [{**each, **_PATTERN.get(each["type"], {})} for each in schema["anyOf"]]


_PATTERN = {"string": {"pattern": f"^{WHOLE_IMAGE}$"}}


SAYS = ("command", "arguments", "image")
"""Fields of which one at least says what runs: without any, the service itself would."""


class Job(Entry):
    """What a Job of a service runs."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [each]} for each in SAYS]})

    command: list[Text] = Field(
        default=[], min_length=1, description="What it runs, instead of what the image runs"
    )
    arguments: list[Text] = Field(default=[], description="Instead of the image's arguments")
    image: Annotated[str, _IMAGE] | None = Field(
        default=None,
        description="A whole image; the service's own of the release if none is given",
        json_schema_extra=_image_schema,
    )
    timeout_seconds: int = Field(
        default=TIMEOUT_SECONDS,
        ge=1,
        le=LONGEST_SECONDS,
        description="Longest time of it, in seconds, all tries and a migration's wait for another "
        "one's end included",
    )

    @property
    def runs(self) -> str:
        """What it runs, in one line for people."""
        return " ".join((*self.command, *self.arguments)) or str(self.image)


def unfit_job(job: Job, *at: str) -> Iterator[tuple[At, str]]:
    """What is wrong about what a Job of a service runs, which the service says at `at`."""
    if not (job.command or job.arguments or job.image):
        yield at, f"it would run the service itself; write {one_of(SAYS)}."


DATABASE = "postgres"
"""The platform resource that migrations change, and whose lock they hold."""


class Migration(Job):
    """A Job that changes the service's database, before the new pods and as its owner."""


def migration_name(service: str) -> str:
    """What the migration of a service is called in plans, runs and pictures."""
    return f"{service}-migration"


def unfit_migration(
    service: str,
    entry: Migration | None,
    targets: Iterable[str | None],
    services: Container[str],
) -> Iterator[tuple[At, str]]:
    """What is wrong about the migration of a service that needs `targets`, beside `services`."""
    if entry is None:
        return
    yield from unfit_job(entry, "migrate")
    if migration_name(service) in services:
        yield (
            ("migrate",),
            f"the migration would be called '{migration_name(service)}', as a service is; give "
            "that another name.",
        )
    if DATABASE not in targets:
        yield (
            ("migrate",),
            f"the service needs no database, so there is nothing to migrate; add '{DATABASE}' to "
            "its 'needs', or remove the field.",
        )


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
