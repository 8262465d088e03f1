"""The servers that watch the platform, where the setting `monitoring` asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi
from pydantic.alias_generators import to_snake

from components.context import DATA
from components.kubernetes.size import Size
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses, Traffic
from components.servers.exporter import SIZE as EXPORTER_SIZE
from components.servers.exporter import Exporter
from components.servers.in_cluster_alertmanager import PORT as ALERTMANAGER_PORT
from components.servers.in_cluster_alertmanager import (
    InClusterAlertmanager,
    InClusterAlertmanagerArgs,
)
from components.servers.in_cluster_grafana import InClusterGrafana, InClusterGrafanaArgs
from components.servers.in_cluster_postgres import PORT as POSTGRES_PORT
from components.servers.in_cluster_prometheus import (
    OBJECTS_SIZE,
    PROBER_SIZE,
    InClusterPrometheus,
    InClusterPrometheusArgs,
)
from components.servers.in_cluster_prometheus import PORT as PROMETHEUS_PORT
from components.servers.in_cluster_redis import PORT as REDIS_PORT
from components.servers.server_isolation import ServerIsolation, ServerIsolationArgs
from components.servers.servers import Grant
from monitoring.alertmanager import RECEIVERS
from monitoring.dashboards import dashboards
from monitoring.probing import Places, blackbox
from stacks.data import Data
from stacks.environment import ServerSize
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.monitoring_files import ALERTMANAGER, GRAFANA, PROMETHEUS, Files, exporter_ports
from stacks.monitoring_setting import Monitoring
from stacks.network import Destination, measured_ports, server_pods, watched_ports
from stacks.probed import places

API_PORTS = (HTTPS, 6443, 10250)
"""TCP ports of API servers, as their Service has it and as most listen, and of kubelets. Source:
https://kubernetes.io/docs/reference/networking/ports-and-protocols/"""


def build_monitoring(
    program: Program,
    foundation: Foundation,
    data: Data,
    storage_class: pulumi.Output[str] | None = None,
) -> Data:
    """Makes Prometheus, Alertmanager and Grafana; nothing where nobody asks for them.

    Args:
        data: the servers that are watched, and monitoring's logins there.
        storage_class: class of the volumes, where the setting names none.
    """
    setting, sizes = program.settings.monitoring, program.environment.monitoring
    if setting is None or sizes is None:
        return Data(servers={})
    context, catalog, options = program.context, program.catalog, foundation.options
    in_cluster = program.environment.in_cluster
    files = Files(
        catalog, setting, prefix=context.prefix, stack=context.stack, in_cluster=in_cluster
    )
    volumes = setting.storage_class or storage_class

    prometheus = InClusterPrometheus(
        PROMETHEUS,
        InClusterPrometheusArgs(
            context=context,
            namespace=foundation.namespaces[DATA],
            storage=sizes.prometheus.storage,
            size=sizes.prometheus.size,
            storage_class=volumes,
            config=files.prometheus(places_of(program)),
            rules={"nexus.yml": files.rules()},
            probes=blackbox(catalog),
            exporters=_exporters(program, data),
            days=setting.days,
            namespaces={name: foundation.namespaces[name] for name in (*catalog.domains, DATA)},
        ),
        options(),
    )
    alertmanager = InClusterAlertmanager(
        ALERTMANAGER,
        InClusterAlertmanagerArgs(
            context=context,
            namespace=foundation.namespaces[DATA],
            storage=sizes.alertmanager.storage,
            size=sizes.alertmanager.size,
            storage_class=volumes,
            config=files.alertmanager(),
            receivers=RECEIVERS,
            addresses={
                name: pulumi.Output.secret(each.url.get_secret_value())
                for name, each in sorted(setting.receivers.items())
            },
        ),
        options(),
    )
    grafana = InClusterGrafana(
        GRAFANA,
        InClusterGrafanaArgs(
            context=context,
            namespace=foundation.namespaces[DATA],
            storage=sizes.grafana.storage,
            size=sizes.grafana.size,
            storage_class=volumes,
            dashboards={f"{kind}.json": text for kind, text in dashboards(catalog).items()},
            prometheus=prometheus.url,
            url=setting.grafana,
        ),
        options(),
    )
    ServerIsolation(
        f"{GRAFANA}-isolation",
        ServerIsolationArgs(
            context=context,
            namespace=foundation.namespaces[DATA],
            server=GRAFANA,
            callers=(),
            jobs=(),
            bootstrap=(),
            egress=(_with(program, PROMETHEUS, PROMETHEUS_PORT),),
        ),
        options(),
    )
    made = {PROMETHEUS: prometheus, ALERTMANAGER: alertmanager}
    return Data(
        servers={**{name: each.handle for name, each in made.items()}, GRAFANA: grafana.handle},
        grants=tuple(
            Grant(
                resource=name,
                service=service,
                handle=each.handle,
                endpoint={"url": each.url},
            )
            for name, each in made.items()
            for service in program.owners(name)
        ),
    )


def _exporters(program: Program, data: Data) -> tuple[Exporter, ...]:
    """An exporter for each server on which monitoring has a login."""
    addresses = {"postgres": POSTGRES_PORT, "redis": REDIS_PORT}
    catalog, context = program.catalog, program.context
    return tuple(
        Exporter(
            server=name,
            kind="postgres" if catalog.base(name) == "postgres" else "redis",
            address=f"{context.host(name, DATA)}:{addresses[catalog.base(name)]}",
            port=port,
            password=data.monitors[name],
        )
        for name, port in exporter_ports(catalog).items()
        if name in data.monitors
    )


def places_of(program: Program) -> Places:
    """Where the stack is probed."""
    settings = program.settings

    def setting(key: str) -> str | None:
        return getattr(settings, to_snake(key))

    return places(program.catalog, setting, program.context.prefix)


def monitoring_destinations(
    program: Program, servers: Mapping[str, Destination], nodes: tuple[Addresses, ...]
) -> Mapping[str, Destination]:
    """Prometheus and Alertmanager, by platform resource, with all that they call.

    Args:
        servers: the others.
        nodes: where the API server and the kubelets are.
    """
    setting = program.settings.monitoring
    if setting is None:
        return {}
    return {
        PROMETHEUS: Destination(
            at=server_pods(program, PROMETHEUS),
            port=PROMETHEUS_PORT,
            callers=(_with(program, GRAFANA, PROMETHEUS_PORT),),
            egress=(
                *watched_ports(program),
                *(
                    Traffic(peers=(each.at,), port=port)
                    for name, each in sorted(servers.items())
                    for port in measured_ports(program, name, each)
                ),
                *_entrance(program),
                _with(program, ALERTMANAGER, ALERTMANAGER_PORT),
                *(Traffic(peers=nodes, port=port) for port in API_PORTS),
            ),
        ),
        ALERTMANAGER: Destination(
            at=server_pods(program, ALERTMANAGER),
            port=ALERTMANAGER_PORT,
            callers=(_with(program, PROMETHEUS, ALERTMANAGER_PORT),),
            egress=tuple(_told(setting)),
        ),
    }


def _entrance(program: Program) -> Iterator[Traffic]:
    """Where visitors come in, for the probe that takes their way."""
    entrance = places_of(program).entrance
    if entrance is not None:
        port = HTTPS if entrance.startswith("https:") else 80
        yield Traffic(peers=(PUBLIC,), port=port)


def _with(program: Program, name: str, port: int) -> Traffic:
    return Traffic(peers=(server_pods(program, name),), port=port)


def _told(setting: Monitoring) -> Iterator[Traffic]:
    """Where the receivers are, by port."""
    ports: dict[int, dict[Addresses, None]] = {}
    for each in setting.receivers.values():
        blocks = tuple((block, ()) for block in each.addresses)
        ports.setdefault(each.port, {})[Addresses(blocks=blocks) if blocks else PUBLIC] = None
    for port, found in sorted(ports.items()):
        yield Traffic(peers=tuple(found), port=port)


def watching_servers(program: Program) -> tuple[ServerSize, ...]:
    """Servers of this module that the stack has."""
    sizes = program.environment.monitoring
    if program.settings.monitoring is None or sizes is None:
        return ()
    return (sizes.prometheus, sizes.alertmanager, sizes.grafana)


def watching_containers(program: Program) -> tuple[Size, ...]:
    """Containers beside those of the servers."""
    exporters = exporter_ports(program.catalog) if program.environment.in_cluster else ()
    beside = (OBJECTS_SIZE, PROBER_SIZE, *(EXPORTER_SIZE for _ in exporters))
    return beside if watching_servers(program) else ()
