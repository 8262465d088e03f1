"""What a workload is told about one thing it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True, kw_only=True)
class Call:
    """How a workload treats what it calls.

    Args:
        retries: further attempts of one call at most.
        retry_percent: retries of all calls together, in percent of the calls.
        open_after_failures: consecutive failures after which the circuit breaker opens.
        half_open_after_seconds: how long it stays open, in seconds.
        close_after_successes: successes, one call at a time, after which it closes.
    """

    timeout_ms: int
    retries: int
    retry_percent: int
    open_after_failures: int
    half_open_after_seconds: int
    close_after_successes: int

    def document(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "timeout_ms": self.timeout_ms,
            "retry": {"attempts": self.retries, "budget_percent": self.retry_percent},
            "circuit_breaker": {
                "open_after_failures": self.open_after_failures,
                "half_open_after_seconds": self.half_open_after_seconds,
                "close_after_successes": self.close_after_successes,
            },
        }


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One edge of the dependency graph, as its source sees it.

    Args:
        kind: `service`, `resource` or `external`.
        order: `startup` or `runtime`.
        criticality: `hard` or `degradable`.
        fallback: what to do while the target is down; None if there is nothing.
        endpoint: where the target is; None where this environment does not provide it.
        ports: where each of the target's ports is, by name, where several are called; `endpoint`
            is that of the first.
        parts: where each part of it is, by name, where the source has several; `endpoint` is that
            of the first, and the credentials are the same.
        api: version of its API that the source calls; None where it tells none.
        apis: for who passes others' calls on: of each version its path, if it has one, and the
            headers of its answers.
        credentials: folder with the mounted credentials; None if there are none.
    """

    name: str
    kind: str
    order: str
    criticality: str
    fallback: str | None
    endpoint: Mapping[str, pulumi.Input[str]] | None
    call: Call
    credentials: str | None = None
    parts: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[str]]]
    )
    ports: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[str]]]
    )
    api: str | None = None
    apis: Mapping[str, object] = field(default_factory=dict[str, object])

    def document(self) -> dict[str, object]:
        """The dependency as plain data, for the workload's configuration file."""
        return {
            "kind": self.kind,
            "order": self.order,
            "criticality": self.criticality,
            "fallback": self.fallback,
            "endpoint": None if self.endpoint is None else dict(self.endpoint),
            **_by_name("parts", self.parts),
            **_by_name("ports", self.ports),
            **({} if self.api is None else {"api": self.api}),
            **({"apis": dict(self.apis)} if self.apis else {}),
            "credentials": self.credentials,
            **self.call.document(),
        }


def _by_name(
    key: str, endpoints: Mapping[str, Mapping[str, pulumi.Input[str]]]
) -> dict[str, object]:
    return {key: {name: dict(each) for name, each in endpoints.items()}} if endpoints else {}
