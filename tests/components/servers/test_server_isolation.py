"""The network policies of a server and its Jobs, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.traffic import Addresses, Pods, Traffic
from components.servers.server_isolation import ServerIsolation, ServerIsolationArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

SERVER = Pods(namespace="nexus-data", component="server", names=("postgres",))
CALLERS = Traffic(
    peers=(Pods(namespace="nexus-shop", component="workload", names=("cart", "stock")),),
    port=5432,
)
ARGS = ServerIsolationArgs(
    context=CONTEXT,
    namespace="nexus-data",
    server="postgres",
    callers=(CALLERS,),
    jobs=("cart-database", "stock-database"),
    bootstrap=(Traffic(peers=(SERVER,), port=5432),),
)
MANAGED = replace(
    ARGS,
    server=None,
    callers=(),
    bootstrap=(
        Traffic(peers=(Addresses(blocks=(("10.0.192.0/20", ()),)),), port=5432),
        Traffic(peers=(Addresses(blocks=(("10.0.0.0/16", ()),)),), port=443),
    ),
)


def made(args: ServerIsolationArgs = ARGS) -> Recording:
    return record(lambda: ServerIsolation("postgres", args))


def spec(isolation: Recording, name: str) -> dict[str, Any]:
    policy = isolation.one("NetworkPolicy", name).inputs
    assert policy["metadata"]["namespace"] == "nexus-data"
    assert policy["metadata"]["name"] == name
    assert sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
    return policy["spec"]


def selected(names: tuple[str, ...], component: str) -> dict[str, Any]:
    return {
        "matchLabels": {"app.kubernetes.io/component": component},
        "matchExpressions": [
            {"key": "app.kubernetes.io/name", "operator": "In", "values": list(names)}
        ],
    }


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ServerIsolation, made())


def test_callers_and_jobs_come_in_and_nothing_goes_out() -> None:
    """One rule too few is an outage; a server that can call out is where data leaves."""
    server = spec(made(), "postgres")
    assert server["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "postgres",
        "app.kubernetes.io/component": "server",
    }
    assert "egress" not in server
    callers, jobs = server["ingress"]
    assert callers["from"][0]["podSelector"] == selected(("cart", "stock"), "workload")
    assert jobs["from"][0]["podSelector"] == selected(ARGS.jobs, "bootstrap")
    place = {"kubernetes.io/metadata.name": "nexus-data"}
    assert jobs["from"][0]["namespaceSelector"]["matchLabels"] == place
    for rule in (callers, jobs):
        assert rule["ports"] == [{"protocol": "TCP", "port": 5432}]


def test_jobs_reach_their_server_alone() -> None:
    """Jobs hold the master's password: they have no business anywhere else."""
    jobs = spec(made(), "postgres-bootstrap")
    assert jobs["podSelector"] == selected(ARGS.jobs, "bootstrap")
    assert "ingress" not in jobs
    [rule] = jobs["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5432}]
    assert rule["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "postgres"


def test_server_outside_of_the_cluster_has_no_policy_here() -> None:
    """A policy for a server that is not there says that something is held back."""
    isolation = made(MANAGED)
    assert isolation.labels() == {"NetworkPolicy postgres-bootstrap"}
    server, aws = spec(isolation, "postgres-bootstrap")["egress"]
    assert server["to"] == [{"ipBlock": {"cidr": "10.0.192.0/20"}}]
    assert aws["ports"] == [{"protocol": "TCP", "port": 443}]


def test_server_without_jobs_admits_its_callers_alone() -> None:
    """A rule without names would let every Job of the namespace in."""
    isolation = made(replace(ARGS, jobs=()))
    assert isolation.labels() == {"NetworkPolicy postgres"}
    [rule] = spec(isolation, "postgres")["ingress"]
    assert rule["from"][0]["podSelector"] == selected(("cart", "stock"), "workload")


def test_server_that_nobody_calls_admits_nobody() -> None:
    """A policy with an empty rule admits everybody."""
    isolation = made(replace(ARGS, callers=(), jobs=()))
    assert "ingress" not in spec(isolation, "postgres")


def test_traffic_with_nobody_is_an_error() -> None:
    """A rule without peers means anybody."""

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="Traffic needs a peer; leave it out"):
            ServerIsolation("bad", replace(ARGS, callers=(Traffic(peers=(), port=5432),)))
        return {}

    record(build)
