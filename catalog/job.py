"""What runs once and ends: what the migration and the tasks of a service have in common."""

from __future__ import annotations

from collections.abc import Iterator
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
