"""Environment variables of a Compose service: what a catalog may keep, and what it must not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.names import PLAIN_VARIABLE, RESERVED_VARIABLES, VARIABLE
from nexus.importing.container import literal

_SECRET = re.compile(
    r"(?i)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(API|PRIVATE|ACCESS|FERNET|ENCRYPTION|"
    r"SIGNING|MASTER|SERVICE|ANON|LICENSE)_?KEY|_PASS$|KEY_BASE|JWT_KEY)"
)
_NOT_SECRET = re.compile(
    r"(?i)_(FILE|PATH|DIR|URI|URL|ENDPOINT|HOST|PORT|NAME|TTL|EXPIRY|LENGTH|LIFETIME|EXP)$"
)
_LOGIN = re.compile(r"//[^/@\s:]*:[^/@\s]+@")
"""A login with a password in an address."""


@dataclass(kw_only=True)
class Environment:
    """A service's variables, sorted into what becomes of them.

    Args:
        plain: values that the catalog keeps.
        secret: names whose values belong into the stack's secrets.
        moved: by the server that is no service any more, the names that lead there.
        called: by another service, a name that leads there.
        unfit: names that no catalog takes.
    """

    plain: dict[str, str] = field(default_factory=dict[str, str])
    secret: list[str] = field(default_factory=list[str])
    moved: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    called: dict[str, str] = field(default_factory=dict[str, str])
    unfit: list[str] = field(default_factory=list[str])


def environment(
    given: Mapping[str, str | None], servers: Mapping[str, str], services: Mapping[str, str]
) -> Environment:
    """What becomes of the variables `given`.

    Args:
        given: values by name, None where nothing gives one and Compose sets none either.
        servers: services of the file that are servers of the platform or outside now, by host.
        services: all others, by host.
    """
    found = Environment()
    for name, value in sorted(given.items()):
        if value is None:
            continue
        server = next((servers[host] for host in sorted(servers) if leads_to(value, host)), None)
        if server is not None:
            found.moved.setdefault(server, []).append(name)
        elif re.match(RESERVED_VARIABLES, name):
            continue
        elif value and _is_secret(name, value):
            (found.secret if re.fullmatch(VARIABLE, name) else found.unfit).append(name)
        elif not re.fullmatch(PLAIN_VARIABLE, name) or len(name) > 63 or "\0" in value:
            found.unfit.append(name)
        else:
            found.plain[name] = literal(value)
            for host, service in services.items():
                if leads_to(value, host):
                    found.called.setdefault(service, name)
    return found


def _is_secret(name: str, value: str) -> bool:
    named = _SECRET.search(name) and not _NOT_SECRET.search(name)
    return bool(named or _LOGIN.search(value))


def leads_to(value: str, host: str) -> bool:
    """Whether a value names the host, as a whole or as that of an address."""
    name = re.escape(host)
    return bool(
        value == host
        or re.search(rf"(?://|@){name}(?=[:/?,]|$)", value)
        or re.search(rf"(?:^|[\s,;=]){name}:[0-9]+", value)
        or re.search(rf"(?i)\bhost={name}\b", value)
    )
