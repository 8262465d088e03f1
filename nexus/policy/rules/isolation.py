"""Rules of isolation: what is not allowed by name is denied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from nexus.policy.rule import Finding, Pod, matches, of_kind, pod_labels, pods, rule
from nexus.policy.rules.pods import reads_logs
from nexus.pulumi.resource import Resource, mapping, sequence

_LEVEL = "pod-security.kubernetes.io/enforce"
_DIRECTIONS = {"Ingress": "from", "Egress": "to"}
_DNS = 53
_PRIVATE = tuple(
    ip_network(block)
    for block in (
        *("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
        *("fc00::/7", "fe80::/10"),
    )
)
"""Where pods, nodes and a cloud's metadata service are (IANA's special-purpose registries)."""


@rule
def namespaces_are_restricted(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every namespace enforces the restricted Pod Security level, but one where logs are read."""
    reading = {resource.namespace for resource, pod in pods(resources) if _only_reads_logs(pod)}
    others = {resource.namespace for resource, pod in pods(resources) if not _only_reads_logs(pod)}
    for namespace in of_kind(resources, "Namespace"):
        if namespace.metadata.get("name") in reading - others:
            continue
        if mapping(namespace.metadata.get("labels")).get(_LEVEL) != "restricted":
            yield namespace, f"pods of any kind are admitted; label it {_LEVEL}: restricted."


def _only_reads_logs(pod: Pod) -> bool:
    volumes = [mapping(each) for each in sequence(pod.get("volumes"))]
    return any(reads_logs(volume, pod) for volume in volumes if volume.get("hostPath"))


@rule
def namespaces_are_limited(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every namespace has a quota."""
    limited = {each.namespace for each in of_kind(resources, "ResourceQuota")}
    for namespace in of_kind(resources, "Namespace"):
        if namespace.metadata.get("name") not in limited:
            yield namespace, "it may use the whole cluster; add a ResourceQuota."


@rule
def namespaces_deny_by_default(resources: Sequence[Resource]) -> Iterator[Finding]:
    """A pod that nobody thought of can neither call nor be called."""
    policies = of_kind(resources, "NetworkPolicy")
    for namespace in of_kind(resources, "Namespace"):
        whole = [
            each
            for each in policies
            if each.namespace == namespace.metadata.get("name")
            and not mapping(each.spec.get("podSelector"))
        ]
        for direction in _DIRECTIONS:
            if not any(direction in sequence(each.spec.get("policyTypes")) for each in whole):
                yield (
                    namespace,
                    f"a new pod is open for {direction.lower()}; add a NetworkPolicy for all pods "
                    f"with policy type {direction}.",
                )


@rule
def pods_are_isolated(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every pod's traffic is held by a NetworkPolicy, both ways."""
    policies = of_kind(resources, "NetworkPolicy")
    for resource in resources:
        if resource.pod is None:
            continue
        labels = pod_labels(resource)
        for direction in _DIRECTIONS:
            if not any(
                each.namespace == resource.namespace
                and direction in sequence(each.spec.get("policyTypes"))
                and matches(mapping(each.spec.get("podSelector")), labels)
                for each in policies
            ):
                yield resource, f"no NetworkPolicy holds its {direction.lower()}; add one."


@rule
def network_rules_name_peers_and_ports(resources: Sequence[Resource]) -> Iterator[Finding]:
    """No network rule holds for everybody, every port or every namespace."""
    for policy in of_kind(resources, "NetworkPolicy"):
        for direction, peers in _DIRECTIONS.items():
            for each in map(mapping, sequence(policy.spec.get(direction.lower()))):
                for complaint in _too_wide(each, peers):
                    yield policy, f"an {direction.lower()} rule {complaint}"


def _too_wide(rule: Mapping[str, Any], key: str) -> Iterator[str]:
    ports = [mapping(each) for each in sequence(rule.get("ports"))]
    if not ports or any(each.get("port") is None for each in ports):
        yield "holds for every port; name the port."
    peers = [mapping(each) for each in sequence(rule.get(key))]
    if not peers:
        yield f"holds for everybody; list peers under '{key}'."
    for peer in peers:
        namespaces = peer.get("namespaceSelector")
        if namespaces is not None and not mapping(namespaces):
            yield "holds for every namespace; select one by its name."
        is_dns = all(each.get("port") == _DNS for each in ports)
        if not is_dns and _holds_public_and_private(mapping(peer.get("ipBlock"))):
            yield "holds for private addresses too; list them under 'except'."


def _holds_public_and_private(block: Mapping[str, Any]) -> bool:
    """Whether a block of public addresses admits private ones besides: pods, nodes, metadata.

    A block within a private range, such as a network's subnets, is meant to be just that.
    """
    try:
        whole = ip_network(str(block.get("cidr")))
        excluded = [ip_network(str(each)) for each in sequence(block.get("except"))]
    except ValueError:
        return False
    return any(
        _within(private, whole) and not any(_within(private, each) for each in excluded)
        for private in _PRIVATE
    )


def _within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    first, last = int(outer.network_address), int(outer.broadcast_address)
    inside = first <= int(inner.network_address) and int(inner.broadcast_address) <= last
    return inner.version == outer.version and inside


@rule
def one_way_in(resources: Sequence[Resource]) -> Iterator[Finding]:
    """No Service is reached from outside of the cluster."""
    for service in of_kind(resources, "Service"):
        kind = service.spec.get("type") or "ClusterIP"
        if kind != "ClusterIP":
            yield service, f"it is reached around the gateway (type {kind}); use ClusterIP."
