"""Every command that a service may run, tried on a real server for what it tells of others."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.components.servers.acl_users import password_of
from tests.servers.valkey import ValkeyServer

pytestmark = pytest.mark.xdist_group("valkey")

ATTACKER, VICTIM = "session-mgr", "token-mgr"

HARMLESS = {
    "asking",
    "auth",
    "client|caching",
    "client|capa",
    "client|getname",
    "client|getredir",
    "client|help",
    "client|id",
    "client|import-source",
    "client|info",
    "client|no-touch",
    "client|reply",
    "client|setinfo",
    "client|setname",
    "client|trackinginfo",
    "command|count",
    "command|docs",
    "command|getkeys",
    "command|getkeysandflags",
    "command|help",
    "command|info",
    "command|list",
    "discard",
    "echo",
    "exec",
    "hello",
    "lolwut",
    "multi",
    "ping",
    "psubscribe",
    "publish",
    "punsubscribe",
    "quit",
    "readonly",
    "readwrite",
    "reset",
    "select",
    "subscribe",
    "unsubscribe",
    "unwatch",
    "wait",
    "waitaof",
}
"""Commands without a key that were looked at: they speak of the caller's own connection or of
the server's commands, or their channels are checked."""

SHAPES = (
    "K",
    "K K",
    "K K K",
    "K 1",
    "K 1 1",
    "K 1 1 1",
    "1 K",
    "1 K 1",
    "1 1 K",
    "2 K K",
    "O K",
    "O O K",
    "O 1 K",
    "K O",
    "K O O",
    "K 1 O",
    "2 O K",
    "O 1 1 K",
    "O 2 O K",
    "O 0 0 1 km STORE K",
    "STREAMS K 0",
    "GROUP g c STREAMS K >",
)
"""Arguments to try: K is the other service's key, O one's own."""


HELD = ("none", "text", "list")
"""What the other service's key holds, which is also its name; the names are equally long because
some replies tell the length of an argument."""


def test_no_command_without_a_key_is_new(admin: redis.Redis) -> None:
    """Outage: a new server version brings a command that lists everybody's keys."""
    keyless = {name for name, keyed in _permitted(admin) if not keyed}
    assert "ping" in keyless
    assert keyless <= HARMLESS


def test_no_command_tells_what_another_ones_key_holds(
    valkey: ValkeyServer, admin: redis.Redis
) -> None:
    """Outage: session identifiers can be found by trying which keys exist, or blocked ahead.

    Whatever the key holds, the reply has to be the same and the key has to stay as it is.
    """
    admin.set(f"{VICTIM}:text", "value")
    admin.rpush(f"{VICTIM}:list", "value")
    commands = [name.split("|") for name, keyed in _permitted(admin) if keyed]
    assert len(commands) > 150
    with valkey.client(ATTACKER, password_of(ATTACKER)) as client:
        client.response_callbacks.clear()
        for command in commands:
            replies = _replies(client, command)
            for shape, told in replies.items():
                assert len(told) == 1, (command, shape, told)
            keys: Any = admin.keys(f"{VICTIM}:*")
            assert sorted(keys) == [f"{VICTIM}:list", f"{VICTIM}:text"], command
            assert admin.get(f"{VICTIM}:text") == "value", command
            assert admin.lrange(f"{VICTIM}:list", 0, -1) == ["value"], command


def _replies(client: redis.Redis, command: list[str]) -> dict[str, set[str]]:
    """The different replies to each shape, over all that the other's key may hold."""
    own = f"{ATTACKER}:key"
    pipeline = client.pipeline(transaction=False)
    calls = [(shape, f"{VICTIM}:{held}") for shape in SHAPES for held in HELD]
    for shape, key in calls:
        words = {"K": key, "O": own}
        pipeline.execute_command("UNLINK", own)
        pipeline.execute_command(*command, *(words.get(word, word) for word in shape.split()))
    replies: dict[str, set[str]] = {shape: set() for shape in SHAPES}
    for (shape, key), reply in zip(
        calls, pipeline.execute(raise_on_error=False)[1::2], strict=True
    ):
        replies[shape].add(f"{type(reply)} {reply}".replace(key, "K"))
    return replies


def _permitted(admin: redis.Redis) -> list[tuple[str, bool]]:
    """The commands that a service may run, and whether the server looks for keys in them."""
    admin.response_callbacks.pop("COMMAND INFO", None)
    names: Any = admin.execute_command("COMMAND LIST")
    infos: Any = admin.execute_command("COMMAND INFO", *names)
    found: list[tuple[str, bool]] = []
    for name, arity, _, _, _, _, categories, _, keys, subcommands in infos:
        if subcommands:
            continue
        words = name.split("|")
        filler = ["1"] * (abs(arity) - len(words))
        said: Any = admin.execute_command("ACL DRYRUN", ATTACKER, *words, *filler)
        # Sharded channels count as keys; whether they are checked is tested by name.
        sharded = "@pubsub" in categories and keys
        if "permissions to run" not in str(said) and not sharded:
            found.append((name, bool(keys)))
    return found
