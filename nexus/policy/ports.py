"""Sets of ports, as ranges, so that a rule without a port is as easy to compare as one with."""

from __future__ import annotations

from collections.abc import Iterable

PROTOCOLS = ("TCP", "UDP", "SCTP")
FIRST, LAST = 1, 65535

Range = tuple[str, int, int]
"""Protocol, first and last port, both included."""

Ports = tuple[Range, ...]
"""Ranges that neither overlap nor touch, sorted: equal sets are equal values."""

EVERY_PORT: Ports = tuple(sorted((protocol, FIRST, LAST) for protocol in PROTOCOLS))


def union(ranges: Iterable[Range]) -> Ports:
    """All ports of `ranges`."""
    joined: list[Range] = []
    for protocol, first, last in sorted(ranges):
        if joined and joined[-1][0] == protocol and first <= joined[-1][2] + 1:
            joined[-1] = (protocol, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((protocol, first, last))
    return tuple(joined)


def intersection(one: Ports, other: Ports) -> Ports:
    """Ports that are in both."""
    return union(
        (protocol, max(first, start), min(last, end))
        for protocol, first, last in one
        for other_protocol, start, end in other
        if protocol == other_protocol and max(first, start) <= min(last, end)
    )
