"""Types of the settings that say where something is that this program does not make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import Url

from stacks.setting_types import HOST, Block, Label, Nested

_INSIDE = re.compile(r"(.+\.)?localhost|(.+\.)?svc(\..+)?|(.+\.)?cluster\.local")
_LOCALHOST = re.compile(r"(.+\.)?localhost")


def _parsed(value: str) -> Url:
    """An https address in its parts."""
    fault = "is no https address; write 'https://…'."
    try:
        url = Url(value)
    except ValueError:
        raise ValueError(fault) from None
    if not value.startswith("https://") or re.search(r"\s", value) or not url.port:
        raise ValueError(fault)
    if url.username or url.password:
        raise ValueError("holds a login; take it out, and write it as the API's 'credential'.")
    return url


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """The address that stands in place of a name, if one does."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _of_a_pod(address: IPv4Address | IPv6Address | None) -> bool:
    """Whether the address is one of the pod itself or of its node, or of nobody."""
    return address is not None and (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_private)
    )


def _external_url(value: str) -> str:
    url = _parsed(value)
    host = url.host or ""
    address = _ip(host)
    if address is None and not re.fullmatch(HOST, host.removesuffix(".")):
        raise ValueError("is no https address; write 'https://…' with a name that DNS knows.")
    if _of_a_pod(address) or _INSIDE.fullmatch(host):
        raise ValueError(
            "is inside of the cluster or of the pod itself; write the API's own address, or make "
            "it a service of the catalog."
        )
    return value


def _server(value: str) -> str:
    address = _ip(value)
    if address is None and not re.fullmatch(HOST, value):
        raise ValueError(
            "is no host; write a name or an address alone, such as 'mongo.db.internal', and the "
            "port as 'port'."
        )
    if _of_a_pod(address) or _LOCALHOST.fullmatch(value):
        raise ValueError("is the pod itself; write where the server is.")
    return value


class PodsOfOthers(Nested):
    """Pods that others run in the same cluster: their namespace and labels."""

    namespace: Label
    labels: Annotated[Mapping[str, str], Field(min_length=1)]


class AttachedLogin(Nested):
    """How to sign in to what others make, and what is told besides: `facts`, such as a database."""

    username: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    facts: Mapping[str, str] = {}

    def secrets(self) -> Mapping[str, SecretStr]:
        """The login, as far as there is one."""
        given = {
            "username": None if self.username is None else SecretStr(self.username),
            "password": self.password,
        }
        return {name: value for name, value in given.items() if value is not None}


class ExternalApi(Nested):
    """Which vendor provides an external API, where, and the credential to use it with."""

    provider: str = Field(min_length=1)
    url: Annotated[str, AfterValidator(_external_url)]
    addresses: Annotated[tuple[Block, ...], Field(strict=False)] = ()
    credential: SecretStr | None = None

    @property
    def host(self) -> str:
        """The name or address in its url."""
        return _parsed(self.url).host or ""

    @property
    def port(self) -> int:
        """TCP port that it answers on."""
        return _parsed(self.url).port or 0

    @property
    def pods(self) -> None:
        """None: what runs in the cluster is a service, or an attached resource."""

    @property
    def logins(self) -> Mapping[str, AttachedLogin]:
        """None: an API has one credential."""
        return {}

    def seen_by(self, _: str, /) -> ExternalApi:
        """The same, whoever asks."""
        return self

    def endpoint(self, _: str, /) -> Mapping[str, str]:
        """Vendor and address, whichever API it is."""
        return {"provider": self.provider, "url": self.url}

    def secrets(self) -> Mapping[str, SecretStr]:
        """The credential, if there is one."""
        return {} if self.credential is None else {"credential": self.credential}


class AttachedResource(AttachedLogin):
    """Where a platform resource is that others make, and the login of all that need it.

    `tls` is from the first byte, `port` that of the pods where there are any. `logins` is what
    one of them has of its own, by name.
    """

    host: Annotated[str, AfterValidator(_server)]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = False
    addresses: Annotated[tuple[Block, ...], Field(strict=False)] = ()
    pods: PodsOfOthers | None = None
    logins: Mapping[str, AttachedLogin] = {}

    def seen_by(self, login: str, /) -> AttachedResource:
        """The same for `login`: with its own username and password, if it has any, and facts."""
        own = self.logins.get(login, AttachedLogin())
        given = own if own.secrets() else self
        return self.model_copy(
            update={
                "username": given.username,
                "password": given.password,
                "facts": {**self.facts, **own.facts},
            }
        )

    def endpoint(self, resource: str, /) -> Mapping[str, str]:
        """The same keys as those of a server made here, as far as the settings know them."""
        at = {"host": self.host, "port": str(self.port)}
        if resource == "storage":
            host = f"[{self.host}]" if ":" in self.host else self.host
            return {"url": f"{'https' if self.tls else 'http'}://{host}:{self.port}", **self.facts}
        if resource == "postgres":
            return {**at, "sslmode": "verify-full" if self.tls else "disable", **self.facts}
        return {**at, **({"tls": "required"} if self.tls else {}), **self.facts}


Attachment: TypeAlias = ExternalApi | AttachedResource
"""Something that others make and services use."""


def address_of(attachment: Attachment) -> str | None:
    """Its address, if no name stands there."""
    found = _ip(attachment.host)
    return None if found is None else str(found)


def is_inside(attachment: Attachment) -> bool:
    """Whether its name is one of the cluster's own."""
    return _INSIDE.fullmatch(attachment.host) is not None
