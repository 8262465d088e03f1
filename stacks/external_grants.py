"""What services are told of the external APIs they call."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from catalog import Catalog
from components.servers.grant import Grant
from stacks.data import Data
from stacks.setting_types import ExternalApi
from stacks.settings import Settings


def external_grants(settings: Settings, catalog: Catalog) -> Mapping[str, Mapping[str, Grant]]:
    """Vendor, address and credential of every API a service needs, by service and API.

    An API without a setting gives nothing: the service knows it by name alone.
    """
    grants: dict[str, dict[str, Grant]] = {}
    for edge in catalog.edges:
        api = settings.externals.get(edge.target)
        if api is not None:
            grants.setdefault(edge.source, {})[edge.target] = _grant(edge.target, api)
    return grants


def with_grants(data: Data, more: Mapping[str, Mapping[str, Grant]]) -> Data:
    """`data` with further grants."""
    return Data(
        servers=data.servers,
        grants={service: {**own, **more.get(service, {})} for service, own in data.grants.items()},
    )


def _grant(name: str, api: ExternalApi) -> Grant:
    credentials: dict[str, pulumi.Input[str]] = {}
    if api.credential is not None:
        credentials["credential"] = pulumi.Output.secret(api.credential.get_secret_value())
    return Grant(
        resource=name,
        handle=None,
        endpoint={"provider": api.provider, "url": api.url},
        credentials=credentials,
    )
