"""The setting `monitoring`: what a stack's own monitoring remembers, and whom it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, SecretStr

from stacks.setting_types import Block, Endpoint, Label, Nested


class Receiver(Nested):
    """A webhook that Alertmanager tells; who knows its address can tell it things too.

    The network's rules are no secret, so `port` and, where it is not in the internet, `addresses`
    stand there in the clear.
    """

    url: SecretStr
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    addresses: Annotated[tuple[Block, ...], Field(strict=False)] = ()


class Monitoring(Nested):
    """Prometheus, Alertmanager and Grafana of a stack's own.

    `nodes` are the networks of the API server and kubelets of a cluster outside of AWS, and
    `storage_class` is the class of the volumes where it is not the usual one. `receivers` are
    those of `nexus monitoring --format alertmanager`; one that is not there is told nothing.
    `grafana` and `on_call_page` are where people read both; alerts lead there.
    """

    nodes: Annotated[tuple[Block, ...], Field(strict=False)] = ()
    storage_class: Label | None = None
    days: Annotated[int, Field(ge=1, le=400)] = 7
    receivers: Mapping[str, Receiver] = {}
    grafana: Endpoint | None = None
    on_call_page: Endpoint | None = None
