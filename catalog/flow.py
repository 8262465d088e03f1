"""A critical flow: the steps that it takes, and how well it has to work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from catalog.names import DNS_LABEL, Name
from catalog.validation import Entry

FastMs = Literal[5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]
"""Bounds that OpenTelemetry's conventions advise for the histogram of a server's requests.

Between two of them nobody knows how many requests were answered by then.
"""

Percent = Annotated[float, Field(ge=50, le=99.999)]
"""100 would leave no budget: the first error would be too much."""


class Objective(Entry):
    """How many of a flow's requests of 30 days must go well, and what well is."""

    available_percent: Percent = Field(
        default=99.9, description="Percent of the requests that must not fail"
    )
    fast_percent: Percent = Field(
        default=99, description="Percent of the requests that must be answered within 'fast_ms'"
    )
    fast_ms: FastMs = Field(
        default=1000,
        description="Milliseconds, one of the bounds that OpenTelemetry counts requests by",
    )


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A critical path: names of nodes, each needed by one before it."""

    name: str
    steps: tuple[str, ...]
    objective: Objective = field(default_factory=Objective)


class FlowEntry(Entry, title="Flow"):
    """A critical path; a bare list is one with the usual objective."""

    steps: list[Name] = Field(
        description="Names of nodes: each after the first is needed by one before it"
    )
    objective: Objective = Field(
        default_factory=Objective,
        description="How well it has to work, if not as is usual",
    )


def _flow_from_steps(value: Any) -> Any:
    if isinstance(value, list):
        return {"steps": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("flow_type", "no flow")
    return cast("dict[object, object]", value)


FlowOrSteps = Annotated[FlowEntry, BeforeValidator(_flow_from_steps)]
"""What the file says of a flow."""


def flows_schema(schema: dict[str, Any]) -> None:
    """Lets a flow be a list in the JSON Schema of flows by name."""
    name = {"type": "string", "pattern": DNS_LABEL, "maxLength": 63}
    steps = {"type": "array", "items": name, "description": "The steps"}
    patterns = schema["patternProperties"]
    for pattern in patterns:
        patterns[pattern] = {"anyOf": [patterns[pattern], steps]}
