"""How a repair finds again what a killed run was making, and who holds a lock."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nexus.repair.findings import Diagnosis, state_in_words
from nexus.repair.identity import Identity, Kind, identity, is_automatic
from nexus.repair.lock import Holder, Lock, read_locks

NAMED, REPEATABLE, DRAWN = Kind.NAMED, Kind.REPEATABLE, Kind.DRAWN
CART = "urn:pulumi:dev::nexus-cos::nexus:services:Workload$kubernetes:apps/v1:Deployment::cart"
OBJECT = {"metadata": {"namespace": "apps", "name": "web"}}

MESSAGE = (
    "error: could not create stack: the stack is currently locked by 2 lock(s). Either wait for "
    "the other process(es) to end or delete the lock file with `pulumi cancel`.\n"
    "  s3://bucket/.pulumi/locks/organization/shop/dev/a.json: created by ann lee@box.example "
    "(pid 12) at 2026-11-27T20:00:00Z\n"
    "  file:///b/c.json?no_tmp_dir=true: created by root@vm (pid 345) at 2026-11-27T21:00:00+01:00"
)


def _resource(kind: str, inputs: dict[str, Any], name: str = "web") -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "inputs": inputs}


@pytest.mark.parametrize(
    ("kind", "inputs", "found"),
    [
        ("kubernetes:apps/v1:Deployment", OBJECT, Identity(NAMED, "apps/web")),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "apps"}}, Identity(NAMED, "apps")),
        (
            "kubernetes:helm.sh/v3:Release",
            {"name": "dns", "namespace": "kube-system"},
            Identity(NAMED, "kube-system/dns"),
        ),
        ("random:index/randomPassword:RandomPassword", {"length": 9}, Identity(REPEATABLE)),
        ("pulumi:providers:aws", {}, Identity(REPEATABLE)),
        ("aws:iam/role:Role", {"name": "r"}, Identity(NAMED, "r")),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "p"}, Identity(NAMED, "r:p")),
        ("aws:rds/cluster:Cluster", {"clusterIdentifier": "db"}, Identity(NAMED, "db")),
        (
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": "/a", "region": "us-east-1"},
            Identity(NAMED, "/a@us-east-1"),
        ),
        (
            "aws:ec2/route:Route",
            {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"},
            Identity(NAMED, "rtb-1_0.0.0.0/0"),
        ),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b"}, Identity(REPEATABLE)),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, Identity(DRAWN)),
        ("aws:mq/broker:Broker", {"brokerName": "q"}, Identity(DRAWN)),
        ("cloudflare:index/zoneSetting:ZoneSetting", {"settingId": "ssl"}, Identity(REPEATABLE)),
        ("cloudflare:index/dnsRecord:DnsRecord", {"name": "a"}, Identity(DRAWN)),
        ("gcp:storage/bucket:Bucket", {"name": "b"}, Identity(DRAWN)),
    ],
)
def test_what_a_resource_is_found_by(kind: str, inputs: dict[str, Any], found: Identity) -> None:
    """A wrong guess takes over something else, or makes a second one."""
    assert identity(_resource(kind, inputs)) == found


@pytest.mark.parametrize(
    ("kind", "inputs", "automatic"),
    [
        (
            "kubernetes:core/v1:Secret",
            {"metadata": {"annotations": {"pulumi.com/autonamed": "true"}}},
            True,
        ),
        ("kubernetes:apps/v1:Deployment", OBJECT, False),
        ("aws:s3/bucket:Bucket", {"bucket": "web-0a1b2c3"}, True),
        ("aws:s3/bucket:Bucket", {"bucket": "shop-web"}, False),
    ],
)
def test_which_names_are_automatic(kind: str, inputs: dict[str, Any], automatic: bool) -> None:
    """What has a fixed name cannot be made beside the one that is to go."""
    assert is_automatic(_resource(kind, inputs)) is automatic


def test_locks_are_read_from_the_refusal() -> None:
    """A lock that is overlooked is one that is broken under a running update."""
    first, second = read_locks(MESSAGE)
    assert (first.user, first.host, first.pid) == ("ann lee", "box.example", 12)
    assert first.since == second.since == datetime(2026, 11, 27, 20, tzinfo=UTC)
    assert second.url == "file:///b/c.json?no_tmp_dir=true"


def test_what_became_of_a_locks_holder() -> None:
    """A process number is given again, and another machine's processes cannot be seen."""
    now = datetime.now(UTC)
    mine = Lock(url="", user="", host=socket.gethostname(), pid=os.getpid(), since=now)
    assert mine.holder() is Holder.ALIVE
    assert replace(mine, since=now - timedelta(days=400)).holder() is Holder.GONE
    assert replace(mine, pid=2**22 + 1).holder() is Holder.GONE
    assert replace(mine, host="elsewhere").holder() is Holder.ELSEWHERE


def test_a_sound_stack_is_told_in_one_sentence() -> None:
    """A heading with nothing under it looks like an answer that was cut off."""
    sound = Diagnosis(locks=(), unsound=None, findings=(), unready={}, before={}, after=None)
    assert [*state_in_words("alice", sound)] == ["Stack 'alice' needs no repair."]
    slow = replace(sound, unready={CART: ("0 of 1 pods are ready.",)})
    head, line = state_in_words("alice", slow)
    assert head == "Stack 'alice' needs no repair:"
    assert line == (
        "- kubernetes:apps/v1:Deployment cart did not get ready: 0 of 1 pods are ready. The next "
        "'pulumi up' tries again"
    )
    broken = replace(sound, unsound="it has gaps", after={})
    assert [*state_in_words("alice", broken)] == [
        "Stack 'alice':",
        "- its state is not sound: it has gaps",
    ]
