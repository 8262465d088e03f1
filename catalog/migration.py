"""What changes a service's database before its pods of a release start."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from catalog.document import At
from catalog.names import WHOLE_IMAGE, Text
from catalog.validation import Entry

TIMEOUT_SECONDS = 600
LONGEST_SECONDS = 24 * 3600
DATABASE = "postgres"
"""The platform resource that migrations change, and whose lock they hold."""


def _whole_image(text: str) -> str:
    if not re.fullmatch(WHOLE_IMAGE, text):
        raise ValueError(
            "is no whole image; write its registry, name and version, such as "
            "'docker.io/flyway/flyway:11.8.2'."
        )
    return text


def _image_schema(schema: dict[str, Any]) -> None:
    # The reader's own says it in a sentence; editors know the pattern.
    schema["anyOf"] = [{**each, **_PATTERN.get(each["type"], {})} for each in schema["anyOf"]]


_PATTERN = {"string": {"pattern": f"^{WHOLE_IMAGE}$"}}


class Migration(Entry):
    """A Job that changes the service's database, before the new pods and as its owner."""

    command: list[Text] = Field(min_length=1, description="What it runs")
    arguments: list[Text] = Field(default=[], description="Instead of the image's arguments")
    image: Annotated[str, AfterValidator(_whole_image)] | None = Field(
        default=None,
        description="A whole image; the service's own of the release if none is given",
        json_schema_extra=_image_schema,
    )
    timeout_seconds: int = Field(
        default=TIMEOUT_SECONDS,
        ge=1,
        le=LONGEST_SECONDS,
        description="Longest time of it, in seconds, the wait for another one's end included",
    )


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
