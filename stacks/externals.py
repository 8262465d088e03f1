"""The external APIs: what the settings must say of them, where they are, what services are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

import pulumi

from catalog import Catalog, NodeKind
from catalog.errors import did_you_mean, one_of
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses
from components.servers.servers import Grant
from stacks.data import Data
from stacks.network import Destination
from stacks.setting_types import ExternalApi
from stacks.settings import PROJECT, Settings

_NOT_PUBLIC = re.compile(r"[^.]+|.+\.(internal|local|home\.arpa)")
"""Names that nobody finds in the internet's DNS. Source:
https://www.iana.org/assignments/special-use-domain-names"""


def external_problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the settings of external APIs, a sentence each."""
    for name, api in sorted(settings.externals.items()):
        place = f"setting '{PROJECT}:externals.{name}'"
        if name not in catalog.external:
            hint = did_you_mean(name, catalog.external) or "remove it."
            yield f"{place}: there is no such external API; {hint}"
            continue
        yield from _addresses(place, api)
        known = catalog.external[name].providers
        if known and api.provider not in known:
            hint = did_you_mean(api.provider, known) or f"write {one_of(known)}."
            yield f"{place}: '{api.provider}' does not provide it; {hint}"


def _addresses(place: str, api: ExternalApi) -> Iterator[str]:
    if api.address is not None:
        if api.addresses:
            yield f"{place} has addresses, but its url says the only one; remove 'addresses'."
    elif not api.addresses and _NOT_PUBLIC.fullmatch(api.host):
        yield (
            f"{place}: '{api.host}' has no address in the internet, and no other is let through; "
            'write the networks it leads to, such as addresses: ["10.20.0.0/16"].'
        )


def missing_externals(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """External APIs that a service needs and no setting describes, a sentence each."""
    users: dict[str, str] = {}
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL:
            users.setdefault(edge.target, edge.source)
    for name, service in sorted(users.items()):
        api: ExternalApi | None = settings.externals.get(name)
        place = f"setting '{PROJECT}:externals.{name}'"
        if api is None:
            vendors = catalog.external[name].providers
            vendor = vendors[0] if vendors else "vendor of your choice"
            yield (
                f"{place} is missing, but '{service}' needs it; write:\nconfig:\n"
                f"  {PROJECT}:externals:\n    {name}: "
                f'{{provider: "{vendor}", url: "https://…"}}'
            )
        elif api.credential is None:
            yield (
                f"{place} has no credential, but '{service}' needs one; run: pulumi config set "
                f"--secret --path '{PROJECT}:externals.{name}.credential'"
            )


def external_destinations(settings: Settings, catalog: Catalog) -> Mapping[str, Destination]:
    """Every external API of the catalog.

    One without a setting, or with a name and nothing else, is anywhere in the internet. An
    address is that address alone, and a name with `addresses` these alone.
    """
    return {
        name: Destination(at=PUBLIC, port=HTTPS) if api is None else _destination(api)
        for name, api in ((name, settings.externals.get(name)) for name in catalog.external)
    }


def _destination(api: ExternalApi) -> Destination:
    blocks = api.addresses if api.address is None else (str(ip_network(api.address)),)
    at = Addresses(blocks=tuple((block, ()) for block in blocks)) if blocks else PUBLIC
    return Destination(at=at, port=api.port)


def external_grants(settings: Settings, catalog: Catalog) -> Data:
    """Vendor, address and credential of every API, for each service that needs it.

    An API without a setting gives nothing: the service knows it by name alone.
    """
    return Data(
        servers={},
        grants=tuple(
            _grant(catalog.services[edge.source].data_name, edge.target, api)
            for edge in catalog.edges
            if (api := settings.externals.get(edge.target)) is not None
        ),
    )


def _grant(service: str, name: str, api: ExternalApi) -> Grant:
    credentials: dict[str, pulumi.Input[str]] = {}
    if api.credential is not None:
        credentials["credential"] = pulumi.Output.secret(api.credential.get_secret_value())
    return Grant(
        resource=name,
        service=service,
        handle=None,
        endpoint={"provider": api.provider, "url": api.url},
        credentials=credentials,
    )
