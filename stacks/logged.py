"""What collects the platform's logs and keeps them, where the setting `logging` asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import Catalog
from components.context import DATA, LOGGING
from components.kubernetes.limits import Share
from components.kubernetes.log_collector import COMPONENT, LogCollector, LogCollectorArgs
from components.kubernetes.traffic import HTTPS, Addresses, Pods, Traffic
from components.servers.in_cluster_logs import PORT, InClusterLogs, InClusterLogsArgs
from components.servers.servers import Grant
from monitoring.collecting import (
    HEALTH_PORT,
    LOGS,
    NODE_VARIABLE,
    STATE,
    Place,
    collecting,
    stored,
    tenant,
)
from monitoring.redaction import Redaction
from stacks.data import Data
from stacks.environment import Environment, ServerSize
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.logging_setting import Logging
from stacks.network import Destination, server_pods
from stacks.settings import PROJECT, Settings, written

STORE = "logging"
"""Name of the server: that of the platform resource."""

COLLECTOR = "log-collector"

API_PORTS = (HTTPS, 6443)
"""TCP ports of API servers, as their Service has it and as most listen. Source:
https://kubernetes.io/docs/reference/networking/ports-and-protocols/"""

MOST_NODES = 100
"""For how many nodes the namespace's quota has room: how many there are, no program knows."""


def build_logging(program: Program, foundation: Foundation) -> Data:
    """Makes the store of a cluster, and the collector; nothing where nobody asks for them."""
    setting, sizes = program.settings.logging, program.environment.logging
    if setting is None or sizes is None or sizes.store is None:
        return Data(servers={})
    context, catalog = program.context, program.catalog
    store = InClusterLogs(
        STORE,
        InClusterLogsArgs(
            context=context,
            namespace=foundation.namespaces[DATA],
            storage=sizes.store.storage,
            size=sizes.store.size,
            days=setting.days,
        ),
        foundation.options(),
    )
    LogCollector(
        COLLECTOR,
        LogCollectorArgs(
            context=context,
            namespace=foundation.namespaces[LOGGING],
            config=collector_file(program, stored(store.url, collected(catalog))),
            logs=LOGS,
            state=STATE,
            node_variable=NODE_VARIABLE,
            health_port=HEALTH_PORT,
            size=sizes.collector,
            egress=(
                Traffic(peers=(server_pods(program, STORE),), port=PORT),
                *_to_the_api(setting),
            ),
            after=(store.handle,),
        ),
        foundation.options(),
    )
    return Data(
        servers={STORE: store.handle},
        grants=tuple(
            Grant(
                resource=STORE,
                service=own,
                handle=store.handle,
                endpoint={
                    "url": store.url,
                    "tenant": str(tenant(catalog.services[service].domain)),
                },
            )
            for own, service in program.owners(STORE).items()
        ),
    )


def collected(catalog: Catalog) -> tuple[str, ...]:
    """Namespaces (without prefix) whose logs are read: those of the domains, and the servers'."""
    return (*catalog.domains, DATA)


def collector_file(program: Program, places: Mapping[str, Place]) -> str:
    """The collector's configuration, for the places where the logs of namespaces go."""
    secret = program.settings.secret_variables.values()
    return collecting(
        places,
        prefix=program.context.prefix,
        environment=program.environment.name,
        redaction=Redaction(names=[name for each in secret for name in each]),
    )


def _to_the_api(setting: Logging) -> Iterator[Traffic]:
    nodes = Addresses(blocks=tuple((block, ()) for block in setting.nodes))
    for port in API_PORTS:
        yield Traffic(peers=(nodes,), port=port)


def logging_destinations(program: Program) -> Mapping[str, Destination]:
    """The store, by platform resource, with the collector that calls it."""
    if not logging_servers(program):
        return {}
    collector = Pods(
        namespace=program.context.namespace(LOGGING), component=COMPONENT, names=(COLLECTOR,)
    )
    return {
        STORE: Destination(
            at=server_pods(program, STORE),
            port=PORT,
            callers=(Traffic(peers=(collector,), port=PORT),),
        )
    }


def logging_servers(program: Program) -> tuple[ServerSize, ...]:
    """Servers of this module that the stack has in its data namespace."""
    sizes = program.environment.logging
    if program.settings.logging is None or sizes is None or sizes.store is None:
        return ()
    return (sizes.store,)


def collectors(program: Program, foundation: Foundation) -> Mapping[str, Share]:
    """What the collector's namespace may use; nothing where there is none."""
    sizes = program.environment.logging
    if program.settings.logging is None or sizes is None:
        return {}
    pods = {sizes.collector: MOST_NODES}
    return {LOGGING: Share(namespace=foundation.namespaces[LOGGING], pods=pods)}


def logging_problems(settings: Settings, environment: Environment) -> Iterator[str]:
    """What is wrong with the setting `logging`, a sentence each."""
    setting, place = settings.logging, f"setting '{PROJECT}:logging'"
    if setting is None:
        return
    if environment.logging is None:
        yield f"{place} is for dev: environment {environment.name} provides none; remove it."
        return
    if STORE in settings.attached:
        yield (
            f"{place} makes '{STORE}', but '{PROJECT}:attached.{STORE}' says that others do; "
            "remove one of them."
        )
    if not setting.nodes:
        yield (
            f"{place}: 'nodes' is missing, the networks of the cluster's API server, which tells "
            "pods' labels ('kubectl get endpointslices --selector "
            f"kubernetes.io/service-name=kubernetes' shows its address); {written('logging')}"
        )
