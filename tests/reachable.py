"""Who can reach whom, all pairs at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexus.policy.reachability import Endpoint, Ports, World


def matrix(
    world: World, sources: Iterable[Endpoint], targets: Iterable[Endpoint]
) -> Mapping[tuple[str, str], Ports]:
    """Every pair that can talk, with the ports; a pair that cannot is not in it.

    A source and a target of one name are two pods of it.
    """
    targets = list(targets)
    pairs = ((source, target) for source in sources for target in targets)
    return {(s.name, t.name): ports for s, t in pairs if (ports := world.allowed(s, t))}


def holds(ports: Ports, protocol: str, port: int) -> bool:
    """Whether one port is in the set."""
    return any(each == protocol and first <= port <= last for each, first, last in ports)
