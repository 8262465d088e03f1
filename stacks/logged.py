"""What collects the platform's logs and keeps them, where the setting `logging` asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from catalog import Catalog
from catalog.errors import did_you_mean, one_of
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
from stacks.environment import Environment, InAws, ServerSize
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.logging_setting import Logging
from stacks.network import Destination, server_pods
from stacks.setting_sentences import written
from stacks.settings import PROJECT, Settings

STORE = "logging"
"""Name of the server: that of the platform resource."""

COLLECTOR = "log-collector"

API_PORTS = (HTTPS, 6443)
"""TCP ports of API servers, as their Service has it and as most listen. Source:
https://kubernetes.io/docs/reference/networking/ports-and-protocols/"""

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827),
    *(2192, 2557, 2922, 3288, 3653),
)
"""Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

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
            days=setting.days or sizes.days,
        ),
        foundation.options(),
    )
    make_collector(
        program,
        foundation,
        stored(store.url, collected(catalog)),
        egress=(Traffic(peers=(server_pods(program, STORE),), port=PORT), *_to_the_api(setting)),
        after=(store.handle,),
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


def make_collector(
    program: Program,
    foundation: Foundation,
    places: Mapping[str, Place],
    *,
    egress: tuple[Traffic, ...],
    after: tuple[pulumi.Resource, ...],
) -> None:
    """Makes the collector.

    Args:
        places: where logs go, by the namespace that they come from.
        egress: where these places and the API server are.
        after: what it waits for.
    """
    sizes, secret = program.environment.logging, program.settings.secret_variables.values()
    if sizes is None:
        raise TypeError(f"The environment {program.environment.name} has no size of a collector.")
    LogCollector(
        COLLECTOR,
        LogCollectorArgs(
            context=program.context,
            namespace=foundation.namespaces[LOGGING],
            config=collecting(
                places,
                prefix=program.context.prefix,
                environment=program.environment.name,
                redaction=Redaction(names=[name for each in secret for name in each]),
            ),
            logs=LOGS,
            state=STATE,
            node_variable=NODE_VARIABLE,
            health_port=HEALTH_PORT,
            size=sizes.collector,
            egress=egress,
            after=after,
        ),
        foundation.options(),
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


def logging_problems(
    settings: Settings, environment: Environment, catalog: Catalog
) -> Iterator[str]:
    """What is wrong with the setting `logging`, a sentence each."""
    setting, place = settings.logging, f"setting '{PROJECT}:logging'"
    if setting is None:
        return
    if STORE in settings.attached:
        yield (
            f"{place} makes '{STORE}', but '{PROJECT}:attached.{STORE}' says that others do; "
            "remove one of them."
        )
    for field, named in (("domains", setting.domains), ("readers", setting.readers)):
        for domain in sorted(set(named) - set(catalog.domains)):
            hint = did_you_mean(domain, catalog.domains) or f"write {one_of(catalog.domains)}."
            yield f"{place[:-1]}.{field}.{domain}': there is no such domain; {hint}"
    if isinstance(environment.platform, InAws):
        yield from _kept_by_aws(setting, place)
        return
    if setting.domains:
        yield (
            f"{place}: 'domains' is for AWS: the store of a cluster keeps all logs equally long; "
            "write 'days' alone."
        )
    if setting.readers:
        yield (
            f"{place}: 'readers' is for AWS: in a cluster those read who may forward a port of the "
            "store; remove it."
        )
    if not setting.nodes:
        yield (
            f"{place}: 'nodes' is missing, the networks of the cluster's API server, which tells "
            "pods' labels ('kubectl get endpointslices --selector "
            f"kubernetes.io/service-name=kubernetes' shows its address); {written('logging')}"
        )


def _kept_by_aws(setting: Logging, place: str) -> Iterator[str]:
    asked = {"days": setting.days, **{f"domains.{k}": v for k, v in setting.domains.items()}}
    for field, days in asked.items():
        if days is not None and days not in RETENTION_DAYS:
            longer = next(each for each in RETENTION_DAYS if each > days)
            yield (
                f"{place[:-1]}.{field}': CloudWatch does not keep logs for {days} days; write "
                f"{longer}."
            )
    if setting.nodes:
        yield f"{place}: 'nodes' is known in AWS; remove it."
