"""`nexus monitoring`: what Prometheus and Alertmanager need to know of the platform."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import session, stack_option

Format = Literal[
    "prometheus", "rules", "alertmanager", "collector", "blackbox", "on-call", "map", "node", "flow"
]


def command(
    context: typer.Context,
    *,
    format_: Annotated[Format, FORMAT] = "rules",
    output: Output = None,
    stack: Annotated[str, stack_option("Stack that is watched.")] = "dev",
    on_call: Annotated[
        str | None,
        typer.Option(
            "--on-call-page",
            metavar="URL",
            help="Where the on-call page can be read; alerts lead there. Without it, to what the "
            "setting monitoring says, or to docs/on-call.md.",
        ),
    ] = None,
    grafana: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Grafana with the dashboards; alerts lead there."),
    ] = None,
    logs: Annotated[
        str,
        typer.Option(metavar="URL", help="VictoriaLogs that the collector sends logs to."),
    ] = "http://victoria-logs:9428",
) -> None:
    """Write the monitoring of a stack: one page per cause.

    rules is a file of rules for Prometheus 2.42 or newer, alertmanager the
    configuration of Alertmanager 0.26 or newer, whose receivers read the
    address of their webhook from /etc/alertmanager/receivers/NAME. on-call
    is a page in Markdown with a section per node, which alerts lead to.
    prometheus is what a Prometheus in the cluster reads: the stack's own with
    the setting monitoring, else yours; see monitoringNamespace. collector is
    the configuration of an OpenTelemetry Collector on each node; see
    docs/logs.md. blackbox is that of the blackbox exporter 0.23 or newer, with
    which Prometheus probes each critical flow. map, node and flow are
    dashboards for Grafana 10 or newer.
    """
    from components.context import DATA
    from monitoring.collecting import collecting, stored
    from monitoring.dashboards import dashboards
    from monitoring.probing import blackbox
    from monitoring.redaction import Redaction
    from nexus.pictures.on_call import on_call_page
    from stacks.configuration import SECRET
    from stacks.environment import environment_of
    from stacks.monitoring_files import Files, links_of, setting_of
    from stacks.probed import places
    from stacks.settings import Settings
    from stacks.stack_file import read_stack_file, stack_file

    current = session(context)
    catalog = current.catalog()
    file = read_stack_file(current.require_project(), stack)
    catalog = catalog.attaching(file.keys_of("attached"))
    default = str(Settings.model_fields["namespace_prefix"].default)
    prefix = file.setting("namespacePrefix") or default
    setting = setting_of(file, stack_file(current.require_project(), stack))
    links = links_of(setting, on_call=on_call, grafana=grafana)
    environment = environment_of(file.setting)
    files = Files(
        catalog,
        setting,
        prefix=prefix,
        stack=stack,
        in_cluster=environment is not None and environment.in_cluster,
        links=links,
    )
    texts = {
        "prometheus": lambda: files.prometheus(places(catalog, file.setting, prefix)),
        "rules": files.rules,
        "alertmanager": files.alertmanager,
        "collector": lambda: collecting(
            stored(logs, (*catalog.domains, DATA)),
            prefix=prefix,
            environment=file.setting("environment") or "",
            redaction=Redaction(names=[str(at[-1]) for at in file.encrypted if at[0] == SECRET]),
        ),
        "blackbox": lambda: blackbox(catalog),
        "on-call": lambda: on_call_page(catalog, prefix),
    }
    text = texts[format_]() if format_ in texts else dashboards(catalog)[format_]
    write(text, output)
