"""Users of another service's keys, on a real Valkey or Redis server: what they read and change."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import redis
from redis.exceptions import NoPermissionError

from components.servers.acl import KeysOf, access, acl_file
from tests.components.servers.acl_users import hash_of, password_of
from tests.servers.valkey import ADMIN_PASSWORD, ValkeyServer, valkey_server

pytestmark = pytest.mark.xdist_group("valkey")

OWNER, READER, WRITER, STRANGER = "sessions", "reports", "sweeper", "billing"
SOFTWARE, ITS_READER = "sidekiq", "dashboard"
KEYS = {
    READER: KeysOf(service=OWNER, writes=False),
    WRITER: KeysOf(service=OWNER, writes=True),
}


@pytest.fixture(scope="module")
def server() -> Generator[ValkeyServer]:
    hashes = {name: hash_of(password_of(name)) for name in (OWNER, READER, WRITER, STRANGER)}
    with valkey_server(acl_file(hashes, keys=KEYS, admin=hash_of(ADMIN_PASSWORD))) as running:
        with running.client(OWNER, password_of(OWNER)) as owner:
            owner.set("sessions:1", "ann")
            owner.xadd("sessions:stream", {"id": "1"})
            owner.xgroup_create("sessions:stream", "workers", id="0")
            owner.pfadd("sessions:count", "ann")
        yield running


def as_user(server: ValkeyServer, user: str) -> redis.Redis:
    return server.client(user, password_of(user))


@pytest.mark.parametrize("user", [READER, WRITER])
def test_both_read_the_owner_s_keys(server: ValkeyServer, user: str) -> None:
    """A report about sessions that finds none."""
    with as_user(server, user) as client:
        assert client.get("sessions:1") == "ann"
        assert client.xlen("sessions:stream") == 1
        assert client.exists("sessions:none") == 0


def test_who_writes_changes_them_and_sends_messages(server: ValkeyServer) -> None:
    """A sweeper that may not sweep."""
    with as_user(server, WRITER) as client:
        assert client.set("sessions:2", "bob")
        assert client.delete("sessions:2") == 1
        client.publish("sessions:events", "swept")


@pytest.mark.parametrize(
    "command",
    [
        *("SET sessions:1 eve", "DEL sessions:1", "EXPIRE sessions:1 1", "GETDEL sessions:1"),
        *("RENAME sessions:1 sessions:9", "COPY sessions:1 sessions:9", "GETEX sessions:1 EX 1"),
        "XREADGROUP GROUP workers me STREAMS sessions:stream >",
        "XADD sessions:stream * id 2",
        "XGROUP DESTROY sessions:stream workers",
        "PUBLISH sessions:events forged",
        "SUBSCRIBE sessions:events",
        "SET reports:1 mine",
        "SORT sessions:1 STORE sessions:9",
        "PFMERGE sessions:count sessions:count",
    ],
)
def test_who_reads_changes_nothing(server: ValkeyServer, command: str) -> None:
    """A report takes messages away from the workers, or ends everybody's session."""
    with as_user(server, READER) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split())


@pytest.mark.parametrize("user", [READER, WRITER])
def test_neither_reaches_a_third_one_s_keys(server: ValkeyServer, user: str) -> None:
    """A grant of one service's keys would be one of all."""
    with as_user(server, STRANGER) as client:
        client.set("billing:card", "4111")
    for command in ("GET billing:card", "GET sessions", "GET sessions-2:1", "SCAN 0", "DBSIZE"):
        with as_user(server, user) as client, pytest.raises(NoPermissionError):
            client.execute_command(*command.split())
    with as_user(server, STRANGER) as client, pytest.raises(NoPermissionError):
        client.get("sessions:1")


def test_no_command_of_a_reader_writes(server: ValkeyServer) -> None:
    """A command of a newer server, or one overlooked in the list above."""
    with server.client("admin", ADMIN_PASSWORD) as admin:
        known = admin.command()
        # Of a container's subcommands the server tells no number of arguments here.
        for each in sorted({str(name) for name in admin.acl_cat("write")} & set(known)):
            arguments = ["sessions:1"] * (abs(known[each]["arity"]) - 1)
            said = admin.execute_command("ACL", "DRYRUN", READER, each, *arguments)
            assert f"no permissions to run the '{each}' command" in str(said)


def test_rights_are_written_as_a_server_says_them(server: ValkeyServer) -> None:
    """ElastiCache answers so, and the AWS provider compares texts: each run changed each user."""
    with server.client("admin", ADMIN_PASSWORD) as admin:
        said = {str(line).split(" ")[1]: str(line) for line in admin.acl_list()}
    for user, keys in KEYS.items():
        rights = said[user].replace("sanitize-payload ", "")
        rights = rights.replace(f"#{hash_of(password_of(user))} ", "").partition(" -@all ")[0]
        assert rights == f"user {user} {access(user, keys)}".partition(" -@all ")[0]
    whole = f"user x {access('x', KeysOf(service=None, writes=True))}"
    with server.client("admin", ADMIN_PASSWORD) as admin:
        admin.execute_command("ACL", "SETUSER", *whole.split()[1:])
        [found] = [str(line) for line in admin.acl_list() if str(line).startswith("user x ")]
        admin.execute_command("ACL", "DELUSER", "x")
    assert found.replace("sanitize-payload ", "").startswith("user x on ~* &* ")


@pytest.fixture(scope="module")
def apart() -> Generator[ValkeyServer]:
    """A server of one service, whose software knows no prefix, and who reads its keys."""
    keys = {
        SOFTWARE: KeysOf(service=None, writes=True),
        ITS_READER: KeysOf(service=None, writes=False),
    }
    hashes = {name: hash_of(password_of(name)) for name in keys}
    with valkey_server(acl_file(hashes, keys=keys, admin=hash_of(ADMIN_PASSWORD))) as running:
        yield running


def test_software_that_knows_no_prefix_works_on_a_server_of_its_own(apart: ValkeyServer) -> None:
    """It ends at its first key, its first script, or when it looks which keys there are."""
    with as_user(apart, SOFTWARE) as client:
        client.lpush("queue:default", "job")
        assert client.eval("return redis.call('RPOP', KEYS[1])", 1, "queue:default") == "job"
        client.set("stat:processed", 1)
        assert list(client.scan_iter("stat:*")) == ["stat:processed"]
        assert client.keys("stat:*") == ["stat:processed"]
        assert client.info("server")
        assert client.dbsize() == 1
        client.publish("anything", "news")
        assert client.select(1)
    with as_user(apart, ITS_READER) as client:
        assert client.get("stat:processed") == "1"
        for command in ("SET stat:processed 2", "PUBLISH anything x", "FLUSHDB", "EVAL return 0"):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


def test_an_own_server_is_governed_by_operators_alone(apart: ValkeyServer) -> None:
    """A service's password changes the users, or stops the server."""
    with as_user(apart, SOFTWARE) as client:
        for command in ("ACL LIST", "CONFIG GET *", "SHUTDOWN NOSAVE", "REPLICAOF NO ONE", "SAVE"):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


@pytest.mark.parametrize("name", ["a b", "a\nuser x on", "*", "admin"])
def test_a_hostile_owner_is_refused(name: str) -> None:
    """A name with a blank in it would be a rule."""
    with pytest.raises(ValueError, match="Redis user"):
        access(READER, KeysOf(service=name, writes=False))
