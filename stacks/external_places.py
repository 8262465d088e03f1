"""Where the external APIs are on the network: what the settings say of their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from catalog import Catalog
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses
from stacks.network import Place
from stacks.setting_types import ExternalApi
from stacks.settings import Settings


def external_places(settings: Settings, catalog: Catalog) -> Mapping[str, Place]:
    """Every external API of the catalog.

    One without a setting, or with a name and nothing else, is anywhere in the internet. An
    address is that address alone, and a name with `addresses` these alone.
    """
    return {
        name: Place(at=PUBLIC, port=HTTPS) if api is None else _place(api)
        for name, api in ((name, settings.externals.get(name)) for name in catalog.external)
    }


def _place(api: ExternalApi) -> Place:
    blocks = api.addresses if api.address is None else (str(ip_network(api.address)),)
    at = Addresses(blocks=tuple((block, ()) for block in blocks)) if blocks else PUBLIC
    return Place(at=at, port=api.port)
