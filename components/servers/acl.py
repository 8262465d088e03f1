"""Who may do what on the shared Valkey or Redis server, as its ACL file and access strings.

A service reaches keys and channels that start with its own name and a colon, and nothing that
tells it of another's. Patterns hold only where a command names its keys, so whatever answers
without naming any is taken away by name; tests/components/servers/test_redis_acl.py holds
the list of what is left against a real server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PROBE = "probe"
"""User of health checks. It has no password because it can do nothing but PING."""

ADMIN = "admin"
"""User of operators, with every right."""

MONITOR = "nexus_monitor"
"""User of the exporters that monitoring reads, here and on PostgreSQL: sees how a server does, and
nobody's data. No service can have a name with an underscore."""

COMMANDS = (
    "-@all",
    "+@read",
    "+@write",
    "+@connection",
    "+@transaction",
    "+@pubsub",
    "-@dangerous",
    # In @write there is FUNCTION, which loads, lists and flushes the code of every service;
    # a script can also stop the whole server.
    "-@scripting",
    # These tell the names or the number of every service's keys …
    "-scan",
    "-randomkey",
    "-dbsize",
    # … this sends the name of every key that changes …
    "-client|tracking",
    # … and this the names of every service's channels.
    "-pubsub",
    # With a single argument the server finds no key in it, so it checks none: it told whether
    # another's key exists, and made one (Redis 7.0, Valkey 8.1).
    "-pfmerge",
)
"""What a service may do with its own keys and channels, in the order in which it applies."""

READING = tuple(each for each in COMMANDS if each not in ("+@write", "+@pubsub"))
"""What a service may do with keys of another one that it only reads. A command that reads a key may
do more: XREADGROUP takes messages away from the owner's consumers. Its rights go by the kind of
command, and so do not rest on each command saying rightly what it does with a key."""

MONITOR_COMMANDS = (
    "+info +config|get +slowlog|len +slowlog|get +latency|latest +client|setname +ping"
)
"""What monitoring may do: ask how the server does. No key is among it, nor a key's name."""

EVERY_KEY = "on ~* &* +@all -@admin"
"""What a service may do on a server of its own, with software that knows no prefix: scripts and
looking around as well, for there is nobody else; not what operators do."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTHING = "resetkeys resetchannels -@all"


@dataclass(frozen=True, kw_only=True)
class KeysOf:
    """The keys and channels that a user has who has not its own alone.

    Args:
        service: whose they are; None for all of a server that is one service's own.
        writes: whether they are changed, too, and messages sent.
    """

    service: str | None
    writes: bool

    @property
    def prefix(self) -> str:
        """What their names begin with."""
        return "" if self.service is None else f"{self.service}:"


def access(service: str, keys: KeysOf | None = None) -> str:
    """What a service's user may do, without its password: the form that ElastiCache takes too.

    Keys, channels and commands stand in the order in which a server says them. ElastiCache answers
    in that order, and the AWS provider compares texts: each run would change each user otherwise.

    Args:
        service: the service's name, which is its user name and key prefix.
        keys: which keys it has, if not its own alone.

    Raises:
        ValueError: if the name is no DNS label or is taken by the server.
    """
    keys = keys or KeysOf(service=service, writes=True)
    for name in (service, service if keys.service is None else keys.service):
        # A space would start a new rule, a newline a new user, and * reach everybody's keys.
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be a Redis user: use a DNS label, such as my-service"
            )
        if name in {"default", PROBE, ADMIN}:
            raise ValueError(f"{name!r} is a Redis user of the platform: rename the service")
    if not keys.writes:
        return f"on %R~{keys.prefix}* resetchannels {' '.join(READING)}"
    if keys.service is None:
        return EVERY_KEY
    return f"on ~{keys.prefix}* resetchannels &{keys.prefix}* {' '.join(COMMANDS)}"


def acl_file(
    services: Mapping[str, str],
    *,
    keys: Mapping[str, KeysOf] = MappingProxyType({}),
    admin: str | None = None,
    monitor: str | None = None,
) -> str:
    """The whole ACL file: nobody without a name, health checks, operators, the services.

    The same users give the same file, in whatever order they come.

    Args:
        services: SHA-256 of the password, 64 lower-case hex digits, by service name.
        keys: which keys a service has, if not its own alone.
        admin: SHA-256 of the operators' password; None leaves that user out.
        monitor: SHA-256 of monitoring's password; None leaves that user out.

    Raises:
        ValueError: if a name or hash could change the meaning of its line.
    """
    lines = [
        f"user default off resetpass {_NOTHING}",
        f"user {PROBE} on nopass {_NOTHING} +ping",
    ]
    if admin is not None:
        lines.append(f"user {ADMIN} on {_password(ADMIN, admin)} ~* &* +@all")
    if monitor is not None:
        password = _password(MONITOR, monitor)
        lines.append(f"user {MONITOR} on {password} {_NOTHING} {MONITOR_COMMANDS}")
    for service, digest in sorted(services.items()):
        rules = access(service, keys.get(service))
        lines.append(f"user {service} {_password(service, digest)} {rules}")
    return "".join(f"{line}\n" for line in lines)


def _password(user: str, digest: str) -> str:
    if not _SHA256.fullmatch(digest):
        # What was given may be the password itself, so the error does not repeat it.
        raise ValueError(
            f"The password of Redis user {user!r} is not given as SHA-256: "
            "give 64 lower-case hex digits"
        )
    return f"#{digest}"
