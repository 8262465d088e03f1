"""Reachability, held against a reading of the API's rules one connection at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.policy.reachability import EVERY_PORT, Endpoint, World, intersection, union
from nexus.policy.rule import matches
from tests.reachable import holds, matrix

KEYS, VALUES = ("app", "role"), ("a", "b")
NAMESPACES = {"one": {"team": "a"}, "two": {"team": "b"}, "three": {}}
PROBES = [(protocol, port) for protocol in ("TCP", "UDP") for port in (1, 53, 80, 81, 90, 65535)]


# --- The brute-force reading -------------------------------------------------------------------


def number(address: str) -> int:
    result = 0
    for part in address.split("."):
        result = result * 256 + int(part)
    return result


def inside(address: str, cidr: str) -> bool:
    base, length = cidr.split("/")
    return number(address) >> (32 - int(length)) == number(base) >> (32 - int(length))


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if (key, value) not in labels.items():
            return False
    for each in selector.get("matchExpressions", []):
        there, value = each["key"] in labels, labels.get(each["key"])
        verdict = {
            "In": there and value in each.get("values", []),
            "NotIn": not (there and value in each.get("values", [])),
            "Exists": there,
            "DoesNotExist": not there,
        }
        if not verdict[each["operator"]]:
            return False
    return True


def port_fits(entry: Mapping[str, Any], protocol: str, port: int, target: Endpoint) -> bool:
    if entry.get("protocol", "TCP") != protocol:
        return False
    if "port" not in entry:
        return True
    if isinstance(entry["port"], str):
        return target.ports.get(entry["port"]) == (protocol, port)
    return entry["port"] <= port <= entry.get("endPort", entry["port"])


def peer_fits(peer: Mapping[str, Any], policy_namespace: str, other: Endpoint) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return any(
            inside(address, block["cidr"])
            and not any(inside(address, each) for each in block.get("except", []))
            for address in other.addresses
        )
    if other.namespace is None:
        return False
    if "namespaceSelector" in peer:
        labels = {**NAMESPACES[other.namespace], "kubernetes.io/metadata.name": other.namespace}
        if not selects(peer["namespaceSelector"], labels):
            return False
    elif other.namespace != policy_namespace:
        return False
    return selects(peer["podSelector"], other.labels) if "podSelector" in peer else True


def passes(
    policies: Sequence[Mapping[str, Any]],
    source: Endpoint,
    target: Endpoint,
    probe: tuple[str, int],
) -> bool:
    """Whether one connection gets through, rule by rule as the API's documentation has it."""
    for direction, subject, other in (("Egress", source, target), ("Ingress", target, source)):
        if subject.namespace is None:
            continue
        about = [
            policy
            for policy in policies
            if policy["metadata"]["namespace"] == subject.namespace
            and selects(policy["spec"]["podSelector"], subject.labels)
            and (
                direction in policy["spec"]["policyTypes"]
                if "policyTypes" in policy["spec"]
                else direction == "Ingress" or policy["spec"].get("egress")
            )
        ]
        rules = [rule for policy in about for rule in policy["spec"].get(direction.lower(), [])]
        key = "to" if direction == "Egress" else "from"
        open_ = not about or any(
            (
                not rule.get(key)
                or any(peer_fits(peer, subject.namespace, other) for peer in rule[key])
            )
            and (
                not rule.get("ports")
                or any(port_fits(entry, *probe, target) for entry in rule["ports"])
            )
            for rule in rules
        )
        if not open_:
            return False
    return True


# --- Random policies ----------------------------------------------------------------------------

LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)
NAMESPACE_LABELS = st.dictionaries(
    st.sampled_from(("team", "kubernetes.io/metadata.name")),
    st.sampled_from(("a", "b", "one")),
    max_size=1,
)
EXPRESSIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "key": st.sampled_from(KEYS),
                "operator": st.sampled_from(("In", "NotIn")),
                "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
            }
        ),
        st.fixed_dictionaries(
            {
                "key": st.sampled_from(KEYS),
                "operator": st.sampled_from(("Exists", "DoesNotExist")),
            }
        ),
    ),
    max_size=1,
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": EXPRESSIONS}
)
BLOCKS = st.fixed_dictionaries(
    {"cidr": st.sampled_from(("0.0.0.0/0", "10.0.0.0/8", "8.8.8.8/32"))},
    optional={"except": st.lists(st.sampled_from(("10.1.0.0/16", "8.8.0.0/16")), max_size=2)},
)
PEERS = st.one_of(
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries(
        {
            "namespaceSelector": st.fixed_dictionaries(
                {}, optional={"matchLabels": NAMESPACE_LABELS}
            )
        },
        optional={"podSelector": SELECTORS},
    ),
)
PROTOCOL = {"protocol": st.sampled_from(("TCP", "UDP"))}
PORTS = st.one_of(
    st.fixed_dictionaries({}, optional=PROTOCOL),
    st.fixed_dictionaries({"port": st.sampled_from((53, 80, "http", "dns"))}, optional=PROTOCOL),
    st.fixed_dictionaries(
        {"port": st.just(80), "endPort": st.sampled_from((80, 81, 90))}, optional=PROTOCOL
    ),
)


def rules(peers: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    optional = {peers: st.lists(PEERS, max_size=2), "ports": st.lists(PORTS, max_size=2)}
    return st.lists(st.fixed_dictionaries({}, optional=optional), max_size=2)


POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "metadata": st.fixed_dictionaries({"namespace": st.sampled_from(tuple(NAMESPACES))}),
            "spec": st.fixed_dictionaries(
                {"podSelector": SELECTORS},
                optional={
                    "policyTypes": st.sampled_from(
                        (["Ingress"], ["Egress"], ["Ingress", "Egress"])
                    ),
                    "ingress": rules("from"),
                    "egress": rules("to"),
                },
            ),
        }
    ),
    max_size=5,
)
ENDPOINTS = st.lists(
    st.builds(
        lambda namespace, labels, ports, addresses: (namespace, labels, ports, addresses),
        st.sampled_from((*NAMESPACES, None)),
        LABELS,
        st.dictionaries(
            st.sampled_from(("http", "dns")),
            st.sampled_from((("TCP", 80), ("TCP", 81), ("UDP", 53))),
        ),
        st.sampled_from((("10.1.2.3",), ("10.2.2.3", "192.168.0.1"), ("8.8.8.8",), ())),
    ),
    min_size=2,
    max_size=4,
).map(
    lambda drawn: [
        Endpoint(
            name=str(index),
            namespace=namespace,
            labels=labels if namespace else {},
            ports=ports if namespace else {},
            addresses=addresses,
        )
        for index, (namespace, labels, ports, addresses) in enumerate(drawn)
    ]
)


@settings(max_examples=300, deadline=None)
@given(policies=POLICIES, endpoints=ENDPOINTS)
def test_agrees_with_the_brute_force_reading(
    policies: list[dict[str, Any]], endpoints: list[Endpoint]
) -> None:
    """A proof of isolation is worth what its reading of the API's rules is worth."""
    world = World(namespaces=NAMESPACES, policies=policies)
    for source, target in itertools.product(endpoints, repeat=2):
        ports = world.allowed(source, target)
        for probe in PROBES:
            assert holds(ports, *probe) == passes(policies, source, target, probe), (
                source,
                target,
                probe,
            )


# --- What the random ones may miss ------------------------------------------------------------


def policy(spec: dict[str, Any], namespace: str = "one") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace}, "spec": spec}


CALLER = Endpoint(name="caller", namespace="one", labels={"app": "a"}, addresses=("10.1.2.3",))
CALLEE = Endpoint(name="callee", namespace="two", labels={"app": "b"}, addresses=("10.1.2.4",))


def allowed(*policies: dict[str, Any]) -> object:
    return World(namespaces=NAMESPACES, policies=policies).allowed(CALLER, CALLEE)


def test_without_policies_everything_is_open() -> None:
    """A cluster without policies is open; an answer of 'denied' would hide that."""
    assert allowed() == EVERY_PORT


@pytest.mark.parametrize("side", ["one", "two"])
def test_either_side_can_deny(side: str) -> None:
    """A rule at the callee alone does not let a denied caller out."""
    direction = "Egress" if side == "one" else "Ingress"
    assert allowed(policy({"podSelector": {}, "policyTypes": [direction]}, side)) == ()


def test_a_pod_selector_alone_stays_in_its_namespace() -> None:
    """Read as 'everywhere', a neighbour with a copied label would look allowed or denied."""
    rule = {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "a"}}}]}]}
    assert allowed(policy({"podSelector": {}, **rule}, "two")) == ()
    with_namespace = {"from": [{"podSelector": {}, "namespaceSelector": {}}]}
    assert allowed(policy({"podSelector": {}, "ingress": [with_namespace]}, "two")) == EVERY_PORT


@pytest.mark.parametrize(
    ("address", "inside"),
    [("8.8.8.8", True), ("10.1.2.3", False), ("10.2.0.1", True), ("fd00::1", False)],
)
def test_exceptions_of_a_block_hold(address: str, inside: bool) -> None:
    """'The internet but our own network' would otherwise hold our own network."""
    block = {"cidr": "0.0.0.0/0", "except": ["10.1.0.0/16", "192.168.0.0/16"]}
    world = World(
        namespaces=NAMESPACES,
        policies=[policy({"podSelector": {}, "egress": [{"to": [{"ipBlock": block}]}]})],
    )
    host = Endpoint(name="host", addresses=(address,))
    assert bool(world.allowed(CALLER, host)) is inside


def test_unknown_operators_are_refused() -> None:
    """A misspelt operator must not pass for one that selects nothing."""
    with pytest.raises(ValueError, match="no operator"):
        matches({"matchExpressions": [{"key": "app", "operator": "in", "values": ["a"]}]}, {})


def test_matrix_lists_pairs_that_can_talk() -> None:
    """Pairs that cannot talk must not be counted as edges."""
    world = World(namespaces=NAMESPACES, policies=[policy({"podSelector": {}}, "two")])
    assert set(matrix(world, [CALLER, CALLEE], [CALLER, CALLEE])) == {
        ("caller", "caller"),
        ("callee", "caller"),
    }


def test_ranges_of_ports_are_sets() -> None:
    """Two writings of one set of ports must compare as equal."""
    assert union([("TCP", 5, 9), ("TCP", 1, 4), ("UDP", 1, 1)]) == (("TCP", 1, 9), ("UDP", 1, 1))
    assert intersection((("TCP", 1, 9),), (("TCP", 9, 12), ("UDP", 1, 9))) == (("TCP", 9, 9),)
