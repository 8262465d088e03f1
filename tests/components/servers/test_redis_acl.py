"""The ACL file on a real Valkey or Redis server: what a service reaches, and what it cannot."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
import redis
from redis.client import PubSub
from redis.exceptions import NoPermissionError

from components.aws.elasti_cache import NOBODY
from components.servers.acl import access, acl_file
from tests.components.servers.acl_users import SERVICES, acl_of, hash_of, password_of
from tests.patience import PATIENCE_SECONDS
from tests.servers.valkey import ADMIN_PASSWORD, ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("valkey")


def service_client(server: ValkeyServer, service: str) -> redis.Redis:
    return server.client(service, password_of(service))


def test_loading_the_file_again_changes_nothing(valkey: ValkeyServer, admin: redis.Redis) -> None:
    """Outage: a restart of the server comes up with other rights than before."""
    before = admin.acl_list()
    assert len(before) == len(SERVICES) + 3
    # Loading may close every connection, its own after the reply.
    with valkey.client("admin", ADMIN_PASSWORD) as client:
        client.acl_load()
    with valkey.client("admin", ADMIN_PASSWORD) as client:
        assert client.acl_list() == before


def test_rights_are_written_as_a_server_says_them(valkey: ValkeyServer, admin: redis.Redis) -> None:
    """ElastiCache answers so, and the AWS provider compares texts: each run changed each user."""
    admin.execute_command("ACL", "SETUSER", "nobody", *NOBODY.split())
    said = {
        name: rights.replace("sanitize-payload ", "")
        for _, name, rights in (str(line).split(" ", 2) for line in admin.acl_list())
    }
    admin.execute_command("ACL", "DELUSER", "nobody")
    assert said["nobody"] == NOBODY
    # Before 7.2 a server wrote its commands anew; since then it keeps them as they were given.
    keeps = tuple(map(int, str(admin.info("server")["redis_version"]).split(".")[:2])) >= (7, 2)
    for service in SERVICES:
        password = f"#{hash_of(password_of(service))} "
        found, wanted = said[service].replace(password, ""), access(service)
        if not keeps:
            found, wanted = (text.partition(" -@all ")[0] for text in (found, wanted))
        assert found == wanted


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_and_writes_its_own(
    valkey: ValkeyServer, admin: redis.Redis, service: str
) -> None:
    """Outage: sessions cannot be stored, so nobody can sign in."""
    with service_client(valkey, service) as client:
        assert client.set(f"{service}:text", "here", ex=60)
        assert client.get(f"{service}:text") == "here"
        with client.pipeline(transaction=True) as pipeline:
            pipeline.watch(f"{service}:count")
            pipeline.multi()
            pipeline.incr(f"{service}:count")
            pipeline.lpush(f"{service}:list", "a")
            pipeline.xadd(f"{service}:stream", {"field": "value"})
            pipeline.zadd(f"{service}:set", {"member": 1.5})
            pipeline.rename(f"{service}:list", f"{service}:renamed")
            assert len(pipeline.execute()) == 5
        with client.pubsub() as subscription:
            subscription.subscribe(f"{service}:events")
            subscription.psubscribe(f"{service}:*")
            _messages(subscription, 2)
            client.publish(f"{service}:events", "news")
            kinds = {message["type"] for message in _messages(subscription, 2)}
            assert kinds == {"message", "pmessage"}
        assert client.unlink(f"{service}:text") == 1
    assert admin.exists(f"{service}:renamed", f"{service}:count") == 2


def _messages(subscription: PubSub, number: int) -> list[Any]:
    found: list[Any] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < number and time.monotonic() < deadline:
        message = subscription.get_message(timeout=0.1)
        found += [message] if message else []
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_refused_at_every_other_ones(
    valkey: ValkeyServer, admin: redis.Redis, service: str
) -> None:
    """Outage: one leaked password opens every session and token."""
    others = [other for other in SERVICES if other != service]
    with service_client(valkey, service) as client:
        for other in others:
            admin.set(f"{other}:key", "secret")
            mine, theirs = f"{service}:key", f"{other}:key"
            for command in (
                ("GET", theirs),
                ("SET", theirs, "mine"),
                ("DEL", theirs),
                ("EXISTS", theirs),
                ("WATCH", theirs),
                ("COPY", theirs, mine),
                ("RENAME", mine, theirs),
                ("GEORADIUS", mine, "0", "0", "1", "km", "STORE", theirs),
                ("XREAD", "STREAMS", theirs, "0"),
                ("OBJECT", "ENCODING", theirs),
                ("GET", other),
                ("GET", f"{service}"),
                ("GET", f"{service}-2:key"),
                ("PUBLISH", f"{other}:events", "forged"),
                ("SPUBLISH", f"{other}:events", "forged"),
                ("SUBSCRIBE", f"{other}:events"),
                ("SSUBSCRIBE", f"{other}:events"),
                ("PSUBSCRIBE", f"{other}:*"),
                ("PSUBSCRIBE", "*"),
                ("PSUBSCRIBE", "__key*__:*"),
                ("SUBSCRIBE", f"__keyspace@0__:{theirs}"),
            ):
                with pytest.raises(NoPermissionError):
                    client.execute_command(*command)
            assert admin.get(theirs) == "secret"


@pytest.mark.parametrize(
    "command",
    [
        "SCAN 0",
        "KEYS *",
        "RANDOMKEY",
        "DBSIZE",
        "PUBSUB CHANNELS",
        "PUBSUB NUMPAT",
        "PUBSUB NUMSUB x",
        "PUBSUB SHARDCHANNELS",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "CLIENT PAUSE 1",
        "CLIENT UNBLOCK 1",
        "CLIENT TRACKING on BCAST",
        "CLIENT NO-EVICT on",
        "EVAL return 0",
        "EVAL_RO return 0",
        "SCRIPT FLUSH",
        "SCRIPT KILL",
        "FUNCTION FLUSH",
        "FUNCTION LIST",
        "FUNCTION DUMP",
        "FUNCTION DELETE x",
        "FCALL x 0",
        "SORT key-service:x",
        "SORT_RO key-service:x",
        "MIGRATE 127.0.0.1 1 key-service:x 0 1",
        "RESTORE key-service:x 0 x",
        "PFMERGE key-service:x",
        "SWAPDB 0 1",
        "FLUSHALL",
        "FLUSHDB",
        "MONITOR",
        "INFO",
        "CONFIG GET *",
        "ACL LIST",
        "ACL SETUSER intruder",
        "ACL LOAD",
        "SLOWLOG GET",
        "LATENCY LATEST",
        "MEMORY STATS",
        "MODULE LIST",
        "CLUSTER NODES",
        "REPLICAOF NO ONE",
        "ROLE",
        "SAVE",
        "SHUTDOWN NOSAVE",
        "FAILOVER",
        "PSYNC ? -1",
    ],
)
def test_a_service_cannot_look_around_or_govern(valkey: ValkeyServer, command: str) -> None:
    """Outage: one service lists everybody's keys, runs code or stops the server."""
    client = service_client(valkey, "key-service")
    with client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split(" "))


def test_nobody_gets_in_without_a_name(valkey: ValkeyServer) -> None:
    """Outage: whoever reaches the port is let in as the default user."""
    with socket.create_connection(
        ("127.0.0.1", valkey.port), timeout=PATIENCE_SECONDS
    ) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")
    for user, password in (("default", ""), ("scheduler", "wrong"), ("nobody", "x")):
        with valkey.client(user, password) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_a_probe_can_do_nothing_but_ping(valkey: ValkeyServer) -> None:
    """Outage: the health check's user, who needs no password, reads sessions."""
    with valkey.client("probe", "anything") as client:
        assert client.ping()
        for command in (("GET", "x"), ("INFO",), ("PUBLISH", "x", "x"), ("ECHO", "x"), ("DBSIZE",)):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command)


def test_a_new_password_replaces_the_old_one(admin: redis.Redis) -> None:
    """Outage: after a rotation the old password still opens every token."""
    with valkey_server(acl_of(SERVICES)) as server:
        new = {"token-mgr": hash_of("fresh")}
        server.acl_file.write_text(acl_file(new, admin=hash_of(ADMIN_PASSWORD)))
        with server.client("admin", ADMIN_PASSWORD) as client:
            client.acl_load()
        with server.client("token-mgr", "fresh") as client:
            assert client.set("token-mgr:key", "here")
        for service in ("token-mgr", "scheduler"):
            client = service_client(server, service)
            with client, pytest.raises(redis.AuthenticationError):
                client.ping()
