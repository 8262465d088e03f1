"""One need of the resolved catalog, and how its source treats the target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog.part import OWN, Part


class Order(StrEnum):
    """Whether an edge decides the rollout order (startup) or only who calls whom (runtime)."""

    STARTUP = "startup"
    RUNTIME = "runtime"


class Criticality(StrEnum):
    """`hard`: the source is down without the target. `degradable`: it falls back."""

    HARD = "hard"
    DEGRADABLE = "degradable"


class Fallback(StrEnum):
    """What a source does while the target is down: the document's three fallbacks."""

    DATABASE = "database"
    RULES = "rules"
    ORIGIN = "origin"


@dataclass(frozen=True, kw_only=True)
class CallPolicy:
    """How a caller treats what it calls, and when it stops calling, its circuit breaker.

    Args:
        timeout_ms: longest time of one attempt, in milliseconds.
        retries: further attempts of one call at most.
        retry_percent: retries of all calls together, in percent of the calls: a target
            that is down must not get a multiple of its load.
        open_after_failures: consecutive failures after which the breaker opens.
        half_open_after_seconds: how long it stays open, in seconds.
        close_after_successes: successes, one call at a time, after which it closes.
    """

    timeout_ms: int
    retries: int
    retry_percent: int
    open_after_failures: int
    half_open_after_seconds: int
    close_after_successes: int


@dataclass(frozen=True, kw_only=True)
class Edge:
    """`source` needs `target`.

    Args:
        source: name of a service.
        target: name of a service, platform resource or external API.
        order: startup edges become `depends_on`; runtime edges never do.
        fallback: what the source does while the target is down, if anything.
        reason: why the edge is as it is, where the document leaves it open.
        file: file that declares it, relative to the project.
        line: line that declares it, counted from 1, if it was read from a file.
        field: field of the source that declares it, as `needs[0]`; a rule declares several.
        call: how the source treats the target; None if it was not read from a file.
        ports: names of the target's ports that the source calls; none for its first one.
        parts: what the source has of a server: parts of its own, first, and other services'.
        versions: range of the target's versions that the source can work with; None for all.
        api: version of the target's API that the source calls, if the target tells any.
    """

    source: str
    target: str
    order: Order
    fallback: Fallback | None
    reason: str | None
    file: str
    line: int | None = None
    field: str = "needs"
    call: CallPolicy | None = None
    ports: tuple[str, ...] = ()
    parts: tuple[Part, ...] = OWN
    versions: str | None = None
    api: str | None = None

    @property
    def criticality(self) -> Criticality:
        """Degradable when there is a fallback, hard otherwise."""
        return Criticality.HARD if self.fallback is None else Criticality.DEGRADABLE
