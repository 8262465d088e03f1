"""Who may talk to whom, as the rules of a NetworkPolicy. Nothing is allowed that is not listed.

Policies select pods by labels that are there anyway, so adding one changes no pod. What holds
without a rule: a pod reaches itself, and the node it runs on reaches it, which is how probes of
the kubelet arrive. No rule leads to the Kubernetes API, because no pod has a token to use there.
Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pulumi_kubernetes.meta.v1 import LabelSelectorArgsDict, LabelSelectorRequirementArgsDict
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyIngressRuleArgsDict,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Label that the API server gives every namespace: its name."""

HTTPS = 443

PRIVATE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
)
"""IPv4 ranges of no public API (IANA's special-purpose registry): pods, nodes, the metadata
service of a cloud and the networks behind it. A cluster whose pods have other addresses must not
rely on this rule alone."""

PRIVATE_6 = ("fc00::/7", "fe80::/10")
"""The same for IPv6."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of one role in a namespace.

    Args:
        component: role, as `Context.labels` gives it; None for every pod of the namespace.
        names: names of the things they belong to; empty for all of that role.
    """

    namespace: str
    component: str | None = None
    names: tuple[str, ...] = ()

    def peers(self) -> list[NetworkPolicyPeerArgsDict]:
        """The peer that selects these pods."""
        peer: NetworkPolicyPeerArgsDict = {
            "namespace_selector": {"match_labels": {NAMESPACE_LABEL: self.namespace}}
        }
        if self.component is not None:
            peer["pod_selector"] = pod_selector(self.component, self.names)
        return [peer]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Pods that others run in the same cluster, by the labels that they gave them."""

    namespace: str
    labels: Mapping[str, str]

    def peers(self) -> list[NetworkPolicyPeerArgsDict]:
        """The peer that selects these pods."""
        return [
            {
                "namespace_selector": {"match_labels": {NAMESPACE_LABEL: self.namespace}},
                "pod_selector": {"match_labels": {**self.labels}},
            }
        ]


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Addresses outside the cluster: CIDR blocks, each with those inside it that are left out."""

    blocks: tuple[tuple[str, tuple[str, ...]], ...]

    def peers(self) -> list[NetworkPolicyPeerArgsDict]:
        """One peer per block."""
        peers: list[NetworkPolicyPeerArgsDict] = []
        for cidr, excluded in self.blocks:
            peers.append({"ip_block": {"cidr": cidr, **_except(excluded)}})
        return peers


PUBLIC = Addresses(blocks=(("0.0.0.0/0", PRIVATE), ("::/0", PRIVATE_6)))
"""The internet. Which host of it is for the cluster's DNS-aware policies, where there are any."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Traffic with `peers` on the TCP port `port` of whoever is called."""

    peers: tuple[Pods | Labelled | Addresses, ...]
    port: int


def pod_selector(component: str, names: tuple[str, ...] = ()) -> LabelSelectorArgsDict:
    """Selector of the pods of a role, all of them or those that belong to `names`."""
    role = {"app.kubernetes.io/component": component}
    if not names:
        return {"match_labels": role}
    if len(names) == 1:
        return {"match_labels": {"app.kubernetes.io/name": names[0], **role}}
    expression: LabelSelectorRequirementArgsDict = {
        "key": "app.kubernetes.io/name",
        "operator": "In",
        "values": list(names),
    }
    return {"match_labels": role, "match_expressions": [expression]}


def policy_spec(
    selected: LabelSelectorArgsDict,
    *,
    ingress: Iterable[Traffic] = (),
    egress: Iterable[Traffic] = (),
) -> NetworkPolicySpecArgsDict:
    """A policy that denies the pods `selected` all traffic both ways but `ingress` and `egress`."""
    into: list[NetworkPolicyIngressRuleArgsDict] = [
        {"from_": _peers(traffic), "ports": [_port(traffic.port)]} for traffic in ingress
    ]
    out_of: list[NetworkPolicyEgressRuleArgsDict] = [
        {"to": _peers(traffic), "ports": [_port(traffic.port)]} for traffic in egress
    ]
    spec: NetworkPolicySpecArgsDict = {
        "pod_selector": selected,
        "policy_types": ["Ingress", "Egress"],
    }
    if into:
        spec["ingress"] = into
    if out_of:
        spec["egress"] = out_of
    return spec


def dns_only(resolvers: tuple[str, ...] = ()) -> NetworkPolicySpecArgsDict:
    """A policy for every pod of a namespace: nothing in, and nothing out but DNS.

    Args:
        resolvers: CIDR blocks of resolvers that are no pods of the cluster's DNS: a
            node-local cache (169.254.20.10/32), or the cluster address of a resolver
            that runs on the node itself, as on EKS Auto Mode.
    """
    dns: NetworkPolicyPeerArgsDict = {
        "namespace_selector": {"match_labels": {NAMESPACE_LABEL: "kube-system"}},
        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
    }
    to = [dns, *Addresses(blocks=tuple((cidr, ()) for cidr in resolvers)).peers()]
    ports = [_port(53, "UDP"), _port(53)]
    return {
        "pod_selector": {},
        "policy_types": ["Ingress", "Egress"],
        "egress": [{"to": to, "ports": ports}],
    }


def _peers(traffic: Traffic) -> list[NetworkPolicyPeerArgsDict]:
    """The peers of a rule; never empty, because no peer means anybody."""
    peers = [peer for each in traffic.peers for peer in each.peers()]
    if not peers:
        raise ValueError("Traffic needs a peer; leave it out where there is none.")
    return peers


def _port(port: int, protocol: Literal["TCP", "UDP"] = "TCP") -> NetworkPolicyPortArgsDict:
    return {"protocol": protocol, "port": port}


def _except(excluded: tuple[str, ...]) -> dict[Literal["except_"], list[str]]:
    return {"except_": list(excluded)} if excluded else {}
