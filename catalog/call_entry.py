"""How callers wait, try again and stop calling, as the catalog's files say it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from catalog.validation import Entry

Failures = Annotated[
    int, Field(ge=1, le=100, description="Consecutive failures after which a breaker opens")
]
OpenSeconds = Annotated[
    int, Field(ge=1, le=600, description="Seconds after which an open breaker lets a call through")
]
Successes = Annotated[
    int, Field(ge=1, le=100, description="Successes, one at a time, after which a breaker closes")
]
Timeout = Annotated[
    int, Field(ge=10, le=120_000, description="Longest time of one attempt, in milliseconds")
]
Retries = Annotated[int, Field(ge=0, le=5, description="Further attempts of one call at most")]
RetryPercent = Annotated[
    int, Field(ge=0, le=100, description="Retries of all calls together, in percent of the calls")
]


class BreakerEntry(Entry, title="Circuit breaker"):
    """When every caller stops calling, tries again, and trusts the target as before."""

    open_after_failures: Failures
    half_open_after_seconds: OpenSeconds
    close_after_successes: Successes


class CallsEntry(Entry, title="Calls"):
    """How long every caller waits, and how often it tries again."""

    timeout_ms: Timeout
    retries: Retries
    retry_percent: RetryPercent


class OwnBreakerEntry(Entry, title="Circuit breaker of one dependency"):
    """What differs from the circuit breaker in catalog/platform.yaml."""

    open_after_failures: Failures | None = Field(default=None, description="Instead of that one")
    half_open_after_seconds: OpenSeconds | None = Field(
        default=None, description="Instead of that one"
    )
    close_after_successes: Successes | None = Field(default=None, description="Instead of that one")


class OwnCallsEntry(Entry, title="Calls of one dependency"):
    """What differs from the calls in catalog/platform.yaml."""

    timeout_ms: Timeout | None = Field(default=None, description="Instead of that one")
    retries: Retries | None = Field(default=None, description="Instead of that one")
    retry_percent: RetryPercent | None = Field(default=None, description="Instead of that one")
