"""What the metrics of a service's requests are called, where that is not after OpenTelemetry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from catalog.validation import Entry, matching


class Unit(StrEnum):
    """What a histogram of times counts in."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"


MetricName = Annotated[
    str,
    Field(min_length=1, max_length=200),
    matching(
        r"[a-zA-Z_:][a-zA-Z0-9_:]*(?<!_bucket)(?<!_count)(?<!_sum)",
        "is no name of a histogram in Prometheus; write it as 'http_request_seconds', with "
        "underscores for dots, and without '_bucket', '_count' and '_sum'.",
    ),
]
LabelName = Annotated[
    str,
    Field(min_length=1, max_length=100),
    matching(
        r"[a-zA-Z_][a-zA-Z0-9_]*",
        "is no label of Prometheus; write letters, digits and underscores, without a digit first.",
    ),
]
Statuses = Annotated[
    str,
    Field(min_length=1, max_length=200),
    matching(
        r"[0-9A-Za-z_.]+(\|[0-9A-Za-z_.]+)*",
        "is no list of values; write them with '|' between and a dot for any character, as '5..' "
        "or 'INTERNAL|UNAVAILABLE'.",
    ),
]


class Metrics(Entry, title="Metrics"):
    """The histogram of the requests that a service answers."""

    requests: MetricName = Field(
        description="Name of the histogram, without '_count' and '_bucket'"
    )
    unit: Unit = Field(
        default=Unit.SECONDS, strict=False, description="Its unit: seconds or milliseconds"
    )
    status: LabelName = Field(
        default="http_response_status_code", description="Label that says how a request ended"
    )
    errors: Statuses = Field(
        default="5..", description="Values of it that are faults of the service, with | between"
    )


CONVENTIONS = (
    Metrics(requests="http_server_request_duration_seconds"),
    Metrics(
        requests="rpc_server_call_duration_seconds",
        status="rpc_response_status_code",
        errors="UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS",
    ),
    # What gRPC's instrumentations say that keep to the conventions before 1.38.
    Metrics(
        requests="rpc_server_duration_milliseconds",
        unit=Unit.MILLISECONDS,
        status="rpc_grpc_status_code",
        errors="2|4|12|13|14|15",
    ),
)
"""What services say that say nothing else: OpenTelemetry's conventions of HTTP and of gRPC.

https://opentelemetry.io/docs/specs/semconv/http/http-metrics/,
https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
"""
