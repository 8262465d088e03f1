"""A plan as it is written: read, checked, bounded."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from nexus.diff.errors import UnreadableError
from nexus.diff.untrusted import read_json, shaped

MOST_RESOURCES = 20_000
SOURCE = "nexus plan --json"

Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
"""URNs, types and names. Anything longer is no identity, but an attack on the reader."""

StackName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
"""As Pulumi restricts them; so a stack's name can stand anywhere in a report."""


class PlannedResource(BaseModel):
    """One resource of a plan. Keys that are not known here are left alone: plans may grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    urn: Text
    type: Text
    name: Text
    parent: Text | None
    provider: Text | None
    inputs: dict[str, Any]
    dependencies: list[Text]
    aliases: list[str | dict[str, Any]]
    options: dict[str, Any]
    secrets: list[str]


class PlanDocument(BaseModel):
    """Every resource that one stack would register."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    stack: StackName
    resources: Annotated[list[PlannedResource], Field(max_length=MOST_RESOURCES)]

    @model_validator(mode="after")
    def _urns_are_unique(self) -> PlanDocument:
        if len({resource.urn for resource in self.resources}) < len(self.resources):
            # The first or the last of two would hide the other from the reviewer.
            raise ValueError("names a URN twice")
        return self


def read_plan(content: bytes, name: str) -> PlanDocument:
    """The plan in `content`.

    Args:
        content: the file's bytes.
        name: what to call it in an error.

    Raises:
        UnreadableError: it is too large, no JSON, or not of the documented shape.
    """
    return shaped(PlanDocument, read_json(content, name, SOURCE), name, SOURCE)


__all__ = ["PlanDocument", "PlannedResource", "UnreadableError", "read_plan"]
