"""What a stack's own monitoring reads, made of the catalog and the setting `monitoring`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from catalog import Catalog, InputError, Problem
from catalog.errors import did_you_mean, one_of
from catalog.names import ResourceName
from components.context import DATA
from monitoring.alertmanager import alertmanager, receiver_names
from monitoring.nodes import Links
from monitoring.probing import PROBER, Places, probe_job
from monitoring.rules import rules
from monitoring.scraping import Beside, scraping
from stacks.environment import Environment
from stacks.monitoring_setting import Monitoring
from stacks.setting_sentences import written
from stacks.settings import PROJECT, Settings
from stacks.stack_file import PLACEHOLDER, StackFile

PROMETHEUS, ALERTMANAGER, GRAFANA = "monitoring", "alerting", "dashboards"
"""Names of the servers: of the platform resources, where they are one."""

EXPORTED: tuple[ResourceName, ...] = ("postgres", "redis")
"""Servers whose metrics are read by an exporter beside Prometheus, with a login on the server."""

FIRST_EXPORTER_PORT = 9200
"""TCP port of the first of them."""

QUEUE_METRICS_PORT = 15692
"""TCP port on which RabbitMQ's own plugin answers. Source: https://www.rabbitmq.com/docs/prometheus"""

LARGEST = 1_000_000
"""Most bytes of a file: a ConfigMap holds 1 MiB, of which names and labels take some. Source:
https://kubernetes.io/docs/concepts/configuration/configmap/"""


class Files:
    """The files of a stack's monitoring.

    Args:
        catalog: as the stack has it.
        setting: None for a Prometheus and an Alertmanager of somebody else's.
        prefix: start of the stack's namespaces.
        stack: its name.
        in_cluster: whether the servers are where Prometheus can measure them.
        links: where alerts lead.
    """

    def __init__(
        self,
        catalog: Catalog,
        setting: Monitoring | None,
        *,
        prefix: str,
        stack: str,
        in_cluster: bool,
        links: Links | None = None,
    ) -> None:
        self._catalog, self._setting = catalog, setting
        self._prefix, self._stack, self._in_cluster = prefix, stack, in_cluster
        self._links = links or links_of(setting)

    def prometheus(self, places: Places) -> str:
        """Prometheus' configuration.

        Args:
            places: what is probed.
        """
        prober = PROBER if self._setting is None else "127.0.0.1:9115"
        return scraping(
            self._catalog,
            prefix=self._prefix,
            stack=self._stack,
            probes=(probe_job(self._catalog, places, prober),),
            beside=None if self._setting is None else self._beside(),
        )

    def rules(self) -> str:
        """Prometheus' rules."""
        return rules(self._catalog, prefix=self._prefix, links=self._links)

    def alertmanager(self) -> str:
        """Alertmanager's configuration."""
        told = None if self._setting is None else tuple(self._setting.receivers)
        return alertmanager(self._catalog, told=told)

    def _beside(self) -> Beside:
        # The first and the last are in one pod, with the prober. The components know these ports
        # too, and cost `nexus monitoring` a second to load.
        catalog = self._catalog
        brokers = catalog.servers("queue") if self._in_cluster else ()
        exporters = exporter_ports(catalog) if self._in_cluster else {}
        return Beside(
            objects="127.0.0.1:8080",
            servers={
                **{name: f"127.0.0.1:{port}" for name, port in exporters.items()},
                # By the Service that names the pod: the other one leads to clients' ports alone.
                **{
                    name: f"{name}-pods.{self._prefix}-{DATA}.svc:{QUEUE_METRICS_PORT}"
                    for name in brokers
                },
            },
            alertmanager=f"{ALERTMANAGER}.{self._prefix}-{DATA}.svc:9093",
            itself="127.0.0.1:9090",
        )


def exporter_ports(catalog: Catalog) -> Mapping[str, int]:
    """The port of each server's exporter in Prometheus' pod, by platform resource."""
    servers = [name for kind in EXPORTED for name in catalog.servers(kind)]
    return {name: FIRST_EXPORTER_PORT + number for number, name in enumerate(servers)}


def links_of(
    setting: Monitoring | None, *, on_call: str | None = None, grafana: str | None = None
) -> Links:
    """Where alerts lead: to what is given, else to what the setting says."""
    on_call = on_call or (None if setting is None else setting.on_call_page)
    grafana = grafana or (None if setting is None else setting.grafana)
    return Links(grafana=grafana) if on_call is None else Links(on_call=on_call, grafana=grafana)


def setting_of(file: StackFile, path: str) -> Monitoring | None:
    """The setting in a stack's file, without its secrets; None where it has none.

    Args:
        path: of the file, for the sentence about what is wrong with it.

    Raises:
        InputError: if it is not one.
    """
    text = file.setting("monitoring")
    try:
        return None if text is None else Monitoring.model_validate_json(text)
    except ValidationError:
        message = (
            f"setting '{PROJECT}:monitoring' is wrong; 'nexus plan --stack {file.stack}' says "
            f"where. For example, {written('monitoring')}"
        )
        raise InputError([Problem(path, message)]) from None


def monitoring_problems(
    settings: Settings, environment: Environment, catalog: Catalog
) -> Iterator[str]:
    """What is wrong with the setting `monitoring`, a sentence each."""
    setting, place = settings.monitoring, f"setting '{PROJECT}:monitoring'"
    if setting is None:
        return
    if environment.in_cluster and not setting.nodes:
        yield (
            f"{place}: 'nodes' is missing, the networks of the cluster's API server and kubelets; "
            f"{written('monitoring')}"
        )
    if not environment.in_cluster:
        yield from _in_aws(settings, setting, place)
    for name in (PROMETHEUS, ALERTMANAGER):
        if name in settings.attached:
            yield (
                f"{place} makes '{name}', but '{PROJECT}:attached.{name}' says that others do; "
                "remove one of them."
            )
    known = receiver_names(catalog)
    for name, receiver in sorted(setting.receivers.items()):
        if name not in known:
            hint = did_you_mean(name, known) or f"write {one_of(known)}."
            yield f"{place}: nothing is told '{name}'; {hint}"
        yield from _address(
            f"{place[:-1]}.receivers.{name}", receiver.url.get_secret_value(), receiver.port
        )
    files = Files(catalog, setting, prefix=settings.namespace_prefix, stack="", in_cluster=True)
    for what, text in (("rules", files.rules()), ("alertmanager", files.alertmanager())):
        if len(text.encode()) > LARGEST:
            yield (
                f"{place}: what 'nexus monitoring --format {what}' writes has {len(text)} bytes, "
                f"but a ConfigMap holds {LARGEST}; remove the setting, and run a Prometheus and an "
                "Alertmanager that read these files from elsewhere."
            )


def _in_aws(settings: Settings, setting: Monitoring, place: str) -> Iterator[str]:
    if setting.nodes:
        yield f"{place}: 'nodes' is known in AWS; remove it."
    made = settings.nodes == "auto" and settings.existing_cluster is None
    if setting.storage_class is None and not made:
        yield (
            f"{place}: 'storageClass' is missing, and without Auto Mode no driver for volumes is "
            "made here; install that of EBS, and write a class of its encrypted volumes."
        )


def _address(place: str, url: str, port: int) -> Iterator[str]:
    """What is wrong with the address of a receiver, which is not shown."""
    if url == PLACEHOLDER:
        return
    try:
        parts = urlsplit(url)
        leads_to = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        parts, leads_to = None, None
    if parts is None or leads_to is None or not parts.hostname:
        yield f"{place}.url' is no address of a webhook; write 'https://…'."
    elif leads_to != port:
        yield (
            f"{place}.url' leads to port {leads_to}, but nothing is let out to it; write port: "
            f"{leads_to}."
        )
