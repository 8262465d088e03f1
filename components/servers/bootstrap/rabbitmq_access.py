#!/usr/bin/env python3
"""Lets a user publish to, or consume from, a topic exchange in a vhost that is another one's.

Afterwards there are: EXCHANGE in VHOST, of type topic and durable; USERNAME with the password from
the file, no tags, and permissions in VHOST alone. ACCESS "publish" lets it publish to EXCHANGE
with ROUTING_KEYS and nothing else. ACCESS "consume" lets it make queues whose names begin with
QUEUE_PREFIX, bind them to EXCHANGE with ROUTING_KEYS, and read them. Routing keys are patterns as
in a binding, separated by spaces: `*` is one word, `#` any number of them. The vhost is there
already: rabbitmq.py makes it. A second run changes nothing.

Settings and secrets are those of rabbitmq.py, whose functions this uses, but for limits and type
of queues; and EXCHANGE, ACCESS, ROUTING_KEYS, QUEUE_PREFIX (of consumers), USER_MAX_CONNECTIONS.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from rabbitmq import (
    EVERYTHING,
    HASHING,
    SALT_BYTES,
    BootstrapError,
    Broker,
    password_fits,
    salted,
    secret,
    setting,
    wait_for,
    whole_number,
)

NOTHING = "^$"
# `$` would let a line break through at the end of a name.
END = r"\z"


@dataclass(frozen=True)
class Wanted:
    """What the user may do.

    Args:
        vhost, exchange: where.
        permissions: configure, write and read, as patterns of names.
        topics: write and read, as patterns of routing keys at the exchange.
    """

    vhost: str
    exchange: str
    permissions: Mapping[str, str]
    topics: Mapping[str, str]


def topic_pattern(keys: list[str], *, binding: bool) -> str:
    """A regular expression of the routing keys that any of `keys` stands for.

    Args:
        binding: whether it is for keys of bindings, which may hold `*` and `#` themselves; one is
            let through that leads to no message beyond those of `keys`.
    """
    # In a binding, a word `#` is any number of words, so `*` must not stand for it.
    word = r"(?:[^.#]|#(?=[^.]))[^.]*" if binding else r"[^.]+"
    patterns: list[str] = []
    for key in keys:
        pattern, joint = "", ""
        words = key.split(".")
        for position, each in enumerate(words):
            last = position == len(words) - 1
            if each != "#":
                pattern += joint + (word if each == "*" else re.escape(each))
                joint = r"\."
            elif last:
                pattern += rf"(?:{joint}.*)?" if joint else ".*"
            else:
                pattern += rf"{joint}(?:.*\.)?"
                joint = ""
        patterns.append(pattern)
    return f"^(?:{'|'.join(patterns)}){END}"


def wanted(env: Mapping[str, str]) -> Wanted:
    """What the settings say that the user may do."""
    access, exchange = setting(env, "ACCESS"), setting(env, "EXCHANGE")
    keys = setting(env, "ROUTING_KEYS").split()
    if not keys:
        raise BootstrapError("ROUTING_KEYS holds none; write them with spaces in between.")
    bus = f"^{re.escape(exchange)}{END}"
    if access == "publish":
        permissions = {"configure": NOTHING, "write": bus, "read": NOTHING}
        topics = {"write": topic_pattern(keys, binding=False), "read": NOTHING}
    elif access == "consume":
        own = f"^{re.escape(setting(env, 'QUEUE_PREFIX'))}"
        permissions = {"configure": own, "write": own, "read": f"{own}|{bus}"}
        topics = {"write": NOTHING, "read": topic_pattern(keys, binding=True)}
    else:
        raise BootstrapError(f'ACCESS is "{access}"; write "publish" or "consume".')
    return Wanted(setting(env, "VHOST"), exchange, permissions, topics)


def give_exchange(broker: Broker, vhost: str, exchange: str) -> list[str]:
    """Make the exchange, if there is none; returns what had to change."""
    found = broker.call("GET", "exchanges", vhost, exchange)
    if found is not None and found["type"] == "topic":
        return []
    if found is not None:
        raise BootstrapError(
            f'has an exchange "{exchange}" of type {found["type"]} in vhost "{vhost}", where '
            "routing keys are not looked at; delete it, or declare it as topic."
        )
    body = {"type": "topic", "durable": True, "auto_delete": False, "internal": False}
    broker.call("PUT", "exchanges", vhost, exchange, body=body)
    return ["exchange"]


def let_master_in(broker: Broker, vhost: str) -> list[str]:
    """Let the master make exchanges: not every broker lets in who made the vhost."""
    if broker.call("GET", "permissions", vhost, broker.username) is not None:
        return []
    broker.call("PUT", "permissions", vhost, broker.username, body=EVERYTHING)
    return ["permissions of the master"]


def give_user(broker: Broker, username: str, password: str) -> list[str]:
    """Make the user, without tags; returns what had to change."""
    user = broker.call("GET", "users", username)
    if user is not None and not user.get("tags") and password_fits(password, user):
        return []
    digest = salted(password, secrets.token_bytes(SALT_BYTES))
    body = {"password_hash": base64.b64encode(digest).decode(), "tags": ""}
    broker.call("PUT", "users", username, body={**body, "hashing_algorithm": HASHING})
    return ["user"]


def give_rights(broker: Broker, username: str, given: Wanted) -> list[str]:
    """Give the user its rights and take away all others; returns what had to change."""
    changes: list[str] = []
    # First: where a user has none, any routing key is allowed.
    topics = {"exchange": given.exchange, **given.topics}
    known = broker.call("GET", "topic-permissions", given.vhost, username) or []
    if {"user": username, "vhost": given.vhost, **topics} not in known:
        broker.call("PUT", "topic-permissions", given.vhost, username, body=topics)
        changes.append("routing keys")
    held = broker.call("GET", "users", username, "permissions") or []
    for permission in held:
        if permission["vhost"] != given.vhost:
            broker.call("DELETE", "permissions", permission["vhost"], username)
            changes.append(f"permissions on {permission['vhost']} taken away")
    if {"user": username, "vhost": given.vhost, **given.permissions} not in held:
        broker.call("PUT", "permissions", given.vhost, username, body=given.permissions)
        changes.append("permissions")
    return changes


def give_limit(broker: Broker, username: str, connections: int) -> list[str]:
    """Limit the user's connections, as the vhost is another one's; returns what had to change."""
    held = broker.call("GET", "user-limits", username) or [{"value": {}}]
    if held[0]["value"].get("max-connections") == connections:
        return []
    broker.call("PUT", "user-limits", username, "max-connections", body={"value": connections})
    return ["max-connections"]


def bootstrap(env: Mapping[str, str]) -> str:
    """Do everything; returns the line that says what changed."""
    given, username = wanted(env), setting(env, "USERNAME")
    connections = whole_number("USER_MAX_CONNECTIONS", setting(env, "USER_MAX_CONNECTIONS"))
    seconds = whole_number("WAIT_SECONDS", setting(env, "WAIT_SECONDS", "120"))
    folder = Path(setting(env, "SECRETS_DIR", "/var/run/secrets/nexus"))
    url = setting(env, "MANAGEMENT_URL")
    broker = Broker(url, secret(folder, "master/username"), secret(folder, "master/password"))
    if username == broker.username:
        raise BootstrapError(f'USERNAME "{username}" is the master\'s own; use another name.')
    password = secret(folder, "service/password")
    try:
        wait_for(broker, seconds)
        changes = let_master_in(broker, given.vhost)
        changes += give_exchange(broker, given.vhost, given.exchange)
        changes += give_user(broker, username, password)
        changes += give_limit(broker, username, connections)
        changes += give_rights(broker, username, given)
    except (OSError, HTTPException) as error:
        raise BootstrapError(f"RabbitMQ at {url} broke off: {error}; run this again.") from None
    except BootstrapError as error:
        raise BootstrapError(f"RabbitMQ at {url} {error}") from None
    what = f'"{username}" may {env["ACCESS"]} at exchange "{given.exchange}" of "{given.vhost}"'
    return f"{what}: {', '.join(changes) or 'no change'}."


def main() -> int:
    """Run it; returns the exit status."""
    try:
        print(f"rabbitmq access: {bootstrap(os.environ)}")
    except BootstrapError as error:
        print(f"rabbitmq access: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
