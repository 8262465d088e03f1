#!/usr/bin/env python3
"""Gives one service its own RabbitMQ vhost and a user that reaches no other one.

Afterwards there are: VHOST; USERNAME with the password from the file, no tags (so no
management rights) and no permissions but configure, write and read on everything in VHOST.
A second run changes nothing; a run with a new password file rotates the password.

Settings (environment): MANAGEMENT_URL (https verifies the server's certificate;
SSL_CERT_FILE names other authorities), VHOST, USERNAME; optional VHOST_QUEUE_TYPE (of queues
that are declared without one, given to a vhost when it is made and never changed: a client
that declares a queue again with another type is refused), VHOST_MAX_CONNECTIONS and
VHOST_MAX_QUEUES (left as they are if unset), WAIT_SECONDS (120), SECRETS_DIR.
Secrets (files): $SECRETS_DIR/master/username, master/password, service/password.

It needs nothing but Python's standard library and writes no file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

REQUEST_SECONDS = 10
SALT_BYTES = 4
HASHING = "rabbit_password_hashing_sha256"
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}
# RabbitMQ looks whether a user is there and then adds it: of two PUTs at once one fails so.
LOST_RACE = "already_exists"
QUEUE_TYPES = ("classic", "quorum", "stream")
LIMITS = {"max-connections": "VHOST_MAX_CONNECTIONS", "max-queues": "VHOST_MAX_QUEUES"}


class BootstrapError(Exception):
    """Something that another attempt would not mend; the message says what to do."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Never carries the master's password to another address."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def setting(env: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of an environment variable."""
    value = env.get(name) or default
    if not value:
        raise BootstrapError(f"{name} is not set; set it in the Job's environment.")
    return value


def whole_number(name: str, value: str) -> int:
    """The value as a number of at least 1."""
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise BootstrapError(f'{name} is "{value}"; write a whole number of at least 1.')
    return int(value)


def secret(folder: Path, name: str) -> str:
    """The one line in a mounted secret file."""
    try:
        value = (folder / name).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BootstrapError(
            f"cannot read {folder / name}: {error}; mount the Secret that holds it there."
        ) from None
    if not value or "\n" in value:
        raise BootstrapError(f"{folder / name} has to hold exactly one line.")
    return value


@dataclass(frozen=True)
class Broker:
    """RabbitMQ's management API.

    Args:
        url: its address, without a path.
        username, password: the master's.
    """

    url: str
    username: str
    password: str

    def call(self, method: str, *path: str, body: object = None, attempts: int = 3) -> Any:
        """Send one request; returns the decoded answer, or None for 404 and empty ones.

        A PUT that lost a race to make the same thing is sent again: it is an update then.

        Raises:
            BootstrapError: if the broker refuses it for good.
            OSError, HTTPException: if it could not be reached or has trouble of its own.
        """
        where = "/".join(["", "api", *(urllib.parse.quote(part, safe="") for part in path)])
        token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self.url.rstrip("/") + where,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        # No proxy: the master's password goes to the broker and to nobody else.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        try:
            with opener.open(request, timeout=REQUEST_SECONDS) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            if error.code == 404 and method in ("GET", "DELETE"):
                return None
            if error.code >= 500:
                raise
            text = " ".join(error.read().decode(errors="replace").split())
            if method == "PUT" and LOST_RACE in text and attempts > 1:
                return self.call(method, *path, body=body, attempts=attempts - 1)
            raise BootstrapError(f"{method} {where} was refused: {error.code} {text}") from None
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise BootstrapError(
                f"{self.url} does not answer as RabbitMQ's management API; correct MANAGEMENT_URL."
            ) from None


def wait_for(broker: Broker, seconds: int) -> None:
    """Wait until the broker answers, and check that the master may administrate it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            identity = broker.call("GET", "whoami") or {}
            break
        except BootstrapError as error:
            raise BootstrapError(
                f'refuses the master user "{broker.username}": {error}; correct its Secret.'
            ) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise BootstrapError(
                    f"its certificate is not trusted: {reason}; set SSL_CERT_FILE."
                ) from None
            if time.monotonic() > deadline:
                raise BootstrapError(f"did not answer within {seconds} s: {reason}") from None
        time.sleep(1)
    tags = identity.get("tags", [])
    if "administrator" not in (tags.split(",") if isinstance(tags, str) else tags):
        raise BootstrapError(f'its user "{broker.username}" lacks the tag administrator; add it.')


def password_fits(password: str, user: Mapping[str, Any]) -> bool:
    """Whether the user's stored hash, four bytes of salt and SHA-256, is the password's."""
    if user.get("hashing_algorithm") != HASHING:
        return False
    stored = base64.b64decode(user.get("password_hash", ""))
    return secrets.compare_digest(stored, salted(password, stored[:SALT_BYTES]))


def salted(password: str, salt: bytes) -> bytes:
    """The hash that RabbitMQ stores."""
    return salt + hashlib.sha256(salt + password.encode()).digest()


def queue_type(value: str) -> str:
    """The value as a type of queues."""
    if value not in QUEUE_TYPES:
        raise BootstrapError(
            f'VHOST_QUEUE_TYPE is "{value}"; write one of {", ".join(QUEUE_TYPES)}.'
        )
    return value


def give_vhost(
    broker: Broker, vhost: str, made_with: Mapping[str, str], limits: Mapping[str, int]
) -> list[str]:
    """Make the vhost, if there is none, and set its limits; returns what had to change."""
    changes: list[str] = []
    if broker.call("GET", "vhosts", vhost) is None:
        broker.call("PUT", "vhosts", vhost, body=made_with)
        changes.append("vhost")
    held = broker.call("GET", "vhost-limits", vhost) or [{"value": {}}]
    for limit, value in limits.items():
        if held[0]["value"].get(limit) != value:
            broker.call("PUT", "vhost-limits", vhost, limit, body={"value": value})
            changes.append(limit)
    return changes


def give_user(broker: Broker, vhost: str, username: str, password: str) -> list[str]:
    """Make the user, without tags, for this vhost alone; returns what had to change."""
    changes: list[str] = []
    user = broker.call("GET", "users", username)
    if user is None or user.get("tags") or not password_fits(password, user):
        digest = salted(password, secrets.token_bytes(SALT_BYTES))
        body = {"password_hash": base64.b64encode(digest).decode(), "tags": ""}
        broker.call("PUT", "users", username, body={**body, "hashing_algorithm": HASHING})
        changes.append("user")
    held = broker.call("GET", "users", username, "permissions") or []
    for permission in held:
        if permission["vhost"] != vhost:
            broker.call("DELETE", "permissions", permission["vhost"], username)
            changes.append(f"permissions on {permission['vhost']} taken away")
    wanted = {"user": username, "vhost": vhost, **EVERYTHING}
    if wanted not in held:
        broker.call("PUT", "permissions", vhost, username, body=EVERYTHING)
        changes.append("permissions")
    return changes


def bootstrap(env: Mapping[str, str]) -> str:
    """Do everything; returns the line that says what changed."""
    vhost, username = setting(env, "VHOST"), setting(env, "USERNAME")
    limits = {key: whole_number(name, env[name]) for key, name in LIMITS.items() if env.get(name)}
    kind = env.get("VHOST_QUEUE_TYPE")
    made_with = {"default_queue_type": queue_type(kind)} if kind else {}
    seconds = whole_number("WAIT_SECONDS", setting(env, "WAIT_SECONDS", "120"))
    folder = Path(setting(env, "SECRETS_DIR", "/var/run/secrets/nexus"))
    url = setting(env, "MANAGEMENT_URL")
    address = urllib.parse.urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname or address.username:
        raise BootstrapError("MANAGEMENT_URL is no URL; write https://HOST:PORT, no user in it.")
    broker = Broker(url, secret(folder, "master/username"), secret(folder, "master/password"))
    if username == broker.username:
        raise BootstrapError(f'USERNAME "{username}" is the master\'s own; use another name.')
    password = secret(folder, "service/password")
    try:
        wait_for(broker, seconds)
        changes = give_vhost(broker, vhost, made_with, limits)
        changes += give_user(broker, vhost, username, password)
    except (OSError, HTTPException) as error:
        raise BootstrapError(f"RabbitMQ at {url} broke off: {error}; run this again.") from None
    except BootstrapError as error:
        raise BootstrapError(f"RabbitMQ at {url} {error}") from None
    return f'vhost "{vhost}" is ready: {", ".join(changes) or "no change"}.'


def main() -> int:
    """Run it; returns the exit status."""
    try:
        print(f"rabbitmq bootstrap: {bootstrap(os.environ)}")
    except BootstrapError as error:
        print(f"rabbitmq bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
