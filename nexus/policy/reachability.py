"""Who can reach whom, computed from NetworkPolicies alone.

Semantics: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
A pod that no policy selects for a direction is open in that direction; policies only add. Traffic
passes if the caller's egress and the callee's ingress both allow it. What no policy can deny is
left out: a pod to itself, and a node to its own pods (probes). A pod of the host's network is on
the node's side and is not modelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Any

from nexus.policy.rule import matches
from nexus.pulumi.resource import Resource, mapping, sequence

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


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Something that calls or is called: a pod, or a host outside the cluster.

    Args:
        name: how the answer calls it.
        namespace: namespace of a pod; None outside the cluster.
        ports: named container ports of a pod: protocol and number by name.
        addresses: addresses it may have; a block that holds any of them holds it. A pod's are
            not known before it runs, so a plan's pods have one in each private range.
    """

    name: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    addresses: tuple[str, ...] = ()


_Rules = tuple[str, Sequence[Mapping[str, Any]]]
"""A policy's name, with its namespace, and its rules in one direction."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Endpoints, and the policies (Kubernetes objects) between them.

    `namespaces` holds the labels of each namespace; the one with its name, which the API
    server adds, need not be there.
    """

    namespaces: Mapping[str, Mapping[str, str]]
    policies: Sequence[Mapping[str, Any]]

    def allowed(self, source: Endpoint, target: Endpoint) -> Ports:
        """Ports of `target` on which `source` reaches it."""
        return intersection(
            self._side(source, "egress", other=target, target=target),
            self._side(target, "ingress", other=source, target=target),
        )

    @cached_property
    def _by_namespace(self) -> Mapping[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for policy in self.policies:
            found.setdefault(str(mapping(policy["metadata"])["namespace"]), []).append(policy)
        return found

    def allowing(
        self, source: Endpoint, target: Endpoint, ports: Ports
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Policies that open any of `ports` of `target` to `source`, as namespace/name, sorted.

        Those of the source first, then those of the target; neither of what no policy isolates.
        """
        out_of = self._opened(source, "egress", other=target, target=target)
        into = self._opened(target, "ingress", other=source, target=target)
        return _named(out_of, ports), _named(into, ports)

    def _side(
        self, subject: Endpoint, direction: str, *, other: Endpoint, target: Endpoint
    ) -> Ports:
        """Ports that the policies of `subject` leave open towards `other`."""
        opened = self._opened(subject, direction, other=other, target=target)
        isolated = [ports for _, ports in opened]
        return union(chain.from_iterable(isolated)) if isolated else EVERY_PORT

    def _opened(
        self, subject: Endpoint, direction: str, *, other: Endpoint, target: Endpoint
    ) -> Sequence[tuple[str, Ports]]:
        """Every policy that isolates `subject`, and the ports that it opens towards `other`."""
        peers = "to" if direction == "egress" else "from"
        found: list[tuple[str, Ports]] = []
        for name, rules in self._isolating(subject, direction):
            ranges: list[Range] = []
            for rule in rules:
                if self._is_peer(other, sequence(rule.get(peers)), str(subject.namespace)):
                    ranges += _ports(sequence(rule.get("ports")), target)
            found.append((name, union(ranges)))
        return found

    def _isolating(self, subject: Endpoint, direction: str) -> Sequence[_Rules]:
        """Every policy that isolates `subject`; looked for once, not for each that it may call."""
        # A label may be of any type in what people write.
        labels = frozenset((key, repr(value)) for key, value in subject.labels.items())
        key = (subject.namespace, labels, direction)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = [
                (
                    f"{subject.namespace}/{mapping(policy['metadata']).get('name', '')}",
                    [mapping(rule) for rule in sequence(spec.get(direction))],
                )
                for policy in self._by_namespace.get(subject.namespace or "", ())
                if direction in _directions(spec := mapping(policy.get("spec")))
                and matches(mapping(spec.get("podSelector")), subject.labels)
            ]
        return known

    @cached_property
    def _found(self) -> dict[tuple[object, ...], Sequence[_Rules]]:
        return {}

    def _is_peer(self, other: Endpoint, peers: Sequence[Any], namespace: str) -> bool:
        """Whether a rule's list of peers holds `other`; no list means everybody."""
        return not peers or any(self._matches(mapping(peer), other, namespace) for peer in peers)

    def _matches(self, peer: Mapping[str, Any], other: Endpoint, namespace: str) -> bool:
        if peer.get("ipBlock") is not None:
            block = mapping(peer["ipBlock"])
            return any(_in_block(address, block) for address in other.addresses)
        if other.namespace is None:
            return False
        if peer.get("namespaceSelector") is None:
            if other.namespace != namespace:
                return False
        elif not matches(mapping(peer["namespaceSelector"]), self._labels_of(other.namespace)):
            return False
        return matches(mapping(peer.get("podSelector")), other.labels)

    def _labels_of(self, namespace: str) -> Mapping[str, str]:
        return {"kubernetes.io/metadata.name": namespace, **self.namespaces.get(namespace, {})}


def _named(opened: Iterable[tuple[str, Ports]], ports: Ports) -> tuple[str, ...]:
    return tuple(sorted(name for name, each in opened if intersection(each, ports)))


PRIVATE_ADDRESSES = ("10.1.2.3", "172.16.1.2", "192.168.1.2", "100.64.1.2", "fd00::1", "fe80::1")


def world_of(resources: Iterable[Resource]) -> tuple[World, tuple[Endpoint, ...]]:
    """The policies and namespaces of a plan, and an endpoint for the pods of each workload.

    An endpoint is called `Kind/name`, with the logical name of the resource.
    """
    namespaces: dict[str, Mapping[str, str]] = {}
    policies: list[Mapping[str, Any]] = []
    pods: list[Endpoint] = []
    for resource in resources:
        if not resource.is_kubernetes:
            continue
        if resource.kind == "Namespace":
            namespaces[str(resource.metadata["name"])] = mapping(resource.metadata.get("labels"))
        elif resource.kind == "NetworkPolicy":
            policies.append(resource.inputs)
        elif resource.pod is not None:
            pods.append(_endpoint(resource, resource.pod))
    return World(namespaces=namespaces, policies=policies), tuple(pods)


def _endpoint(resource: Resource, pod: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        name=f"{resource.kind}/{resource.name}",
        namespace=resource.namespace,
        labels=mapping(mapping(pod.get("metadata")).get("labels")),
        ports={
            str(port["name"]): (str(port.get("protocol", "TCP")), int(port["containerPort"]))
            for container in sequence(mapping(pod.get("spec")).get("containers"))
            for port in sequence(mapping(container).get("ports"))
            if "name" in port
        },
        addresses=PRIVATE_ADDRESSES,
    )


def _directions(spec: Mapping[str, Any]) -> frozenset[str]:
    """Directions a policy is about; unsaid, ingress, and egress if it has a rule for it."""
    types = sequence(spec.get("policyTypes"))
    if types:
        return frozenset(str(each).lower() for each in types)
    return frozenset({"ingress", "egress"} if sequence(spec.get("egress")) else {"ingress"})


def _in_block(address: str, block: Mapping[str, Any]) -> bool:
    left_out = (_is_in(address, str(each)) for each in sequence(block.get("except")))
    return _is_in(address, str(block["cidr"])) and not any(left_out)


@cache
def _is_in(address: str, cidr: str) -> bool:
    try:
        return ip_address(address) in ip_network(cidr, strict=False)
    except ValueError:
        # A preview may not know it, so nothing is known to be in it.
        return False


def _ports(ports: Sequence[Any], target: Endpoint) -> Iterable[Range]:
    """Ports of a rule at `target`, whose own port names count; no list means all of them."""
    if not ports:
        yield from EVERY_PORT
    for each in map(mapping, ports):
        protocol, port = str(each.get("protocol") or "TCP"), each.get("port")
        if port is None:
            yield protocol, FIRST, LAST
        elif isinstance(port, str):
            if port in target.ports and target.ports[port][0] == protocol:
                yield protocol, target.ports[port][1], target.ports[port][1]
        else:
            yield protocol, int(port), int(each.get("endPort") or port)
