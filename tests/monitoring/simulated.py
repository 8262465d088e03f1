"""Platforms that fail as the graph says, played side by side to a real Prometheus."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from catalog import Catalog
from graph.impact import State, impact

Interval = tuple[float, float]
"""Seconds since the start."""

RATE = 10
"""Requests a second of every service."""


@dataclass(kw_only=True)
class Part:
    """When one node of one platform is unready (or its probe fails), wrong or slow."""

    unready: list[Interval] = field(default_factory=list[Interval])
    wrong: list[Interval] = field(default_factory=list[Interval])
    slow: list[Interval] = field(default_factory=list[Interval])


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Nodes of a platform and when each is down; `by` is how a service fails."""

    down: Mapping[str, Interval]
    by: str = "unready"


def played(catalog: Catalog, outage: Outage, seed: int, lag: float) -> Mapping[str, Part]:
    """What each node does: the failed ones fail, who needs them follows within `lag` seconds."""
    chance = random.Random(seed)
    parts = {n: Part() for n in (*catalog.services, *catalog.resources, *catalog.external)}
    for node, (start, end) in outage.down.items():
        by = outage.by if node in catalog.services else "unready"
        getattr(parts[node], by).append((start, end))
        for name in impact(catalog, [node]).named(State.DOWN):
            if name not in outage.down:
                how = chance.choice(("unready", "wrong"))
                span = (start + chance.random() * lag, end + chance.random() * lag)
                getattr(parts[name], how).append(span)
    return parts


class Exporter:
    """What a scrape reads, at any time after the start."""

    def __init__(self, catalog: Catalog, stacks: Mapping[str, Mapping[str, Part]]) -> None:
        self._services, self._stacks = frozenset(catalog.services), stacks
        self.begin()

    def begin(self) -> None:
        """Starts anew, once there is somebody who reads."""
        self._start = time.monotonic()

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def text(self) -> str:
        """Every metric of every platform."""
        return "\n".join(f"{name} {value}" for name, value in self.read(self.now)) + "\n"

    def read(self, now: float) -> Iterator[tuple[str, float]]:
        """Every metric of every platform, with its value at a time."""
        for stack, parts in self._stacks.items():
            yield f'kube_deployment_spec_replicas{{stack="{stack}",namespace="nexus-x"}}', 1
            for name, part in parts.items():
                labels = f'stack="{stack}",nexus_node="{name}"'
                ready = 0 if _inside(part.unready, now) else 1
                if name not in self._services:
                    yield f"probe_success{{{labels}}}", ready
                    continue
                its = f'stack="{stack}",namespace="nexus-x",deployment="{name}"'
                yield f"kube_deployment_status_replicas_available{{{its}}}", ready
                if part.wrong or part.slow:
                    yield from _requests(labels, part, now)

    def series(self, seconds: int, step: int) -> Iterator[dict[str, str]]:
        """Every metric over a time, as promtool's tests write them."""
        values: dict[str, list[float]] = {}
        for now in range(0, seconds + 1, step):
            for name, value in self.read(now):
                values.setdefault(name, []).append(value)
        for name, each in values.items():
            runs = ((value, len(list(run))) for value, run in itertools.groupby(each))
            text = " ".join(f"{value}x{number - 1}" for value, number in runs)
            yield {"series": name, "values": text}


def _requests(labels: str, part: Part, now: float) -> Iterator[tuple[str, float]]:
    metric, total = "http_server_request_duration_seconds", RATE * now
    wrong, late = RATE * _passed(part.wrong, now), RATE * _passed(part.slow, now)
    for code, number in (("200", total - wrong), ("500", wrong)):
        yield f'{metric}_count{{{labels},http_response_status_code="{code}"}}', number
    for le, number in (("0.5", total - late), ("2.5", total - late), ("+Inf", total)):
        yield f'{metric}_bucket{{{labels},le="{le}"}}', number


def _inside(spans: list[Interval], now: float) -> bool:
    return any(start <= now < end for start, end in spans)


def _passed(spans: list[Interval], now: float) -> float:
    return sum(max(0.0, min(end, now) - start) for start, end in spans)
